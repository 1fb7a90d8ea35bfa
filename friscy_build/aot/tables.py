"""Jump tables: where the targets of an indirect jump stand in an image's data.

    relative   slli i, i, 2; add i, i, base; lw t, (i); add t, t, base; jr t      a switch of gcc or clang
    absolute   slli i, i, 3; add i, i, base; ld t, (i); jr t                      a computed goto
    short      slli i, i, 2; add i, i, base; lw t, (i); jr t                      a switch without PIC

What is found is a guess that costs nothing but code when wrong: translated code compares the address it is to jump
to with the targets found, and any other goes through the code map.

Where a table lies among the code, as constants do that a linker has not put apart, the code is forgotten when it
changes (`friscy.machine.aot`). Then translated code need not read it: it finds the number of the entry from the address
that is read (`find_way`).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from friscy_build.aot.effects import effects, is_access
from friscy_build.aot.image import CodeImage
from friscy_build.isa.decode import Instruction

MAX_ENTRIES = 1 << 12
REACH = 48  # how many instructions before the jump are looked at
RELATIVE, ABSOLUTE, SHORT = "<i", "<q", "<I"
# Base, form, offset from the base, number of entries where that is known.
_Guess = tuple[int, str, int, int | None]
Tables = list[tuple[_Guess, tuple[int, ...]]]  # each with its targets


@dataclass(frozen=True, slots=True)
class Table:
    """A table that does not change: `targets` has all entries in order. base: what a relative one's are added to."""

    start: int
    form: str
    base: int
    targets: tuple[int, ...]

    @property
    def entry_bytes(self) -> int:
        return struct.calcsize(self.form)


@dataclass(frozen=True, slots=True)
class Way:
    """How a block's jump goes by way of a table. load: the place in the block of what reads an entry. added: the
    register that is added to it, if any. chain: the places of all that does no more than compute the address."""

    table: Table
    load: int
    added: int | None
    chain: tuple[int, ...]


class Code:
    """The instructions of one function by address, in order."""

    def __init__(self, code: Mapping[int, Instruction]) -> None:
        self.instructions = code
        self.order = sorted(code)
        # By the addi's pc: its register and the address that it computes with an auipc or lui.
        self.constants: dict[int, tuple[int, int]] = {}
        self.places: list[int] = []  # of these, what nothing between the two can have made another
        self._tables: dict[_Guess, tuple[int, ...]] = {}
        self._find_constants()

    def targets(self, table: _Guess, read: Callable[[_Guess], tuple[int, ...]]) -> tuple[int, ...]:
        """The targets in a table, `read` once: an interpreter's loop has hundreds of jumps through one."""
        found = self._tables.get(table)
        if found is None:
            found = self._tables[table] = read(table)
        return found

    def _find_constants(self) -> None:
        upper: dict[int, int] = {}
        fresh: set[int] = set()  # registers that nothing has written since, in the order of addresses
        places = set()
        for pc in self.order:
            i = self.instructions[pc]
            if i.row.name in ("auipc", "lui"):
                upper[i.rd] = i.imm + (pc if i.row.name == "auipc" else 0)
                fresh.add(i.rd)
                continue
            if i.row.name in ("addi", "addiw") and i.rs1 in upper:
                value = (upper[i.rs1] + i.imm) % (1 << 64)
                self.constants[pc] = i.rd, value
                if i.rs1 in fresh:
                    places.add(value)
            if i.rd in fresh and effects(i)[1] >> i.rd & 1:
                fresh.discard(i.rd)
        self.places = sorted(places)

    def numbers(self, register: int) -> set[int | None]:
        """What instructions of the function put into a register, but for what it loads: numbers; None for all else."""
        found: set[int | None] = set()
        for i in self.instructions.values():
            if effects(i)[1] >> register & 1 and not is_access(i):
                found.add(i.imm if i.row.name == "addi" and i.rs1 == 0 else None)
        return found

    def before(self, pc: int) -> list[tuple[int, Instruction]]:
        """Up to REACH instructions before `pc`, the last one first."""
        at = bisect_right(self.order, pc) - 1
        return [(at, self.instructions[at]) for at in reversed(self.order[max(0, at - REACH) : at])]


def _form(before: list[tuple[int, Instruction]], register: int) -> tuple[str, int, set[int]] | None:
    """What the table of a jump to `register` holds, where from its base it is, and the registers of which one may have
    that, none where that is not seen; None where nothing tells it."""
    wanted, summed = {register}, False
    for k, (_, i) in enumerate(before):
        if i.rd not in wanted or not effects(i)[1]:
            continue
        if summed:
            if i.row.name in ("lw", "lwu"):
                return RELATIVE, i.imm, wanted - {i.rd}
        elif i.row.name == "add" and i.rs1 and i.rs2:
            wanted, summed = {i.rs1, i.rs2}, True
        else:
            form = {"ld": ABSOLUTE, "lw": SHORT, "lwu": SHORT}.get(i.row.name)
            place = next((each for _, each in before[k + 1 :] if effects(each)[1] >> i.rs1 & 1), None)
            sums = place is not None and place.row.name == "add"
            return (form, i.imm, {place.rs1, place.rs2} if place is not None and sums else set()) if form else None
    return None


def _bases(code: Code, before: list[tuple[int, Instruction]], registers: set[int]) -> set[int]:
    """The addresses that one of some registers may have at the end: what it was given last, else ever."""
    for register in registers:
        writer = next((pc for pc, i in before if effects(i)[1] >> register & 1), None)
        if writer in code.constants:
            return {code.constants[writer][1]}
        if writer is None and (ever := {value for rd, value in code.constants.values() if rd == register}):
            return ever
    return set()


