"""Programs of several tasks do the same in any order that the scheduler may run them in."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from guest_machine import SOURCES, GuestMachine, compile_guest
from shuffled_kernel import ShuffledKernel

from friscy.kernel.clock import Clock, stepped_clock
from friscy.kernel.kernel import Kernel

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


@pytest.mark.parametrize("step_ns", [400_000, 1_100_000, 2_300_000, 4_700_000])
def test_a_timer_that_runs_out_between_two_looks_is_seen(
    step_ns: int, machine: GuestMachine, guest_cache: Path
) -> None:
    moved = 0

    def monotonic_ns() -> int:
        nonlocal moved
        moved += step_ns
        return time.monotonic_ns() + moved

    slow = GuestMachine(
        machine.engine, machine.interpreter, partial(Kernel, clock=Clock(monotonic_ns=monotonic_ns))
    )
    status, text = slow.run(compile_guest("edges", guest_cache))
    assert text.splitlines() == (SOURCES / "edges.expected").read_text().splitlines()
    assert status == 0


def test_who_asks_again_and_again_lets_the_others_run_where_time_stands(
    machine: GuestMachine, guest_cache: Path
) -> None:
    """A build's clock moves only as it is read, so no slice ends by it; each run takes the same turns."""
    program = compile_guest("asking", guest_cache)
    counts = set()
    for _ in range(2):
        kernels: list[Kernel] = []

        def new_kernel(*args: Any, kernels: list[Kernel] = kernels, **options: Any) -> Kernel:
            kernels.append(Kernel(*args, clock=stepped_clock(0), **options))
            return kernels[0]

        status, text = GuestMachine(machine.engine, machine.interpreter, new_kernel).run(program)
        assert (status, text) == (0, 'access("answer", F_OK) = 0\nwaitpid(child, NULL, 0) == child = 1\n')
        counts.add((kernels[0].calls, kernels[0].scheduler.slices))
    assert len(counts) == 1
