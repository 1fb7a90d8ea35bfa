"""Objects and calls: an operating system's scheduler with its tasks, after Martin Richards' benchmark for BCPL."""

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
DEVICE, WORK = range(2)  # kinds of packets
NBYTES = 4


class Packet:
    def __init__(self, link, owner, kind):
        self.link, self.owner, self.kind = link, owner, kind
        self.at, self.data = 0, [0] * NBYTES

    def behind(self, queue):
        """The queue with this packet at its end."""
        self.link = None
        if queue is None:
            return self
        last = queue
        while last.link is not None:
            last = last.link
        last.link = self
        return queue


class Task:
    def __init__(self, system, number, priority, queue, ready):
        self.system, self.number, self.priority, self.queue = system, number, priority, queue
        self.waits, self.held, self.pending = not ready and queue is None, False, queue is not None
        self.ready = ready
        self.next, system.tasks, system.table[number] = system.tasks, self, self

    @property
    def blocked(self):
        return self.held or (self.waits and not self.pending)

    def turn(self):
        """Run once; the task that goes on."""
        packet = None
        if self.waits and self.pending:
            packet, self.waits = self.queue, False
            self.queue = packet.link
            self.pending = self.queue is not None
        return self.step(packet)

    def wait(self):
        self.waits = True
        return self

    def hold(self):
        self.system.holds += 1
        self.held = True
        return self.next

    def release(self, number):
        task = self.system.table[number]
        task.held = False
        return task if task.priority > self.priority else self

    def send(self, packet):
        task = self.system.table[packet.owner]
        self.system.sent += 1
        packet.link, packet.owner = None, self.number
        if task.queue is None:
            task.queue, task.pending = packet, True
            return task if task.priority > self.priority else self
        task.queue = packet.behind(task.queue)
        return self

    def step(self, packet):
        raise NotImplementedError


class Idle(Task):
    def __init__(self, system, count):
        super().__init__(system, IDLE, 0, None, True)
        self.control, self.count = 1, count

    def step(self, packet):
        self.count -= 1
        if not self.count:
            return self.hold()
        if self.control & 1:
            self.control = self.control >> 1 ^ 0xD008
            return self.release(DEVICE_B)
        self.control >>= 1
        return self.release(DEVICE_A)


class Worker(Task):
    def __init__(self, system, queue):
        super().__init__(system, WORKER, 1000, queue, False)
        self.waits = True
        self.to, self.letter = HANDLER_A, 0

    def step(self, packet):
        if packet is None:
            return self.wait()
        self.to = HANDLER_B if self.to == HANDLER_A else HANDLER_A
        packet.owner, packet.at = self.to, 0
        for k in range(NBYTES):
            self.letter = self.letter % 26 + 1
            packet.data[k] = 64 + self.letter
        return self.send(packet)


class Handler(Task):
    def __init__(self, system, number, priority, queue, device):
        super().__init__(system, number, priority, queue, False)
        self.waits, self.device = True, device
        self.work = self.free = None

    def step(self, packet):
        if packet is not None:
            if packet.kind == WORK:
                self.work = packet.behind(self.work)
            else:
                self.free = packet.behind(self.free)
        work = self.work
        if work is not None:
            if work.at >= NBYTES:
                self.work = work.link
                return self.send(work)
            free = self.free
            if free is not None:
                self.free = free.link
                free.at, free.owner = work.data[work.at], self.device
                work.at += 1
                return self.send(free)
        return self.wait()


class Device(Task):
    def __init__(self, system, number, priority):
        super().__init__(system, number, priority, None, False)
        self.waits, self.kept = True, None

    def step(self, packet):
        if packet is None:
            if self.kept is None:
                return self.wait()
            packet, self.kept = self.kept, None
            return self.send(packet)
        self.kept = packet
        return self.hold()


class System:
    def __init__(self, count):
        self.tasks, self.table = None, [None] * 6
        self.sent = self.holds = self.turns = 0
        Idle(self, count)
        Worker(self, self.packets(None, WORK, 2))
        Handler(self, HANDLER_A, 2000, self.packets(DEVICE_A, DEVICE, 3), DEVICE_A)
        Handler(self, HANDLER_B, 3000, self.packets(DEVICE_B, DEVICE, 3), DEVICE_B)
        Device(self, DEVICE_A, 4000)
        Device(self, DEVICE_B, 5000)

    def packets(self, owner, kind, count):
        queue = None
        for _ in range(count):
            queue = Packet(queue, owner, kind)
        return queue

    def schedule(self):
        task = self.tasks
        while task is not None:
            if task.blocked:
                task = task.next
            else:
                self.turns += 1
                task = task.turn()


def run(size):
    total = []
    for _ in range(size):
        system = System(1000)
        system.schedule()
        total = [system.sent, system.holds, system.turns]
    return "/".join(map(str, total))
