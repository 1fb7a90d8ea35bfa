"""Loops of one block whose turns are done several at a time, in the lanes of vectors.

    again: lbu a4, 0(a1); lbu a5, 0(a2); xor a4, a4, a5; sb a4, 0(a1); addi a1, a1, 1; addi a2, a2, 1; bne a1, a3, again

A strip is a number of turns in which none of the loop's accesses leaves its page, so that none but the first can fault,
and which are surely followed by another one, which is done as ever: it leaves registers as they have to be. How many
that are, and that no turn loads what one before it stores, is found out where the strip begins (`strip_writer`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from friscy_build.aot.effects import effects, is_access, members
from friscy_build.aot.graph import Block, End
from friscy_build.aot.lanes import WIDTHS, Lanes, Linear, Lowering, linear
from friscy_build.aot.tracing import Node, Tracer
from friscy_build.isa.value import signed

_MOST_INSTRUCTIONS, _MOST_ACCESSES, _MOST_VECTORS = 20, 4, 32
# Comparisons after which a loop goes on, with those of the operands turned round: the first is the one that grows, or
# with a negative step becomes smaller.
_GOES_ON = {"ne": "ne", "slt": "sgt", "ult": "ugt", "sge": "sle", "uge": "ule"}
_RISING, _FALLING = ("ne", "slt", "ult", "sle", "ule"), ("ne", "sgt", "ugt", "sge", "uge")


@dataclass(frozen=True, slots=True)
class Access:
    """address: of the first turn's. It moves on by its `nbytes` in each turn. pc: of the instruction."""

    address: Linear
    nbytes: int
    pc: int
    stores: bool


@dataclass(frozen=True, slots=True)
class Reduction:
    """register op= value, in each turn."""

    register: int
    op: str
    value: Lanes


@dataclass(frozen=True, slots=True)
class Bound:
    """The loop goes on while first `op` second, both as they are in the first turn. step: of `first`."""

    op: str
    first: Linear
    second: Linear
    step: int


@dataclass(frozen=True, slots=True)
class Strip:
    """What a loop's turns do. bits: of a lane. steps: what registers grow by. words: those of them that are ints.

    values: what is computed, in order; "held" lanes tell their numbers. stored: by the access that stores, the lanes.
    """

    bits: int
    steps: Mapping[int, int]
    words: frozenset[int]
    bound: Bound
    accesses: tuple[Access, ...]
    values: tuple[Lanes, ...]
    stored: tuple[tuple[int, Lanes], ...]
    reductions: tuple[Reduction, ...]

    @property
    def splats(self) -> set[int]:
        """The registers that stand in all lanes of a vector."""
        found = set[int]()
        work = [*self.values, *(lanes for _, lanes in self.stored), *(each.value for each in self.reductions)]
        while work:
            lanes = work.pop()
            work += lanes.operands
            if lanes.kind == "splat":
                found.add(lanes.value)
        return found

    @property
    def nvectors(self) -> int:
        """How many vectors have to be kept."""
        return len(self.values) + len(self.reductions) + len(self.splats)

    @property
    def nturns(self) -> int:
        """How many turns a vector has."""
        return 128 // self.bits


def find_strip(block: Block) -> Strip | None:
    """What the turns of a block do that is a loop by itself; None where they are not done in lanes."""
    if block.end is not End.BRANCH or block.target != block.pc or block.cold:
        return None
    code = [i for _, i in block.code]
    accesses = [i for i in code if is_access(i)]
    if not 0 < len(accesses) <= _MOST_ACCESSES or len(code) > _MOST_INSTRUCTIONS:
        return None
    if any(
        i.row.extension not in ("I", "M") and i.row.name not in ("fld", "flw", "fsd", "fsw") for i in code
    ):
        return None
    traced = []
    for pc, i in block.code:
        tracer = Tracer(pc, i, check=False)
        tracer.trace()
        traced.append((pc, tracer))
    for bits in WIDTHS:
        strip = _Reader(block, bits).read(traced)
        if strip is not None:
            return strip
    return None


