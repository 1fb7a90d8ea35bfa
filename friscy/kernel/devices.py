"""The plain state of what descriptors stand for besides files of the VFS: `KernelState.devices`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from friscy.kernel.locks import LockTable
from friscy.kernel.tty import Tty
from lazyfs.inode import FsContext, Inode, Location
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel


class Devices(Plain):
    """Locks, the console's terminal, and the inode that eventfds and their like share."""

    locks: LockTable = default(LockTable)
    console: Tty | None = None
    anonymous: OpenFile | None = None
    boot_id: str = ""


def devices(k: Kernel) -> Devices:
    """The machine's `Devices`, made on first use."""
    found = k.state.devices
    if found is None:
        found = k.state.devices = Devices()
    assert isinstance(found, Devices)
    return found


def anonymous_place(k: Kernel, context: FsContext) -> tuple[Location, Inode]:
    """Where files without a name are: one inode for all, as Linux's anon_inode."""
    state = devices(k)
    if state.anonymous is None:
        file = k.vfs.anonymous(context, b"anon_inode", 2)
        file.inode.mode = 0o600
        file.refs += 1
        state.anonymous = file
    return state.anonymous.location, state.anonymous.inode
