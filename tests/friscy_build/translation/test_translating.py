"""Placing, translating and explaining: the steps of a build between a recording and a bundle."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import distributed
import pytest
from engines import Programs, Run, build_bare, opened
from required_tools import require_tool

from friscy.bundle import CODE, open_bundle
from friscy_build.translation import translate as translate_module
from friscy_build.translation.executor import executor
from friscy_build.translation.explain import explain
from friscy_build.translation.placing import Files, place
from friscy_build.translation.recording import Recording, Touched, record
from friscy_build.translation.translate import Translator
from lazyfs.errors import FriscyError, UsageError


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return build_bare(tmp_path_factory.mktemp("bare")).read_bytes()


@pytest.fixture(scope="module")
def programs(bare: bytes, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """The same program twice, and a file that is none."""
    files = {"/bin/bare": bare, "/bin/copy": bare, "/bin/text": b"#!/bin/bare\n"}
    return Programs(tmp_path_factory.mktemp("translating"), files)


@pytest.fixture(scope="module")
def recording(programs: Programs) -> Recording:
    return record(programs.interpreted, "none", [["/bin/bare", "waits"]])


def test_a_recording_is_read_as_it_was_written(recording: Recording, tmp_path: Path) -> None:
    calls = {at: targets for file in recording.files.values() for at, targets in file.calls.items()}
    recording.write(tmp_path / "recording")
    again = Recording.read(tmp_path / "recording")
    assert list(again.files) == list(recording.files)
    for ino, file in recording.files.items():
        copy = again.files[ino]
        assert (copy.executed, copy.resumed, copy.calls) == (file.executed, file.resumed, file.calls)
    assert all(targets for targets in calls.values())


def opened_files(programs: Programs) -> Files:
    return Files.of(open_bundle(programs.interpreted))


def test_equal_files_share_a_place_and_the_rest_of_the_image_is_found(
    programs: Programs, recording: Recording
) -> None:
    files = opened_files(programs)
    (only,) = place(files, recording, everything=False)
    (both,) = place(files, recording, everything=True)
    assert (only.path, len(only.inodes), len(both.inodes)) == ("/bin/bare", 1, 2)
    assert only.low == both.low
    assert sorted(files.elves().values()) == ["/bin/bare", "/bin/copy"]
    assert (
        place(
            files,
            Recording([Touched(ino) for ino, path in files.walk() if path == "/bin/text"]),
            everything=False,
        )
        == []
    )


def test_what_was_translated_is_not_translated_again(
    programs: Programs, recording: Recording, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FRISCY_CACHE", str(tmp_path))
    files = opened_files(programs)
    places = place(files, recording, everything=False)
    said: list[str] = []

    def translated() -> list[tuple[int, int, bytes]]:
        found = Translator(files, scope="touched").translate(
            places, recording, lambda what, *_: said.append(what)
        )
        return [(each.ninstructions, each.nbytes, wasm) for each in found for wasm, _ in each.modules]

    first = translated()
    assert [nbytes for _, nbytes, _ in first] == [len(wasm) for _, _, wasm in first]
    assert all(ninstructions > 100 for ninstructions, _, _ in first)
    assert set(said) == {"/bin/bare"}
    said.clear()
    assert translated() == first
    assert said == []
    (kept,) = (tmp_path / "translated").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])  # damaged: made again
    assert translated() == first
    assert said


def test_go_programs_get_precise_faults(bare: bytes, tmp_path: Path) -> None:
    assert translate_module.is_go(bare) is False
    program, section = tmp_path / "program", tmp_path / "section"
    program.write_bytes(bare)
    section.write_bytes(b"go")
    objcopy = require_tool("riscv64-linux-gnu-objdump").replace("objdump", "objcopy")
    subprocess.run([objcopy, "--add-section", f".go.buildinfo={section}", program], check=True)
    assert translate_module.is_go(program.read_bytes()) is True


def test_a_dask_cluster_takes_the_jobs(programs: Programs, recording: Recording) -> None:
    files = opened_files(programs)
    places = place(files, recording, everything=True)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        executor(cluster.scheduler_address.replace("tcp://", "dask://")) as jobs,
    ):
        assert len(cluster.workers) == 2
        (there,) = _uncached(files, jobs).translate(places, recording, lambda *_: None)
    with ThreadPoolExecutor(1) as here:
        (made_here,) = _uncached(files, here).translate(places, recording, lambda *_: None)
        assert made_here.modules == there.modules


def _uncached(files: Files, jobs: object) -> Translator:
    translator = Translator(files, scope="touched", executor=lambda: jobs)  # type: ignore[arg-type, return-value]
    translator.cache = None
    return translator


def test_a_cluster_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("friscy_build.translation.executor._SECONDS", 1)
    with pytest.raises(FriscyError, match="no Dask cluster at 127"), executor("dask://127.0.0.1:1"):
        pass


def test_a_function_is_explained(programs: Programs) -> None:
    bundle = open_bundle(programs.translate([["/bin/bare", "waits"]]))
    (fib,) = explain(bundle, "fib")
    assert (fib.path, fib.name) == ("/bin/bare", "fib")
    assert any("jal     ra" in line.expandtabs(8) for line in fib.guest)
    assert "define void @guest.fib()" in " ".join(fib.ir)
    assert f"  tail call void @code_{fib.entry:x}()" in fib.ir
    assert f"{fib.entry:x}:" in fib.wasm
    assert any(f"call ${fib.entry:x}.direct" in line for line in fib.wasm)
    assert len(fib.text(120)) > 10
    assert all(len(line) <= 120 for line in fib.text(120))
    assert "<pre>" in fib.page()
    assert explain(bundle, hex(fib.entry)) == [fib]
    with pytest.raises(UsageError, match="no function nothing in /bin/bare"):
        explain(bundle, "nothing")
    with pytest.raises(UsageError, match="has no translated code"):
        explain(open_bundle(programs.interpreted), "fib")
    assert bundle.has(CODE)
    assert Run(opened(Path(bundle.directory)), ["/bin/copy", "waits"]).output == "slept 165\n"
