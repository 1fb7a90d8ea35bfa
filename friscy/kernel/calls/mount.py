"""System calls that change the mount namespace, of which a machine has one.

Root of the guest may mount what has nothing of the host in it: fresh tmpfs and devpts, the machine's own /proc, /sys
and queues, and what is in the namespace already (MS_BIND). A directory of the host that was granted read-only stays so.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel import short
from friscy.kernel.credentials import CAP_SYS_ADMIN, capable
from friscy.kernel.ipc.mqueue_fs import mqueue_fs
from friscy.kernel.table import syscall
from lazyfs.abi import MS_NODEV, MS_NOEXEC, MS_NOSUID
from lazyfs.errors import LinuxError
from lazyfs.inode import Inode, Location, Mount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from lazyfs.filesystem import FileSystem

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC = 1, 32, 4096, 8192, 16384
MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED = 1 << 17, 1 << 18, 1 << 19, 1 << 20
_PROPAGATION = MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED
_OPTIONS = MS_NOSUID | MS_NODEV | MS_NOEXEC
_MAGIC, _MAGIC_MASK = 0xC0ED_0000, 0xFFFF_0000
MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW = 1, 2, 4, 8
_UNITS = {b"k": 1 << 10, b"m": 1 << 20, b"g": 1 << 30, b"t": 1 << 40}


@syscall(
    40,
    "mount",
    "source:string target:path type:string flags:mount_flags data:ptr -> int",
    partial="tmpfs, devpts, proc, sysfs, mqueue, MS_BIND, MS_REMOUNT, MS_MOVE; no propagation; access times as before",
)
def sys_mount(k: Kernel, task: Task, source: int, target: int, kind: int, flags: int, data: int) -> int:
    """mount(2)."""
    if flags & _MAGIC_MASK == _MAGIC:
        flags &= ~_MAGIC_MASK
    name = k.mem.read_cstring(kind, 4096) if kind else b""
    origin = k.path(source) if source else b""
    words = k.mem.read_cstring(data, 4096) if data else b""
    place = k.vfs.lookup(task.process.fs, k.path(target))
    if not capable(task.process, CAP_SYS_ADMIN):
        raise LinuxError(errno.EPERM)
    if flags & MS_REMOUNT:
        _remount(place, flags)
    elif flags & MS_BIND:
        _bind(k, task, origin, place, flags)
    elif flags & _PROPAGATION:
        _root_of(place)
    elif flags & MS_MOVE:
        _move(k, k.vfs.lookup(task.process.fs, origin), place)
    else:
        if not kind:
            raise LinuxError(errno.EINVAL)
        made, readonly = _new(k, name, words), bool(flags & MS_RDONLY)
        k.vfs.mount(place, made, readonly=readonly, source=origin or b"none", options=flags & _OPTIONS)
    return 0


def _root_of(place: Location) -> Mount:
    """The mount whose root a position is. EINVAL: it is none's."""
    if place.dentry is not place.mount.root:
        raise LinuxError(errno.EINVAL)
    return place.mount


def _remount(place: Location, flags: int) -> None:
    mount = _root_of(place)
    readonly = bool(flags & MS_RDONLY)
    if mount.granted and mount.readonly and not readonly:
        raise LinuxError(errno.EPERM)
    mount.readonly, mount.options = readonly, flags & _OPTIONS


def _bind(k: Kernel, task: Task, origin: bytes, place: Location, flags: int) -> None:
    found = k.vfs.lookup(task.process.fs, origin)
    old = found.mount
    below = _submounts(k, found) if flags & MS_REC else []
    new = _again(k, old, place, found.inode)
    context = task.process.fs
    for names, mount in below:
        at = Location(new, new.root)
        inner = k.vfs.lookup(context, b"/".join(names), start=at, follow=False)
        _again(k, mount, inner, mount.root.inode)


def _again(k: Kernel, old: Mount, place: Location, root: Inode) -> Mount:
    """Mount what is below `root` of a mounted filesystem at one more place."""
    made = k.vfs.mount(
        place, old.fs, readonly=old.readonly, source=old.source, root=root, options=old.options
    )
    made.granted = old.granted
    return made


