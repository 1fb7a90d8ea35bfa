"""An expression in lanes has the lowest bits of what it stands for, and is extended as it says."""

from __future__ import annotations

import random
from typing import Any

import pytest

from friscy_build.aot.lanes import WIDTHS, Lanes, Linear, Lowering, constant, linear
from friscy_build.aot.tracing import Node

BINARY = ("add", "sub", "mul", "and", "or", "xor", "shl", "lshr", "ashr")
REGISTERS, LOADS = 6, 4


def mask(bits: int) -> int:
    return (1 << bits) - 1


def signed(value: int, bits: int) -> int:
    return (value & mask(bits)) - ((value >> (bits - 1) & 1) << bits)


def operate(op: str, a: int, b: int, bits: int) -> int:
    match op:
        case "add":
            result = a + b
        case "sub":
            result = a - b
        case "mul":
            result = a * b
        case "and":
            result = a & b
        case "or":
            result = a | b
        case "xor":
            result = a ^ b
        case "shl":
            result = a << b
        case "lshr" | "shr_u":
            result = (a & mask(bits)) >> b
        case _:
            result = signed(a, bits) >> b
    return result & mask(bits)


class Values:
    """What registers and loads have. held: what is known of registers in lanes, whose values these are."""

    def __init__(self, rng: random.Random, bits: int) -> None:
        self.bits, self.held = bits, dict[int, Lanes]()
        self.loads = [rng.getrandbits(64) for _ in range(LOADS)]
        self.registers = []
        for register in range(REGISTERS):
            lane, extension = rng.getrandbits(bits), rng.choice(("", "u", "s"))
            value = {"u": lane, "s": signed(lane, bits) & mask(64)}.get(extension, rng.getrandbits(64))
            self.registers.append(value)
            self.held[register] = Lanes("held", register, extension=extension)


def random_node(rng: random.Random, width: int, depth: int) -> Any:
    """A node of `width` bits, or an int."""
    kind = rng.random()
    if depth == 0 or kind < 0.1:
        if rng.random() < 0.3:
            return rng.choice((0, 1, 255, mask(width), rng.getrandbits(width)))
        loaded = rng.choice([each for each in (8, 16, 32, 64) if each <= width])
        if rng.random() < 0.5:
            node = Node("load", (rng.randrange(LOADS), 0), loaded)
        else:
            node = Node("get", (rng.randrange(REGISTERS),), 64)
            if loaded < 64:
                node = resized("trunc", node, loaded)
        return node if loaded == width else resized(rng.choice(("zext", "sext")), node, width)
    if kind < 0.3 and width < 64:
        return resized(
            "trunc", random_node(rng, rng.choice([w for w in (16, 32, 64) if w > width]), depth - 1), width
        )
    if kind < 0.5 and width > 8:
        inner = random_node(rng, rng.choice([w for w in (8, 16, 32) if w < width]), depth - 1)
        return inner if isinstance(inner, int) else resized(rng.choice(("zext", "sext")), inner, width)
    op = rng.choice(BINARY)
    second = rng.randrange(1, width) if op in BINARY[6:] else random_node(rng, width, depth - 1)
    return Node(f"binary {op}", (random_node(rng, width, depth - 1), second), width)


def resized(name: str, node: Any, width: int) -> Any:
    if isinstance(node, int):
        return node & mask(width)
    return Node(name, (node, node.width), width)


def of_node(raw: Any, values: Values) -> int:
    if isinstance(raw, int):
        return raw
    name, _, op = raw.name.partition(" ")
    if name == "get":
        return values.registers[raw.args[0]]
    if name == "load":
        return values.loads[raw.args[0]] & mask(raw.width)
    first = of_node(raw.args[0], values)
    if name == "sext":
        return signed(first, raw.args[1]) & mask(raw.width)
    if name != "binary":
        return first & mask(raw.width)
    return operate(op, first, of_node(raw.args[1], values), raw.width)


def of_lanes(lanes: Lanes, values: Values, widths: dict[int, int]) -> int:
    """A lane of what an expression gives."""
    bits = values.bits
    if lanes.kind == "const":
        return lanes.value
    if lanes.kind == "held":
        return values.registers[lanes.value] & mask(bits)
    if lanes.kind.startswith("loaded"):
        width = widths[lanes.value]
        value = values.loads[lanes.value // 100] & mask(width)
        return signed(value, width) & mask(bits) if lanes.kind == "loaded_s" else value
    first, *rest = (of_lanes(each, values, widths) for each in lanes.operands)
    return operate(lanes.kind.split(".")[1], first, rest[0] if rest else lanes.value % bits, bits)


@pytest.mark.parametrize("bits", WIDTHS)
def test_lanes_are_the_lowest_bits(bits: int) -> None:
    rng, found, extended = random.Random(bits), 0, set[str]()
    for _ in range(6000):
        values, widths = Values(rng, bits), dict[int, int]()

        def loaded(node: Node, widths: dict[int, int] = widths) -> int:
            number = 100 * node.args[0] + len(widths)
            widths[number] = node.width
            return number

        node = random_node(rng, rng.choice((32, 64)), rng.randrange(1, 5))
        lanes = Lowering(bits, values.held.__getitem__, loaded).lanes(node)
        if lanes is None:
            continue
        found += isinstance(node, Node)
        extended.add(lanes.extension)
        value, lane = of_node(node, values), of_lanes(lanes, values, widths)
        width = 64 if isinstance(node, int) else node.width
        assert value & mask(min(bits, width)) == lane & mask(min(bits, width))
        if lanes.extension and bits <= width:
            assert value == (lane if lanes.extension == "u" else signed(lane, bits) & mask(width))
    assert found > 1000
    assert extended == {"", "u", "s"}


def test_linear_forms() -> None:
    held = {5: Linear(((5, 1),)), 6: Linear(((6, 1),), 7), 7: None}.get
    five, six, seven = (Node("get", (register,), 64) for register in (5, 6, 7))
    scaled = Node("binary shl", (six, 3), 64)
    form = linear(Node("binary sub", (Node("binary add", (five, scaled), 64), 9), 64), held)
    assert form == Linear(((5, 1), (6, 8)), 8 * 7 - 9)
    assert form is not None
    assert form.step({5: 2, 6: -1}) == -6
    assert form.step({}) == 0
    assert linear(Node("binary sub", (five, five), 64), held) == Linear()
    assert linear(Node("binary add", (five, seven), 64), held) is None
    assert linear(Node("binary mul", (five, 3), 64), held) is None
    assert linear(Node("trunc", (five, 64), 32), held) is None


@pytest.mark.parametrize("bits", WIDTHS)
def test_a_constant_stands_in_all_lanes(bits: int) -> None:
    assert constant(0x7F, bits)[2:] == (0x7F).to_bytes(bits // 8, "little") * (128 // bits)
