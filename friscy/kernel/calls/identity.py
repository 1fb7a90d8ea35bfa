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


@syscall(174, "getuid", "-> uid", stirs=False)
def sys_getuid(k: Kernel, task: Task) -> int:
    """getuid(2)."""
    return task.process.credentials.uid


@syscall(175, "geteuid", "-> uid", stirs=False)
def sys_geteuid(k: Kernel, task: Task) -> int:
    """geteuid(2)."""
    return task.process.credentials.euid


@syscall(176, "getgid", "-> uid", stirs=False)
def sys_getgid(k: Kernel, task: Task) -> int:
    """getgid(2)."""
    return task.process.credentials.gid


@syscall(177, "getegid", "-> uid", stirs=False)
def sys_getegid(k: Kernel, task: Task) -> int:
    """getegid(2)."""
    return task.process.credentials.egid


_Ids = tuple[int, int, int]  # real, effective, saved: of users or of groups, for which the rules are the same


def _uids(task: Task) -> tuple[_Ids, bool]:
    """The user ids as they are, and whether the task may set any."""
    ids = task.process.credentials
    return (ids.uid, ids.euid, ids.suid), capable(task.process, CAP_SETUID)


def _set_uids(task: Task, new: _Ids) -> int:
    ids = task.process.credentials
    ids.uid, ids.euid, ids.suid = new
    update_filesystem_ids(task.process)
    return 0


def _gids(task: Task) -> tuple[_Ids, bool]:
    """The group ids as they are, and whether the task may set any."""
    ids = task.process.credentials
    return (ids.gid, ids.egid, ids.sgid), capable(task.process, CAP_SETGID)


def _set_gids(task: Task, new: _Ids) -> int:
    ids = task.process.credentials
    ids.gid, ids.egid, ids.sgid = new
    ids.fsgid = ids.egid
    publish(task.process)
    return 0


def _check(allowed: bool) -> None:
    if not allowed:
        raise LinuxError(errno.EPERM)


def _one(old: _Ids, privileged: bool, wanted: int) -> _Ids:
    """What setuid(2) and setgid(2) make of the ids. EINVAL: -1; EPERM."""
    if wanted == _KEEP:
        raise LinuxError(errno.EINVAL)
    if privileged:
        return wanted, wanted, wanted
    real, _, saved = old
    _check(wanted in (real, saved))
    return real, wanted, saved


def _two(old: _Ids, privileged: bool, real: int, effective: int) -> _Ids:
    """What setreuid(2) and setregid(2) make of the ids. EPERM."""
    was_real, was_effective, was_saved = old
    if not privileged:
        _check(real in (_KEEP, was_real, was_effective) and effective in (_KEEP, *old))
    new = was_effective if effective == _KEEP else effective
    saved = new if real != _KEEP or effective not in (_KEEP, was_real) else was_saved
    return was_real if real == _KEEP else real, new, saved


def _three(old: _Ids, privileged: bool, *wanted: int) -> _Ids:
    """What setresuid(2) and setresgid(2) make of the ids. EPERM."""
    _check(privileged or all(new in (_KEEP, *old) for new in wanted))
    real, effective, saved = (now if new == _KEEP else new for now, new in zip(old, wanted, strict=True))
    return real, effective, saved


@syscall(146, "setuid", "uid -> int")
def sys_setuid(k: Kernel, task: Task, uid: int) -> int:
    """setuid(2)."""
    return _set_uids(task, _one(*_uids(task), uid))


@syscall(144, "setgid", "gid -> int")
def sys_setgid(k: Kernel, task: Task, gid: int) -> int:
    """setgid(2)."""
    return _set_gids(task, _one(*_gids(task), gid))


@syscall(145, "setreuid", "ruid:uid euid:uid -> int")
def sys_setreuid(k: Kernel, task: Task, ruid: int, euid: int) -> int:
    """setreuid(2)."""
    return _set_uids(task, _two(*_uids(task), ruid, euid))


@syscall(143, "setregid", "rgid:gid egid:gid -> int")
def sys_setregid(k: Kernel, task: Task, rgid: int, egid: int) -> int:
    """setregid(2)."""
    return _set_gids(task, _two(*_gids(task), rgid, egid))


@syscall(147, "setresuid", "ruid:uid euid:uid suid:uid -> int")
def sys_setresuid(k: Kernel, task: Task, ruid: int, euid: int, suid: int) -> int:
    """setresuid(2)."""
    return _set_uids(task, _three(*_uids(task), ruid, euid, suid))


@syscall(149, "setresgid", "rgid:gid egid:gid sgid:gid -> int")
def sys_setresgid(k: Kernel, task: Task, rgid: int, egid: int, sgid: int) -> int:
    """setresgid(2)."""
    return _set_gids(task, _three(*_gids(task), rgid, egid, sgid))


def _write_three(k: Kernel, addresses: _Ids, ids: _Ids) -> int:
    for address, value in zip(addresses, ids, strict=True):
        k.mem.set_u32(address, value)
    return 0


@syscall(148, "getresuid", "ruid:out_int euid:out_int suid:out_int -> int")
def sys_getresuid(k: Kernel, task: Task, ruid: int, euid: int, suid: int) -> int:
    """getresuid(2)."""
    return _write_three(k, (ruid, euid, suid), _uids(task)[0])


@syscall(150, "getresgid", "rgid:out_int egid:out_int sgid:out_int -> int")
def sys_getresgid(k: Kernel, task: Task, rgid: int, egid: int, sgid: int) -> int:
    """getresgid(2)."""
    return _write_three(k, (rgid, egid, sgid), _gids(task)[0])


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
