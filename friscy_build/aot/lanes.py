"""What instructions compute, for several turns of a loop at once: values in the lanes of a vector.

A lane of `bits` bits has the lowest bits of what a register has in one of the turns. Many operations need no more of
their operands; an expression that would need more has no form in lanes of that width, and wider ones are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from friscy_build.aot.tracing import Node
from friscy_build.isa.value import signed
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES

VECTOR_BYTES = 16
WIDTHS = (8, 16, 32, 64)
SHAPES = {8: "i8x16", 16: "i16x8", 32: "i32x4", 64: "i64x2"}
_BITWISE = ("and", "or", "xor")
_SHIFTS = {"shl": "shl", "lshr": "shr_u", "ashr": "shr_s"}
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Lanes:
    """An expression. kind: "const" with `value`; "splat" of the register `value`; "loaded_u", "loaded_s": what the
    access number `value` loads, with zeros above it or copies of its sign; "held": the value number `value`, which was
    computed before; or the host's operation, with operands, of which a shift's second is `value`.

    extension: "u" or "s" where the register, or a node of at least the lane's width, has what the lane has with zeros
    above it, or copies of its sign.
    """

    kind: str
    value: int = 0
    operands: tuple[Lanes, ...] = ()
    extension: str = ""


class Lowering:
    """Expressions of instructions in lanes of `bits` bits.

    held: gives what a register has. loaded: gives the number of the access that a load is, by its width.
    """

    def __init__(
        self, bits: int, held: Callable[[int], Lanes | None], loaded: Callable[[Node], int | None]
    ) -> None:
        self.bits, self._held, self._loaded = bits, held, loaded

    def lanes(self, raw: Any) -> Lanes | None:
        """The lowest bits of a node, or int."""
        bits = self.bits
        if isinstance(raw, int):
            return Lanes("const", raw & ((1 << bits) - 1), extension="u" if raw < 1 << bits else "")
        name, _, op = raw.name.partition(" ")
        if name == "get":
            return self._held(raw.args[0])
        if name == "load":
            return self._load(raw, "u")
        if name in ("zext", "sext"):
            return self._extended(raw.args[0], raw.args[1], name[0].replace("z", "u"))
        if name == "trunc":
            return self.lanes(raw.args[0])
        if name != "binary":
            return None
        if op in _SHIFTS:
            return self._shifted(op, raw)
        if op not in ("add", "sub", "mul", *_BITWISE) or (op == "mul" and bits == 8):
            return None
        a, b = map(self.lanes, raw.args)
        if a is None or b is None:
            return None
        kind = f"v128.{op}" if op in _BITWISE else f"{SHAPES[bits]}.{op}"
        extension = a.extension if op in _BITWISE and a.extension == b.extension else ""
        if op == "and" and "u" in (a.extension, b.extension):
            extension = "u"
        return Lanes(kind, operands=(a, b), extension=extension)

    def _load(self, node: Node, extension: str) -> Lanes | None:
        number = self._loaded(node)
        if number is None or node.width > self.bits:
            return None
        return Lanes(f"loaded_{extension}", number, extension=extension)

    def _extended(self, raw: Any, width: int, extension: str) -> Lanes | None:
        """A value of `width` bits, extended."""
        if isinstance(raw, Node) and raw.name == "load":
            return self._load(raw, extension)
        lanes = self.lanes(raw)
        if lanes is None:
            return None
        if width > self.bits:
            return lanes if extension == "s" or lanes.extension == "u" else replace(lanes, extension="")
        if width < self.bits:
            lanes = self._fitted(lanes, width, extension)
        return replace(lanes, extension=extension)

    def _fitted(self, lanes: Lanes, width: int, extension: str) -> Lanes:
        """Lanes whose lowest `width` bits are extended to all of them."""
        if extension == "u":
            return Lanes("v128.and", operands=(lanes, Lanes("const", (1 << width) - 1)))
        shape, distance = SHAPES[self.bits], self.bits - width
        return Lanes(f"{shape}.shr_s", distance, (Lanes(f"{shape}.shl", distance, (lanes,)),))

    def _shifted(self, op: str, raw: Node) -> Lanes | None:
        value, distance = raw.args
        if not isinstance(distance, int):
            return None
        lanes = self.lanes(value)
        if lanes is None:
            return None
        bits, width = self.bits, raw.width
        kind = f"{SHAPES[bits]}.{_SHIFTS[op]}"
        if op == "shl":
            return Lanes(kind, distance, (lanes,)) if distance < bits else Lanes("const")
        extension = "u" if op == "lshr" else "s"
        if width < bits:
            lanes = self._fitted(lanes, width, extension)
        elif width > bits:  # what comes in from above is known where the lanes are extended
            if lanes.extension != "u" and (op == "lshr" or lanes.extension != "s"):
                return None
            extension = lanes.extension
            kind = f"{SHAPES[bits]}.shr_{extension}"
        if distance >= bits:
            return None
        return Lanes(kind, distance, (lanes,), extension)


@dataclass(frozen=True, slots=True)
class Linear:
    """terms: registers as they are when a turn begins, each times a number; and `const`. All modulo 2^64."""

    terms: tuple[tuple[int, int], ...] = ()
    const: int = 0

    def plus(self, other: Linear, factor: int = 1) -> Linear:
        """Their sum, of the other one `factor` times."""
        terms = dict(self.terms)
        for register, times in other.terms:
            terms[register] = (terms.get(register, 0) + factor * times) & _MASK
        const = (self.const + factor * other.const) & _MASK
        return Linear(tuple(sorted((r, times) for r, times in terms.items() if times)), const)

    def step(self, steps: Mapping[int, int]) -> int:
        """What it grows by in each turn, where registers grow by `steps`; a signed number."""
        grown = sum(times * steps.get(register, 0) for register, times in self.terms) & _MASK
        return signed(grown, 64)


def linear(raw: Any, held: Callable[[int], Linear | None]) -> Linear | None:
    """A node, or int, as a linear form of registers; None where it is none. held: what registers have."""
    if isinstance(raw, int):
        return Linear(const=raw)
    if raw.name == "get":
        return held(raw.args[0])
    name, _, op = raw.name.partition(" ")
    if name != "binary" or raw.width != 64:
        return None
    a = linear(raw.args[0], held)
    if op == "shl" and a is not None and isinstance(raw.args[1], int) and raw.args[1] < 64:
        return Linear().plus(a, 1 << raw.args[1])
    b = linear(raw.args[1], held) if op in ("add", "sub") and a is not None else None
    return a.plus(b, 1 if op == "add" else -1) if a is not None and b is not None else None


def load_opcodes(nbytes: int, bits: int, extension: str, memory: bytes) -> bytes:
    """What loads numbers of `nbytes` into lanes of `bits` bits; the address is on the stack. memory: what says where
    from there."""
    width = 8 * nbytes
    if width == bits:
        return OPCODES["v128.load"] + memory
    if 2 * width == bits:
        return OPCODES[f"v128.load{width}x{64 // width}_{extension}"] + memory
    opcodes = OPCODES["v128.load32_zero"] + memory
    while width < bits:
        opcodes += OPCODES[f"{SHAPES[2 * width]}.extend_low_{SHAPES[width]}_{extension}"]
        width *= 2
    return opcodes


def store_opcodes(nbytes: int, bits: int, memory: bytes) -> tuple[bytes, bytes]:
    """What stores the lowest `nbytes` of each lane; the address and the vector are on the stack. Given in two parts, of
    which the second begins with the store."""
    parts = bits // 8 // nbytes
    if parts == 1:
        return b"", OPCODES["v128.store"] + memory
    taken = [k for lane in range(128 // bits) for k in range(lane * bits // 8, lane * bits // 8 + nbytes)]
    shuffle = OPCODES["i8x16.shuffle"] + bytes(taken + [VECTOR_BYTES] * (VECTOR_BYTES - len(taken)))
    store = OPCODES["v128.store64_lane" if parts == 2 else "v128.store32_lane"]
    return constant(0, bits) + shuffle, store + memory + leb(0)


def constant(value: int, bits: int) -> bytes:
    """A vector with a number in all lanes."""
    return OPCODES["v128.const"] + (value.to_bytes(bits // 8, "little") * (128 // bits))
