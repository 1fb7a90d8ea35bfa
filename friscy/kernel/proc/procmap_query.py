"""The ioctl PROCMAP_QUERY of /proc/<pid>/maps (Linux 6.11): one mapping as a structure, instead of all as text."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel import elf
from friscy.kernel.proc.procfs_memory import file_of
from friscy.machine.layout import PAGE
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE
from lazyfs.errors import FormatError, LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.memory.areas import Vma
    from friscy.kernel.state import Process
    from lazyfs.openfile import OpenFile

PROCMAP_QUERY = 0xC068_6611
READABLE, WRITABLE, EXECUTABLE, SHARED, COVERING_OR_NEXT, FILE_BACKED = 1, 2, 4, 8, 16, 32
_PERMISSIONS = READABLE | WRITABLE | EXECUTABLE | SHARED
# size, flags, address; start, end, permissions, page size, offset, inode; major, minor, sizes of name and build id;
# where name and build id go
_QUERY = struct.Struct("<9Q4I2Q")
_LEAST_BYTES = 24  # up to the address
_PATH_MAX = 4096
_NOTE, _NT_GNU_BUILD_ID, _BUILD_ID_MAX, _NOTES_MAX = struct.Struct("<3I"), 3, 20, 1 << 16


def maps_ioctl(k: Kernel, process: Process, request: int, argument: int) -> int:
    """An ioctl(2) on the maps of `process`. ENOENT: no mapping there is as wanted; ESRCH: the process has ended."""
    if request != PROCMAP_QUERY:
        raise LinuxError(errno.ENOTTY)
    size = k.mem.u64(argument)
    if size > PAGE:
        raise LinuxError(errno.E2BIG)
    if size < _LEAST_BYTES:
        raise LinuxError(errno.EINVAL)
    raw = bytes(k.mem.read(argument, size))
    if any(raw[_QUERY.size :]):
        raise LinuxError(errno.E2BIG)
    fields = _QUERY.unpack(raw[: _QUERY.size].ljust(_QUERY.size, b"\0"))
    _, flags, address, *_, name_room, id_room, name_at, id_at = fields
    known = flags & ~(_PERMISSIONS | COVERING_OR_NEXT | FILE_BACKED) == 0
    if not known or bool(name_room) != bool(name_at) or bool(id_room) != bool(id_at):
        raise LinuxError(errno.EINVAL)
    if k.maps.get(process.pid) is None:
        raise LinuxError(errno.ESRCH)
    vma = _find(process.mm.vmas, address, flags)
    (major, minor), ino, offset, name = file_of(k, vma)
    build_id = _build_id(k, vma.file) if id_room and vma.file is not None else b""
    if len(build_id) > id_room:
        raise LinuxError(errno.ENAMETOOLONG)
    text = name + b"\0" if name and name_room else b""
    if len(text) > min(name_room, _PATH_MAX):
        raise LinuxError(errno.ENAMETOOLONG)
    found = _QUERY.pack(
        size, flags, address, vma.start, vma.end, _permissions(vma), PAGE, offset, ino,
        major, minor, len(text), len(build_id), name_at, id_at,
    )  # fmt: skip
    if text:
        k.mem.write(name_at, text)
    if build_id:
        k.mem.write(id_at, build_id)
    k.mem.write(argument, found[:size])
    return 0


def _find(vmas: list[Vma], address: int, flags: int) -> Vma:
    """The mapping that covers the address, or also a later one, if it is as the flags want it. ENOENT."""
    for vma in vmas:
        if vma.end <= address:
            continue
        next_one = bool(flags & COVERING_OR_NEXT)
        fits = not flags & FILE_BACKED or vma.file is not None or vma.backing is not None
        if fits and not flags & _PERMISSIONS & ~_permissions(vma) and (next_one or vma.start <= address):
            return vma
        if not next_one:
            break
    raise LinuxError(errno.ENOENT)


def _permissions(vma: Vma) -> int:
    marks = (
        (vma.prot & PROT_READ, READABLE), (vma.prot & PROT_WRITE, WRITABLE), (vma.prot & PROT_EXEC, EXECUTABLE),
        (vma.shared, SHARED),
    )  # fmt: skip
    return sum(mark for held, mark in marks if held)


def _build_id(k: Kernel, file: OpenFile) -> bytes:
    """What the linker named an ELF file by; empty where it is none, or has no such note."""

    def read(at: int, nbytes: int) -> bytes:
        return file.inode.fs.read(k.vfs, file, at, nbytes)

    try:
        notes = elf.parse(read, k.vfs.stat(file).size, "").notes
    except FormatError:
        return b""
    for segment in notes:
        part, at = read(segment.offset, min(segment.filesz, _NOTES_MAX)), 0
        while at + _NOTE.size <= len(part):
            name_bytes, nbytes, kind = _NOTE.unpack_from(part, at)
            name_end = at + _NOTE.size + name_bytes
            start = -(-name_end // 4) * 4
            named = part[at + _NOTE.size : name_end] == b"GNU\0"
            if named and kind == _NT_GNU_BUILD_ID and 0 < nbytes <= _BUILD_ID_MAX:
                return part[start : start + nbytes]
            at = start + -(-nbytes // 4) * 4
    return b""
