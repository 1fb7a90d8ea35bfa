"""`doit bundle` as a user runs it: what is built, what is left alone, and what errors look like."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from friscy.bundle import open_bundle
from friscy_build.fingerprint import ROOT

DODO = "from friscy_build.tasks import friscy_tasks\nfriscy_tasks(globals())\n"
PROJECT = """\
[bundle.app]
dockerfile = "Dockerfile"
context = "src"
[bundle.app.snapshot]
at = "none"
[bundle.app.aot]
scope = "touched"

[images.base]
tar = "base.tar"
"""
DOCKERFILE = 'FROM base\nCOPY app.txt /app/\nENV A=1\nWORKDIR /app\nENTRYPOINT ["/bin/tool"]\nCMD ["x"]\n'


class Project:
    """A project directory and its `doit`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "src").mkdir()
        (root / "src" / "app.txt").write_text("hello")
        (root / "src" / "other.txt").write_text("not copied")
        (root / "Dockerfile").write_text(DOCKERFILE)
        (root / "friscy.toml").write_text(PROJECT)
        (root / "dodo.py").write_text(DODO)
        self.base(b"tool")

    def base(self, content: bytes) -> None:
        (self.root / "tool").write_bytes(content)
        with tarfile.open(self.root / "base.tar", "w") as archive:
            archive.add(self.root / "tool", "bin/tool")

    def doit(self, *arguments: str, status: int = 0) -> str:
        """Run doit; its whole output."""
        result = subprocess.run(
            [sys.executable, "-m", "doit", *arguments], cwd=self.root, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        assert result.returncode == status, result.stdout
        return result.stdout

    def ran(self, *arguments: str) -> list[str]:
        """The tasks that `doit bundle` ran."""
        lines = self.doit(*(arguments or ("bundle",))).splitlines()
        return [line[3:] for line in lines if line.startswith(".  ")]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_bundle_is_built_and_then_left_alone(project: Project) -> None:
    assert project.ran() == ["interpreter", "image:app", "rootfs:app", "record:app", "aot:app", "bundle:app"]
    output = project.root / "build" / "app"
    bundle = open_bundle(output)
    assert (bundle.argv, bundle.cwd, bundle.env[-1]) == (["/bin/tool", "x"], "/app", "A=1")
    assert bundle.read("interpreter.wasm")[:4] == b"\0asm"
    bundle.verify()
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in output.iterdir()}

    assert project.ran() == []
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in output.iterdir()} == before

    # Content decides: none of these changes it.
    for name in ("Dockerfile", "friscy.toml", "base.tar", "src/app.txt", "dodo.py"):
        os.utime(project.root / name, (1, 1))
    (project.root / "src" / "other.txt").write_text("still not copied")
    (project.root / "friscy.toml").write_text("# a comment\n" + PROJECT)
    assert project.ran() == []
    assert project.ran("bundle:app") == []

    (project.root / "src" / "app.txt").write_text("changed")
    assert project.ran() == ["rootfs:app", "record:app", "aot:app", "bundle:app"]
    project.base(b"another tool")
    assert "rootfs:app" in project.ran()
    (project.root / "Dockerfile").write_text(DOCKERFILE.replace("A=1", "A=2"))
    assert project.ran() == ["rootfs:app", "record:app", "aot:app", "bundle:app"]
    assert open_bundle(output).env[-1] == "A=2"
    (project.root / "friscy.toml").write_text(PROJECT + '[bundle.app.machine]\nmemory = "64MiB"\n')
    assert project.ran() == ["record:app", "bundle:app"]
    assert open_bundle(output).memory == 64 << 20

    (output / "rootfs.idx").unlink()
    assert project.ran() == ["bundle:app"]
    with open(output / "manifest.json", "r+b") as file:
        file.truncate(100)
    assert project.ran() == ["bundle:app"]
    open_bundle(output).verify()
    shutil.rmtree(output)
    assert project.ran() == ["bundle:app"]
    assert project.ran() == []

    # The command knows what doit knows.
    build = [
        sys.executable,
        "-c",
        "import sys; from friscy_build.command import build; sys.exit(build('friscy.toml', ['app']))",
    ]
    result = subprocess.run(build, cwd=project.root, check=True, capture_output=True, text=True)
    assert ".  " not in result.stdout

    project.doit("clean", "-a")
    assert not output.exists()
    assert project.ran() == ["interpreter", "rootfs:app", "record:app", "aot:app", "bundle:app"]


def test_parts_that_were_tampered_with_are_not_bundled(project: Project) -> None:
    project.doit("rootfs", "interpreter")
    chunks = project.root / "build" / ".parts" / "app" / "rootfs.chunks"
    data = bytearray(chunks.read_bytes())
    data[-1] ^= 1
    chunks.write_bytes(data)
    told = project.doit("bundle", status=2)
    assert "rootfs.chunks: expected content with sha256" in told
    assert "Traceback" not in told
    assert not (project.root / "build" / "app").exists()


def test_errors_are_lines_and_not_tracebacks(project: Project) -> None:
    def told(name: str, text: str) -> str:
        path = project.root / name
        before = path.read_text()
        path.write_text(text)
        output = project.doit("bundle:app", status=2)
        path.write_text(before)
        assert "Traceback" not in output
        return output

    assert "friscy.toml:1" in told("friscy.toml", "[bundle.app\n")
    assert "Dockerfile:2: COPY missing /" in told("Dockerfile", "FROM base\nCOPY missing /\n")
    assert "nothing says where unknown" in told("Dockerfile", "FROM unknown\n")
    assert "Dockerfile:2" in told("Dockerfile", "FROM base\nRUN true\n")
    assert "base.tar" in told("base.tar", "no tar at all")
    (project.root / "base.tar").unlink()
    output = project.doit("bundle", status=2)
    assert "no image source is there" in output
    assert "Traceback" not in output


def test_bundles_are_independent(project: Project) -> None:
    second = (
        '\n[bundle.second]\nimage = "tar:absent.tar"\noutput = "dist/second"\nsnapshot = { at = "none" }\n'
    )
    (project.root / "friscy.toml").write_text(PROJECT + second)
    assert project.ran("bundle:app")[-1] == "bundle:app"
    assert "absent.tar" in project.doit("bundle:second", status=2)
    (project.root / "base.tar").rename(project.root / "absent.tar")
    project.base(b"tool")
    ran = project.ran("bundle:second")
    assert ran == [f"{kind}:second" for kind in ("image", "rootfs", "record", "aot", "bundle")]
    assert open_bundle(project.root / "dist" / "second").origin == "tar:absent.tar"


def test_the_snapshot_is_one_task_and_none_without(project: Project) -> None:
    assert "snapshot:app" not in project.doit("list", "--all")
    (project.root / "friscy.toml").write_text(PROJECT.replace('at = "none"', 'at = "entry"'))
    assert "snapshot:app" in project.doit("list", "--all")


def test_the_example_of_another_project(tmp_path: Path) -> None:
    for path in (ROOT / "examples" / "embed").iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy(path, tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "doit"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "build/greeting" in run.stdout.splitlines()[-1]
    assert open_bundle(tmp_path / "build" / "greeting").argv == [
        "hello",
        "--greeting=Hello from another project",
    ]
    timings = json.loads((tmp_path / "build" / ".parts" / "greeting" / "timings.json").read_bytes())
    assert set(timings) == {"interpreter", "image", "rootfs", "record", "aot", "bundle"}
