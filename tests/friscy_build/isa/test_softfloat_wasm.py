"""The wasm that the float operations become, against a riscv64 processor: fast paths, slow paths and flags."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from float_vectors import OPERATIONS, directed_operands, judge, random_operands
from float_wasm import Machine, build_module

from friscy_build.isa.softfloat import NX


@pytest.fixture(scope="module")
def wasm() -> bytes:
    return build_module()


@pytest.fixture(scope="module")
def machine(wasm: bytes) -> Machine:
    return Machine(wasm)


def test_it_is_small(wasm: bytes) -> None:
    # Both formats of every operation, their shared helpers and this test's loops; the interpreter has 150 KB.
    assert len(wasm) < 16 << 10


@pytest.mark.parametrize("name", OPERATIONS)
def test_agrees_with_qemu(name: str, float_judge: Path, machine: Machine) -> None:
    operation = OPERATIONS[name]
    source = random.Random(name)
    modes = list(operation.modes)
    cases = [(operands, rm) for operands in directed_operands(operation) for rm in modes]
    cases += [(random_operands(source, operation), source.choice(modes)) for _ in range(4000)]
    measured = judge(float_judge, operation, cases)
    # With NX raised the host's own floats take part, and a fused multiply-add where it has one.
    for sticky in (0, NX):
        for host_fma in {machine.host_fma, False}:
            got = machine.run(operation, [(operands, rm, sticky) for operands, rm in cases], host_fma)
            for case, (result, flags), expected in zip(cases, got, measured, strict=True):
                if (result, flags | sticky) != (expected[0], expected[1] | sticky):
                    pytest.fail(
                        f"{name} {[hex(x) for x in case[0]]} rm {case[1]} sticky {sticky} fma {host_fma}: "
                        f"{result:#x}, {flags} where {expected[0]:#x}, {expected[1]} is right"
                    )
