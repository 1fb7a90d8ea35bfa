"""What the machine reports to the kernel besides system calls: counters, fence.i, illegal code, memory faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from friscy.kernel.signals import SIGBUS, SIGILL, SIGSEGV, SIGTRAP, force
from friscy.kernel.state import SigInfo
from friscy.machine.layout import (
    CAUSE_BREAKPOINT,
    CAUSE_COUNTER,
    CAUSE_FENCE_I,
    CAUSE_FETCH_FAULT,
    CAUSE_ILLEGAL,
    CAUSE_LOAD_FAULT,
    CAUSE_LOAD_MISALIGNED,
    CAUSE_STORE_FAULT,
    CAUSE_STORE_MISALIGNED,
)
from friscy.machine.memory import PROT_EXEC, PROT_WRITE

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

TIMEBASE_HZ = 10_000_000  # of the `time` CSR; riscv_hwprobe and /proc/cpuinfo readers learn it from here

_CYCLE, _TIME, _INSTRET = 0xC00, 0xC01, 0xC02
ILL_ILLOPC, TRAP_BRKPT, SEGV_MAPERR, SEGV_ACCERR, BUS_ADRALN, BUS_ADRERR = 1, 1, 1, 2, 1, 2


def trap(k: Kernel, cause: int) -> None:
    """The `trap` import; hart.pc is the instruction's."""
    hart = k.hart
    if cause == CAUSE_COUNTER:
        if not _read_counter(k, hart.trap_value):
            _fault(k, SIGILL, ILL_ILLOPC, hart.pc)
    elif cause == CAUSE_FENCE_I:
        # Pages that are never writable and executable at once were invalidated when they changed.
        for vma in k.mm.mm.vmas:
            if vma.prot & PROT_WRITE and vma.prot & PROT_EXEC:
                k.mm.space.invalidate(vma.start, vma.end)
        hart.pc += 4
    elif cause in (CAUSE_LOAD_FAULT, CAUSE_STORE_FAULT):
        memory_fault(k, hart.trap_value)
    elif cause == CAUSE_ILLEGAL:
        _fault(k, SIGILL, ILL_ILLOPC, hart.pc)
    elif cause == CAUSE_BREAKPOINT:
        _fault(k, SIGTRAP, TRAP_BRKPT, hart.pc)
    elif cause in (CAUSE_LOAD_MISALIGNED, CAUSE_STORE_MISALIGNED):
        _fault(k, SIGBUS, BUS_ADRALN, hart.trap_value)
    elif cause == CAUSE_FETCH_FAULT:
        mapped = k.mm.find(hart.pc) is not None
        _fault(k, SIGSEGV, SEGV_ACCERR if mapped else SEGV_MAPERR, hart.pc)
    else:
        raise ValueError(f"the machine reported an unknown trap cause {cause}")


def _read_counter(k: Kernel, instruction: int) -> bool:
    """csrrs/csrrc rd, cycle|time|instret, x0 and their immediate forms; False for what writes or is unknown."""
    csr, operation, source = instruction >> 20 & 0xFFF, instruction >> 12 & 3, instruction >> 15 & 31
    if csr not in (_CYCLE, _TIME, _INSTRET) or operation not in (2, 3) or source:
        return False
    now = k.monotonic_ns()
    # No engine counts instructions: a nanosecond stands for one, and for a cycle.
    value = now * TIMEBASE_HZ // 1_000_000_000 if csr == _TIME else now
    k.hart.set_x(instruction >> 7 & 31, value)
    k.hart.pc += 4
    return True


def memory_fault(k: Kernel, address: int, *, is_behind: bool = False) -> None:
    """A load or store at hart.pc hit `address`, which its mapping (if any) does not allow. is_behind: see SigInfo."""
    vma = k.mm.find(address)
    if vma is None:
        signal, code = SIGSEGV, SEGV_MAPERR
    elif address >= vma.backed_end:
        signal, code = SIGBUS, BUS_ADRERR
    else:
        signal, code = SIGSEGV, SEGV_ACCERR
    force(k, k.task, SigInfo(signal, code, address=address, is_behind=is_behind))


def _fault(k: Kernel, signal: int, code: int, address: int) -> None:
    force(k, k.task, SigInfo(signal, code, address=address))