def _entries(code: Code, before: list[tuple[int, Instruction]], form: str) -> int | None:
    """How many entries the index can choose from: it is compared with a constant before it is shifted left.

    An index of 32 bits is shifted to the top and back from there.
    """
    shift = struct.calcsize(form).bit_length() - 1
    index: int | None = None
    shifted: int | None = None  # the register that has it at the top
    limit: tuple[int, int] | None = None  # (register that has it, entries more than it)
    for _, i in before:
        name = i.row.name
        if index is None:
            if name == "slli" and i.imm == (shift if shifted is None else 32) and shifted in (None, i.rd):
                index = i.rs1
            elif name == "srli" and i.imm == 32 - shift and shifted is None:
                shifted = i.rs1
        elif limit is None:
            if name == "bltu" and i.rs2 == index:
                limit = i.rs1, 1
            elif name == "bgeu" and i.rs1 == index:
                limit = i.rs2, 0
        elif effects(i)[1] >> limit[0] & 1:
            return i.imm + limit[1] if name == "addi" and i.rs1 == 0 and i.imm >= 0 else None
    if limit is not None and len(numbers := code.numbers(limit[0])) == 1:
        (number,) = numbers  # given before a loop
        return number + limit[1] if number is not None and number >= 0 else None
    return None


def find_tables(image: CodeImage, code: Code, pc: int, inside: Callable[[int], bool]) -> Tables:
    """The tables that the indirect jump at `pc` may go by, with their entries."""
    before = code.before(pc)
    known = _form(before, code.instructions[pc].rs1)
    forms = (known[:2],) if known else ((RELATIVE, 0), (ABSOLUTE, 0))
    entries = _entries(code, before, known[0]) if known else None

    def read(table: _Guess) -> tuple[int, ...]:
        return _read(image, code, *table, inside)

    own = _bases(code, before, known[2]) if known else set()
    near = {value for at, (_, value) in code.constants.items() if before and before[-1][0] <= at < pc}
    for bases in (own, near, {value for _, value in code.constants.values()}):
        found = []
        for base in sorted(bases):
            tables: list[_Guess] = [(base, form, offset, entries) for form, offset in forms]
            best = max(tables, key=lambda table: len(code.targets(table, read)))
            if code.targets(best, read):
                found.append((best, code.targets(best, read)))
        if found:
            return found
    return []


def find_targets(image: CodeImage, code: Code, pc: int, inside: Callable[[int], bool]) -> tuple[int, ...]:
    """The targets of the indirect jump at `pc`, in ascending order; those that are not `inside` end a table."""
    return tuple(sorted({target for _, targets in find_tables(image, code, pc, inside) for target in targets}))


def is_certain(found: Tables) -> bool:
    """Whether a jump's targets are those of one table of known length. found: by `find_tables`."""
    return len(found) == 1 and found[0][0][3] is not None


def find_way(image: CodeImage, found: Tables, block: Sequence[tuple[int, Instruction]]) -> Way | None:
    """How the jump that ends a block goes by way of a table that does not change; None where that is not certain.

    found: what it may go by, by `find_tables`.
    """
    jump = block[-1][1]
    if jump.imm or jump.rd or len(found) != 1:
        return None
    (base, form, offset, _), targets = found[0]
    table = Table(base + offset, form, base if form == RELATIVE else 0, targets)
    end = table.start + len(targets) * table.entry_bytes
    if not any(low <= table.start and end <= high for low, high in image.code_ranges):
        return None
    last = len(block) - 1
    k = writer(block, last, jump.rs1)
    if k is None:
        return None
    added: int | None = None
    chain: tuple[int, ...] = (last,)
    if form == RELATIVE:
        sums = _sums(block, k)
        if len(sums) != 1:
            return None
        chain = k, last
        ((k, added),) = sums
    i = block[k][1]
    if i.imm != offset or i.row.name not in ("ld", "lw", "lwu"):
        return None
    return Way(table, k, added, (k, *chain))


def _sums(block: Sequence[tuple[int, Instruction]], k: int) -> list[tuple[int, int]]:
    """(the place of what loads one operand of the sum at `k`, the other's register, which is the same at both)."""
    i = block[k][1]
    found = []
    for register, other in ((i.rs1, i.rs2), (i.rs2, i.rs1)) if i.row.name == "add" else ():
        at = writer(block, k, register)
        if at is None or block[at][1].row.name not in ("lw", "lwu"):
            continue
        if not any(effects(each)[1] >> other & 1 for _, each in block[at:k]):
            found.append((at, other))
    return found


def writer(block: Sequence[tuple[int, Instruction]], before: int, register: int) -> int | None:
    """The place of the last instruction before a place in the block that writes a register."""
    for k in range(before - 1, -1, -1):
        if effects(block[k][1])[1] >> register & 1:
            return k
    return None


def _read(
    image: CodeImage,
    code: Code,
    base: int,
    form: str,
    offset: int,
    entries: int | None,
    inside: Callable[[int], bool],
) -> tuple[int, ...]:
    """The targets in the table at `base` + `offset`; it ends where the next thing begins that the function knows of."""
    nbytes, start = struct.calcsize(form), base + offset
    at = bisect_right(code.places, start)
    limit = MAX_ENTRIES
    if at < len(code.places):
        limit = min(limit, max((code.places[at] - start) // nbytes, 1))
    if entries is not None:
        limit = min(limit, entries)
    found: list[int] = []
    for k in range(limit):
        data = image.read(start + k * nbytes, nbytes)
        if data is None:
            break
        target = struct.unpack(form, data)[0] + (base if form == RELATIVE else 0)
        if not inside(target) or image.instruction_word(target) in (None, 0):
            break
        found.append(target)
    return tuple(found) if len(set(found)) >= 2 else ()
