"""`friscy build`: the same tasks as `doit bundle`, without a dodo.py, from anywhere."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from friscy.bundle import open_bundle
from friscy_build.command import run_tasks

PROJECT = """\
[bundle.app]
image = "tar:base.tar"
[bundle.app.snapshot]
at = "none"
[bundle.broken]
dockerfile = "Dockerfile"
"""


def friscy(directory: Path, *words: str, status: int = 0) -> str:
    """Run `friscy build`; its whole output."""
    command = [sys.executable, "-m", "friscy.cli.main", "build", *words]
    done = subprocess.run(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == status, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "friscy.toml").write_text(PROJECT)
    (tmp_path / "Dockerfile").write_text("FROM unheard-of\n")
    (tmp_path / "tool").write_bytes(b"tool")
    with tarfile.open(tmp_path / "base.tar", "w") as archive:
        archive.add(tmp_path / "tool", "bin/tool")
    (tmp_path / "elsewhere").mkdir()
    return tmp_path


def test_builds_one_bundle_once(project: Path) -> None:
    out = friscy(project / "elsewhere", "-f", "../friscy.toml", "app")
    assert ".  bundle:app" in out
    open_bundle(project / "build" / "app").verify()
    assert ".  bundle:app" not in friscy(project, "app"), "it is up to date, wherever it is asked for"
    (project / "dodo.py").write_text("from friscy_build.tasks import friscy_tasks\nfriscy_tasks(globals())\n")
    done = subprocess.run(
        [sys.executable, "-m", "doit", "bundle:app"], cwd=project, capture_output=True, text=True, check=True
    )
    assert ".  bundle:app" not in done.stdout, "doit knows what friscy built"


def test_failure_names_the_cause(project: Path) -> None:
    out = friscy(project, "broken", status=2)
    assert "nothing says where unheard-of comes from" in out
    assert '[images."unheard-of"]' in out


def test_errors_before_anything_is_built(project: Path) -> None:
    assert "did you mean 'app'" in friscy(project, "ap", status=2)
    assert "nowhere.toml" in friscy(project, "-f", "nowhere.toml", status=2)
    (project / "friscy.toml").write_text("[bundle.app]\nimag = 1\n")
    out = friscy(project, status=2)
    assert "friscy.toml" in out
    assert "image" in out
    assert not (project / "build").exists()
    assert not list(project.glob(".doit*"))


def test_output_goes_where_stdout_is_now(tmp_path: Path) -> None:
    tasks = {"task_each": lambda: {"actions": [lambda: None]}}
    for turn in "first", "second":
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert run_tasks(tasks, ["each"], dep_file=str(tmp_path / turn)) == 0
        assert out.getvalue() == ".  each\n"
        out.close()
