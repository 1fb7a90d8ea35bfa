"""inotify(7): what happens to files, read from a descriptor.

The watches are in `KernelState.watches`; while there is one, `Notifier` is the observer of the VFS.

Gap: what the host does in a granted directory is not seen.
"""

from __future__ import annotations

import errno
import struct
from stat import S_ISDIR
from typing import TYPE_CHECKING, Any, ClassVar

from friscy.kernel import short
from friscy.kernel.calls.path import install
from friscy.kernel.devices import anonymous_place
from friscy.kernel.files import IN, KernelFile
from friscy.kernel.table import syscall
from lazyfs.abi import O_CLOEXEC, O_NONBLOCK, O_RDONLY, POLLIN, R_OK
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.inode import Dentry, Inode
from lazyfs.observer import (
    IN_CLOSE_NOWRITE,
    IN_CLOSE_WRITE,
    IN_DELETE_SELF,
    IN_MOVED_FROM,
    IN_MOVED_TO,
)
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_ALL_EVENTS = 0xFFF
MOVED_WITHIN = 0x1000  # for signal_io: a name in a directory became another
IN_UNMOUNT, IN_Q_OVERFLOW, IN_IGNORED = 0x2000, 0x4000, 0x8000
IN_ONLYDIR, IN_DONT_FOLLOW, IN_EXCL_UNLINK = 0x100_0000, 0x200_0000, 0x400_0000
IN_MASK_CREATE, IN_MASK_ADD, IN_ISDIR, IN_ONESHOT = 0x1000_0000, 0x2000_0000, 0x4000_0000, 0x8000_0000
_KNOWN = (
    _ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK
    | IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR | IN_ONESHOT
)  # fmt: skip
_KEPT = _ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT
_MAX_QUEUED, _MAX_INSTANCES = 16384, 128
_FIONREAD = 0x541B
_EVENT = struct.Struct("<iIII")


