"""/proc and /sys as a container sees them: the machine-wide part. Formats are Linux's own (proc(5)).

Nothing of the host shows: the guest has `KernelState`'s memory and processors, and no devices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from friscy.kernel.devices import devices
from friscy.kernel.ipc import messages, segments, semaphores
from friscy.kernel.ipc.semaphores import SEMMNI, SEMMNS, SEMMSL, SEMOPM
from friscy.kernel.ipc.table import IpcTable, ipc
from friscy.kernel.paths import mount_id
from friscy.kernel.proc.procfs_net import class_net
from friscy.kernel.proc.procfs_pid import process_directory
from friscy.kernel.proc.synthtree import Directory, File, Link, Node, SynthTree
from friscy.kernel.release import ISA, RELEASE, SYSNAME, VERSION
from friscy.kernel.sysctl import set_sysctl, sysctl
from lazyfs.abi import MS_NODEV, MS_NOEXEC, MS_NOSUID

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from lazyfs.inode import Mount

_TICK_NS = 10_000_000
_MQUEUE = ("msg_default", "msg_max", "msgsize_default", "msgsize_max", "queues_max")
FILESYSTEMS = (b"overlay", b"tmpfs", b"devtmpfs", b"proc", b"sysfs", b"devpts", b"9p")
_MOUNT_OPTIONS = ((MS_NOSUID, b"nosuid"), (MS_NODEV, b"nodev"), (MS_NOEXEC, b"noexec"))


def proc_tree(k: Kernel) -> SynthTree:
    """The provider of /proc."""
    fixed: dict[bytes, Node] = {
        b"cmdline": File(b"\n"),
        b"cpuinfo": File(lambda: cpuinfo(k)),
        b"filesystems": File(b"".join(b"nodev\t%s\n" % name for name in FILESYSTEMS)),
        b"loadavg": File(lambda: loadavg(k)),
        b"meminfo": File(lambda: meminfo(k)),
        b"mounts": Link(b"self/mounts"),
        b"net": Link(b"self/net"),
        b"self": Link(lambda: b"%d" % k.task.process.pid),
        b"stat": File(lambda: stat(k)),
        b"swaps": File(b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
        b"sys": _sys_directory(k),
        b"sysvipc": Directory(
            {
                b"msg": File(lambda: messages.listing(k)),
                b"sem": File(lambda: semaphores.listing(k)),
                b"shm": File(lambda: segments.listing(k)),
            }
        ),
        b"thread-self": Link(lambda: b"%d/task/%d" % (k.task.process.pid, k.task.tid)),
        b"uptime": File(lambda: uptime(k)),
        b"version": File(b"%s version %s (friscy) %s\n" % (SYSNAME, RELEASE, VERSION)),
    }

    def children() -> dict[bytes, Node]:
        entries = dict(fixed)
        for process in k.state.processes.values():
            entries[b"%d" % process.pid] = process_directory(k, process)
        return entries

    return SynthTree(Directory(children))


def cpu_count(k: Kernel) -> int:
    """How many processors the guest sees."""
    return k.state.cpus


def cpuinfo(k: Kernel) -> bytes:
    """/proc/cpuinfo as arch/riscv prints it."""
    return b"".join(
        b"processor\t: %d\nhart\t\t: %d\nisa\t\t: %s\nmmu\t\t: sv39\nmvendorid\t: 0x0\nmarchid\t\t: 0x0\n"
        b"mimpid\t\t: 0x0\nhart isa\t: %s\n\n" % (index, index, ISA, ISA)
        for index in range(cpu_count(k))
    )


def meminfo(k: Kernel) -> bytes:
    """/proc/meminfo: the machine's memory is what one process may have."""
    total = k.state.memory_limit // 1024
    used = sum(process.mm.accounted for process in k.state.processes.values()) // 1024
    free = max(0, total - used)
    figures: dict[bytes, int] = {
        b"MemTotal": total, b"MemFree": free, b"MemAvailable": free, b"Buffers": 0, b"Cached": 0,
        b"SwapCached": 0, b"Active": used, b"Inactive": 0, b"Active(anon)": used, b"Inactive(anon)": 0,
        b"Active(file)": 0, b"Inactive(file)": 0, b"Unevictable": 0, b"Mlocked": 0, b"SwapTotal": 0,
        b"SwapFree": 0, b"Dirty": 0, b"Writeback": 0, b"AnonPages": used, b"Mapped": 0, b"Shmem": 0,
        b"KReclaimable": 0, b"Slab": 0, b"SReclaimable": 0, b"SUnreclaim": 0, b"KernelStack": 0,
        b"PageTables": 0, b"NFS_Unstable": 0, b"Bounce": 0, b"WritebackTmp": 0, b"CommitLimit": total,
        b"Committed_AS": used, b"VmallocTotal": 0, b"VmallocUsed": 0, b"VmallocChunk": 0,
    }  # fmt: skip
    return b"".join(b"%-15s %8d kB\n" % (name + b":", kib) for name, kib in figures.items())


