"""friscy pack: an image becomes a bundle that runs, translated where that is asked for."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from required_tools import require_tool
from run_support import environment

from friscy.bundle import CODE, SNAPSHOT, open_bundle
from friscy.cli.main import main

PROGRAM = """
static long call(long n, long a, long b, long c)
{
    register long a7 asm("a7") = n, a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c;
    asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}
void _start(void) { call(64, 1, (long)"packed\\n", 7); call(93, 3, 0, 0); }
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    source, program = tmp_path / "program.c", tmp_path / "program"
    source.write_text(PROGRAM)
    compiler = require_tool("riscv64-linux-gnu-gcc")
    subprocess.run([compiler, "-O1", "-static", "-nostdlib", "-o", program, source], check=True)
    archive = tmp_path / "image.tar"
    with tarfile.open(archive, "w") as tar:
        member = tarfile.TarInfo("bin/sh")
        member.size, member.mode = program.stat().st_size, 0o755
        tar.addfile(member, io.BytesIO(program.read_bytes()))
    return archive


@pytest.mark.parametrize("options", [[], ["--aot"], ["--aot", "--scope", "all"]])
def test_a_packed_image_runs(
    image: Path, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # the second takes the place of the first
        assert main(["pack", "tar:image.tar", "--output", "out/app", "--snapshot", "none", *options]) == 0
    bundle = open_bundle(tmp_path / "out" / "app")
    assert bundle.has(CODE) is bool(options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.tar", "out", "program", "program.c"]
    command = [sys.executable, "-m", "friscy.cli.main", "run", "out/app", "--entrypoint", "/bin/sh"]
    if "all" in options:
        command.append("--engine=aot")
    done = subprocess.run(command, env=environment(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"packed\n", b"")


def test_a_command_for_an_image_without_one(image: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, output = f"tar:{image}", tmp_path / "app"
    pack = ["pack", source, "-o", str(output)]
    assert main([*pack, "--aot"]) == 0  # no command, so no snapshot, and nothing that ran
    assert "nothing is translated, for no program of the image ran" in "".join(capfd.readouterr())
    assert not open_bundle(output).has(SNAPSHOT)
    assert main([*pack, "--aot", "--warm-up", "/bin/sh 'two words'"]) == 0
    assert "instructions of 1 file translated" in "".join(capfd.readouterr())
    assert main([*pack, "--entrypoint", "/bin/sh", "--", "-c", "true"]) == 0
    assert open_bundle(output).has(SNAPSHOT)
    assert main(["run", str(output)]) == 3
    assert capfd.readouterr().out.endswith("packed\n")

    assert main([*pack, "--snapshot", "entry"]) == 2
    assert "the image has no command that a snapshot could be taken of" in "".join(capfd.readouterr())
    for option in (["--scope", "all"], ["--warm-up", "/bin/sh"], ["--faults", "fast"]):
        assert main([*pack, *option]) == 2
        assert f"friscy: {option[0]} says what --aot is to do" in capfd.readouterr().err
    for command in ("", '/bin/sh "'):
        assert main([*pack, "--aot", "--warm-up", command]) == 2
        assert "friscy: --warm-up" in capfd.readouterr().err
    assert main(["run", str(output)]) == 3  # which none of them has touched


def test_what_cannot_be_packed_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "friscy.cli.main", "pack", "tar:none.tar", "--output", "app"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"no image source is there: {tmp_path}/none.tar" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert main(["pack", "ftp://image", "--output", f"{tmp_path}/app"]) == 2
    assert "friscy: ftp://image: no transport that friscy knows" in capsys.readouterr().err
