"""System calls about the machine: names, limits, random bytes, hardware, prctl."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel import short
from friscy.kernel.credentials import CAP_SETPCAP, CAP_SYS_BOOT, SECBIT_KEEP_CAPS, capable
from friscy.kernel.kernel import NSEC
from friscy.kernel.release import MACHINE, RELEASE, SYSNAME, VERSION
from friscy.kernel.state import RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_NOFILE, Process, Task
from friscy.kernel.table import refused, syscall
from friscy.kernel.timers import rearm
from friscy.kernel.traps import TIMEBASE_HZ
from friscy.machine.layout import GUEST_END
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

_FIELD = 65
_CAP_SYS_ADMIN, _CAP_SYS_RESOURCE = 21, 24


@syscall(160, "uname", "buf:out_utsname -> int")
def sys_uname(k: Kernel, task: Task, address: int) -> int:
    """uname(2)."""
    fields = (SYSNAME, k.state.hostname, RELEASE, VERSION, MACHINE, k.state.domainname)
    k.mem.write(address, b"".join(field[: _FIELD - 1].ljust(_FIELD, b"\0") for field in fields))
    return 0


def _read_name(k: Kernel, task: Task, address: int, length: int) -> bytes:
    if not task.process.credentials.cap_effective >> _CAP_SYS_ADMIN & 1:
        raise LinuxError(errno.EPERM)
    if not 0 <= length < _FIELD:
        raise LinuxError(errno.EINVAL)
    return k.mem.read(address, length).split(b"\0")[0]


@syscall(161, "sethostname", "name:string length:int -> int")
def sys_sethostname(k: Kernel, task: Task, address: int, length: int) -> int:
    """sethostname(2)."""
    k.state.hostname = _read_name(k, task, address, length)
    return 0


@syscall(162, "setdomainname", "name:string length:int -> int")
def sys_setdomainname(k: Kernel, task: Task, address: int, length: int) -> int:
    """setdomainname(2)."""
    k.state.domainname = _read_name(k, task, address, length)
    return 0


@syscall(179, "sysinfo", "info:out_sysinfo -> int")
def sys_sysinfo(k: Kernel, task: Task, address: int) -> int:
    """sysinfo(2): RAM is the machine's memory limit."""
    total = k.state.memory_limit
    free = max(total - sum(process.mm.accounted for process in k.state.processes.values()), 0)
    uptime = k.monotonic_ns() // NSEC
    k.mem.write(
        address,
        struct.pack(
            "<q3Q6QHHxxxxQQI4x", uptime, 0, 0, 0, total, free, 0, 0, 0, 0, len(k.state.tasks), 0, 0, 0, 1
        ),
    )
    return 0


@syscall(278, "getrandom", "buf:outbuf count:size flags:getrandom_flags -> int", stirs=False)
def sys_getrandom(k: Kernel, task: Task, address: int, count: int, flags: int) -> int:
    """getrandom(2): never short of entropy."""
    if flags & ~7 or flags & 6 == 6:
        raise LinuxError(errno.EINVAL)
    done = 0
    count = min(count, 0x7FFF_FFFF)
    while done < count:
        part = min(count - done, 1 << 16)
        try:
            k.mem.writable(address + done, part)[:] = k.random(part)
        except LinuxError:
            if done:
                break
            raise
        done += part
    return done


# -- riscv_hwprobe ------------------------------------------------------------------------------------

_PROBE = {
    0: 0,  # MVENDORID
    1: 0,  # MARCHID
    2: 0,  # MIMPID
    3: 1,  # BASE_BEHAVIOR: rv64ima
    4: 0b11,  # IMA_EXT_0: F and D, C
    5: 3,  # CPUPERF_0: misaligned scalar access is fast
    6: 0,  # ZICBOZ_BLOCK_SIZE: there is no Zicboz
    7: GUEST_END - 1,  # HIGHEST_VIRT_ADDRESS
    8: TIMEBASE_HZ,  # TIME_CSR_FREQ
    9: 3,  # MISALIGNED_SCALAR_PERF: fast
    10: 4,  # MISALIGNED_VECTOR_PERF: unsupported
}
_PAIR = struct.Struct("<qQ")