def stat(k: Kernel) -> bytes:
    """/proc/stat."""
    user = sum(process.cpu_ns for process in k.state.processes.values())
    user += sum(task.cpu_ns for task in k.state.tasks.values())
    idle = max(0, k.monotonic_ns() * cpu_count(k) - user)
    times = b"%d 0 0 %d 0 0 0 0 0 0\n" % (user // _TICK_NS, idle // _TICK_NS)
    lines = [b"cpu  " + times]
    lines += [b"cpu%d " % index + times for index in range(cpu_count(k))]
    boot = (k.realtime_ns() - k.monotonic_ns()) // 1_000_000_000
    lines.append(
        b"intr 0\nctxt 0\nbtime %d\nprocesses %d\nprocs_running 1\nprocs_blocked 0\n"
        % (boot, k.state.last_pid)
    )
    lines.append(b"softirq 0 0 0 0 0 0 0 0 0 0 0\n")
    return b"".join(lines)


def uptime(k: Kernel) -> bytes:
    """/proc/uptime: seconds since the machine began, and idle ones."""
    hundredths = k.monotonic_ns() // _TICK_NS
    busy = sum(task.cpu_ns for task in k.state.tasks.values()) // _TICK_NS
    idle = max(0, hundredths * cpu_count(k) - busy)
    return b"%d.%02d %d.%02d\n" % (*divmod(hundredths, 100), *divmod(idle, 100))


def loadavg(k: Kernel) -> bytes:
    """/proc/loadavg. Gap: load is not averaged, it reads as zero."""
    running = sum(task.state == "running" for task in k.state.tasks.values())
    return b"0.00 0.00 0.00 %d/%d %d\n" % (running, len(k.state.tasks), k.state.last_pid)


def _number(value: int) -> File:
    return File(b"%d\n" % value)


def _setting(k: Kernel, name: str) -> File:
    return File(lambda: b"%d\n" % sysctl(k, name), mode=0o644, write=lambda data: set_sysctl(k, name, data))


def _next_id(table: IpcTable) -> File:
    """What id the next object is to have, if someone asked for one: /proc/sys/kernel/msg_next_id and its kind."""

    def write(data: bytes) -> None:
        table.next_id = int(data) if data.strip().isdigit() else -1

    return File(lambda: b"%d\n" % table.next_id, mode=0o644, write=write)


def _sys_directory(k: Kernel) -> Directory:
    """/proc/sys."""
    random: dict[bytes, Node] = {
        b"boot_id": File(lambda: boot_id(k)),
        b"entropy_avail": _number(256),
        b"poolsize": _number(256),
        b"uuid": File(lambda: _uuid(k.random(16))),
    }
    kernel: dict[bytes, Node] = {
        b"cap_last_cap": _number(40),
        b"core_pattern": File(b"core\n"),
        b"domainname": File(lambda: k.state.domainname + b"\n"),
        b"hostname": File(lambda: k.state.hostname + b"\n"),
        b"ngroups_max": _number(65536),
        b"osrelease": File(RELEASE + b"\n"),
        b"ostype": File(SYSNAME + b"\n"),
        b"overflowgid": _number(65534),
        b"overflowuid": _number(65534),
        b"msg_next_id": _next_id(ipc(k).queues),
        b"msgmax": _setting(k, "kernel/msgmax"),
        b"msgmnb": _setting(k, "kernel/msgmnb"),
        b"msgmni": _setting(k, "kernel/msgmni"),
        b"pid_max": _setting(k, "kernel/pid_max"),
        b"random": Directory(random),
        b"randomize_va_space": _number(2),
        b"sem": File(b"%d\t%d\t%d\t%d\n" % (SEMMSL, SEMMNS, SEMOPM, SEMMNI)),
        b"sem_next_id": _next_id(ipc(k).semaphores),
        b"shm_next_id": _next_id(ipc(k).segments),
        b"shmall": _setting(k, "kernel/shmall"),
        b"shmmax": _setting(k, "kernel/shmmax"),
        b"shmmni": _setting(k, "kernel/shmmni"),
        b"tainted": _number(0),
        b"threads-max": _number(32768),
        b"version": File(VERSION + b"\n"),
    }
    memory: dict[bytes, Node] = {
        b"max_map_count": _setting(k, "vm/max_map_count"),
        b"mmap_min_addr": _number(65536),
        b"overcommit_memory": _number(0),
        b"overcommit_ratio": _number(50),
        b"swappiness": _number(60),
    }
    inotify: dict[bytes, Node] = {
        b"max_queued_events": _number(16384),
        b"max_user_instances": _number(128),
        b"max_user_watches": _number(65536),
    }
    fs: dict[bytes, Node] = {
        b"file-max": _number((1 << 63) - 1),
        b"file-nr": File(lambda: b"%d\t0\t%d\n" % (_open_files(k), (1 << 63) - 1)),
        b"inotify": Directory(inotify),
        b"lease-break-time": _setting(k, "fs/lease-break-time"),
        b"mqueue": Directory({name.encode(): _setting(k, f"fs/mqueue/{name}") for name in _MQUEUE}),
        b"nr_open": _number(1048576),
        b"pipe-user-pages-hard": _number(0),  # no limit beside memory's
        b"pipe-user-pages-soft": _number(0),
        b"pipe-max-size": _setting(k, "fs/pipe-max-size"),
    }
    core: dict[bytes, Node] = {
        b"rmem_default": _number(212992),
        b"rmem_max": _number(212992),
        b"somaxconn": _number(4096),
        b"wmem_default": _number(212992),
        b"wmem_max": _number(212992),
    }
    ipv4: dict[bytes, Node] = {
        b"ip_forward": _number(0),
        b"ip_local_port_range": File(b"32768\t60999\n"),
        b"ip_unprivileged_port_start": _number(1024),
        b"tcp_fastopen": _number(0),
        b"tcp_keepalive_intvl": _number(75),
        b"tcp_keepalive_probes": _number(9),
        b"tcp_keepalive_time": _number(7200),
        b"tcp_max_syn_backlog": _number(4096),
        b"tcp_rmem": File(b"4096\t131072\t6291456\n"),
        b"tcp_wmem": File(b"4096\t16384\t4194304\n"),
    }
    ipv6: dict[bytes, Node] = {
        b"conf": Directory({b"all": Directory({b"disable_ipv6": _number(0)})}),
    }
    net: dict[bytes, Node] = {b"core": Directory(core), b"ipv4": Directory(ipv4), b"ipv6": Directory(ipv6)}
    return Directory(
        {
            b"fs": Directory(fs),
            b"kernel": Directory(kernel),
            b"net": Directory(net),
            b"vm": Directory(memory),
        }
    )


def _open_files(k: Kernel) -> int:
    return sum(len(process.files.slots) for process in k.state.processes.values())


def _uuid(raw: bytes) -> bytes:
    """A version 4 UUID of 16 random bytes, with its newline."""
    value = bytearray(raw)
    value[6], value[8] = value[6] & 0x0F | 0x40, value[8] & 0x3F | 0x80
    text = value.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])).encode() + b"\n"


