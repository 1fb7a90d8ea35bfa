"""System calls of user and group ids and of capabilities."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel.credentials import CAP_SETGID, CAP_SETUID, capable, publish, update_filesystem_ids
from friscy.kernel.table import syscall
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_KEEP = 0xFFFF_FFFF
_NGROUPS_MAX = 65536
_CAP_VERSIONS = {0x1998_0330: 1, 0x2007_1026: 2, 0x2008_0522: 2}
_CAP_NEWEST = 0x2008_0522


@syscall(174, "getuid", "-> uid")
def sys_getuid(k: Kernel, task: Task) -> int:
    """getuid(2)."""
    return task.process.credentials.uid


@syscall(175, "geteuid", "-> uid")
def sys_geteuid(k: Kernel, task: Task) -> int:
    """geteuid(2)."""
    return task.process.credentials.euid


@syscall(176, "getgid", "-> uid")
def sys_getgid(k: Kernel, task: Task) -> int:
    """getgid(2)."""
    return task.process.credentials.gid


@syscall(177, "getegid", "-> uid")
def sys_getegid(k: Kernel, task: Task) -> int:
    """getegid(2)."""
    return task.process.credentials.egid


def _set_uids(task: Task, uid: int, euid: int, suid: int) -> int:
    ids = task.process.credentials
    ids.uid, ids.euid, ids.suid = uid, euid, suid
    update_filesystem_ids(task.process)
    return 0


def _set_gids(task: Task, gid: int, egid: int, sgid: int) -> int:
    ids = task.process.credentials
    ids.gid, ids.egid, ids.sgid = gid, egid, sgid
    ids.fsgid = egid
    publish(task.process)
    return 0


def _check(allowed: bool) -> None:
    if not allowed:
        raise LinuxError(errno.EPERM)


def _valid(value: int) -> int:
    if value == _KEEP:
        raise LinuxError(errno.EINVAL)
    return value


@syscall(146, "setuid", "uid -> int")
def sys_setuid(k: Kernel, task: Task, uid: int) -> int:
    """setuid(2)."""
    ids = task.process.credentials
    if capable(task.process, CAP_SETUID):
        return _set_uids(task, _valid(uid), uid, uid)
    _check(_valid(uid) in (ids.uid, ids.suid))
    return _set_uids(task, ids.uid, uid, ids.suid)


@syscall(144, "setgid", "gid -> int")
def sys_setgid(k: Kernel, task: Task, gid: int) -> int:
    """setgid(2)."""
    ids = task.process.credentials
    if capable(task.process, CAP_SETGID):
        return _set_gids(task, _valid(gid), gid, gid)
    _check(_valid(gid) in (ids.gid, ids.sgid))
    return _set_gids(task, ids.gid, gid, ids.sgid)


@syscall(145, "setreuid", "ruid:uid euid:uid -> int")
def sys_setreuid(k: Kernel, task: Task, ruid: int, euid: int) -> int:
    """setreuid(2)."""
    ids = task.process.credentials
    if not capable(task.process, CAP_SETUID):
        _check(ruid in (_KEEP, ids.uid, ids.euid) and euid in (_KEEP, ids.uid, ids.euid, ids.suid))
    new_uid = ids.uid if ruid == _KEEP else ruid
    new_euid = ids.euid if euid == _KEEP else euid
    saved = new_euid if ruid != _KEEP or euid not in (_KEEP, ids.uid) else ids.suid
    return _set_uids(task, new_uid, new_euid, saved)


@syscall(143, "setregid", "rgid:gid egid:gid -> int")
def sys_setregid(k: Kernel, task: Task, rgid: int, egid: int) -> int:
    """setregid(2)."""
    ids = task.process.credentials
    if not capable(task.process, CAP_SETGID):
        _check(rgid in (_KEEP, ids.gid, ids.egid) and egid in (_KEEP, ids.gid, ids.egid, ids.sgid))
    new_gid = ids.gid if rgid == _KEEP else rgid
    new_egid = ids.egid if egid == _KEEP else egid
    saved = new_egid if rgid != _KEEP or egid not in (_KEEP, ids.gid) else ids.sgid
    return _set_gids(task, new_gid, new_egid, saved)


@syscall(147, "setresuid", "ruid:uid euid:uid suid:uid -> int")
def sys_setresuid(k: Kernel, task: Task, ruid: int, euid: int, suid: int) -> int:
    """setresuid(2)."""
    ids = task.process.credentials
    old = (ids.uid, ids.euid, ids.suid)
    _check(capable(task.process, CAP_SETUID) or all(new in (_KEEP, *old) for new in (ruid, euid, suid)))
    return _set_uids(
        task, *(now if new == _KEEP else new for now, new in zip(old, (ruid, euid, suid), strict=True))
    )


@syscall(149, "setresgid", "rgid:gid egid:gid sgid:gid -> int")
def sys_setresgid(k: Kernel, task: Task, rgid: int, egid: int, sgid: int) -> int:
    """setresgid(2)."""
    ids = task.process.credentials
    old = (ids.gid, ids.egid, ids.sgid)
    _check(capable(task.process, CAP_SETGID) or all(new in (_KEEP, *old) for new in (rgid, egid, sgid)))
    return _set_gids(
        task, *(now if new == _KEEP else new for now, new in zip(old, (rgid, egid, sgid), strict=True))
    )


@syscall(148, "getresuid", "ruid:out_int euid:out_int suid:out_int -> int")
def sys_getresuid(k: Kernel, task: Task, ruid: int, euid: int, suid: int) -> int:
    """getresuid(2)."""
    ids = task.process.credentials
    for address, value in ((ruid, ids.uid), (euid, ids.euid), (suid, ids.suid)):
        k.mem.set_u32(address, value)
    return 0


@syscall(150, "getresgid", "rgid:out_int egid:out_int sgid:out_int -> int")
def sys_getresgid(k: Kernel, task: Task, rgid: int, egid: int, sgid: int) -> int:
    """getresgid(2)."""
    ids = task.process.credentials
    for address, value in ((rgid, ids.gid), (egid, ids.egid), (sgid, ids.sgid)):
        k.mem.set_u32(address, value)
    return 0


@syscall(151, "setfsuid", "uid -> uid")
def sys_setfsuid(k: Kernel, task: Task, uid: int) -> int:
    """setfsuid(2): returns the old one, whether it changed or not."""
    ids = task.process.credentials
    old = ids.fsuid
    if uid != _KEEP and (
        capable(task.process, CAP_SETUID) or uid in (ids.uid, ids.euid, ids.suid, ids.fsuid)
    ):
        ids.fsuid = uid
        publish(task.process)
    return old


@syscall(152, "setfsgid", "gid -> uid")
def sys_setfsgid(k: Kernel, task: Task, gid: int) -> int:
    """setfsgid(2): returns the old one, whether it changed or not."""
    ids = task.process.credentials
    old = ids.fsgid
    if gid != _KEEP and (
        capable(task.process, CAP_SETGID) or gid in (ids.gid, ids.egid, ids.sgid, ids.fsgid)
    ):
        ids.fsgid = gid
        publish(task.process)
    return old


@syscall(158, "getgroups", "size:int list:ptr -> int")
def sys_getgroups(k: Kernel, task: Task, size: int, address: int) -> int:
    """getgroups(2)."""
    groups = task.process.credentials.groups
    if size < 0 or 0 < size < len(groups):
        raise LinuxError(errno.EINVAL)
    if size:
        k.mem.write(address, struct.pack(f"<{len(groups)}I", *groups))
    return len(groups)


@syscall(159, "setgroups", "size:int list:ptr -> int")
def sys_setgroups(k: Kernel, task: Task, size: int, address: int) -> int:
    """setgroups(2)."""
    _check(capable(task.process, CAP_SETGID))
    if not 0 <= size <= _NGROUPS_MAX:
        raise LinuxError(errno.EINVAL)
    groups = struct.unpack(f"<{size}I", k.mem.read(address, 4 * size)) if size else ()
    task.process.credentials.groups = list(groups)
    publish(task.process)
    return 0


def _cap_header(k: Kernel, task: Task, header: int) -> int:
    """Check cap_user_header_t; how many 32-bit data records follow. EINVAL also stores the newest version."""
    version, pid = k.mem.u32(header), k.mem.i32(header + 4)
    if version not in _CAP_VERSIONS:
        k.mem.set_u32(header, _CAP_NEWEST)
        raise LinuxError(errno.EINVAL)
    if pid < 0:
        raise LinuxError(errno.EINVAL)
    if pid not in (0, task.tid) and pid not in k.state.tasks:
        raise LinuxError(errno.ESRCH)
    return _CAP_VERSIONS[version]


@syscall(90, "capget", "header:ptr data:ptr -> int")
def sys_capget(k: Kernel, task: Task, header: int, data: int) -> int:
    """capget(2)."""
    try:
        count = _cap_header(k, task, header)
    except LinuxError as error:
        if error.errno == errno.EINVAL and not data:
            return 0  # a probe for the version, which the header now holds
        raise
    pid = k.mem.i32(header + 4)
    ids = k.state.tasks[pid or task.tid].process.credentials
    sets = (ids.cap_effective, ids.cap_permitted, ids.cap_inheritable)
    for index in range(count if data else 0):
        k.mem.write(data + 12 * index, struct.pack("<3I", *(s >> 32 * index & 0xFFFF_FFFF for s in sets)))
    return 0


@syscall(91, "capset", "header:ptr data:ptr -> int")
def sys_capset(k: Kernel, task: Task, header: int, data: int) -> int:
    """capset(2). EPERM: more than is permitted."""
    count = _cap_header(k, task, header)
    if k.mem.i32(header + 4) not in (0, task.tid):
        raise LinuxError(errno.EPERM)
    effective = permitted = inheritable = 0
    for index in range(count):
        parts = struct.unpack("<3I", k.mem.read(data + 12 * index, 12))
        effective |= parts[0] << 32 * index
        permitted |= parts[1] << 32 * index
        inheritable |= parts[2] << 32 * index
    ids = task.process.credentials
    _check(not permitted & ~ids.cap_permitted and not effective & ~permitted)
    _check(not inheritable & ~(ids.cap_inheritable | ids.cap_permitted))
    ids.cap_effective, ids.cap_permitted, ids.cap_inheritable = effective, permitted, inheritable
    return 0
