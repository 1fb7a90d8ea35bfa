"""User and group ids, and what the VFS must know of them."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from lazyfs.errors import LinuxError
from lazyfs.inode import FsCredentials

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

ALL_CAPABILITIES = (1 << 41) - 1  # CAP_CHOWN .. CAP_CHECKPOINT_RESTORE
CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_IPC_LOCK, CAP_IPC_OWNER = 6, 7, 8, 14, 15
CAP_LEASE = 28
CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_SYS_NICE, CAP_SYS_RESOURCE = 19, 21, 22, 23, 24
SECBIT_NO_SETUID_FIXUP, SECBIT_KEEP_CAPS = 4, 16


def update_filesystem_ids(process: Process) -> None:
    """After a change of effective ids: filesystem ids follow, and uid 0 gains or loses its capabilities."""
    ids = process.credentials
    ids.fsuid, ids.fsgid = ids.euid, ids.egid
    if not ids.securebits & SECBIT_NO_SETUID_FIXUP:
        if 0 in (ids.uid, ids.euid, ids.suid):
            ids.cap_permitted = ids.cap_bounding
        elif not process.keep_capabilities:
            ids.cap_permitted = 0
        ids.cap_effective = ids.cap_permitted if ids.euid == 0 else 0
    publish(process)


def publish(process: Process) -> None:
    """Give the VFS the ids it checks by. A new record: open files keep their opener's.

    Who changed the ids it acts by is not to be looked into by others, nor killed for its parent (commit_creds).
    """
    ids, before = process.credentials, process.fs.credentials
    if (ids.fsuid, ids.fsgid) != (before.uid, before.gid):
        process.dumpable = process.death_signal = 0
    if process.files.short is not None:
        process.files.short.forget_files()
    process.fs.credentials = FsCredentials(ids.fsuid, ids.fsgid, list(ids.groups))


def capable(process: Process, capability: int) -> bool:
    """Whether the process has a capability in effect."""
    return bool(process.credentials.cap_effective >> capability & 1)


def inspected(k: Kernel, task: Task, tid: int) -> Process:
    """The process of the task `tid`, for a caller who wants to look into it. ESRCH, EPERM."""
    found = k.state.tasks.get(tid)
    if found is None:
        raise LinuxError(errno.ESRCH)
    ids, wanted = task.process.credentials, found.process.credentials
    same = {wanted.uid, wanted.euid, wanted.suid} == {ids.uid}
    if not same and not capable(task.process, CAP_SYS_PTRACE):
        raise LinuxError(errno.EPERM)
    return found.process
