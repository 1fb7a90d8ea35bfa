"""Which calls of clock_gettime(2) come to the kernel."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from guest_machine import SOURCES, GuestMachine, compile_guest

from friscy.kernel.clock import Clock
from friscy.kernel.kernel import Kernel
from friscy.kernel.strace.tracer import Tracer

ASKED = 80_000  # times, by clocks.c


def traced(*args: Any, **options: Any) -> Kernel:
    kernel = Kernel(*args, **options)
    kernel.tracer = Tracer(lambda line: None)
    return kernel


def _calls(machine: GuestMachine, program: Path, make: Any) -> int:
    kernels: list[Kernel] = []

    def new_kernel(*args: Any, **options: Any) -> Kernel:
        kernels.append(make(*args, **options))
        return kernels[0]

    status, text = GuestMachine(machine.engine, machine.interpreter, new_kernel).run(program)
    assert (status, text) == (0, (SOURCES / "clocks.expected").read_text())
    return kernels[0].calls


def test_a_page_that_was_written_to_is_written_to_again_without_the_kernel(
    machine: GuestMachine, guest_cache: Path
) -> None:
    assert ASKED // 2 <= _calls(machine, compile_guest("clocks", guest_cache), Kernel) < ASKED // 2 + 1000


@pytest.mark.parametrize(
    "make", [traced, partial(Kernel, clock=Clock(monotonic_ns=lambda: time.monotonic_ns() + 1))]
)
def test_who_wants_to_see_all_calls_or_has_a_clock_of_its_own_gets_them(
    make: Any, machine: GuestMachine, guest_cache: Path
) -> None:
    assert _calls(machine, compile_guest("clocks", guest_cache), make) >= ASKED