@syscall(258, "riscv_hwprobe", "pairs:ptr count:size cpusetsize:size cpus:ptr flags:uint -> int")
def sys_riscv_hwprobe(k: Kernel, task: Task, pairs: int, count: int, size: int, cpus: int, flags: int) -> int:
    """riscv_hwprobe(2): RV64GC. Unknown keys become -1, as the kernel does; flag 1 asks which CPUs match."""
    if flags & ~1:
        raise LinuxError(errno.EINVAL)
    if flags & 1:
        return _which_cpus(k, pairs, count, size, cpus)
    if size or cpus:
        mask = int.from_bytes(k.mem.read(cpus, min(size, 128)), "little")
        if not mask & 1:
            raise LinuxError(errno.EINVAL)
    for index in range(min(count, 1 << 16)):
        key = k.mem.i64(pairs + 16 * index)
        known = key in _PROBE
        k.mem.write(pairs + 16 * index, _PAIR.pack(key if known else -1, _PROBE.get(key, 0)))
    return 0


def _which_cpus(k: Kernel, pairs: int, count: int, size: int, cpus: int) -> int:
    """RISCV_HWPROBE_WHICH_CPUS: clear CPU 0 from the set unless it has every asked value."""
    if not size or not cpus:
        raise LinuxError(errno.EINVAL)
    size = min(size, 128)
    mask = int.from_bytes(k.mem.read(cpus, size), "little") or 1
    for index in range(min(count, 1 << 16)):
        key, value = _PAIR.unpack(k.mem.read(pairs + 16 * index, 16))
        has = _PROBE.get(key)
        if has is None:
            k.mem.write(pairs + 16 * index, _PAIR.pack(-1, 0))
            mask = 0
        elif not (has & value == value if key in (3, 4) else has == value):
            mask = 0
    k.mem.write(cpus, (mask & 1).to_bytes(size, "little"))
    return 0


# -- limits -------------------------------------------------------------------------------------------

_LIMIT = struct.Struct("<QQ")


def _set_limit(k: Kernel, caller: Process, process: Process, resource: int, soft: int, hard: int) -> None:
    if soft > hard:
        raise LinuxError(errno.EINVAL)
    if hard > process.limits[resource][1] and not caller.credentials.cap_effective >> _CAP_SYS_RESOURCE & 1:
        raise LinuxError(errno.EPERM)
    if resource == RLIMIT_NOFILE and hard > 1 << 20:
        raise LinuxError(errno.EPERM)
    process.limits[resource] = (soft, hard)
    short.forget_files(k)
    if resource == RLIMIT_CPU:
        rearm(k)
        k.hart.interrupt()
    space_map = k.maps.get(process.pid)
    if space_map is not None:
        space_map.address_limit = process.limits[RLIMIT_AS][0]
        space_map.data_limit = process.limits[RLIMIT_DATA][0]


def _check_resource(resource: int) -> None:
    if not 0 <= resource < 16:
        raise LinuxError(errno.EINVAL)


@syscall(261, "prlimit64", "pid resource new:rlimit old:out_rlimit -> int")
def sys_prlimit64(k: Kernel, task: Task, pid: int, resource: int, new: int, old: int) -> int:
    """prlimit(2)."""
    _check_resource(resource)
    process = k.state.processes.get(pid) if pid else task.process
    if process is None:
        raise LinuxError(errno.ESRCH)
    before = process.limits[resource]
    if new:
        _set_limit(k, task.process, process, resource, *_LIMIT.unpack(k.mem.read(new, 16)))
    if old:
        k.mem.write(old, _LIMIT.pack(*before))
    return 0


