"""The interpreter under an engine that also takes translated code."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import wasmtime
from aot_guest import Guest

from friscy.machine.engine import make_engine
from friscy_build.interpreter.build import build_interpreter


@pytest.fixture(scope="session")
def aot_engine() -> wasmtime.Engine:
    return make_engine()


@pytest.fixture(scope="session")
def aot_interpreter(aot_engine: wasmtime.Engine) -> wasmtime.Module:
    return wasmtime.Module(aot_engine, build_interpreter())


@pytest.fixture
def new_guest(aot_engine: wasmtime.Engine, aot_interpreter: wasmtime.Module) -> Callable[..., Guest]:
    def make(kind: type[Guest] = Guest) -> Guest:
        guest = kind(aot_engine, aot_interpreter)
        guest.engine = aot_engine
        return guest

    return make
