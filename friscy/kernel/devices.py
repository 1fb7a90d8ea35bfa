"""The plain state of what descriptors stand for besides files of the VFS: `KernelState.devices`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from friscy.kernel.locks import LockTable
from lazyfs.inode import Dentry, Inode, Location
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel


class Devices(Plain):
    """Locks, terminals, and where files without a name are. owners: the signal_io.Owners of descriptions."""

    owners: list[Any] = default(list)
    leases: list[Any] = default(list)  # leases.Lease
    locks: LockTable = default(LockTable)
    console: Any = None  # the ConsoleTerminal
    ptys: dict[int, Any] = default(dict)  # the Ptys by number
    anonymous: dict[bytes, Location] = default(dict)
    sockets: list[Any] = default(list)  # the UnixSockets that have a name
    network: Any = None  # net.inet_socket.NetState, once there was a socket of the internet
    boot_id: str = ""
    boot_generation: int = 0


def devices(k: Kernel) -> Devices:
    """The machine's `Devices`, made on first use."""
    found = k.state.devices
    if found is None:
        found = k.state.devices = Devices()
    assert isinstance(found, Devices)
    return found


def anonymous_place(k: Kernel, label: bytes) -> Location:
    """Where the files of a kind without a name are (`anon_inode:[eventfd]`): one inode for each kind."""
    places = devices(k).anonymous
    if label not in places:
        places[label] = unnamed(k, label, 0o600)
    return places[label]


def unnamed(k: Kernel, label: bytes, mode: int, *, uid: int = 0, gid: int = 0) -> Location:
    """A position outside the namespace, with a fresh inode; `label` is what /proc/self/fd shows for it."""
    state = k.vfs.state
    fs = state.pipefs
    now = k.vfs.now_ns()
    inode = Inode(fs, fs.next_ino, mode, uid, gid, atime_ns=now, mtime_ns=now, ctime_ns=now)
    fs.next_ino += 1
    text = label % inode.ino if b"%d" in label else label
    return Location(state.internal, Dentry(None, text, inode))
