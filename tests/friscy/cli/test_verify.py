"""friscy inspect --verify: damage anywhere in a bundle is found, named, and ends with status 2."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from friscy.bundle import CHUNKS, INDEX, INTERPRETER, MANIFEST, SNAPSHOT
from friscy_build.bundle import encode_manifest

Friscy = Callable[..., tuple[int, str, str]]
FILES = (MANIFEST, INDEX, CHUNKS, INTERPRETER, SNAPSHOT)


def refused(friscy: Friscy, bundle: Path, name: str) -> str:
    """What --verify says of damage in the file `name`."""
    status, _, err = friscy("inspect", "--verify", bundle)
    assert status == 2, f"{name}: accepted"
    assert err.startswith(f"friscy: {bundle / name}"), err
    assert len(err.splitlines()) <= 2
    return err


def adopt(bundle: Path) -> None:
    """Make the manifest agree with the files as they are now, so that only their own checks stand."""
    from hashlib import sha256

    manifest = json.loads((bundle / MANIFEST).read_bytes())
    for name, entry in manifest["files"].items():
        data = (bundle / name).read_bytes()
        entry.update(size=len(data), sha256=sha256(data).hexdigest())
    (bundle / MANIFEST).write_bytes(encode_manifest(manifest))


def test_whole_bundle(friscy: Friscy, made_bundle: Path) -> None:
    status, out, err = friscy("inspect", "--verify", made_bundle)
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == list(FILES)
    told = json.loads(friscy("inspect", "--verify", "--json", made_bundle)[1])
    assert told["ok"] is True
    assert [each["file"] for each in told["files"]] == list(FILES)
    assert [each["bytes"] for each in told["files"]] == [
        (made_bundle / name).stat().st_size for name in FILES
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_truncation(friscy: Friscy, own_bundle: Path, name: str) -> None:
    path = own_bundle / name
    data = path.read_bytes()
    generator = random.Random(name)
    lengths = {0, 1, len(data) // 2, len(data) - 1, *(generator.randrange(len(data)) for _ in range(12))}
    for length in sorted(lengths):
        path.write_bytes(data[:length])
        refused(friscy, own_bundle, name)
    path.write_bytes(data + b"\0")
    refused(friscy, own_bundle, name)


@pytest.mark.parametrize("name", FILES)
def test_bit_flips(friscy: Friscy, own_bundle: Path, name: str) -> None:
    path = own_bundle / name
    data = bytearray(path.read_bytes())
    generator = random.Random(name)
    bits = {0, 8 * len(data) - 1, *(generator.randrange(8 * len(data)) for _ in range(40))}
    for bit in sorted(bits):
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        refused(friscy, own_bundle, name)
        data[bit // 8] ^= 1 << bit % 8


@pytest.mark.parametrize("name", [INDEX, CHUNKS, INTERPRETER, SNAPSHOT])
def test_bit_flips_that_the_manifest_vouches_for(friscy: Friscy, own_bundle: Path, name: str) -> None:
    """The files' own digests hold without the manifest's, except a module's, which is only checked to be valid."""
    path = own_bundle / name
    data = bytearray(path.read_bytes())
    generator = random.Random(name)
    bits = range(64) if name == INTERPRETER else [generator.randrange(8 * len(data)) for _ in range(40)]
    for bit in bits:
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        adopt(own_bundle)
        status, _, err = friscy("inspect", "--verify", own_bundle)
        assert status == 2, f"bit {bit} of {name}"
        # a chunk's damage may show as the snapshot's or the index's disagreement with the file beside it
        assert err.startswith(f"friscy: {own_bundle}/"), err
        data[bit // 8] ^= 1 << bit % 8


@pytest.mark.parametrize("name", [INDEX, CHUNKS, INTERPRETER, SNAPSHOT])
def test_missing_files(friscy: Friscy, own_bundle: Path, name: str) -> None:
    (own_bundle / name).unlink()
    status, _, err = friscy("inspect", "--verify", own_bundle)
    assert status == 2
    assert name in err
    assert "doit bundle" in err


@pytest.mark.parametrize("name", [INDEX, CHUNKS, INTERPRETER, SNAPSHOT])
def test_directory_in_place_of_a_file(friscy: Friscy, own_bundle: Path, name: str) -> None:
    path = own_bundle / name
    path.unlink()
    path.mkdir()
    manifest = json.loads((own_bundle / MANIFEST).read_bytes())
    manifest["files"][name]["size"] = path.stat().st_size
    (own_bundle / MANIFEST).write_bytes(encode_manifest(manifest))
    refused(friscy, own_bundle, name)


def test_snapshot_of_another_image(friscy: Friscy, own_bundle: Path) -> None:
    """A bundle put together from parts that are whole, but do not belong together."""
    with open(own_bundle / INTERPRETER, "ab") as file:
        file.write(b"\0\2\1x")  # an empty custom section: still a valid module
    adopt(own_bundle)
    assert "made with this interpreter.wasm" in refused(friscy, own_bundle, SNAPSHOT)


def test_not_a_bundle(friscy: Friscy, tmp_path: Path) -> None:
    for words in ([tmp_path], [tmp_path / "nowhere"], ["--verify", tmp_path]):
        status, _, err = friscy("inspect", *words)
        assert status == 2
        assert "not a bundle" in err
        assert "doit bundle" in err
