"""Writing bundles: what is put in place, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from friscy.bundle import open_bundle
from friscy_build import bundle as writer
from friscy_build.bundle import describe, write_bundle
from lazyfs.errors import FormatError, FriscyError


def manifest(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": "app",
        "config": {
            "Entrypoint": ["/bin/é"],
            "Cmd": ["-c", "x"],
            "Env": ["A=b c"],
            "WorkingDir": "/srv",
            "User": "1:2",
        },
        "image_digest": "sha256:" + "0" * 64,
        "origin": "tar:x",
        "index_digest": "ab" * 32,
        "memory": 1 << 28,
        "snapshot_at": "entry",
        "tools": {"friscy": "1"},
    }
    return describe(**values | changes)


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Path]:
    names = ("rootfs.idx", "rootfs.chunks", "interpreter.wasm", "modules/libc.wasm")
    found = {}
    for name in names:
        found[name] = tmp_path / "parts" / name.replace("/", "-")
        found[name].parent.mkdir(exist_ok=True)
        found[name].write_bytes(name.encode() * 50)
    return found


def test_what_is_written_is_read(tmp_path: Path, parts: dict[str, Path]) -> None:
    write_bundle(tmp_path / "out" / "app", manifest(), parts)
    bundle = open_bundle(tmp_path / "out" / "app")
    assert bundle.argv == ["/bin/é", "-c", "x"]
    assert (bundle.name, bundle.cwd, bundle.user, bundle.memory, bundle.snapshot_at) == (
        "app", "/srv", "1:2", 1 << 28, "entry",
    )  # fmt: skip
    assert bundle.env == [f"PATH={writer.DEFAULT_PATH}", "A=b c"]
    assert bundle.index_digest == b"\xab" * 32
    assert bundle.read("modules/libc.wasm") == b"modules/libc.wasm" * 50
    assert Path(bundle.path("rootfs.idx")).read_bytes() == parts["rootfs.idx"].read_bytes()
    assert not bundle.has("snapshot.bin")
    bundle.verify()


def test_equal_parts_make_equal_bytes(tmp_path: Path, parts: dict[str, Path]) -> None:
    for name in ("a", "b"):
        write_bundle(tmp_path / name, manifest(), parts)
    assert (tmp_path / "a" / "manifest.json").read_bytes() == (tmp_path / "b" / "manifest.json").read_bytes()
    json.loads((tmp_path / "a" / "manifest.json").read_bytes())


def test_an_image_without_settings() -> None:
    made = manifest(config={})
    assert made["process"] == {
        "entrypoint": [], "cmd": [], "env": [f"PATH={writer.DEFAULT_PATH}"], "cwd": "/", "user": "",
    }  # fmt: skip
    assert manifest(config={"Env": ["PATH=/x"], "User": None})["process"]["env"] == ["PATH=/x"]


def test_a_bundle_is_replaced_whole(tmp_path: Path, parts: dict[str, Path]) -> None:
    write_bundle(tmp_path / "app", manifest(), parts)
    with open(tmp_path / "app" / "rootfs.idx", "rb") as old:
        parts.pop("modules/libc.wasm")
        parts["rootfs.idx"].write_bytes(b"new")
        write_bundle(tmp_path / "app", manifest(name="second"), parts)
        assert old.read() == b"rootfs.idx" * 50
    assert open_bundle(tmp_path / "app").name == "second"
    assert sorted(each.name for each in (tmp_path / "app").iterdir()) == [
        "interpreter.wasm", "manifest.json", "rootfs.chunks", "rootfs.idx",
    ]  # fmt: skip
    assert sorted(each.name for each in tmp_path.iterdir()) == ["app", "parts"]


def test_something_else_is_not_replaced(tmp_path: Path, parts: dict[str, Path]) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "precious").write_text("x")
    with pytest.raises(FriscyError, match="not a bundle, so it is not replaced"):
        write_bundle(tmp_path / "home", manifest(), parts)
    with pytest.raises(FriscyError, match="not a bundle"):
        write_bundle(tmp_path / "home" / "precious", manifest(), parts)
    assert (tmp_path / "home" / "precious").read_text() == "x"
    (tmp_path / "empty").mkdir()
    write_bundle(tmp_path / "empty", manifest(), parts)


def test_a_part_that_changed_is_refused(tmp_path: Path, parts: dict[str, Path]) -> None:
    write_bundle(tmp_path / "app", manifest(), parts)
    with pytest.raises(FormatError, match=r"rootfs\.chunks: expected content with sha256 00"):
        write_bundle(tmp_path / "app", manifest(name="second"), parts, {"rootfs.chunks": "00" * 32})
    assert open_bundle(tmp_path / "app").name == "app"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["app", "parts"]


class Interrupted(BaseException):
    """Stands for Ctrl-C."""


@pytest.mark.parametrize("name", ["_copy", "encode_manifest", "_swap"])
def test_an_interrupted_build_changes_nothing(
    tmp_path: Path, parts: dict[str, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise Interrupted

    write_bundle(tmp_path / "app", manifest(), parts)
    monkeypatch.setattr(writer, name, stop)
    with pytest.raises(Interrupted):
        write_bundle(tmp_path / "app", manifest(name="second"), parts)
    assert open_bundle(tmp_path / "app").name == "app"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["app", "parts"]


def test_a_failed_swap_puts_the_old_bundle_back(
    tmp_path: Path, parts: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bundle(tmp_path / "app", manifest(), parts)
    rename = writer.os.rename

    def fail(source: Path, target: Path) -> None:
        if Path(target) == tmp_path / "app" and Path(source).name != "bundle":
            raise OSError("no")
        rename(source, target)

    monkeypatch.setattr(writer.os, "rename", fail)
    with pytest.raises(OSError, match="no"):
        write_bundle(tmp_path / "app", manifest(name="second"), parts)
    assert open_bundle(tmp_path / "app").name == "app"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["app", "parts"]
