"""Translated code does what the interpreter does, and what Linux does, whatever the kernel has it do in between."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines import Programs, Run, build_bare, on_linux, opened

from friscy.boot import Machine

# What `bare` is asked for; the output of qemu-riscv64, whose signals and faults are the host's Linux's, is expected.
AS_LINUX = ["signals", "faults", "killed", "forks", "threads", "depth", "code", "waits"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_bare(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def programs(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return Programs(tmp_path_factory.mktemp("engines"), {"/bin/bare": bare.read_bytes()})


@pytest.fixture(scope="module")
def translated(programs: Programs) -> Machine:
    return opened(programs.translate([["/bin/bare", what] for what in (*AS_LINUX, "exec", "crash")]))


@pytest.mark.parametrize("what", AS_LINUX)
def test_as_linux_does(what: str, bare: Path, programs: Programs, translated: Machine) -> None:
    expected = on_linux(bare, what)
    interpreted = Run(opened(programs.interpreted), ["/bin/bare", what])
    assert (interpreted.status, interpreted.output) == expected
    run = Run(translated, ["/bin/bare", what])
    assert (run.status, run.output) == expected
    assert run.linked() > 0


def test_exec_goes_on_in_translated_code(translated: Machine) -> None:
    run = Run(translated, ["/bin/bare", "exec"])
    assert (run.status, run.output) == (0, "before exec 89\nslept 165\n")
    assert run.linked() == 1  # the second program finds it in the table


def test_an_endless_loop_can_be_stopped(translated: Machine) -> None:
    run = Run(translated, ["/bin/bare", "loop"], stop_after=1)
    assert run.status is None


def test_a_crash_tells_where(translated: Machine) -> None:
    run = Run(translated, ["/bin/bare", "crash"])
    assert run.status == 128 + 11
    (report,) = run.log
    assert "bare (process 1) killed by SIGSEGV" in report
    assert "/bin/bare+0x" in report
    assert "a load of 8 bytes at 0x50000008, where nothing is mapped" in report
    assert " wild+0x" in report


def test_code_that_is_not_compiled_is_interpreted_until_it_is(translated: Machine) -> None:
    code = translated.code
    assert code is not None
    wanted: list[str] = []
    compiled = False
    for module in code.library.modules:
        module.compiled, module._exists = None, lambda: compiled
    code.library.want = lambda image: wanted.append(image.path)
    run = Run(translated, ["/bin/bare", "waits"], compiled=False)
    assert (run.output, run.linked()) == ("slept 165\n", 0)
    assert wanted == ["/bin/bare"]
    compiled = True
    run = Run(translated, ["/bin/bare", "waits"], compiled=False)
    assert (run.output, run.linked()) == ("slept 165\n", 1)