def _submounts(k: Kernel, top: Location) -> list[tuple[list[bytes], Mount]]:
    """The mounts directly below a position, each with the names that lead to it."""
    found = []
    for mount in k.vfs.state.mounts:
        at = mount.mountpoint
        if at is None or at.mount is not top.mount:
            continue
        names: list[bytes] = []
        dentry = at.dentry
        while dentry is not top.dentry and dentry.parent is not None:
            names.append(dentry.name)
            dentry = dentry.parent
        if dentry is top.dentry and names:
            found.append((names[::-1], mount))
    return found


def _move(k: Kernel, origin: Location, place: Location) -> None:
    mount = _root_of(origin)
    at: Location | None = place
    while at is not None:
        if at.mount is mount:
            raise LinuxError(errno.ELOOP)
        at = at.mount.mountpoint
    if mount.mountpoint is None:
        raise LinuxError(errno.EINVAL)
    short.forget_files(k)
    old, new = mount.mountpoint.dentry, place.dentry
    old.mounts = [other for other in old.mounts or () if other is not mount] or None
    mount.mountpoint = place
    new.mounts = [*(new.mounts or ()), mount]


def _new(k: Kernel, kind: bytes, options: bytes) -> FileSystem:
    """A filesystem of its own, or the one that there is of its type. ENODEV: a type that is none here."""
    if kind == b"tmpfs":
        size, mode = None, 0o1777
        for word in filter(None, options.split(b",")):
            name, _, value = word.partition(b"=")
            if name == b"size":
                size = _size(k, value)
            elif name == b"mode":
                mode = _number(value, 8)
            elif name not in (
                b"nr_inodes",
                b"uid",
                b"gid",
                b"huge",
                b"mpol",
                b"noswap",
                b"inode64",
                b"inode32",
            ):
                raise LinuxError(errno.EINVAL)
        return k.vfs.new_tmpfs(size, mode=mode & 0o7777)
    if kind == b"proc":
        return k.vfs.new_synthfs("proc")
    if kind == b"sysfs":
        return k.vfs.new_synthfs("sys", kind="sysfs")
    if kind == b"devpts":
        return k.vfs.new_devpts()
    if kind == b"mqueue":
        return mqueue_fs(k)
    raise LinuxError(errno.ENODEV)


def _number(text: bytes, base: int = 10) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise LinuxError(errno.EINVAL) from None


def _size(k: Kernel, text: bytes) -> int | None:
    if text.endswith(b"%"):
        return k.state.memory_limit * _number(text[:-1]) // 100
    unit = _UNITS.get(text[-1:].lower(), 1)
    return _number(text[:-1] if unit > 1 else text) * unit or None


@syscall(39, "umount2", "target:path flags:int -> int")
def sys_umount2(k: Kernel, task: Task, target: int, flags: int) -> int:
    """umount2(2). EBUSY: a process is in it, or has a file of it open."""
    if flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW):
        raise LinuxError(errno.EINVAL)
    if flags & MNT_EXPIRE and flags & (MNT_FORCE | MNT_DETACH):
        raise LinuxError(errno.EINVAL)
    if not capable(task.process, CAP_SYS_ADMIN):
        raise LinuxError(errno.EPERM)
    place = k.vfs.lookup(task.process.fs, k.path(target), follow=not flags & UMOUNT_NOFOLLOW)
    mount = _root_of(place)
    if flags & MNT_DETACH:
        _detach(k, mount)
        return 0
    if any(used is mount for used in _in_use(k)):
        raise LinuxError(errno.EBUSY)
    if flags & MNT_EXPIRE and not mount.expiring:
        mount.expiring = True
        raise LinuxError(errno.EAGAIN)
    k.vfs.unmount(place)
    return 0


def _detach(k: Kernel, mount: Mount) -> None:
    for other in list(k.vfs.state.mounts):
        if other.mountpoint is not None and other.mountpoint.mount is mount:
            _detach(k, other)
    k.vfs.unmount(Location(mount, mount.root))


def _in_use(k: Kernel) -> Iterator[Mount]:
    """The mount of everything that a process stands in, has open or has mapped."""
    for process in k.state.processes.values():
        yield process.fs.cwd.mount
        yield process.fs.root.mount
        for descriptor in process.files.slots.values():
            yield descriptor.file.location.mount
        for vma in process.mm.vmas:
            if vma.file is not None:
                yield vma.file.location.mount