class Event(Plain):
    """struct inotify_event."""

    watch: int
    mask: int
    cookie: int = 0
    name: bytes = b""

    def pack(self) -> bytes:
        """As it is read: the name is padded with zeros to a multiple of the head's size."""
        size = -(-(len(self.name) + 1) // _EVENT.size) * _EVENT.size if self.name else 0
        return _EVENT.pack(self.watch, self.mask, self.cookie, size) + self.name.ljust(size, b"\0")


class Inotify(KernelFile):
    """An inotify instance. last: the number of the watch that was added last."""

    can_signal: ClassVar[bool] = True

    queue: list[Event] = default(list)
    last: int = 0
    added: int = 0  # events, ever

    def add(self, k: Kernel, event: Event) -> None:
        """Queue an event, unless it is the same as the one before it. Too many become one IN_Q_OVERFLOW."""
        queue = self.queue
        k.changes += 1
        self.added += 1
        if queue and queue[-1].fields() == event.fields():
            return
        if len(queue) >= _MAX_QUEUED:
            if queue[-1].mask != IN_Q_OVERFLOW:
                queue.append(Event(-1, IN_Q_OVERFLOW))
            return
        queue.append(event)

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        if not self.queue:
            raise WouldBlock(self, POLLIN)
        found = bytearray()
        taken = 0
        for event in self.queue:
            data = event.pack()
            if len(found) + len(data) > n:
                break
            found += data
            taken += 1
        if not taken:
            raise LinuxError(errno.EINVAL)
        del self.queue[:taken]
        return bytes(found)

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        return IN if self.queue else 0

    def details(self, k: Kernel) -> bytes:
        """See KernelFile: the watches, the newest first."""
        mine = [watch for watch in k.state.watches if watch.instance is self]
        return b"".join(
            b"inotify wd:%x ino:%x sdev:%x mask:%x ignored_mask:0 \n"
            % (watch.number, watch.inode.ino, watch.inode.fs.device, watch.mask)
            for watch in reversed(mine)
        )

    def activity(self, k: Kernel) -> tuple[int, int] | None:
        """See KernelFile."""
        return self.added, 0

    def ioctl(self, k: Kernel, task: Task, request: int, argument: int) -> int:
        """See KernelFile."""
        if request != _FIONREAD:
            raise LinuxError(errno.ENOTTY)
        k.mem.set_u32(argument, sum(len(event.pack()) for event in self.queue))
        return 0

    def seek(self, offset: int, whence: int) -> int:
        """lseek(2) does nothing, successfully."""
        return 0

    def closed(self, k: Kernel) -> None:
        """See KernelFile."""
        k.state.watches[:] = [watch for watch in k.state.watches if watch.instance is not self]
        observe(k)


class Watch(Plain):
    """What one instance wants to know of one inode. gone: the inode has no name any more, but is open.

    instance: an Inotify, or a signal_io.DirectoryNotice.
    """

    instance: Any
    number: int
    inode: Inode
    mask: int
    gone: bool = False


class Notifier:
    """The VFS's observer: turns what happens into events of the watches."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._watches: dict[int, list[Watch]] = {}

    def refresh(self) -> None:
        """The watches have changed, perhaps while the VFS tells of one thing after the other."""
        self._watches = {}
        for watch in self._k.state.watches:
            self._watches.setdefault(id(watch.inode), []).append(watch)

    def touched(self, event: int, dentry: Dentry) -> None:
        """See Observer."""
        parent = dentry.parent
        inode = dentry.inode
        if parent is not None and id(parent.inode) in self._watches:
            excluded = IN_EXCL_UNLINK if dentry.deleted else 0
            self._tell(parent.inode, event, inode, name=dentry.name, unless=excluded)
        self.changed(event, inode)

    def changed(self, event: int, inode: Inode) -> None:
        """See Observer."""
        self._tell(inode, event, inode)

    def named(self, event: int, directory: Inode, name: bytes, inode: Inode) -> None:
        """See Observer."""
        self._tell(directory, event, inode, name=name)

    def moved(self, source: Inode, old_name: bytes, target: Inode, new_name: bytes, inode: Inode) -> None:
        """See Observer."""
        if id(source) in self._watches or id(target) in self._watches:
            self._k.state.last_cookie += 1
            cookie = self._k.state.last_cookie
            self._tell(source, IN_MOVED_FROM, inode, name=old_name, cookie=cookie)
            self._tell(target, IN_MOVED_TO, inode, name=new_name, cookie=cookie)
            if source is target:
                self._tell(source, MOVED_WITHIN, inode)

    def unnamed(self, inode: Inode) -> None:
        """See Observer."""
        if id(inode) not in self._watches or (inode.nlink and not S_ISDIR(inode.mode)):
            return
        for watch in self._watches[id(inode)]:
            watch.gone = True
        if not self._is_open(inode):
            self._drop(inode)

    def released(self, file: OpenFile) -> None:
        """See Observer."""
        self.touched(IN_CLOSE_WRITE if file.writable else IN_CLOSE_NOWRITE, file.location.dentry)
        watches = self._watches.get(id(file.inode), ())
        if any(watch.gone for watch in watches) and not self._is_open(file.inode):
            self._drop(file.inode)

    def _is_open(self, inode: Inode) -> bool:
        return any(
            descriptor.file.inode is inode and descriptor.file.refs
            for process in self._k.state.processes.values()
            for descriptor in process.files.slots.values()
        )

    def _drop(self, inode: Inode) -> None:
        """The last reference to an inode went."""
        self.changed(IN_DELETE_SELF, inode)
        for watch in list(self._watches.get(id(inode), ())):
            forget(self._k, watch)

    def _tell(
        self, watched: Inode, event: int, inode: Inode, *, name: bytes = b"", cookie: int = 0, unless: int = 0
    ) -> None:
        for watch in list(self._watches.get(id(watched), ())):
            if not watch.mask & event or watch.mask & unless:
                continue
            # Linux says of a directory that it is one, except where it went itself.
            own_end = event & (IN_DELETE_SELF | 0x800)
            mask = event | (IN_ISDIR if S_ISDIR(inode.mode) and not own_end else 0)
            watch.instance.add(self._k, Event(watch.number, mask, cookie, name))
            if watch.mask & IN_ONESHOT:
                forget(self._k, watch)


def observe(k: Kernel) -> None:
    """The watches have changed, or come out of a snapshot: tell the VFS who wants to know."""
    notifier = k.vfs.observer
    if not isinstance(notifier, Notifier):
        notifier = Notifier(k)
    notifier.refresh()
    k.vfs.observer = notifier if k.state.watches else None
    short.forget_sources(k)


def forget(k: Kernel, watch: Watch) -> None:
    """End a watch; its instance hears of it."""
    k.state.watches.remove(watch)
    watch.instance.add(k, Event(watch.number, IN_IGNORED))
    observe(k)


def _instance(task: Task, fd: int) -> Inotify:
    file = task.process.files.get(fd)
    if not isinstance(file, Inotify):
        raise LinuxError(errno.EINVAL)
    return file


@syscall(26, "inotify_init1", "flags:inotify_flags -> fd")
def sys_inotify_init1(k: Kernel, task: Task, flags: int) -> int:
    """inotify_init1(2)."""
    if flags & ~(O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(errno.EINVAL)
    instances = {
        id(descriptor.file)
        for process in k.state.processes.values()
        for descriptor in process.files.slots.values()
        if isinstance(descriptor.file, Inotify)
    }
    if len(instances) >= _MAX_INSTANCES:
        raise LinuxError(errno.EMFILE)
    place = anonymous_place(k, b"anon_inode:inotify")
    file = Inotify(place, place.inode, O_RDONLY | flags & O_NONBLOCK)
    return install(k, task, file, cloexec=bool(flags & O_CLOEXEC))


@syscall(
    27,
    "inotify_add_watch",
    "fd path mask:inotify_mask -> int",
    partial="changes that the host makes in a granted directory are not seen",
)
def sys_inotify_add_watch(k: Kernel, task: Task, fd: int, path: int, mask: int) -> int:
    """inotify_add_watch(2): the number of the watch, an old one where the inode is watched already."""
    if mask & ~_KNOWN or not mask & _KNOWN:
        raise LinuxError(errno.EINVAL)
    file = task.process.files.get(fd)
    if mask & IN_MASK_ADD and mask & IN_MASK_CREATE:
        raise LinuxError(errno.EINVAL)
    instance = _instance(task, fd)
    context = task.process.fs
    location = k.vfs.lookup(
        context, k.path(path), follow=not mask & IN_DONT_FOLLOW, want_directory=bool(mask & IN_ONLYDIR)
    )
    k.vfs.access(context, location, R_OK)
    inode = location.inode
    for watch in k.state.watches:
        if watch.instance is file and watch.inode is inode:
            if mask & IN_MASK_CREATE:
                raise LinuxError(errno.EEXIST)
            watch.mask = (watch.mask if mask & IN_MASK_ADD else 0) | mask & _KEPT
            return int(watch.number)
    instance.last += 1
    k.state.watches.append(Watch(instance, instance.last, inode, mask & _KEPT))
    observe(k)
    return instance.last


@syscall(28, "inotify_rm_watch", "fd wd:int -> int")
def sys_inotify_rm_watch(k: Kernel, task: Task, fd: int, number: int) -> int:
    """inotify_rm_watch(2)."""
    instance = _instance(task, fd)
    for watch in k.state.watches:
        if watch.instance is instance and watch.number == number:
            forget(k, watch)
            return 0
    raise LinuxError(errno.EINVAL)
