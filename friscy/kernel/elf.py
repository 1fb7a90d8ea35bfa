"""The part of an ELF file that execve(2) and the translator's placing need: header, load segments, interpreter.

Source: the System V ABI's ELF-64 object file format, and the RISC-V ELF psABI for e_flags.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from friscy.machine.layout import GUEST_END, PAGE
from lazyfs.errors import FormatError

ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_INTERP, PT_NOTE, PT_PHDR, PT_GNU_STACK = 1, 3, 4, 6, 0x6474_E551
PF_X, PF_W, PF_R = 1, 2, 4

_EM_RISCV = 243
_EF_FLOAT_ABI, _EF_FLOAT_QUAD, _EF_RVE = 0x6, 0x6, 0x8
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_MAX_SEGMENTS_BYTES = 65536
_MAX_ALIGN = 1 << 30
PATH_MAX = 4096

Reader = Callable[[int, int], bytes]  # (offset, n) -> up to n bytes


class Segment:
    """A program header. `offset`, `filesz`: in the file; `vaddr`, `memsz`: in memory, before the load bias."""

    __slots__ = ("align", "filesz", "flags", "kind", "memsz", "offset", "vaddr")

    def __init__(
        self, kind: int, flags: int, offset: int, vaddr: int, filesz: int, memsz: int, align: int
    ) -> None:
        self.kind, self.flags, self.offset, self.vaddr = kind, flags, offset, vaddr
        self.filesz, self.memsz, self.align = filesz, memsz, align


class Image:
    """A parsed executable or shared object.

    load: PT_LOAD segments sorted by address. low, high: the pages they span, before the load bias.
    phdr: address of the program headers in memory, or 0. interpreter: path of PT_INTERP. notes: PT_NOTE segments.
    """

    __slots__ = (
        "align",
        "entry",
        "high",
        "interpreter",
        "load",
        "low",
        "notes",
        "phdr",
        "phnum",
        "relocatable",
    )

    def __init__(self, kind: int, entry: int, phnum: int, load: list[Segment]) -> None:
        self.relocatable, self.entry, self.phnum, self.load = kind == ET_DYN, entry, phnum, load
        self.low = load[0].vaddr // PAGE * PAGE
        self.high = max(-(-(s.vaddr + s.memsz) // PAGE) * PAGE for s in load)
        self.align = max(max(s.align for s in load), PAGE)
        self.phdr = 0
        self.interpreter: bytes | None = None
        self.notes: list[Segment] = []


def segments_of(read: Reader) -> list[Segment]:
    """The program headers of an ELF file that runs already. Raises ValueError or struct.error where it is none."""
    ident, *_, phoff, _, _, _, phentsize, phnum, _, _, _ = _HEADER.unpack(read(0, _HEADER.size))
    if ident[:6] != b"\x7fELF\2\1" or phentsize != _SEGMENT.size or phnum * phentsize > _MAX_SEGMENTS_BYTES:
        raise ValueError("not an ELF file with program headers")
    return _segments(read(phoff, phnum * phentsize))


def _segments(table: bytes) -> list[Segment]:
    return [
        Segment(p_type, p_flags, offset, vaddr, filesz, memsz, align)
        for p_type, p_flags, offset, vaddr, _, filesz, memsz, align in _SEGMENT.iter_unpack(table)
    ]


def parse(read: Reader, size: int, path: object) -> Image:
    """Parse the ELF file of `size` bytes that `read` gives. Raises FormatError at the first thing that is wrong."""

    def bad(offset: int, expected: str, got: object) -> FormatError:
        return FormatError(path, offset, expected, got)

    head = read(0, _HEADER.size)
    if head[:4] != b"\x7fELF":
        raise bad(0, "an ELF file", repr(head[:4]))
    if len(head) < _HEADER.size:
        raise bad(0, f"an ELF header of {_HEADER.size} bytes", f"{len(head)} bytes")
    ident, kind, machine, version, entry, phoff, _, flags, _, phentsize, phnum, *_ = _HEADER.unpack(head)
    if ident[4] != 2 or ident[5] != 1:
        raise bad(4, "a 64-bit little-endian file", f"class {ident[4]}, data {ident[5]}")
    if kind not in (ET_EXEC, ET_DYN):
        raise bad(16, "an executable or shared object", f"type {kind}")
    if machine != _EM_RISCV:
        raise bad(18, "a RISC-V program (machine 243)", f"machine {machine}")
    if version != 1:
        raise bad(20, "version 1", version)
    if flags & _EF_RVE or flags & _EF_FLOAT_ABI == _EF_FLOAT_QUAD:
        raise bad(48, "an RV64 ABI with at most double floats", f"flags {flags:#x}")
    if phentsize != _SEGMENT.size or not 0 < phnum * phentsize <= _MAX_SEGMENTS_BYTES:
        raise bad(54, f"program headers of {_SEGMENT.size} bytes", f"{phnum} of {phentsize} bytes")
    table = read(phoff, phnum * phentsize) if phoff + phnum * phentsize <= size else b""
    if len(table) != phnum * phentsize:
        raise bad(32, f"{phnum} program headers inside the file", f"offset {phoff:#x} of {size:#x} bytes")
    segments = _segments(table)
    load = []
    for index, segment in enumerate(segments):
        if segment.kind == PT_LOAD and segment.memsz:
            _check_load(segment, size, phoff + index * phentsize, bad)
            load.append(segment)
    if not load:
        raise bad(phoff, "a PT_LOAD segment", "none")
    load.sort(key=lambda segment: segment.vaddr)
    image = Image(kind, entry, phnum, load)
    image.phdr = _phdr_address(segments, load, phoff)
    for index, segment in enumerate(segments):
        if segment.kind == PT_INTERP and image.interpreter is None:
            image.interpreter = _interpreter(read, segment, phoff + index * phentsize, bad)
        elif segment.kind == PT_NOTE:
            image.notes.append(segment)
    return image


def _check_load(segment: Segment, size: int, at: int, bad: Callable[[int, str, object], FormatError]) -> None:
    if segment.filesz > segment.memsz:
        raise bad(at + 32, "p_filesz not above p_memsz", f"{segment.filesz:#x} > {segment.memsz:#x}")
    if segment.offset + segment.filesz > size:
        raise bad(at + 8, f"segment bytes inside the file of {size:#x} bytes", f"{segment.offset:#x}")
    if segment.vaddr + segment.memsz > GUEST_END:
        raise bad(at + 16, f"addresses below {GUEST_END:#x}", f"{segment.vaddr:#x}+{segment.memsz:#x}")
    if segment.offset % PAGE != segment.vaddr % PAGE:
        raise bad(
            at + 8, "p_offset and p_vaddr equal within a page", f"{segment.offset:#x}, {segment.vaddr:#x}"
        )
    if segment.align & (segment.align - 1) or segment.align > _MAX_ALIGN:
        raise bad(at + 48, "p_align a power of two", f"{segment.align:#x}")


def _phdr_address(segments: list[Segment], load: list[Segment], phoff: int) -> int:
    for segment in segments:
        if segment.kind == PT_PHDR:
            return segment.vaddr
    for segment in load:
        if segment.offset <= phoff < segment.offset + segment.filesz:
            return phoff - segment.offset + segment.vaddr
    return 0


def _interpreter(
    read: Reader, segment: Segment, at: int, bad: Callable[[int, str, object], FormatError]
) -> bytes:
    if not 2 <= segment.filesz <= PATH_MAX:
        raise bad(at + 32, "a path as PT_INTERP", f"{segment.filesz} bytes")
    text = read(segment.offset, segment.filesz)
    if len(text) != segment.filesz or text[-1]:
        raise bad(segment.offset, "a NUL-terminated path", repr(text[-8:]))
    return text[: text.index(0)]