@syscall(163, "getrlimit", "resource limit:out_rlimit -> int")
def sys_getrlimit(k: Kernel, task: Task, resource: int, address: int) -> int:
    """getrlimit(2)."""
    _check_resource(resource)
    k.mem.write(address, _LIMIT.pack(*task.process.limits[resource]))
    return 0


@syscall(164, "setrlimit", "resource limit:rlimit -> int")
def sys_setrlimit(k: Kernel, task: Task, resource: int, address: int) -> int:
    """setrlimit(2)."""
    _check_resource(resource)
    _set_limit(k, task.process, task.process, resource, *_LIMIT.unpack(k.mem.read(address, 16)))
    return 0


# -- prctl --------------------------------------------------------------------------------------------

(_SET_PDEATHSIG, _GET_PDEATHSIG, _GET_DUMPABLE, _SET_DUMPABLE, _GET_KEEPCAPS, _SET_KEEPCAPS) = (
    1,
    2,
    3,
    4,
    7,
    8,
)
_GET_TIMING, _SET_NAME, _GET_NAME, _GET_SECCOMP, _SET_SECCOMP = 13, 15, 16, 21, 22
_CAPBSET_READ, _CAPBSET_DROP, _GET_SECUREBITS, _SET_TIMERSLACK, _GET_TIMERSLACK = 23, 24, 27, 29, 30
_SET_CHILD_SUBREAPER, _GET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVS, _GET_NO_NEW_PRIVS = 36, 37, 38, 39
_GET_TID_ADDRESS, _SET_THP_DISABLE, _GET_THP_DISABLE, _CAP_AMBIENT = 40, 41, 42, 47
_SET_TIMING, _SET_SECUREBITS = 14, 28
_AMBIENT_IS_SET, _AMBIENT_RAISE, _AMBIENT_LOWER, _AMBIENT_CLEAR_ALL = 1, 2, 3, 4
_SECUREBITS, _LOCKS = 0xFF, 0xAA
_SET_VMA, _SET_PTRACER = 0x5356_4D41, 0x5961_6D61


