"""What the accesses of a path that is tried as one (`float_traces`) are at: behind what a register had, or fixed."""

from __future__ import annotations

from dataclasses import dataclass

from friscy.machine.layout import GUEST_END, GUEST_START, PAGE
from friscy_build.aot.effects import F0, effects, is_access, members
from friscy_build.aot.float_paths import Path
from friscy_build.aot.float_values import AT_START, Place
from friscy_build.isa.decode import Instruction

Root = tuple[int, Place]  # what a register had AT_START, or behind the instruction at a place of the path

FIXED: Root = (0, AT_START)  # x0: what is behind it is at a fixed address
ACCESS_BYTES = 8  # that an access reads or writes at most
_MOST_APART = 4  # pairs of bases to look at


@dataclass(frozen=True, slots=True)
class Address:
    """What a register has, or an access is at: `offset` behind a root."""

    root: Root
    offset: int

    def distance(self, other: Address) -> int | None:
        """How far behind it another one is; None where that is not known."""
        return other.offset - self.offset if other.root == self.root else None


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes from `low` to `high` behind a root."""

    root: Root
    low: int
    high: int


def is_store(i: Instruction) -> bool:
    """Whether the instruction stores a float of double precision."""
    return i.row.name == "fsd"


class Accesses:
    """Follows the accesses of a path: what each is at. loads, stores: that. forwarded: loads of what a store has
    stored, by place. held: what registers have in the end."""

    def __init__(self, path: Path, decided: Place) -> None:
        """decided: the place of the first branch that floats decide."""
        self._path, self._decided = path, decided
        self._early: dict[Root, list[int]] = {}  # offsets of bytes that are always read
        self._late: list[tuple[Place, Address]] = []  # the others
        self.held: dict[int, Address] = {each: _fixed(value) for each, value in path.before.items()}
        self.loads: dict[Place, Address] = {}
        self.stores: dict[Place, Address] = {}
        self.forwarded: dict[Place, Place] = {}

    def _at(self, register: int) -> Address:
        return self.held.get(register, Address((register, AT_START), 0))

    def follow(self) -> bool:
        """Find what all accesses are at; whether the path can be tried with them."""
        for k in range(self._path.end):
            i = self._path.code[k][1]
            if is_access(i):
                base = self._at(i.rs1)
                address = Address(base.root, base.offset + i.imm)
                if base.root == FIXED and not GUEST_START <= address.offset <= GUEST_END - ACCESS_BYTES:
                    return False
                if is_store(i):
                    self.stores[k] = address
                else:
                    self.loads[k] = address
                    if not self._take_load(k, address):
                        return False
            self._follow(k, i)
        roots = {each.root for each in self.stores.values()}
        roots |= {each.root for both in self.apart() for each in both}
        return len(self.apart()) <= _MOST_APART and all(map(self._is_known, roots))

    def _follow(self, k: Place, i: Instruction) -> None:
        if k in self._path.computed:
            self.held[i.rd] = _fixed(self._path.computed[k])
            return
        if i.row.name == "addi" and i.rs1 and i.rd:
            base = self._at(i.rs1)
            self.held[i.rd] = Address(base.root, base.offset + i.imm)
            return
        for register in members(effects(i)[1]):
            if register < F0:
                self.held[register] = Address((register, k), 0)

    def _take_load(self, k: Place, address: Address) -> bool:
        root, offset = address.root, address.offset
        if not self.stores and k < self._decided:
            last = ACCESS_BYTES - 1 if self._path.code[k][1].row.name in ("fld", "ld") else 0
            self._early.setdefault(root, []).extend((offset, offset + last))
            return True
        if root not in self._early:
            return False
        for at, store in self.stores.items():
            if store.root == root and abs(store.offset - offset) < ACCESS_BYTES:
                if store.offset != offset or self._path.code[k][1].row.name != "fld":
                    return False
                self.forwarded[k] = at
        self._late.append((k, address))
        if root == FIXED:
            pages = {each // PAGE for each in self._early[root]}
            return {offset // PAGE, (offset + ACCESS_BYTES - 1) // PAGE} <= pages
        low, high = self._span(root)
        return high - low <= PAGE // 4

    def _span(self, root: Root) -> tuple[int, int]:
        """Where the first byte is that is loaded, and where the last one ends."""
        early, late = self._early[root], [each.offset for _, each in self._late if each.root == root]
        return min(*early, *late), max(*(each + 1 for each in early), *(each + ACCESS_BYTES for each in late))

    @property
    def late(self) -> frozenset[Place]:
        """The loads that others see to."""
        return frozenset(k for k, _ in self._late)

    def pages(self) -> dict[Place, Range]:
        """What must not cross a page: where those that are always made do not lie around the rest."""
        found: dict[Root, Place] = {}
        for k, address in self._late:
            early = self._early[address.root]
            if address.root != FIXED and not min(early) <= address.offset <= max(early) + 1 - ACCESS_BYTES:
                found.setdefault(address.root, k)
        return {k: Range(root, *self._span(root)) for root, k in found.items()}

    def apart(self) -> tuple[tuple[Range, Range], ...]:
        """What must not overlap: stores, and loads behind them, from other roots."""
        found: dict[tuple[Root, Root], tuple[set[int], set[int]]] = {}
        for k, load in self._late:
            for at, store in self.stores.items():
                if at < k and store.root != load.root:
                    one, other = sorted((store, load), key=lambda each: each.root)
                    ones, others = found.setdefault((one.root, other.root), (set(), set()))
                    ones.add(one.offset)
                    others.add(other.offset)
        return tuple(
            (Range(one, min(ones), max(ones) + ACCESS_BYTES), Range(other, min(others), max(others) + ACCESS_BYTES))
            for (one, other), (ones, others) in found.items()
        )

    def overwritten(self) -> frozenset[Place]:
        """The stores that later ones overwrite: they need not be made. All are in one page, so none is seen alone."""
        pages = {(at.root, (at.offset + k) // PAGE) for at in self.stores.values() for k in (0, ACCESS_BYTES - 1)}
        if len(pages) != 1 or next(iter(pages))[0] != FIXED:
            return frozenset()
        last = {at.offset: k for k, at in self.stores.items()}
        return frozenset(k for k, at in self.stores.items() if last[at.offset] != k)

    def _is_known(self, root: Root) -> bool:
        """Whether what a root stands for is there at the end: what a register had at the start is."""
        register, made = root
        return made == AT_START or self._at(register).root == root


def _fixed(value: int) -> Address:
    """What a register has that is a constant. value: without a sign."""
    return Address(FIXED, value)
