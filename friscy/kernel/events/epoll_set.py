"""What an epoll set is: the files it is interested in, what of them is to be looked at, and what has been found.

Sockets of the host are lent to a set of the host's as long as all that happens to them happens there
(`KernelFile.lend`); the rest is looked at here. An interest does not keep its file open: it goes when the last
descriptor of the file is closed, which shows in the description's `refs`.

Edge-triggered interests are reported when `KernelFile.activity` has moved since they were reported last.
Gap: files that do not count it (the console) report unread input at every wait
(programs that read until EAGAIN, as they must, see no difference).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel import files, short
from friscy.kernel.events.host_set import HostSet, can_watch
from friscy.kernel.files import KernelFile
from friscy.kernel.wait import READ, Wait
from lazyfs.abi import POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, POLLRDNORM, POLLWRNORM
from lazyfs.bell import Bell
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task
    from friscy.machine.short_calls import Descriptors

EPOLLONESHOT, EPOLLET = 1 << 30, 1 << 31
_EVENTS = 0xFFFF
_ENDS = POLLERR | POLLHUP | POLLRDHUP
_INPUT = POLLIN | POLLRDNORM | POLLRDHUP
_OUTPUT = POLLOUT | POLLWRNORM
_put = object.__setattr__  # of what is no field

Due = dict[int, "Interest"]  # by id()


class Interest(Plain):
    """A file in an epoll set. armed: False after EPOLLONESHOT.

    For EPOLLET: seen and activity: what was there when it was looked at last; fresh: it was not, yet.
    """

    fd: int
    file: OpenFile
    events: int
    data: int
    seen: int = 0
    activity: tuple[int, int] | None = None
    fresh: bool = True
    armed: bool = True

    told: ClassVar[Bell | None] = None  # what is to tell of it; not state, as the rest
    lent: ClassVar[int] = -1  # the host's descriptor that a set of the host watches in its stead
    short: ClassVar[Descriptors | None] = None  # where that descriptor may be used

    def tell(self, bell: Bell, due: Due) -> None:
        """Have it put into `due` when the bell rings next."""
        bell.tell(id(self), due, self)
        _put(self, "told", bell)

    def forget(self) -> None:
        """Take back `tell`."""
        if self.told is not None:
            self.told.forget(id(self))
            _put(self, "told", None)

    def moved(self, k: Kernel, now: int) -> bool:
        """Whether something happened since the last report that a wait is to hear of."""
        activity = files.activity(k, self.file)
        if activity is None or self.activity is None:
            return bool(now & (~self.seen | POLLIN))
        came, room = activity[0] != self.activity[0], activity[1] != self.activity[1]
        return bool(
            (came and self.events & _INPUT) or (room and self.events & _OUTPUT) or now & ~self.seen & _ENDS
        )

    def reported(self, k: Kernel, events: int, holds: int) -> None:
        """A wait has looked at an edge-triggered one, which `holds`, and was told `events`."""
        if events or not holds & (self.events | _ENDS):
            self.seen, self.fresh, self.activity = holds, False, files.activity(k, self.file)


class Epoll(KernelFile):
    """An epoll set. interests: by descriptor number; orphans: those whose number now means another file.

    A wait looks at those that are due: of a thousand connections few have news. One that has nothing to report rests
    until its file's bell rings; a file that has none is always due.
    """

    interests: dict[int, Interest] = default(dict)
    orphans: list[Interest] = default(list)
    _due: ClassVar[Due | None] = None  # of `due`
    _hosts: ClassVar[HostSet | None] = None  # what watches the sockets that are lent
    # Kernel.changes at the last look that found nothing, and whose: since then only the host's set may have news.
    still_since: ClassVar[int] = -1
    still_for: ClassVar[Task | Process | None] = None
    by_viewer: ClassVar[bool] = False  # some interest depends on who looks
    _viewer: ClassVar[Task | None] = None  # who looked last, then

    def due(self) -> Due:
        """The interests to look at; not state: in a machine that was restored all are."""
        found = self._due
        if found is None:
            found = {}
            _put(self, "_due", found)
            for interest in self.live():
                self._count(interest, 1)
                found[id(interest)] = interest
                self._by_viewer(interest)
        return found

    def details(self, k: Kernel) -> bytes:
        """See KernelFile: the descriptors, in order."""
        line = b"tfd: %8d events: %8x data: %16x  pos:%d ino:%x sdev:%x\n"
        return b"".join(
            line % (fd, it.events, it.data, it.file.offset, it.file.inode.ino, it.file.inode.fs.device)
            for fd, it in sorted(self.interests.items())
        )

    def live(self) -> list[Interest]:
        """The interests whose file is still open; the others are dropped."""
        for interest in [*self.interests.values(), *self.orphans]:
            if not interest.file.refs:
                self.remove(interest)
        return [*self.interests.values(), *self.orphans]

    def find(self, fd: int, file: OpenFile) -> Interest | None:
        """The interest in `file` under number `fd`."""
        found = self.interests.get(fd)
        if found is not None and found.file is file:
            return found
        return next((i for i in self.orphans if i.fd == fd and i.file is file), None)

    def add(self, interest: Interest) -> None:
        """Enter an interest; one in another file that had its number stays as long as that is open."""
        old = self.interests.get(interest.fd)
        if old is not None and old.file.refs:
            self.orphans.append(old)
        elif old is not None:
            self.remove(old)
        due = self.due()
        self.interests[interest.fd] = interest
        self._count(interest, 1)
        due[id(interest)] = interest
        self._by_viewer(interest)

    def _by_viewer(self, interest: Interest) -> None:
        if isinstance(interest.file, KernelFile) and interest.file.by_viewer:
            _put(self, "by_viewer", True)

    def _seen_by(self, k: Kernel) -> Task | Process:
        """For whom a look holds. Where another one looks than the last time, what depends on that is due again."""
        if not self.by_viewer:
            return k.viewer.process
        if self._viewer is not k.viewer:
            _put(self, "_viewer", k.viewer)
            for interest in self.live():
                if isinstance(interest.file, KernelFile) and interest.file.by_viewer:
                    self.wake(interest)
        return k.viewer

    def _count(self, interest: Interest, change: int) -> None:
        if isinstance(interest.file, KernelFile):
            interest.file.count_interest(change)
            interest.file.take_back()

    def hand_over(self, k: Kernel, interest: Interest) -> None:
        """Have a set of the host watch for an interest, if that comes to the same."""
        file = interest.file
        if not isinstance(file, KernelFile):
            return
        if not short.permitted(k) or not can_watch(interest.events, interest.data):
            file.take_back()
            return
        if interest.lent >= 0:
            assert self._hosts is not None
            self._hosts.modify(interest.lent, interest.events, interest.data)
            return
        fd = file.lend(k, partial(self._returned, interest))
        if fd < 0:
            return
        if self._hosts is None:
            _put(self, "_hosts", k.network.set_of_host())
        if self._hosts is None:
            file.take_back()
            return
        self._hosts.add(fd, interest.events, interest.data)
        _put(interest, "lent", fd)
        interest.forget()
        self.due().pop(id(interest), None)

    def _returned(self, interest: Interest) -> None:
        if interest.lent < 0:
            return  # there was no set for it
        assert self._hosts is not None
        self._hosts.remove(interest.lent)
        if interest.short is not None:
            interest.short.forget(interest.fd, interest.lent)
            _put(interest, "short", None)
        _put(interest, "lent", -1)
        interest.fresh = True
        self.wake(interest)

    def remove(self, interest: Interest) -> None:
        self._count(interest, -1)
        self.wake(interest)
        del self.due()[id(interest)]
        if self.interests.get(interest.fd) is interest:
            del self.interests[interest.fd]
        else:
            self.orphans.remove(interest)

    def wake(self, interest: Interest) -> None:
        """Make an interest due, whatever was there last time."""
        interest.forget()
        self.due()[id(interest)] = interest

    def look(self, k: Kernel, interest: Interest, *, report: bool = False) -> int:
        """What an interest that is due has to report; if nothing, it rests. One whose file was closed is dropped.

        report: a wait is told of it. What the host has for sockets was taken in just now.
        """
        file = interest.file
        if not file.refs:
            self.remove(interest)
            return 0
        holds = file.poll_seen(k) if isinstance(file, KernelFile) else k.vfs.poll(file)
        wanted = interest.events
        events = holds & (wanted & _EVENTS | POLLERR | POLLHUP) if interest.armed else 0
        if wanted & EPOLLET:
            if events and not interest.fresh and not interest.moved(k, events):
                events = 0
            if report:
                interest.reported(k, events, holds)
        if not events:
            self._rest(k, interest)
        return events

    def _rest(self, k: Kernel, interest: Interest) -> None:
        """There is nothing to report: look again when its file's bell rings, a disarmed one after EPOLL_CTL_MOD."""
        due, key = self.due(), id(interest)
        if not interest.armed:
            due.pop(key, None)
        elif (bell := files.bell(k, interest.file)) is not None:
            due.pop(key, None)
            interest.tell(bell, due)

    def collect(self, k: Kernel, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` (events, data), the interests that were reported longest ago first."""
        hosts, still = self._hosts, self._is_still(k)
        if hosts is None:
            told: list[tuple[int, int]] = []
            others = True
        elif still:
            told, others = hosts.collect(limit)
        else:
            told, others = ([], True) if limit == 1 else hosts.collect(max(limit - len(self.due()), 1))
        if others:
            look_outside(k)
            still = still and self._is_still(k)
        if still:
            return told
        found: list[tuple[int, int]] = []
        due = self.due()
        for key, interest in list(due.items()):
            if len(told) + len(found) == limit:
                break
            events = self.look(k, interest, report=True)
            if not events:
                continue
            found.append((events, interest.data))
            if interest.events & EPOLLONESHOT:
                interest.armed = False
            due[key] = due.pop(key)
        if hosts is not None and limit == 1 and not found and not told:
            told, _ = hosts.collect(limit)
        if not found:
            self._be_still(k)
        return told + found

    def _is_still(self, k: Kernel) -> bool:
        """Whether nothing can have happened since a look found nothing, but to what the host's set watches."""
        return self.still_since == k.changes and self.still_for is self._seen_by(k)

    def _be_still(self, k: Kernel) -> None:
        """A look has found nothing: the next ones need not be made, unless time or the host itself may change that."""
        for interest in self.due().values():
            file = interest.file
            if isinstance(file, KernelFile) and (file.deadline(k) is not None or any(file.host_fds(k, POLLIN))):
                return
        _put(self, "still_since", k.changes)
        _put(self, "still_for", self._seen_by(k))

    def rest(self, k: Kernel, wait: Wait) -> None:
        """A wait was told that there is nothing: see Wait.rest."""
        if self._is_still(k) and (self._hosts is None or self._hosts.covered):
            _put(wait, "host_set", self._hosts.fd if self._hosts is not None else -1)
            _put(wait, "rests_since", self.still_since)

    def tell_short_calls(self, k: Kernel, epfd: int, out: int, limit: int) -> None:
        """After `collect`: the next waits need not come here while nothing but the lent sockets has news."""
        if self._hosts is not None and self._is_still(k):
            short.allow_looks(k, epfd, self._hosts.fd, out, limit)

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        look_outside(k)
        if self._any_due(k):
            return POLLIN
        return POLLIN if self._hosts is not None and self._hosts.ready() else 0

    def may_report(self, k: Kernel) -> bool:
        """Whether a wait may find something. Wrong where the host's news is nothing that this set is interested in."""
        if self._hosts is None:
            look_outside(k)
        elif (  # which it is for anything that the host has
            self._hosts.fd in k.network.news
            if self._hosts.covered and k.network.looked == k.scheduler.looked
            else self._hosts.ready()
        ):
            return True
        if self._is_still(k):
            return False
        if self._any_due(k):
            return True
        self._be_still(k)
        return False

    def _any_due(self, k: Kernel) -> bool:
        return any(self.look(k, interest) for interest in list(self.due().values()))

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """See KernelFile."""
        if self._hosts is not None:
            yield self._hosts.fd, READ
        if k.network is not None:
            yield from k.network.host_fds()  # for all that have a bell
        for interest in self._mute(k):
            yield from files.host_fds(k, interest.file, interest.events & _EVENTS)

    def deadline(self, k: Kernel) -> int | None:
        """See KernelFile."""
        return files.earliest(k, (i.file for i in self._mute(k) if i.events & POLLIN))

    def waited_for(self, k: Kernel, events: int) -> None:
        """See KernelFile."""
        for interest in self._mute(k):
            if isinstance(interest.file, KernelFile):
                interest.file.waited_for(k, interest.events)

    def _mute(self, k: Kernel) -> list[Interest]:
        """The interests that are due and will not tell of themselves."""
        due = self.due().values()
        return [each for each in due if each.armed and each.file.refs and files.bell(k, each.file) is None]

    def closed(self, k: Kernel) -> None:
        """See KernelFile: no file is to remember it."""
        for interest in self.live():
            self._count(interest, -1)
            interest.forget()
        if self._hosts is not None:
            k.network.drop_set(self._hosts)
            _put(self, "_hosts", None)

    def seek(self, offset: int, whence: int) -> int:
        """lseek(2) does nothing, successfully."""
        return 0

    def inner(self) -> list[Epoll]:
        """The sets in this one."""
        return [interest.file for interest in self.live() if isinstance(interest.file, Epoll)]

    def reaches(self, other: OpenFile) -> bool:
        """Whether `other` is this set or one below it."""
        return self is other or any(file.reaches(other) for file in self.inner())

    def height(self) -> int:
        """How many sets there are below this one, at most, one in the other."""
        return max((1 + file.height() for file in self.inner()), default=0)

    def depth(self, k: Kernel) -> int:
        """How many sets this one is in, at most, one in the other."""
        sets = {
            id(descriptor.file): descriptor.file
            for process in k.state.processes.values()
            for descriptor in process.files.slots.values()
            if isinstance(descriptor.file, Epoll)
        }
        above = [file for file in sets.values() if any(inner is self for inner in file.inner())]
        return max((1 + file.depth(k) for file in above), default=0)


def look_outside(k: Kernel) -> None:
    """Take in what the host has for sockets: their bells ring."""
    if k.network is not None:
        k.network.refresh(k)