class _Reader:
    """Reads a block's instructions for lanes of `bits` bits."""

    def __init__(self, block: Block, bits: int) -> None:
        self._bits = bits
        written, self._carried = (
            set[int](),
            set[int](),
        )  # carried: read before they are written, from turn to turn
        for _, i in block.code:
            reads, writes = effects(i)
            self._carried |= set(members(reads)) - written
            written |= set(members(writes))
        self._written = written
        self._carried &= written
        self._linear: dict[int, Linear | None] = {}
        self._lanes: dict[int, Lanes | None] = {}
        self._words: set[int] = set()
        self._accesses: list[Access] = []
        self._numbers: dict[int, int] = {}  # of accesses, by the id of a load's node
        self._values: list[Lanes] = []
        self._stored: list[tuple[int, Lanes]] = []
        self._reductions: list[Reduction] = []
        self._lowering = Lowering(bits, self._held, lambda node: self._numbers.get(id(node)))

    def read(self, traced: list[tuple[int, Tracer]]) -> Strip | None:
        *body, (_, branch) = traced
        if not all(self._follow(pc, tracer) for pc, tracer in body):
            return None
        reduced = {each.register for each in self._reductions}
        steps: dict[int, int] = {}
        for register in self._carried - reduced:
            end = self._linear.get(register)
            if end is None or end.terms != ((register, 1),):
                return None
            steps[register] = signed(end.const, 64)
        if not self._is_in_order(steps):
            return None
        bound = self._bound(branch.condition, steps)
        if bound is None:
            return None
        strip = Strip(
            self._bits, steps, frozenset(self._words), bound, tuple(self._accesses), tuple(self._values),
            tuple(self._stored), tuple(self._reductions),
        )  # fmt: skip
        return strip if strip.nvectors <= _MOST_VECTORS else None

    def _is_in_order(self, steps: Mapping[int, int]) -> bool:
        """Whether accesses go through memory number by number, and what is stored is so behind all loads."""
        found = self._accesses
        stores = [k for k, each in enumerate(found) if each.stores]
        return (
            all(each.address.step(steps) == each.nbytes for each in found)
            and (not stores or stores == [len(found) - 1])
            and all(4 * 8 * each.nbytes >= self._bits >= 8 * each.nbytes for each in found)
        )

    # Registers

    def _form(self, register: int) -> Linear | None:
        """What a register has now, as a linear form."""
        if register in self._linear:
            return self._linear[register]
        return Linear(((register, 1),)) if register < 32 else None

    def _held(self, register: int) -> Lanes | None:
        """What a register has now, in lanes."""
        if register in self._lanes:
            return self._lanes[register]
        return None if register in self._written else Lanes("splat", register)

    # Instructions

    def _follow(self, pc: int, tracer: Tracer) -> bool:
        """Note what an instruction does; whether that can be done in lanes."""
        for item in tracer.top.items:
            if item[0] == "node":
                node: Node = item[1]
                if node.name == "load":
                    base, offset = node.args
                    if not self._access(pc, base, offset, node.width // 8, node):
                        return False
            elif item[0] == "store":
                _, base, offset, raw, width = item
                lanes = self._lowering.lanes(raw)
                if lanes is None or not self._access(pc, base, offset, width // 8, None):
                    return False
                self._stored.append((len(self._accesses) - 1, lanes))
            elif item[0] == "set":
                if any(each.register == item[1] for each in self._reductions):
                    return False
                self._set(item[1], item[2])
            elif item[0] != "touch":
                return False
        return True

    def _access(self, pc: int, base: Any, offset: int, nbytes: int, node: Node | None) -> bool:
        address = linear(base, self._form)
        if address is None:
            return False
        if node is not None:
            self._numbers[id(node)] = len(self._accesses)
        self._accesses.append(Access(address.plus(Linear(const=offset)), nbytes, pc, stores=node is None))
        return True

    def _set(self, register: int, raw: Any) -> None:
        form, lanes = linear(raw, self._form), None
        if form is None:
            form = self._counted(register, raw)
        if form is None:
            reduction = self._reduction(register, raw)
            if reduction is not None:
                self._reductions.append(reduction)
            else:
                lanes = self._lowering.lanes(raw)
        if lanes is not None:
            self._values.append(lanes)
            lanes = Lanes("held", len(self._values) - 1, extension=lanes.extension)
        elif form is not None and not form.terms:
            lanes = self._lowering.lanes(form.const)
        elif form is not None and form.terms[0][0] not in self._written and form == Linear(form.terms[:1]):
            lanes = Lanes("splat", form.terms[0][0]) if form.terms[0][1] == 1 else None
        self._linear[register], self._lanes[register] = form, lanes

    def _counted(self, register: int, raw: Any) -> Linear | None:
        """The form of an int that a constant is added to in each turn."""
        match raw:
            case Node(
                name="sext",
                args=(
                    Node(
                        name="binary add",
                        width=32,
                        args=(Node(name="trunc", args=(Node(name="get", args=(source,)), 64)), int(step)),
                    ),
                    32,
                ),
            ) if source == register and register in self._carried:
                own = Linear(((register, 1),))
                if self._form(register) == own:
                    self._words.add(register)
                    return own.plus(Linear(const=signed(step, 32)))
        return None

    def _reduction(self, register: int, raw: Any) -> Reduction | None:
        """register op= value. Nothing else can be done with the register: it has neither a form nor lanes then."""
        if register not in self._carried or register in self._linear:
            return None
        width = 64
        if isinstance(raw, Node) and raw.name == "sext" and raw.args[1] == 32:
            raw, width = raw.args[0], 32
        if not isinstance(raw, Node) or not raw.name.startswith("binary "):
            return None
        op = raw.name[7:]
        if op not in ("add", "and", "or", "xor") or raw.width != width or (width == 32 and op != "add"):
            return None
        for own, other in (raw.args, raw.args[::-1]):
            low = own.args[0] if width == 32 and isinstance(own, Node) and own.name == "trunc" else own
            if isinstance(low, Node) and low.name == "get" and low.args[0] == register:
                value = self._lowering.lanes(other)
                if value is not None and self._is_exact(op, width, other, value):
                    return Reduction(register, op, value)
        return None

    def _is_exact(self, op: str, width: int, raw: Any, value: Lanes) -> bool:
        """Whether the lanes of all turns of a strip together give what the register gets."""
        if self._bits == width:
            return True
        if self._bits > width:
            return False
        if op != "add":
            return bool(value.extension)
        return self._bits == 32 and self._is_small(raw)

    def _is_small(self, raw: Any) -> bool:
        """Whether a value has 16 bits at most, so that as many as a strip has turns have a sum of 32."""
        if isinstance(raw, Node) and raw.name == "get":
            lanes = self._lanes.get(raw.args[0])
            lanes = self._values[lanes.value] if lanes is not None and lanes.kind == "held" else None
            return (
                lanes is not None
                and lanes.kind.startswith("loaded")
                and self._accesses[lanes.value].nbytes <= 2
            )
        return False

    # The end

    def _bound(self, condition: Any, steps: Mapping[int, int]) -> Bound | None:
        match condition:
            case Node(args=(first, second, 64)) if condition.name.startswith("compare "):
                op = condition.name[8:]
            case _:
                return None
        forms = [linear(each, self._form) for each in (first, second)]
        a, b = forms
        if a is None or b is None or op not in _GOES_ON:
            return None
        moves = [form.step(steps) for form in (a, b)]
        if all(moves) or not any(moves):
            return None
        if moves[1]:
            a, b, op = b, a, _GOES_ON[op]
        step = moves[0] or moves[1]
        if op not in (_RISING if step > 0 else _FALLING):
            return None
        return Bound(op, a, b, step)
