"""What a run of floats (`float_runs`) computes, as values, whatever registers they were in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from friscy_build.aot.effects import Registers

Value = int  # a number by which a block's values are known
Lanes = tuple[Value, ...]  # what a vector has: one value in both lanes, or two
Place = int  # of an instruction in its block

DOUBLE = 8
AT_START = -1


@dataclass(frozen=True, slots=True)
class Given:
    """What a float register has."""

    register: int


class Order(Enum):
    """When something is loaded."""

    KEPT = "kept"  # in the order of the instructions: it may fault
    LATE = "late"  # behind what makes sure that it cannot
    FREE = "free"  # and then, where it is wanted


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is loaded. version: how often the base was written before, or AT_START: the base is what it was in the
    beginning."""

    base: int
    version: int
    offset: int
    order: Order = Order.KEPT


@dataclass(frozen=True, slots=True)
class Computed:
    """name: the arithmetic, or one of SIGNS. operands: values, and whether their signs are turned."""

    name: str
    operands: tuple[tuple[Value, bool], ...]


class Values:
    """The values of a block, and which the float registers have."""

    def __init__(self) -> None:
        self.definitions: list[Given | Loaded | Computed] = []
        self.held: dict[int, Value] = {}
        self.packs: dict[Value, Lanes] = {}

    def add(self, definition: Given | Loaded | Computed) -> Value:
        """A new value."""
        self.definitions.append(definition)
        return len(self.definitions) - 1

    def of(self, register: int) -> Value:
        """What a float register has."""
        if register not in self.held:
            self.held[register] = self.add(Given(register))
        return self.held[register]

    def forget(self, written: Registers) -> None:
        """Registers have been written, it is not known what."""
        for register in [each for each in self.held if written >> each & 1]:
            del self.held[register]

    def keep(self, vectors: Iterable[Lanes], wanted: Registers) -> list[Lanes]:
        """Forget all values but those in some of the vectors, and give these: what is in them is in registers, too, of
        which any is wanted. Those values stand for the registers from now on."""
        places: dict[Value, int] = {}
        for register, value in self.held.items():
            if value not in places or wanted >> register & 1:
                places[value] = register
        kept = [
            lanes
            for lanes in vectors
            if all(value in places for value in lanes) and any(wanted >> places[each] & 1 for each in lanes)
        ]
        stay = {value for lanes in kept for value in lanes}
        self.held = {register: value for register, value in self.held.items() if value in stay}
        self.packs = {value: lanes for lanes in kept if len(lanes) > 1 for value in lanes}
        for value in stay:
            self.definitions[value] = Given(places[value])
        return kept

    def computed(self, value: Value) -> Computed:
        """The arithmetic that gives a value."""
        definition = self.definitions[value]
        assert isinstance(definition, Computed)
        return definition

    def lanes(self, value: Value) -> Lanes:
        """The vector that has a value."""
        return self.packs.get(value, (value,))