@syscall(
    167,
    "prctl",
    "option:prctl_option arg2:ulong arg3:ulong arg4:ulong arg5:ulong -> int",
    partial="no seccomp, no ambient capabilities, no secure bits; huge pages and timer slack are only remembered",
)
def sys_prctl(k: Kernel, task: Task, option: int, arg2: int, arg3: int, arg4: int, arg5: int) -> int:
    """prctl(2). EINVAL: an option this machine does not have, as older kernels answer."""
    process = task.process
    ids = process.credentials
    if option == _SET_NAME:
        _set_name(k, task, arg2)
    elif option == _GET_NAME:
        k.mem.write(arg2, task.comm[:15].ljust(16, b"\0"))
    elif option == _SET_PDEATHSIG:
        if arg2 > 64:
            raise LinuxError(errno.EINVAL)
        process.death_signal = arg2
    elif option == _GET_PDEATHSIG:
        k.mem.set_u32(arg2, process.death_signal)
    elif option == _GET_DUMPABLE:
        return process.dumpable
    elif option == _SET_DUMPABLE:
        if arg2 not in (0, 1):
            raise LinuxError(errno.EINVAL)
        process.dumpable = arg2
    elif option == _SET_CHILD_SUBREAPER:
        process.child_subreaper = bool(arg2)
    elif option == _GET_CHILD_SUBREAPER:
        k.mem.set_u32(arg2, int(process.child_subreaper))
    elif option == _SET_NO_NEW_PRIVS:
        if arg2 != 1 or arg3 or arg4 or arg5:
            raise LinuxError(errno.EINVAL)
        ids.no_new_privs = True
    elif option == _GET_NO_NEW_PRIVS:
        if arg2 or arg3 or arg4 or arg5:
            raise LinuxError(errno.EINVAL)
        return int(ids.no_new_privs)
    elif option == _CAPBSET_READ:
        if arg2 > 40:
            raise LinuxError(errno.EINVAL)
        return ids.cap_bounding >> arg2 & 1
    elif option == _CAPBSET_DROP:
        if not ids.cap_effective >> 8 & 1:
            raise LinuxError(errno.EPERM)
        if arg2 > 40:
            raise LinuxError(errno.EINVAL)
        ids.cap_bounding &= ~(1 << arg2)
    elif option == _GET_TIMERSLACK:
        return task.timer_slack
    elif option == _SET_TIMERSLACK:
        task.timer_slack = arg2 if 0 < arg2 < 1 << 63 else task.default_slack
    elif option == _SET_KEEPCAPS:
        if arg2 > 1:
            raise LinuxError(errno.EINVAL)
        process.keep_capabilities = bool(arg2)
    elif option == _GET_KEEPCAPS:
        return int(process.keep_capabilities)
    elif option in (_SET_THP_DISABLE, _GET_THP_DISABLE):
        if arg3 or arg4 or arg5 or (option == _GET_THP_DISABLE and arg2):
            raise LinuxError(errno.EINVAL)
        if option == _GET_THP_DISABLE:
            return int(process.no_huge_pages)
        process.no_huge_pages = bool(arg2)
    elif option == _GET_TID_ADDRESS:
        k.mem.set_u64(arg2, task.clear_child_tid)
    elif option == _GET_SECUREBITS:
        return ids.securebits | (SECBIT_KEEP_CAPS if process.keep_capabilities else 0)
    elif option == _SET_SECUREBITS:
        locks = ids.securebits & _LOCKS
        changed = (arg2 ^ ids.securebits) & ~SECBIT_KEEP_CAPS
        if not capable(process, CAP_SETPCAP) or arg2 & ~_SECUREBITS or locks & ~arg2 or changed & locks >> 1:
            raise LinuxError(errno.EPERM)
        ids.securebits, process.keep_capabilities = arg2 & ~SECBIT_KEEP_CAPS, bool(arg2 & SECBIT_KEEP_CAPS)
    elif option == _SET_TIMING:
        if arg2:
            raise LinuxError(errno.EINVAL)
    elif option in (_GET_TIMING, _GET_SECCOMP):
        return 0
    elif option == _SET_VMA:
        return 0  # names for anonymous memory
    elif option == _SET_PTRACER:
        return 0  # nobody traces
    elif option == _CAP_AMBIENT:
        if arg2 == _AMBIENT_CLEAR_ALL:
            if arg3 or arg4 or arg5:
                raise LinuxError(errno.EINVAL)
        elif not _AMBIENT_IS_SET <= arg2 <= _AMBIENT_LOWER or arg3 > 40 or arg4 or arg5:
            raise LinuxError(errno.EINVAL)
        elif arg2 == _AMBIENT_RAISE:
            raise LinuxError(errno.EPERM)
        return 0  # the ambient set is empty: IS_SET says no, CLEAR_ALL has nothing to do
    else:
        if option == _SET_SECCOMP:
            k.log_once("prctl: seccomp filters are not supported")
        raise LinuxError(errno.EINVAL)
    return 0


def _set_name(k: Kernel, task: Task, address: int) -> None:
    name = bytearray()
    while len(name) < 15:
        byte = k.mem.u8(address + len(name))
        if not byte:
            break
        name.append(byte)
    task.comm = bytes(name)
    if task.tid == task.process.pid:
        task.process.comm = task.comm


@syscall(92, "personality", "persona:personality -> int")
def sys_personality(k: Kernel, task: Task, persona: int) -> int:
    """personality(2): stored; address randomisation is never on, so ADDR_NO_RANDOMIZE holds anyway."""
    process = task.process
    old = process.personality
    if persona & 0xFFFF_FFFF != 0xFFFF_FFFF:
        process.personality = persona & 0xFFFF_FFFF
    return old


