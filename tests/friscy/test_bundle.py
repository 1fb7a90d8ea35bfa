"""Opening bundles: damage of every kind gives one error that names the file."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from friscy.bundle import CHECKSUM_AT, Bundle, BundleError, manifest_checksum, open_bundle
from lazyfs.errors import FormatError, FriscyError

NAMES = ("rootfs.idx", "rootfs.chunks", "interpreter.wasm", "snapshot.bin")


def encode(manifest: dict[str, Any]) -> bytes:
    """A manifest with a right checksum, whatever it says."""
    data = json.dumps({"crc32": "00000000", **manifest}, indent=1).encode()
    return data.replace(b"00000000", manifest_checksum(data), 1)


@pytest.fixture
def contents(tmp_path: Path) -> dict[str, Any]:
    """A bundle in tmp_path; the fixture is its manifest."""
    from hashlib import sha256

    files = {}
    for name in NAMES:
        data = name.encode() * 3
        (tmp_path / name).write_bytes(data)
        files[name] = {"size": len(data), "sha256": sha256(data).hexdigest()}
    manifest = {
        "format": "friscy-bundle",
        "version": 2,
        "name": "app",
        "process": {"entrypoint": ["/bin/app"], "cmd": ["x"], "env": ["PATH=/bin"], "cwd": "/", "user": ""},
        "machine": {"memory": 65536},
        "snapshot": {"at": "entry"},
        "image": {"origin": "here", "digest": "sha256:0", "config": {"Labels": {"a": "b"}}},
        "rootfs": {"index_digest": "01" * 32},
        "tools": {},
        "files": files,
        "of a later version": [1, 2],
    }
    (tmp_path / "manifest.json").write_bytes(encode(manifest))
    return manifest


def test_open(tmp_path: Path, contents: dict[str, Any]) -> None:
    bundle = open_bundle(str(tmp_path))
    assert isinstance(bundle, Bundle)
    assert (bundle.argv, bundle.env, bundle.cwd, bundle.user) == (["/bin/app", "x"], ["PATH=/bin"], "/", "")
    assert (bundle.memory, bundle.snapshot_at, bundle.index_digest) == (65536, "entry", b"\x01" * 32)
    assert bundle.image_config == {"Labels": {"a": "b"}}
    assert bundle.path("rootfs.idx") == str(tmp_path / "rootfs.idx")
    assert bundle.files["snapshot.bin"].size == 36
    assert bundle.read("snapshot.bin") == b"snapshot.bin" * 3
    with pytest.raises(BundleError, match=r"no modules/x\.wasm"):
        bundle.path("modules/x.wasm")
    bundle.verify()


def test_no_bundle(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(BundleError, match=r"not a bundle(.|\n)*doit bundle"):
            open_bundle(path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="not a bundle"):
        open_bundle(tmp_path / "file")


@pytest.mark.usefixtures("contents")
def test_every_truncation_of_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(FormatError, match=r"manifest\.json"):
            open_bundle(tmp_path)


@pytest.mark.usefixtures("contents")
def test_every_bit_flip_of_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    data = path.read_bytes()
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << (at % 8)
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"manifest\.json"):
            open_bundle(tmp_path)


@pytest.mark.usefixtures("contents")
@pytest.mark.parametrize("name", NAMES)
def test_missing_and_cut_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = path.read_bytes()
    for content in (data[:-1], data + b"x", b""):
        path.write_bytes(content)
        with pytest.raises(FormatError, match=name):
            open_bundle(tmp_path)
    path.unlink()
    with pytest.raises(BundleError, match=rf"missing \({name}"):
        open_bundle(tmp_path)


@pytest.mark.usefixtures("contents")
@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_found_when_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    damaged = bytearray(path.read_bytes())
    damaged[random.Random(6).randrange(len(damaged))] ^= 4
    path.write_bytes(damaged)
    bundle = open_bundle(tmp_path)
    with pytest.raises(FormatError, match=name):
        bundle.read(name)
    with pytest.raises(FormatError, match=name):
        bundle.verify()


def put(*keys: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (put("name", value=1), "a string for name"),
        (put("process", value=[]), "an object for process"),
        (put("process", "cmd", value="x"), r"a list of strings for process\.cmd"),
        (put("process", "env", value=[1]), r"a list of strings for process\.env"),
        (put("machine", "memory", value=True), r"a number for machine\.memory"),
        (put("machine", "memory", value=-1), r"machine\.memory"),
        (put("rootfs", "index_digest", value="xyz"), r"64 hex digits for rootfs\.index_digest"),
        (put("files", value={}), r"rootfs\.idx among the files"),
        (put("files", "../../etc/passwd", value={"size": 1, "sha256": "0" * 64}), "name of a file"),
        (put("files", "/etc/passwd", value={"size": 1, "sha256": "0" * 64}), "name of a file"),
        (put("files", "rootfs.idx", value={"size": 30}), "sha256"),
        (put("files", "rootfs.idx", "piece_bytes", value=-1), "piece_bytes"),
        (put("files", "snapshot.bin", "piece_bytes", value=4096), r"snapshot\.bin as one file"),
        (put("rootfs", "working_sets", value=[]), r"an object for rootfs\.working_sets"),
        (put("rootfs", "working_sets", value={"start": {}}), r"working_sets\.start\.index_pages"),
        (put("rootfs", "working_sets", value={"start": {"index_pages": [[1]], "chunk_bytes": 1}}), "pairs of numbers"),
        (put("rootfs", "working_sets", value={"start": {"index_pages": [[1, -1]], "chunk_bytes": 1}}), "pairs"),
        (put("rootfs", "working_sets", value={"start": {"index_pages": [], "chunk_bytes": "x"}}), "a number for"),
        (put("image", value=None), "an object for image"),
    ],
)
def test_a_manifest_of_the_wrong_shape(
    tmp_path: Path, contents: dict[str, Any], change: Callable[[dict[str, Any]], None], told: str
) -> None:
    change(contents)
    (tmp_path / "manifest.json").write_bytes(encode(contents))
    with pytest.raises(FormatError, match=rf"manifest\.json: expected .*{told}"):
        open_bundle(tmp_path)


@pytest.mark.parametrize(("key", "value"), [("version", 1), ("format", "other"), ("version", None)])
def test_another_version(tmp_path: Path, contents: dict[str, Any], key: str, value: object) -> None:
    contents[key] = value
    (tmp_path / "manifest.json").write_bytes(encode(contents))
    with pytest.raises(BundleError, match="this friscy reads friscy-bundle version 2"):
        open_bundle(tmp_path)


def test_right_checksums_over_what_is_no_object(tmp_path: Path) -> None:
    for text in (CHECKSUM_AT + '00000000"', CHECKSUM_AT + '00000000", "a": ' + "[" * 50_000):
        data = text.encode()
        (tmp_path / "manifest.json").write_bytes(data.replace(b"00000000", manifest_checksum(data), 1))
        with pytest.raises(FormatError, match=r"manifest\.json: expected JSON"):
            open_bundle(tmp_path)


@pytest.mark.usefixtures("contents")
def test_opening_loads_no_openssl(tmp_path: Path) -> None:
    code = (
        "import sys; from friscy.bundle import open_bundle; import friscy.bundle; "
        "assert 'json' not in sys.modules; open_bundle(sys.argv[1]); "
        "bad = {'hashlib', '_hashlib', 'argparse', 'dataclasses', 'inspect', 'pathlib'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-S", "-c", code, tmp_path], check=True, cwd=Path(__file__).parents[2])


def test_errors_are_for_the_user() -> None:
    assert issubclass(BundleError, FriscyError)
