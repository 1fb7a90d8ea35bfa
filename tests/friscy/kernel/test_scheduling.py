"""Programs of several tasks do the same in any order that the scheduler may run them in."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from guest_machine import SOURCES, GuestMachine, compile_guest
from shuffled_kernel import ShuffledKernel

SEEDS = range(4)


@pytest.mark.parametrize("name", ["edges", "jobs", "notices", "ownership", "processes", "sockets", "threads"])
def test_any_order_will_do(name: str, machine: GuestMachine, guest_cache: Path) -> None:
    program = compile_guest(name, guest_cache)
    expected = (SOURCES / f"{name}.expected").read_text().splitlines()
    for seed in SEEDS:
        shuffled = GuestMachine(machine.engine, machine.interpreter, partial(ShuffledKernel, seed=seed))
        status, text = shuffled.run(program)
        assert text.splitlines() == expected, f"seed {seed}"
        assert status == 0
