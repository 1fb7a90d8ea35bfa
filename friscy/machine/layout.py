"""Where things are in a guest process's 4 GiB of wasm memory, and what a hart's state looks like.

Every engine, the kernel and the page agree on these numbers; nothing else repeats them.

    0000_0000  never accessible
    0001_0000  guest: the code window (executables and shared objects are placed here)
    WINDOW_END guest: heap, mappings, stacks
    GUEST_END  never accessible: a pointer that was in the guest's range and moved by less than GUARD cannot do harm
    HART_BASE  the state of the hart that runs, which translated code finds there; behind it those of the harts that
               wait, HART_STRIDE bytes each
    RECORDS    the interpreter's decoded records, RECORD_BYTES for each 2-byte parcel of the code window; in place of
               those below GUEST_START, a byte for each page that has any, and CALLS
    CODE_MAP   u32 table index for each 2-byte parcel of the code window; 0 = interpret
"""

from __future__ import annotations

PAGE = 4096
PAGE_SHIFT = 12
MEMORY_BYTES = 1 << 32
WASM_PAGES = MEMORY_BYTES >> 16

GUEST_START = 0x1_0000
WINDOW_END = 0x1000_0000  # code outside [GUEST_START, WINDOW_END) runs too, undecoded and slower
# Below 2 GiB, so that hosts' instructions can have this limit, and the running hart's places, as numbers in them.
GUEST_END = 0x7FFE_0000
GUARD = 0x1_0000  # bytes before GUEST_START and after GUEST_END that nobody can access
HART_BASE = 0x7FFF_0000
HART_STRIDE = 0x800
RECORDS = 0xA000_0000
HART_COUNT = 32
RECORD_BYTES = 8
CALLS = RECORDS + 0x1_0000  # where the interpreter's indirect calls and jumps went: (u32 record, u32 target) each
CALL_COUNT = 0x4000  # the one by a record is number record / RECORD_BYTES % CALL_COUNT; returns are the one behind
CODE_MAP = 0xE000_0000

# Hart state: byte offsets from the hart's address. All little-endian.
HART_X = 0  # u64[32]; x0 is never written
HART_F = 256  # u64[32]; a float32 is NaN-boxed
HART_PC = 512  # u64
HART_FCSR = 520  # u32: fflags in bits 0-4, frm in bits 5-7
HART_INTERRUPT = 524  # u32: 1 asks every engine to return at its next safepoint (the lowest byte tells)
HART_RESERVED_ADDRESS = 528  # u64: address of LR's reservation, all ones for none
HART_RESERVED_VALUE = 536  # u64: the value LR loaded
HART_DEPTH = 544  # u32: wasm call depth
HART_TRAP_PC = 548  # u32: which instruction made the last data access: see `trap_pc`
HART_TRAP_VALUE = 552  # u64: faulting address or instruction bits of a trap
HART_HOST_FMA = 560  # u32: 1 if the host's relaxed_madd is a true fused multiply-add
HART_PC_BIAS = 564  # u32: pc = (record >> 2) + bias while the interpreter runs the record at that address
HART_SCRATCH = 568  # 4 records: the instruction that the interpreter runs from outside the code window
HART_STOP = 600  # u64: pc at which the interpreter returns to the engine that called it; all ones for none
HART_DEPTH_LIMIT = 608  # u32: translated functions that call others unwind from this depth on; 0 where interrupted
HART_END = 616  # u64: GUEST_END, 0 where interrupted: what accesses compare their base with that look for both
HART_SURE = 624  # u64[2]: SURE_EXPONENT twice, which translated code would else keep in a register
HART_V = 1024  # 16 bytes * 32, when V comes
HART_SPILL = 1536  # 8 bytes * 64: where translated code puts registers while it calls a helper of the interpreter's

DEPTH_LIMIT = 200
# The bits of 2**-256: of numbers between that and 2**256 it is known what the host's arithmetic does (`float_looks`).
SURE_EXPONENT = 767 << 52

# Causes handed to the `trap` import: RISC-V's own exception codes, then ours.
CAUSE_FETCH_FAULT = 1
CAUSE_ILLEGAL = 2
CAUSE_BREAKPOINT = 3
CAUSE_LOAD_MISALIGNED = 4
CAUSE_LOAD_FAULT = 5
CAUSE_STORE_MISALIGNED = 6
CAUSE_STORE_FAULT = 7
CAUSE_COUNTER = 24  # read of cycle, time or instret: the kernel writes rd and steps over it
CAUSE_FENCE_I = 25  # fence.i: the kernel invalidates decoded code, and steps over it
CAUSE_UNLINKED = (
    26  # code was called through the code map that is not in the table yet: the space puts it there
)


def trap_pc(stored: int, pc_bias: int) -> int:
    """The pc that HART_TRAP_PC tells: translated code stores a pc, the interpreter the address of a record."""
    if GUEST_START <= stored < GUEST_END:
        return stored
    if stored >= RECORDS:
        return (stored - RECORDS) * 2 // RECORD_BYTES
    return ((stored >> 2) + pc_bias) & 0xFFFF_FFFF
