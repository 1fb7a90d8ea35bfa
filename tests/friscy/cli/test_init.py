"""friscy init: what it writes loads and is what doit takes; nothing is overwritten."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from friscy_build.config import load_config
from friscy_build.starting import bundle_name

Friscy = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("dockerfile", [False, True])
def test_a_new_project_loads(tmp_path: Path, friscy: Friscy, dockerfile: bool) -> None:
    root = tmp_path / "my app"
    if dockerfile:
        root.mkdir()
        (root / "Dockerfile").write_text("FROM scratch\n")
    assert friscy("init", root) == (0, f"{root}/friscy.toml\n{root}/dodo.py\n", "")
    config = load_config(root / "friscy.toml")
    bundle = config.bundles["my-app"]
    assert (bundle.dockerfile is not None) == dockerfile
    assert config.registry.pull == dockerfile
    assert bool(bundle.sources) != dockerfile
    listed = subprocess.run(
        [sys.executable, "-m", "doit", "list", "--all"], cwd=root, check=True, capture_output=True, text=True
    )
    assert "bundle:my-app" in listed.stdout
    assert friscy("lint", "-f", root / "friscy.toml") == (0, "", "")


def test_a_dockerfile_is_built(tmp_path: Path, friscy: Friscy, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    monkeypatch.chdir(tmp_path)
    assert friscy("init")[0] == 0
    done = subprocess.run(
        [sys.executable, "-m", "doit", "rootfs"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["friscy.toml", "dodo.py"])
def test_nothing_is_overwritten(tmp_path: Path, friscy: Friscy, name: str) -> None:
    (tmp_path / name).write_text("mine")
    status, _, err = friscy("init", tmp_path)
    assert status == 2
    assert f"{name}: is there already" in err
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_where_nothing_can_be_written(tmp_path: Path, friscy: Friscy) -> None:
    (tmp_path / "file").write_text("")
    status, _, err = friscy("init", tmp_path / "file" / "below")
    assert status == 2
    assert str(tmp_path / "file") in err


@pytest.mark.parametrize(
    ("name", "bundle"),
    [("app", "app"), ("a b", "a-b"), (".hidden", "hidden"), ("é", "app"), ("v1.2", "v1-2"), ("-x", "x")],
)
def test_names_of_bundles(name: str, bundle: str) -> None:
    assert bundle_name(Path("/tmp") / name) == bundle
