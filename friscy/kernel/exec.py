"""execve(2): find the program, replace the address space, build the initial stack.

Everything that can fail with an errno is checked before the old address space goes; after that point a failure
kills the process with SIGKILL, as on Linux.
"""

from __future__ import annotations

import errno
import struct
from stat import S_ISGID, S_ISREG, S_ISUID, S_IXGRP
from typing import TYPE_CHECKING

from friscy.kernel import elf, rseq
from friscy.kernel.credentials import update_filesystem_ids
from friscy.kernel.kernel import NoResult
from friscy.kernel.memory.areas import (
    MAP_ANONYMOUS,
    MAP_FIXED,
    MAP_PRIVATE,
    MAP_STACK,
    STACK_GUARD_GAP,
    STACK_MAX,
)
from friscy.kernel.signals import SIGCHLD, SIGKILL
from friscy.kernel.state import CLOCK_TICKS, RLIMIT_STACK, SigAction
from friscy.kernel.timers import forget_all
from friscy.machine.hart import SP
from friscy.machine.layout import GUEST_END, GUEST_START, PAGE, WINDOW_END
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE, GuestMemory
from lazyfs.abi import MS_NOEXEC, MS_NOSUID, O_RDONLY, X_OK
from lazyfs.errors import FormatError, LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task
    from lazyfs.inode import Location

(
    AT_NULL, AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY, AT_UID, AT_EUID, AT_GID, AT_EGID,
    AT_HWCAP, AT_CLKTCK, AT_SECURE, AT_RANDOM, AT_HWCAP2, AT_RSEQ_FEATURE_SIZE, AT_RSEQ_ALIGN, AT_EXECFN,
    AT_MINSIGSTKSZ,
) = (0, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 23, 25, 26, 27, 28, 31, 51)  # fmt: skip
HWCAP = sum(1 << (ord(letter) - ord("A")) for letter in "IMAFDC")
MINSIGSTKSZ = 2048

SCRIPT_DEPTH = 5  # how many `#!` may lead to each other
_BINPRM_BYTES = 256
MAX_ARG_STRLEN = 32 * PAGE
_MAX_ARG_BYTES = 6 << 20


class Program:
    """What execve found: the file to load, its interpreter, and the arguments as scripts changed them."""

    __slots__ = ("argv", "file", "image", "interpreter", "interpreter_file", "location")

    def __init__(self, location: Location, file: OpenFile, image: elf.Image, argv: list[bytes]) -> None:
        self.location, self.file, self.image, self.argv = location, file, image, argv
        self.interpreter: elf.Image | None = None
        self.interpreter_file: OpenFile | None = None


def find_program(
    k: Kernel, process: Process, path: bytes, argv: list[bytes], *, location: Location | None = None
) -> Program:
    """Follow `path` (at `location`, if that is known) through `#!` lines to an ELF image.

    ENOENT, EACCES, ENOTDIR, ELOOP: as for a lookup, or not executable. ENOEXEC: neither ELF nor script.
    ELIBBAD: the ELF interpreter is no ELF file.
    """
    if location is None:
        location = k.vfs.lookup(process.fs, path)
    for _ in range(SCRIPT_DEPTH + 1):
        file = _open(k, process, location)
        head = k.vfs.pread(file, _BINPRM_BYTES, 0)
        if head[:2] != b"#!":
            program = Program(location, file, _parse(k, file, path), argv)
            if program.image.interpreter is not None:
                _find_interpreter(k, process, program, program.image.interpreter)
            return program
        interpreter, argument = _script_line(head)
        argv = [interpreter, *([argument] if argument else []), path, *argv[1:]]
        path = interpreter
        location = k.vfs.lookup(process.fs, path)
    raise LinuxError(errno.ELOOP)


def _open(k: Kernel, process: Process, location: Location) -> OpenFile:
    inode = location.inode
    if not S_ISREG(inode.mode) or location.mount.options & MS_NOEXEC:
        raise LinuxError(errno.EACCES)
    k.vfs.access(process.fs, location, X_OK)
    # Running a program needs no read permission, so this does not go through open(2)'s checks.
    return OpenFile(location, inode, O_RDONLY)


def _parse(k: Kernel, file: OpenFile, path: bytes) -> elf.Image:
    try:
        return elf.parse(
            lambda at, n: k.vfs.pread(file, n, at), file.inode.size, path.decode(errors="replace")
        )
    except FormatError as error:
        if k.vfs.pread(file, 4, 0) == b"\x7fELF":
            k.log_once(str(error))
        raise LinuxError(errno.ENOEXEC) from error


def _find_interpreter(k: Kernel, process: Process, program: Program, path: bytes) -> None:
    file = _open(k, process, k.vfs.lookup(process.fs, path))
    try:
        program.interpreter = _parse(k, file, path)
    except LinuxError as error:
        raise LinuxError(errno.ELIBBAD) from error
    program.interpreter_file = file


