"""Programs whose handlers of SIGSEGV return: what was translated keeps registers for them, or says that it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines import Programs, Run, build_bare, on_linux, opened

from friscy_build.translation.recording import Recording, record

PROGRAM = "/bin/bare"
# Handlers that return after faults of generated code, of translated code, and of that in two processes.
RETURNING = ["barriers", "repairs", "repairs twice"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_bare(tmp_path_factory.mktemp("bare"))


def programs_of(bare: Path, work: Path) -> Programs:
    return Programs(work, {PROGRAM: bare.read_bytes()})


def recorded(programs: Programs, *which: str) -> Recording:
    return record(programs.interpreted, "none", [[PROGRAM, what] for what in which])


def is_precise(recording: Recording) -> bool:
    (file,) = recording.files.values()
    return file.precise


@pytest.mark.parametrize("what", RETURNING)
def test_a_program_that_went_on_behind_a_fault_has_exact_registers(what: str, bare: Path, tmp_path: Path) -> None:
    programs = programs_of(bare, tmp_path)
    recording = recorded(programs, what)
    assert is_precise(recording)
    recording.write(tmp_path / "kept")
    assert is_precise(Recording.read(tmp_path / "kept"))
    run = Run(opened(programs.translate([], recording=recording)), [PROGRAM, what])
    assert (run.status, run.output) == on_linux(bare, what)
    assert run.linked() > 0


def test_what_does_not_go_on_needs_none(bare: Path, tmp_path: Path) -> None:
    """A handler that jumps out, and one that leaves the fault to the default."""
    assert not is_precise(recorded(programs_of(bare, tmp_path), "faults", "gives up", "signals", "killed"))


@pytest.fixture(scope="module")
def fast(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    programs = programs_of(bare, tmp_path_factory.mktemp("fast"))
    return programs.translate([[PROGRAM, what] for what in (*RETURNING, "gives up")], faults="fast")


def test_faults_of_generated_code_are_exact_anyway(bare: Path, fast: Path) -> None:
    """Those of the interpreter, that is, called by translated code: the pc that the handler sees among them."""
    run = Run(opened(fast), [PROGRAM, "barriers"])
    assert (run.status, run.output) == on_linux(bare, "barriers")
    assert run.linked() > 0


def test_going_on_without_registers_is_refused(fast: Path) -> None:
    run = Run(opened(fast), [PROGRAM, "repairs"])
    assert (run.status, run.output) == (128 + 11, "")
    (report,) = run.log
    assert "bare (process 1) killed: its handler of SIGSEGV returned behind a fault in translated code" in report
    assert '[bundle.NAME.aot] faults = "precise"' in report


def test_going_on_is_refused_to_children_too(fast: Path) -> None:
    run = Run(opened(fast), [PROGRAM, "repairs twice"])
    assert (run.status, run.output) == (128 + 11, "the child 11\n")
    assert [line.partition(" killed: ")[0] for line in run.log] == ["bare (process 2)", "bare (process 1)"]


def test_a_handler_that_leaves_it_to_the_default_ends_so(bare: Path, fast: Path) -> None:
    run = Run(opened(fast), [PROGRAM, "gives up"])
    status, output = on_linux(bare, "gives up")
    assert (run.status, run.output) == (128 + 11, output)
    assert status == -11
    (report,) = run.log
    assert "killed by SIGSEGV: a store of 8 bytes at 0x10, where nothing is mapped" in report
    assert " stores+0x" in report
