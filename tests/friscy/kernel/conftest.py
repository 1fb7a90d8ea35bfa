"""The machine that guest programs run on, built once for the whole session."""

from __future__ import annotations

import pytest
import wasmtime
from guest_machine import GuestMachine

from friscy.machine.engine import make_engine
from friscy_build.interpreter.build import build_interpreter


@pytest.fixture(scope="session")
def machine() -> GuestMachine:
    engine = make_engine()
    return GuestMachine(engine, wasmtime.Module(engine, build_interpreter()))
