"""What is said of a process that a fault of its own ends: where, of what access, who called, and its registers.

    bt (process 1) killed by SIGSEGV: a load of 8 bytes at 0x8, where nothing is mapped
      at 0x10696 leaf+0x12 (/bt+0x696)
      by 0x106aa mid+0x4 (/bt+0x6aa)
      ...

Who called is known from the stack (`unwinding`). Of translated code the engine tells, since it was entered; its
registers may be older than the fault, but the stack pointer of one of the functions is among them, and which one's is
seen from the return addresses that are found with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from friscy.kernel.signals import SIGSEGV, name
from friscy.kernel.state import SigInfo
from friscy.kernel.symbols import Symbols
from friscy.kernel.traps import SEGV_MAPERR
from friscy.kernel.unwinding import callers
from friscy.machine.aot import call_nbytes
from friscy.machine.hart import X_NAMES
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

_MOST_CALLERS = 32  # that are shown


def describe_fault(k: Kernel, info: SigInfo) -> str:
    """Where a fatal synchronous signal happened, for the log."""
    return _Report(k, info).text()


class _Report:
    def __init__(self, k: Kernel, info: SigInfo) -> None:
        self._k, self._info = k, info
        self._symbols: dict[int, Symbols] = {}  # by the id of a file's inode, which its mapping keeps

    def text(self) -> str:
        hart, process, info = self._k.hart, self._k.task.process, self._info
        who = f"{process.comm.decode(errors='replace')} (process {process.pid})"
        lines = [f"{who} killed by {name(info.signal)}: {self._what()}", f"at {self._place(hart.pc)}"]
        found = list(islice(self._callers(), _MOST_CALLERS + 1))
        lines += [f"by {self._place(pc)}" for pc in found[:_MOST_CALLERS]]
        lines += ["by ..."] if len(found) > _MOST_CALLERS else []
        registers = hart.all_x()
        if info.is_behind:
            lines.append("registers, which may be older: the code was translated (exact with --engine interpreter)")
        for first in range(0, 32, 4):
            lines.append(" ".join(f"{X_NAMES[i]:>4} {registers[i]:016x}" for i in range(first, first + 4)))
        return "\n  ".join(lines)

    def _what(self) -> str:
        """What the fault was."""
        info = self._info
        access = _access(self._word(self._k.hart.pc, 2) | self._word(self._k.hart.pc + 2, 2) << 16)
        if access is None or info.address == self._k.hart.pc:
            return f"address {info.address:#x}"
        why = ""
        if info.signal == SIGSEGV:
            why = ", where nothing is mapped" if info.code == SEGV_MAPERR else ", which its mapping does not allow"
        return f"{access} at {info.address:#x}{why}"

    def _word(self, address: int, nbytes: int) -> int:
        """So many bytes of code as a number; 0 where there are none."""
        try:
            return int.from_bytes(self._k.mem.read(address, nbytes), "little")
        except LinuxError:
            return 0

    # Who called

    def _callers(self) -> Iterator[int]:
        """The calls that led to the fault, the innermost first."""
        hart = self._k.hart
        registers = dict(enumerate(hart.all_x()))
        if not self._info.is_behind:
            yield from self._stack(hart.pc, registers)
            return
        known = self._k.spaces[self._k.task.process.pid].callers()
        yield from known
        # The stack pointer in the hart is that of one of the functions: of the one with which all the others are found.
        pcs = [hart.pc, *known]
        for innermost, pc in enumerate(pcs):
            found = list(islice(self._stack(pc, registers), len(pcs) + _MOST_CALLERS))
            expected = pcs[innermost + 1 :]
            # Of the outermost function none of the others tells; with one's of them it would seem to be called by that.
            if found[: len(expected)] == expected and (expected or len(pcs) == 1 or not {*found[:1]} & {*pcs}):
                yield from found[len(expected) :]
                return

    def _stack(self, pc: int, registers: dict[int, int]) -> Iterator[int]:
        """The calls that led to `pc`, by what is on the stack, up to what is none."""
        for back in callers(self._k.mem.read, self._base, self._start, pc, registers):
            nbytes = call_nbytes(self._word(back - 4, 4))
            if not nbytes:
                return
            yield back - nbytes

    # Files

    def _base(self, pc: int) -> int | None:
        """Where the file that has an address is mapped from its start."""
        vma = self._k.mm.find(pc)
        if vma is None or vma.file is None:
            return None
        for other in reversed(self._k.mm.mm.vmas):
            same = other.file is not None and other.file.inode is vma.file.inode
            if same and other.offset == 0 and other.start <= vma.start:
                return other.start
        return None

    def _start(self, pc: int) -> int | None:
        """Where the function begins that has an address."""
        found = self._function(pc)
        return pc - found[1] if found is not None else None

    def _function(self, pc: int) -> tuple[str, int] | None:
        """The name of the function that has an address, and how far behind its start that is."""
        vma = self._k.mm.find(pc)
        if vma is None or vma.file is None:
            return None
        file, key = vma.file, id(vma.file.inode)
        if key not in self._symbols:
            self._symbols[key] = Symbols(lambda at, n: self._k.vfs.pread(file, n, at))
        return self._symbols[key].at(pc - vma.start + vma.offset)

    def _place(self, pc: int) -> str:
        vma = self._k.mm.find(pc)
        if vma is None or not vma.name:
            return f"{pc:#x}"
        found = self._function(pc)
        where = f"{found[0]}+{found[1]:#x} " if found is not None else ""
        return f"{pc:#x} {where}({vma.name.decode(errors='replace')}+{pc - vma.start + vma.offset:#x})"


def _access(word: int) -> str | None:
    """What an instruction does to memory, in words; None for others. word: 4 bytes, of which a compressed one has the
    lower half. Source: the opcodes of the unprivileged ISA."""
    half = word & 0xFFFF
    if word & 3 == 3:
        kind = {0x03: "load", 0x07: "load", 0x23: "store", 0x27: "store", 0x2F: "atomic access"}.get(word & 0x7F)
        nbytes = 1 << (word >> 12 & 3)
    else:
        # c.fld c.lw c.ld - c.fsd c.sw c.sd, in quadrant 0, and the same by the stack pointer in quadrant 2
        kind = {1: "load", 2: "load", 3: "load", 5: "store", 6: "store", 7: "store"}.get(half >> 13)
        kind = kind if half & 3 in (0, 2) else None
        nbytes = 4 if half >> 13 in (2, 6) else 8
    return f"{'an' if kind == 'atomic access' else 'a'} {kind} of {nbytes} byte{'s' * (nbytes > 1)}" if kind else None