def _script_line(head: bytes) -> tuple[bytes, bytes]:
    """The interpreter and its one optional argument. ENOEXEC: no interpreter, or the name is cut off."""
    line, newline, _ = head[2:].partition(b"\n")
    line = line.split(b"\0")[0].strip(b" \t")
    interpreter, _, argument = line.replace(b"\t", b" ", 1).partition(b" ")
    if not newline and len(head) == _BINPRM_BYTES and not argument and b" " not in line:
        raise LinuxError(errno.ENOEXEC)
    if not interpreter:
        raise LinuxError(errno.ENOEXEC)
    return interpreter, argument.strip(b" \t")


def execute(
    k: Kernel,
    task: Task,
    path: bytes,
    argv: list[bytes],
    envp: list[bytes],
    *,
    location: Location | None = None,
) -> None:
    """Replace the program of `task`, the current task, by `path` (at `location`, if that is known already).

    Raises LinuxError while nothing has changed.
    """
    process = task.process
    # Linux puts an empty string in place of an empty argument list.
    program = find_program(k, process, path, argv or [b""], location=location)
    _check_size(process, program.argv, envp, path)
    secure = _take_ids(process, program)
    from friscy.kernel.process import end_other_tasks, end_process, leave_memory, own_files, own_memory

    end_other_tasks(k, task)
    leave_memory(k, task)
    own_memory(k, task)
    own_files(k, process)
    process.files.close_on_exec(k)
    process.actions = {n: SigAction(1) for n, action in process.actions.items() if action.handler == 1}
    forget_all(k, process)
    process.sigreturn = 0
    process.membarrier = 0
    process.executed, process.exit_signal = True, SIGCHLD
    process.dumpable = 0 if secure else 1
    task.altstack, task.robust_list, task.clear_child_tid = (0, 2, 0), (0, 0), 0
    task.rseq = (0, 0, 0)
    process.keep_capabilities = False
    task.comm = process.comm = path.rsplit(b"/", 1)[-1][:15]
    process.exe = k.vfs.path_of(process.fs, program.location)
    process.cmdline, process.environ = list(program.argv), list(envp)
    k.hart.reset()
    k.spaces[process.pid].prepare(k.hart)
    try:
        _load_program(k, process, program, envp, path, secure)
    except LinuxError as error:
        k.log(f"{process.exe.decode(errors='replace')} cannot be loaded: {error}")
        end_process(k, process, SIGKILL)
        raise NoResult from error


def _take_ids(process: Process, program: Program) -> bool:
    """Apply set-user-ID and set-group-ID bits; whether the program runs with ids that its starter has not."""
    ids, inode = process.credentials, program.location.inode
    if not ids.no_new_privs and not program.location.mount.options & MS_NOSUID:
        if inode.mode & S_ISUID:
            ids.euid = inode.uid
        if inode.mode & (S_ISGID | S_IXGRP) == S_ISGID | S_IXGRP:
            ids.egid = inode.gid
    ids.suid, ids.sgid = ids.euid, ids.egid
    update_filesystem_ids(process)
    return ids.euid != ids.uid or ids.egid != ids.gid


