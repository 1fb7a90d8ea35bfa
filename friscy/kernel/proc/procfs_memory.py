"""/proc/<pid>/maps, smaps and smaps_rollup: a process's mappings and what they take, in the formats of proc(5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from friscy.kernel.memory.areas import MAP_GROWSDOWN, MAP_NORESERVE, MAP_STACK
from friscy.machine.layout import GUEST_END, PAGE
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.memory.areas import Vma
    from friscy.kernel.state import Process

_NAME_COLUMN = 72
_LINE = b"%-16s%8d kB\n"
_FIELDS = (
    "Rss", "Pss", "Pss_Dirty", "Pss_Anon", "Pss_File", "Pss_Shmem", "Shared_Clean", "Shared_Dirty", "Private_Clean",
    "Private_Dirty", "Referenced", "Anonymous", "KSM", "LazyFree", "AnonHugePages", "ShmemPmdMapped",
    "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap", "SwapPss", "Locked",
)  # fmt: skip
_ROLLUP_ONLY = frozenset(("Pss_Anon", "Pss_File", "Pss_Shmem"))


class Usage:
    """Bytes that mappings take: private ones, pages of files, shared memory."""

    __slots__ = ("anonymous", "file", "shared")

    def __init__(self, anonymous: int = 0, file: int = 0, shared: int = 0) -> None:
        self.anonymous, self.file, self.shared = anonymous, file, shared

    @property
    def resident(self) -> int:
        return self.anonymous + self.file + self.shared


def usage(k: Kernel, process: Process) -> Usage:
    """What a process's memory takes. Pages that it shares with others count wholly."""
    total = Usage()
    for vma in process.mm.vmas:
        one = _usage_of(k, process, vma)
        total.anonymous += one.anonymous
        total.file += one.file
        total.shared += one.shared
    return total


def resident(k: Kernel, process: Process) -> int:
    """`usage` in sum: servers ask for it many times a second, and what was written of files takes as long again."""
    space = k.maps.get(process.pid)
    return 0 if space is None else sum(map(space.taken, process.mm.vmas))


def _usage_of(k: Kernel, process: Process, vma: Vma) -> Usage:
    space = k.maps.get(process.pid)
    if space is None:
        return Usage()
    end, taken = min(vma.end, vma.backed_end), space.taken(vma)
    if vma.file is None:
        return Usage(shared=taken) if vma.backing is not None else Usage(taken)
    written = 0 if vma.shared else sum(high - low for low, high in space.memory.written(vma.start, end))
    return Usage(written, max(taken - written, 0))


def maps(k: Kernel, process: Process) -> bytes:
    """/proc/<pid>/maps."""
    return b"".join(_map_line(k, process, vma) for vma in process.mm.vmas)


def file_of(k: Kernel, vma: Vma) -> tuple[tuple[int, int], int, int, bytes]:
    """((major, minor), inode number, offset, name) of what is mapped; zeros where it is no file, b"" for no name."""
    if vma.file is None:
        return (0, 0), 0, 0, vma.name
    st = k.vfs.stat(vma.file)
    return st.dev, st.ino, vma.offset, k.vfs.path_of(k.task.process.fs, vma.file.location)


def _map_line(k: Kernel, process: Process, vma: Vma) -> bytes:
    letters = ("r" if vma.prot & PROT_READ else "-", "w" if vma.prot & PROT_WRITE else "-",
               "x" if vma.prot & PROT_EXEC else "-", "s" if vma.shared else "p")  # fmt: skip
    device, ino, offset, name = file_of(k, vma)
    permissions = "".join(letters).encode()
    line = b"%08x-%08x %s %08x %02x:%02x %d " % (vma.start, vma.end, permissions, offset, *device, ino)
    if name:
        line = line.ljust(_NAME_COLUMN) + b" " + name.replace(b"\n", b"\\012")
    return line + b"\n"


def smaps(k: Kernel, process: Process) -> bytes:
    """/proc/<pid>/smaps. Gap: what is shared with other processes counts wholly in Pss."""
    parts = []
    for vma in process.mm.vmas:
        figures = _figures(vma, _usage_of(k, process, vma))
        sizes = {"Size": vma.end - vma.start, "KernelPageSize": PAGE, "MMUPageSize": PAGE}
        parts.append(_map_line(k, process, vma))
        parts += [_line(name, nbytes) for name, nbytes in (*sizes.items(), *figures.items())]
        parts.append(b"THPeligible:           0\nVmFlags: %s\n" % _flags(vma))
    return b"".join(parts)


def smaps_rollup(k: Kernel, process: Process) -> bytes:
    """/proc/<pid>/smaps_rollup."""
    vmas = process.mm.vmas
    total = dict.fromkeys(_FIELDS, 0)
    for vma in vmas:
        for name, nbytes in _figures(vma, _usage_of(k, process, vma), rollup=True).items():
            total[name] += nbytes
    start, end = (vmas[0].start, vmas[-1].end) if vmas else (0, GUEST_END)
    head = (b"%08x-%08x ---p 00000000 00:00 0 " % (start, end)).ljust(_NAME_COLUMN) + b" [rollup]\n"
    return head + b"".join(_line(name, nbytes) for name, nbytes in total.items())


def _figures(vma: Vma, used: Usage, *, rollup: bool = False) -> dict[str, int]:
    fields = dict.fromkeys((name for name in _FIELDS if rollup or name not in _ROLLUP_ONLY), 0)
    fields["Rss"] = fields["Pss"] = fields["Referenced"] = used.resident
    fields["Anonymous"] = fields["Private_Dirty"] = used.anonymous
    fields["Shared_Clean"] = used.file
    fields["Shared_Dirty"] = used.shared
    fields["Pss_Dirty"] = used.anonymous + used.shared
    if vma.locked:
        fields["Locked"] = used.resident
    if rollup:
        fields["Pss_Anon"], fields["Pss_File"], fields["Pss_Shmem"] = used.anonymous, used.file, used.shared
    return fields


def _line(name: str, nbytes: int) -> bytes:
    return _LINE % (name.encode() + b":", nbytes // 1024)


def _flags(vma: Vma) -> bytes:
    """The two letters that show_smap_vma_flags() has for each flag, in its order."""
    writable = not vma.shared or vma.file is None or vma.file.writable
    marks = (
        (vma.prot & PROT_READ, b"rd"), (vma.prot & PROT_WRITE, b"wr"), (vma.prot & PROT_EXEC, b"ex"),
        (vma.shared, b"sh"), (True, b"mr"), (writable, b"mw"), (True, b"me"), (vma.shared, b"ms"),
        (vma.flags & MAP_GROWSDOWN or vma.name == b"[stack]", b"gd"), (vma.locked, b"lo"),
        (vma.accounted or vma.flags & MAP_STACK, b"ac"), (vma.flags & MAP_NORESERVE, b"nr"),
    )  # fmt: skip
    return b"".join(mark + b" " for held, mark in marks if held)