@syscall(116, "syslog", "type:int buf:ptr length:int -> int", partial="the log is empty")
def sys_syslog(k: Kernel, task: Task, action: int, address: int, length: int) -> int:
    """syslog(2), the kernel's message buffer. EPERM: not the administrator."""
    if action != 10 and not task.process.credentials.cap_effective >> 34 & 1:
        raise LinuxError(errno.EPERM)
    if not 0 <= action <= 10:
        raise LinuxError(errno.EINVAL)
    return 1 << 14 if action == 10 else 0


_HOST = "belongs to the host, not to the guest"
_REBOOT_MAGIC = 0xFEE1_DEAD, (672274793, 85072278, 369367448, 537993216)
_CAD_ON, _CAD_OFF = 0x89AB_CDEF, 0
_REBOOTS = {0x0123_4567, 0xCDEF_0123, 0x4321_FEDC, 0xA1B2_C3D4, 0x4558_4543, 0xD000_FCE2}


@syscall(142, "reboot", "magic:hex magic2:hex cmd:hex arg:ptr -> int", partial="Ctrl-Alt-Del only: the rest is EPERM")
def sys_reboot(k: Kernel, task: Task, magic: int, magic2: int, command: int, argument: int) -> int:
    """reboot(2): no key that would start this machine anew exists, so CAD_ON and CAD_OFF have no effect."""
    magic, magic2, command = magic & 0xFFFF_FFFF, magic2 & 0xFFFF_FFFF, command & 0xFFFF_FFFF
    if not capable(task.process, CAP_SYS_BOOT):
        raise LinuxError(errno.EPERM)
    if magic != _REBOOT_MAGIC[0] or magic2 not in _REBOOT_MAGIC[1]:
        raise LinuxError(errno.EINVAL)
    if command in _REBOOTS:
        k.log_once(f"reboot: {_HOST}")
        raise LinuxError(errno.EPERM)
    if command not in (_CAD_ON, _CAD_OFF):
        raise LinuxError(errno.EINVAL)
    return 0


refused(89, "acct", "path -> int", errno.ENOSYS, "no process accounting")
refused(58, "vhangup", "-> int", errno.EPERM, _HOST)
refused(104, "kexec_load", "entry:ulong n:ulong segments:ptr flags:ulong -> int", errno.EPERM, _HOST)
refused(105, "init_module", "image:ptr length:ulong params:string -> int", errno.EPERM, _HOST)
refused(106, "delete_module", "name:string flags:uint -> int", errno.EPERM, _HOST)
refused(273, "finit_module", "fd params:string flags:int -> int", errno.EPERM, _HOST)
refused(224, "swapon", "path flags:int -> int", errno.EPERM, _HOST)
refused(225, "swapoff", "path -> int", errno.EPERM, _HOST)
refused(
    277,
    "seccomp",
    "operation:uint flags:uint args:ptr -> int",
    errno.EINVAL,
    "seccomp filters are not supported",
)
refused(241, "perf_event_open", "attr:ptr pid cpu:int group:int flags:ulong -> fd", errno.EACCES, _HOST)
refused(280, "bpf", "cmd:int attr:ptr size:uint -> int", errno.EPERM, _HOST)
refused(
    425,
    "io_uring_setup",
    "entries:uint params:ptr -> fd",
    errno.ENOSYS,
    "io_uring is switched off, as in containers",
)
refused(0, "io_setup", "n:uint context:ptr -> int", errno.ENOSYS, "no kernel asynchronous I/O")
refused(444, "landlock_create_ruleset", "attr:ptr size flags:uint -> fd", errno.EOPNOTSUPP, "no Landlock")
refused(
    217,
    "add_key",
    "type:string description:string payload:ptr size keyring:int -> int",
    errno.ENOSYS,
    "no keyrings",
)
refused(
    218,
    "request_key",
    "type:string description:string info:string keyring:int -> int",
    errno.ENOSYS,
    "no keyrings",
)
refused(
    219,
    "keyctl",
    "operation:int arg2:ulong arg3:ulong arg4:ulong arg5:ulong -> int",
    errno.ENOSYS,
    "no keyrings",
)