def _check_size(process: Process, argv: list[bytes], envp: list[bytes], path: bytes) -> None:
    strings = [*argv, *envp, path]
    limit = min(max(process.limits[RLIMIT_STACK][0] // 4, MAX_ARG_STRLEN), _MAX_ARG_BYTES)
    if (
        sum(len(text) + 1 for text in strings) + 8 * len(strings) > limit
        or max(map(len, strings)) >= MAX_ARG_STRLEN
    ):
        raise LinuxError(errno.E2BIG)


def _load_program(
    k: Kernel, process: Process, program: Program, envp: list[bytes], path: bytes, secure: bool
) -> None:
    mm, image = process.mm, program.image
    bias = _map_image(k, process, program.file, image)
    entry, base = image.entry + bias, 0
    mm.start_code = image.low + bias
    mm.end_code = (
        max(s.vaddr + s.filesz for s in image.load if s.flags & elf.PF_X or s is image.load[0]) + bias
    )
    mm.brk_start = mm.brk = max(WINDOW_END, image.high + bias)
    size = min(max(process.limits[RLIMIT_STACK][0], MAX_ARG_STRLEN), STACK_MAX) // PAGE * PAGE
    mm.mmap_base = GUEST_END - size - STACK_GUARD_GAP
    start = entry
    if program.interpreter is not None and program.interpreter_file is not None:
        base = _map_image(k, process, program.interpreter_file, program.interpreter)
        start = program.interpreter.entry + base
    flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_STACK
    k.mm.map(GUEST_END - size, size, PROT_READ | PROT_WRITE, flags | 0x4000, name=b"[stack]")
    ids = process.credentials
    auxv = [
        (AT_HWCAP, HWCAP), (AT_PAGESZ, PAGE), (AT_CLKTCK, CLOCK_TICKS),
        (AT_PHDR, image.phdr + bias if image.phdr else 0), (AT_PHENT, 56), (AT_PHNUM, image.phnum),
        (AT_BASE, base), (AT_FLAGS, 0), (AT_ENTRY, entry),
        (AT_UID, ids.uid), (AT_EUID, ids.euid), (AT_GID, ids.gid), (AT_EGID, ids.egid), (AT_SECURE, int(secure)),
        (AT_RANDOM, 0), (AT_HWCAP2, 0), (AT_EXECFN, 0), (AT_MINSIGSTKSZ, MINSIGSTKSZ),
        (AT_RSEQ_FEATURE_SIZE, rseq.FEATURE_BYTES), (AT_RSEQ_ALIGN, rseq.ALIGNMENT), (AT_NULL, 0),
    ]  # fmt: skip
    # The last eight bytes of the stack stay zero, as on Linux.
    _place_arguments(k, process, GUEST_END - 8, program.argv, envp, path, auxv)
    k.hart.pc = start


def _map_image(k: Kernel, process: Process, file: OpenFile, image: elf.Image) -> int:
    """Map the PT_LOAD segments; the load bias (where address 0 of the file went)."""
    bias = 0
    if image.relocatable:
        length = image.high - image.low
        slack = image.align - PAGE
        place = k.mm.place_file(k.vfs.file_identity(file.location), length + slack)
        bias = -(-place // image.align) * image.align - image.low // image.align * image.align
    elif image.low < GUEST_START:
        k.log_once(f"{process.exe.decode(errors='replace')} is linked below {GUEST_START:#x}")
        raise LinuxError(errno.ENOMEM)
    name = k.vfs.path_of(process.fs, file.location)
    for segment in image.load:
        _map_segment(k, file, segment, segment.vaddr + bias, name)
    return bias


def _map_segment(k: Kernel, file: OpenFile, segment: elf.Segment, address: int, name: bytes) -> None:
    prot = (
        (PROT_READ if segment.flags & elf.PF_R else 0)
        | (PROT_WRITE if segment.flags & elf.PF_W else 0)
        | (PROT_EXEC if segment.flags & elf.PF_X else 0)
    )
    start, inside = address // PAGE * PAGE, address % PAGE
    file_end = address + segment.filesz
    file_pages, pages = -(-file_end // PAGE) * PAGE, -(-(address + segment.memsz) // PAGE) * PAGE
    flags = MAP_PRIVATE | MAP_FIXED
    if segment.filesz:
        k.mm.map(start, file_pages - start, prot, flags, file, segment.offset - inside, name=name)
        if segment.memsz > segment.filesz and file_end < file_pages:
            # The rest of the last page is the start of .bss, whatever the file has there.
            k.mem.protect(file_pages - PAGE, file_pages, PROT_READ | PROT_WRITE)
            k.mem.write(file_end, bytes(file_pages - file_end))
            k.mm.restore_protection(file_pages - PAGE, file_pages)
    else:
        file_pages = start
    if pages > file_pages:
        k.mm.map(file_pages, pages - file_pages, prot, flags | MAP_ANONYMOUS)


def _place_arguments(
    k: Kernel,
    process: Process,
    top: int,
    argv: list[bytes],
    envp: list[bytes],
    execfn: bytes,
    auxv: list[tuple[int, int]],
) -> None:
    """Write strings, random bytes and the argc block below `top`; set sp and the process's record of it."""
    mm = process.mm
    name_at = top - len(execfn) - 1
    mm.env_end = name_at
    mm.env_start = mm.arg_end = mm.env_end - sum(len(text) + 1 for text in envp)
    mm.arg_start = mm.arg_end - sum(len(text) + 1 for text in argv)
    random_at = mm.arg_start - 16 & ~15
    filled = {AT_RANDOM: random_at, AT_EXECFN: name_at}
    auxv = [(key, filled.get(key, value)) for key, value in auxv]
    words = [len(argv), *_addresses(mm.arg_start, argv), 0, *_addresses(mm.env_start, envp), 0]
    process.auxv = b"".join(struct.pack("<QQ", *pair) for pair in auxv)
    sp = random_at - 8 * len(words) - len(process.auxv) & ~15
    memory: GuestMemory = k.mem
    memory.write(mm.arg_start, b"".join(text + b"\0" for text in (*argv, *envp, execfn)))
    memory.write(random_at, k.random(16))
    memory.write(sp, struct.pack(f"<{len(words)}Q", *words) + process.auxv)
    k.hart.set_x(SP, sp)


def _addresses(start: int, strings: list[bytes]) -> list[int]:
    addresses = []
    for text in strings:
        addresses.append(start)
        start += len(text) + 1
    return addresses


def rewrite_arguments(k: Kernel, task: Task, argv: list[bytes], envp: list[bytes]) -> None:
    """Give the current task, which stands at its program's entry point, other arguments and environment.

    A new argc block with fresh AT_RANDOM bytes is built below the old one, whose memory stays valid for what the
    dynamic loader kept pointers to; the old random bytes are refreshed too. E2BIG as execve(2).
    """
    process = task.process
    pairs = list(struct.iter_unpack("<QQ", process.auxv))
    old = dict(pairs)
    execfn = k.mem.read_cstring(old[AT_EXECFN])
    _check_size(process, argv, envp, execfn)
    k.mem.write(old[AT_RANDOM], k.random(16))
    _place_arguments(k, process, k.hart.x(SP) & ~15, argv, envp, execfn, pairs)
    process.cmdline, process.environ = list(argv), list(envp)
