"""friscy lint: every finding with its place, all of them at once, and silence where nothing is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Friscy = Callable[..., tuple[int, str, str]]
GOOD = (
    '[bundle.app]\ndockerfile = "Dockerfile"\n\n[images.base]\ndebian = { suite = "s", packages = ["pp"] }\n'
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "friscy.toml").write_text(GOOD)
    (tmp_path / "Dockerfile").write_text('FROM base AS one\nCOPY file dir/* /\nFROM one\nCMD ["x"]\n')
    (tmp_path / "file").write_text("")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "inside").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_wrong(project: Path, friscy: Friscy) -> None:
    assert friscy("lint") == (0, "", "")


def findings(friscy: Friscy) -> list[str]:
    """The lines of the findings without their hints."""
    status, out, err = friscy("lint")
    assert (status, err) == (1, "")
    return [line for line in out.splitlines() if not line.startswith("  ")]


def test_all_that_is_wrong_in_the_toml(project: Path, friscy: Friscy) -> None:
    (project / "friscy.toml").write_text(
        GOOD + "[bundle.b]\nimage = 5\n[bundle.app.machine]\nmemry = 1\n[other]\n"
    )
    assert findings(friscy) == [
        "friscy.toml:7: bundle.b.image: expected a string, got 5",
        "friscy.toml:9: bundle.app.machine.memry: unknown key",
        "friscy.toml:10: other: unknown key",
    ]
    (project / "friscy.toml").write_text("[bundle.app\n")
    assert findings(friscy)[0].startswith("friscy.toml:1:12: ")


def test_all_that_is_wrong_in_a_dockerfile(project: Path, friscy: Friscy) -> None:
    (project / "Dockerfile").write_text("FROM base\nCOPY\nNONSENSE x\nENV A=1\nEXPOSE\n")
    found = findings(friscy)
    assert [line.partition(": ")[0] for line in found] == ["Dockerfile:2", "Dockerfile:3", "Dockerfile:5"]


def test_what_a_build_would_stumble_over(project: Path, friscy: Friscy) -> None:
    (project / "Dockerfile").write_text(
        "FROM base\nCOPY gone /\nCOPY --from=other /x /\nCOPY ${later} file /\nCOPY ../out no*such /\nFROM unknown:1\n"
        "COPY --from=0 / /\n"
    )
    found = findings(friscy)
    assert [line.partition(": ")[0] for line in found] == [f"Dockerfile:{n}" for n in (2, 3, 5, 5, 6)]
    assert "gone is not in the context" in found[0]
    assert "nothing says where other comes from" in found[1]
    assert "nothing says where unknown:1 comes from" in found[4]


def test_what_has_no_effect(project: Path, friscy: Friscy) -> None:
    (project / "friscy.toml").write_text(GOOD + '[images."never:1"]\noci = "gone"\n')
    (project / "Dockerfile").write_text(
        'FROM base AS a\nCMD ["1"]\nFROM base\nMAINTAINER me\nCMD ["2"]\nENTRYPOINT ["e"]\nCMD ["3"]\n'
    )
    found = findings(friscy)
    assert [line.split(": ")[0] for line in found] == [f"Dockerfile:{n}" for n in (1, 4, 5)]
    assert "no bundle needs stage a" in found[0]
    assert "the CMD on line 7 replaces it" in found[2]
    (project / "Dockerfile").write_text("FROM base\n")
    assert findings(friscy) == ['friscy.toml:6: images."never:1": no bundle uses it']


def test_files_that_are_not_there(project: Path, friscy: Friscy) -> None:
    (project / "friscy.toml").write_text(
        '[bundle.app]\ndockerfile = "Dockerfile"\n[bundle.b]\nimage = "tar:gone.tar"\n'
        '[images.base]\noci = "none"\n[bundle.c]\ndockerfile = "missing/Dockerfile"\n'
    )
    found = findings(friscy)
    assert [line.partition(": ")[0] for line in found] == [
        "friscy.toml:4",
        "friscy.toml:5",
        "missing/Dockerfile",
    ]
    assert "gone.tar" in found[0]


def test_a_damaged_lock(project: Path, friscy: Friscy) -> None:
    (project / "friscy.lock").write_text("version = 3\n")
    assert findings(friscy) == ["friscy.lock: version 3, and this friscy reads version 2"]


def test_what_cannot_be_read_is_an_error(project: Path, friscy: Friscy) -> None:
    os.unlink("friscy.toml")
    status, out, err = friscy("lint")
    assert (status, out) == (2, "")
    assert "friscy.toml: cannot be read" in err