def boot_id(k: Kernel) -> bytes:
    """One UUID for each start of the machine: a restore is a new boot to whoever compares."""
    state = devices(k)
    if not state.boot_id or state.boot_generation != k.state.generation:
        state.boot_id, state.boot_generation = _uuid(k.random(16)).decode(), k.state.generation
    return state.boot_id.encode()


# -- mounts -----------------------------------------------------------------------------------------------


def mount_lines(k: Kernel) -> bytes:
    """/proc/self/mounts, as the current task sees the namespace."""
    return b"".join(
        b"%s %s %s %s 0 0\n" % (_escape(mount.source), _escape(_mount_path(k, mount)), kind, options)
        for mount, kind, options in _mounts(k)
    )


def mountinfo_lines(k: Kernel) -> bytes:
    """/proc/self/mountinfo."""
    lines = []
    for mount, kind, options in _mounts(k):
        parent = mount_id(mount.mountpoint.mount) if mount.mountpoint is not None else 1
        lines.append(
            b"%d %d 0:%d / %s %s - %s %s %s\n"
            % (
                mount_id(mount),
                parent,
                mount.fs.device,
                _escape(_mount_path(k, mount)),
                options,
                kind,
                _escape(mount.source),
                options.split(b",")[0],
            )
        )
    return b"".join(lines)


