"""/proc/<pid>: what a process looks like from outside, in the formats of proc(5)."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.credentials import CAP_SYS_RESOURCE, capable
from friscy.kernel.files import KernelFile
from friscy.kernel.memory.locking import locked_bytes
from friscy.kernel.paths import mount_id
from friscy.kernel.proc.procfs_memory import maps, resident, smaps, smaps_rollup, usage
from friscy.kernel.proc.procfs_net import net_directory
from friscy.kernel.proc.procmap_query import maps_ioctl
from friscy.kernel.proc.synthtree import Directory, File, Link, Node
from friscy.kernel.signals import interrupts
from friscy.kernel.state import RLIM_INFINITY
from friscy.kernel.terminal.jobs import controlling_terminal
from friscy.machine.layout import PAGE
from lazyfs.abi import O_ACCMODE, O_CLOEXEC, O_RDONLY, O_WRONLY
from lazyfs.errors import LinuxError
from lazyfs.stat import encode_dev

if TYPE_CHECKING:
    from friscy.kernel.fdtable import Descriptor
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task
    from lazyfs.inode import Location

_TICK_NS = 10_000_000
_SHARED = 1
_LIMITS = (
    (b"Max cpu time", b"seconds"), (b"Max file size", b"bytes"), (b"Max data size", b"bytes"),
    (b"Max stack size", b"bytes"), (b"Max core file size", b"bytes"), (b"Max resident set", b"bytes"),
    (b"Max processes", b"processes"), (b"Max open files", b"files"), (b"Max locked memory", b"bytes"),
    (b"Max address space", b"bytes"), (b"Max file locks", b"locks"), (b"Max pending signals", b"signals"),
    (b"Max msgqueue size", b"bytes"), (b"Max nice priority", b""), (b"Max realtime priority", b""),
    (b"Max realtime timeout", b"us"),
)  # fmt: skip


def process_directory(k: Kernel, process: Process) -> Directory:
    """The directory of a process; it belongs to who runs the process."""

    def owner() -> tuple[int, int]:
        return process.credentials.euid, process.credentials.egid

    def children() -> dict[bytes, Node]:
        entries = _common(k, process, k.state.tasks.get(process.pid))
        entries[b"task"] = Directory(lambda: _tasks(k, process))
        return entries

    return Directory(children, owner=owner, private=lambda: process.dumpable != 1)


def _tasks(k: Kernel, process: Process) -> dict[bytes, Node]:
    def directory(task: Task) -> Directory:
        return Directory(lambda: _common(k, process, task))

    return {b"%d" % tid: directory(k.state.tasks[tid]) for tid in process.tasks}


def _common(k: Kernel, process: Process, task: Task | None) -> dict[bytes, Node]:
    """What /proc/<pid> and /proc/<pid>/task/<tid> both have."""
    from friscy.kernel.proc.procfs import mount_lines, mountinfo_lines

    return {
        b"auxv": File(lambda: process.auxv, mode=0o400),
        b"cgroup": File(b"0::/\n"),
        b"cmdline": File(lambda: b"".join(argument + b"\0" for argument in process.cmdline)),
        b"comm": File(
            lambda: _comm(process, task) + b"\n", mode=0o644, write=lambda data: _rename(process, task, data)
        ),
        b"coredump_filter": File(b"00000033\n", mode=0o644, write=_ignore),
        b"cwd": Link(lambda: _path(k, process.fs.cwd), follow=lambda: process.fs.cwd),
        b"environ": File(lambda: b"".join(variable + b"\0" for variable in process.environ), mode=0o400),
        b"exe": Link(lambda: _exe(process), follow=lambda: _exe_place(k, process)),
        b"fd": Directory(lambda: _descriptors(k, process), mode=0o500),
        b"fdinfo": Directory(lambda: _descriptor_infos(k, process)),
        b"limits": File(lambda: limits(process)),
        b"loginuid": File(b"4294967295"),
        b"maps": File(
            lambda: maps(k, process), ioctl=lambda request, at: maps_ioctl(k, process, request, at)
        ),
        b"smaps": File(lambda: smaps(k, process), mode=0o444),
        b"smaps_rollup": File(lambda: smaps_rollup(k, process), mode=0o444),
        b"mem": File(_no_memory, mode=0o600),
        b"mountinfo": File(lambda: mountinfo_lines(k)),
        b"mounts": File(lambda: mount_lines(k)),
        b"net": net_directory(k),
        b"oom_score": File(b"0\n"),
        b"oom_score_adj": File(
            lambda: b"%d\n" % process.oom_score_adj,
            mode=0o644,
            write=lambda data: _set_oom_score_adj(k, process, data),
        ),
        b"personality": File(lambda: b"%08x\n" % process.personality, mode=0o400),
        b"root": Link(lambda: _path(k, process.fs.root), follow=lambda: process.fs.root),
        b"setgroups": File(b"allow\n", mode=0o644, write=_ignore),
        b"stat": File(lambda: stat(k, process, task)),
        b"statm": File(lambda: statm(k, process)),
        b"status": File(lambda: status(k, process, task)),
        b"uid_map": File(b"%10d %10d %10d\n" % (0, 0, (1 << 32) - 1)),
        b"gid_map": File(b"%10d %10d %10d\n" % (0, 0, (1 << 32) - 1)),
        b"timerslack_ns": File(
            lambda: b"%d\n" % (task.timer_slack if task is not None else 0),
            mode=0o666,
            write=lambda data: _set_timer_slack(task, data),
        ),
        b"wchan": File(b"0"),
    }


def _set_timer_slack(task: Task | None, data: bytes) -> None:
    """EINVAL: no number."""
    text = data.rstrip(b"\n\0")
    if not text.isdigit():
        raise LinuxError(errno.EINVAL)
    if task is not None:
        task.timer_slack = int(text) or task.default_slack


def _ignore(_data: bytes) -> None:
    """A setting that has no effect here."""


def _set_oom_score_adj(k: Kernel, process: Process, data: bytes) -> None:
    try:
        value = int(data)
    except ValueError:
        raise LinuxError(errno.EINVAL) from None
    if not -1000 <= value <= 1000:
        raise LinuxError(errno.EINVAL)
    if value < process.oom_score_adj and not capable(k.task.process, CAP_SYS_RESOURCE):
        raise LinuxError(errno.EACCES)
    process.oom_score_adj = value


def _no_memory() -> bytes:
    raise LinuxError(errno.EIO)


def _comm(process: Process, task: Task | None) -> bytes:
    return task.comm if task is not None and task.comm else process.comm


def _rename(process: Process, task: Task | None, data: bytes) -> None:
    name = data.rstrip(b"\n")[:15]
    if task is not None:
        task.comm = name
    if task is None or task.tid == process.pid:
        process.comm = name


def _path(k: Kernel, location: Location) -> bytes:
    return k.vfs.path_of(k.task.process.fs, location)


def _exe(process: Process) -> bytes:
    if not process.exe:
        raise LinuxError(errno.ENOENT)
    return process.exe


def _exe_place(k: Kernel, process: Process) -> Location | None:
    """The program itself, even where its name is gone: one of its mappings has it open."""
    for vma in process.mm.vmas:
        if vma.file is not None and vma.name == process.exe:
            return vma.file.location
    return None


# -- descriptors ------------------------------------------------------------------------------------------


def _descriptors(k: Kernel, process: Process) -> dict[bytes, Node]:
    def link(descriptor: Descriptor) -> Link:
        access = descriptor.file.flags & O_ACCMODE
        mode = 0o500 if access == O_RDONLY else 0o300 if access == O_WRONLY else 0o700
        place = descriptor.file.location
        return Link(lambda: _path(k, place), mode=mode, follow=lambda: place)

    return {b"%d" % fd: link(process.files.slots[fd]) for fd in sorted(process.files.slots)}


def _descriptor_infos(k: Kernel, process: Process) -> dict[bytes, Node]:
    def info(descriptor: Descriptor) -> File:
        return File(lambda: fdinfo(k, descriptor), mode=0o400)

    return {b"%d" % fd: info(process.files.slots[fd]) for fd in sorted(process.files.slots)}


def fdinfo(k: Kernel, descriptor: Descriptor) -> bytes:
    """/proc/<pid>/fdinfo/<fd>."""
    file = descriptor.file
    flags = file.flags | (O_CLOEXEC if descriptor.cloexec else 0)
    mount = mount_id(file.location.mount)
    common = b"pos:\t%d\nflags:\t0%o\nmnt_id:\t%d\nino:\t%d\n" % (file.offset, flags, mount, file.inode.ino)
    return common + file.details(k) if isinstance(file, KernelFile) else common


# -- memory -----------------------------------------------------------------------------------------------


def _sizes(process: Process) -> dict[str, int]:
    """Bytes of the address space by use."""
    sizes = dict.fromkeys(("total", "text", "data", "stack", "library", "shared"), 0)
    mm = process.mm
    for vma in mm.vmas:
        nbytes = vma.end - vma.start
        sizes["total"] += nbytes
        if vma.name == b"[stack]":
            sizes["stack"] += nbytes
        elif vma.prot & 2 and not vma.flags & _SHARED:
            sizes["data"] += nbytes
        elif vma.prot & 4:
            main = mm.start_code <= vma.start < mm.end_code
            sizes["text" if main else "library"] += nbytes
        if vma.file is not None:
            sizes["shared"] += nbytes
    return sizes


def statm(k: Kernel, process: Process) -> bytes:
    """/proc/<pid>/statm, in pages."""
    sizes, used = _sizes(process), usage(k, process)
    figures = (
        sizes["total"], used.resident, used.file + used.shared, sizes["text"], 0, sizes["data"] + sizes["stack"], 0
    )  # fmt: skip
    return b"%d %d %d %d %d %d %d\n" % tuple(nbytes // PAGE for nbytes in figures)


# -- the process itself -----------------------------------------------------------------------------------


def _state(k: Kernel, process: Process, task: Task | None) -> bytes:
    if process.exit_status is not None:
        return b"Z"
    if process.stopped:
        return b"T"
    asleep = task is not None and task.state == "blocked" and not interrupts(k, task)
    return b"S" if asleep else b"R"


def _masks(k: Kernel, process: Process, task: Task | None) -> tuple[int, int, int, int]:
    """(pending, blocked, ignored, caught) as sigsets."""
    pending = 0
    for info in task.pending if task is not None else ():
        pending |= 1 << (info.signal - 1)
    ignored = caught = 0
    for signal, action in process.actions.items():
        if action.handler == 1:
            ignored |= 1 << (signal - 1)
        elif action.handler:
            caught |= 1 << (signal - 1)
    return pending, task.blocked_signals if task is not None else 0, ignored, caught


def stat(k: Kernel, process: Process, task: Task | None) -> bytes:
    """/proc/<pid>/stat: 52 fields."""
    terminal = controlling_terminal(k, process)
    pending, blocked, ignored, caught = _masks(k, process, task)
    small = (1 << 31) - 1
    mm = process.mm
    user = process.cpu_ns + sum(k.state.tasks[tid].cpu_ns for tid in process.tasks)
    fields = [
        process.ppid, process.pgid, process.sid,
        encode_dev(*terminal.device) if terminal else 0, terminal.foreground if terminal else -1,
        0x400000, 0, 0, 0, 0,
        user // _TICK_NS, 0, process.children_cpu_ns // _TICK_NS, 0,
        20, 0, len(process.tasks), 0, process.start_ns // _TICK_NS,
        _sizes(process)["total"], resident(k, process) // PAGE, RLIM_INFINITY,
        mm.start_code, mm.end_code, mm.stack_top, 0, 0,
        pending & small, blocked & small, ignored & small, caught & small,
        0, 0, 0, 17, 0, 0, 0, 0, 0, 0,
        0, 0, mm.brk_start, mm.arg_start, mm.arg_end, mm.env_start, mm.env_end,
        process.exit_status or 0,
    ]  # fmt: skip
    pid = task.tid if task is not None else process.pid
    head = b"%d (%s) %s " % (pid, _comm(process, task), _state(k, process, task))
    return head + b" ".join(b"%d" % field for field in fields) + b"\n"


def status(k: Kernel, process: Process, task: Task | None) -> bytes:
    """/proc/<pid>/status."""
    sizes, ids = _sizes(process), process.credentials
    pending, blocked, ignored, caught = _masks(k, process, task)
    shared = 0
    for info in process.pending:
        shared |= 1 << (info.signal - 1)
    letter = _state(k, process, task)
    words = {b"R": b"running", b"S": b"sleeping", b"T": b"stopped", b"Z": b"zombie"}
    tid = task.tid if task is not None else process.pid
    used = usage(k, process)
    resident = used.resident // 1024
    slots = max(64, max(process.files.slots, default=0) + 1)
    cpus = (1 << k.state.cpus) - 1
    lines = [
        b"Name:\t%s" % _comm(process, task).replace(b"\\", b"\\\\").replace(b"\n", b"\\n"),
        b"Umask:\t%04o" % process.fs.umask,
        b"State:\t%s (%s)" % (letter, words[letter]),
        b"Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0" % (process.pid, tid, process.ppid),
        b"Uid:\t%d\t%d\t%d\t%d" % (ids.uid, ids.euid, ids.suid, ids.fsuid),
        b"Gid:\t%d\t%d\t%d\t%d" % (ids.gid, ids.egid, ids.sgid, ids.fsgid),
        b"FDSize:\t%d" % (1 << (slots - 1).bit_length()),
        b"Groups:\t" + b"".join(b"%d " % group for group in ids.groups),
        b"NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d" % (process.pid, tid, process.pgid, process.sid),
        b"Kthread:\t0",
    ]
    if process.exit_status is None:
        total, data = sizes["total"] // 1024, sizes["data"] // 1024
        figures = (
            (b"VmPeak", total), (b"VmSize", total), (b"VmLck", locked_bytes(process.mm) // 1024),
            (b"VmPin", 0), (b"VmHWM", resident),
            (b"VmRSS", resident), (b"RssAnon", used.anonymous // 1024), (b"RssFile", used.file // 1024),
            (b"RssShmem", used.shared // 1024), (b"VmData", data),
            (b"VmStk", sizes["stack"] // 1024), (b"VmExe", sizes["text"] // 1024),
            (b"VmLib", sizes["library"] // 1024), (b"VmPTE", 0), (b"VmSwap", 0), (b"HugetlbPages", 0),
        )  # fmt: skip
        lines += [b"%s:\t%8d kB" % figure for figure in figures]
        lines.append(b"CoreDumping:\t0\nTHP_enabled:\t0")
    lines += [
        b"Threads:\t%d\nSigQ:\t0/32768" % len(process.tasks),
        b"SigPnd:\t%016x\nShdPnd:\t%016x\nSigBlk:\t%016x" % (pending, shared, blocked),
        b"SigIgn:\t%016x\nSigCgt:\t%016x" % (ignored, caught),
        b"CapInh:\t%016x\nCapPrm:\t%016x" % (ids.cap_inheritable, ids.cap_permitted),
        b"CapEff:\t%016x\nCapBnd:\t%016x\nCapAmb:\t%016x" % (ids.cap_effective, ids.cap_bounding, 0),
        b"NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0" % ids.no_new_privs,
        b"Cpus_allowed:\t%x\nCpus_allowed_list:\t%s"
        % (cpus, b"0" if cpus == 1 else b"0-%d" % (k.state.cpus - 1)),
        b"Mems_allowed:\t1\nMems_allowed_list:\t0",
        b"voluntary_ctxt_switches:\t0\nnonvoluntary_ctxt_switches:\t0",
    ]
    return b"\n".join(lines) + b"\n"


def limits(process: Process) -> bytes:
    """/proc/<pid>/limits."""
    lines = [b"%-25s %-20s %-20s %-10s\n" % (b"Limit", b"Soft Limit", b"Hard Limit", b"Units")]
    for resource, (name, unit) in enumerate(_LIMITS):
        soft, hard = process.limits[resource]
        shown = [b"unlimited" if value == RLIM_INFINITY else b"%d" % value for value in (soft, hard)]
        line = b"%-25s %-20s %-20s " % (name, *shown)
        lines.append(line + (b"%-10s\n" % unit if unit else b"\n"))
    return b"".join(lines)