def _mounts(k: Kernel) -> list[tuple[Mount, bytes, bytes]]:
    found = []
    for mount in k.vfs.state.mounts:
        kind = mount.fs.type_name()
        words = [b"ro" if mount.readonly else b"rw"]
        words += [word for bit, word in _MOUNT_OPTIONS if mount.options & bit]
        found.append((mount, kind, b",".join([*words, b"relatime"])))
    return found


def _mount_path(k: Kernel, mount: Mount) -> bytes:
    if mount.mountpoint is None:
        return b"/"
    return k.vfs.path_of(k.task.process.fs, mount.mountpoint)


def _escape(text: bytes) -> bytes:
    """Blanks and backslashes as \\ooo, as the kernel mangles them."""
    for character in (b"\\", b" ", b"\t", b"\n", b"#"):
        text = text.replace(character, b"\\%03o" % character[0])
    return text


# -- /sys -------------------------------------------------------------------------------------------------


def sys_tree(k: Kernel) -> SynthTree:
    """The provider of /sys: what run-time libraries look at to size themselves."""

    def cpus() -> dict[bytes, Node]:
        count = cpu_count(k)
        listed = File(b"0-%d\n" % (count - 1) if count > 1 else b"0\n")
        entries: dict[bytes, Node] = dict.fromkeys((b"online", b"possible", b"present"), listed)
        entries[b"kernel_max"] = File(b"63\n")
        entries[b"offline"] = File(b"\n")
        for index in range(count):
            entries[b"cpu%d" % index] = Directory({b"online": File(b"1\n")})
        return entries

    huge: dict[bytes, Node] = {
        b"enabled": File(b"always madvise [never]\n"),
        b"defrag": File(b"always defer defer+madvise madvise [never]\n"),
    }
    kernel: dict[bytes, Node] = {
        b"mm": Directory({b"transparent_hugepage": Directory(huge)}),
    }
    system: dict[bytes, Node] = {b"cpu": Directory(cpus), b"node": Directory({})}
    return SynthTree(
        Directory(
            {
                b"block": Directory({}),
                b"bus": Directory({}),
                b"class": Directory({b"net": class_net(k), b"tty": Directory({})}),
                b"dev": Directory({}),
                b"devices": Directory({b"system": Directory(system)}),
                b"fs": Directory({b"cgroup": Directory({})}),
                b"kernel": Directory(kernel),
                b"module": Directory({}),
            }
        )
    )
