"""The snapshot file: round trip, and every truncation and bit flip refused."""

from __future__ import annotations

import pytest

from lazyfs.errors import FormatError
from snapshot.format import SnapshotFile, write_snapshot

SECTIONS = [("state", b"state " * 50), ("pages:1", bytes(range(256)) * 8), ("empty", b"")]


def read_all(path):
    file = SnapshotFile(path)
    return file.meta, [(name, file.section(name)) for name, _ in SECTIONS], file.identity


def test_round_trip(tmp_path):
    path = tmp_path / "s.bin"
    identity = write_snapshot(path, {"at": "entry", "runs": [[1, 2]]}, SECTIONS)
    assert read_all(path) == ({"at": "entry", "runs": [[1, 2]]}, SECTIONS, identity)
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.bin"]


def test_same_content_same_bytes(tmp_path):
    for name in "ab":
        write_snapshot(tmp_path / name, {"at": "entry"}, SECTIONS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_every_truncation_and_extension_is_refused(tmp_path):
    path = tmp_path / "s.bin"
    write_snapshot(path, {"at": "entry"}, SECTIONS)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match=r"s\.bin"):
            read_all(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(FormatError):
        read_all(path)


def test_every_bit_flip_is_refused(tmp_path):
    path = tmp_path / "s.bin"
    write_snapshot(path, {"at": "entry"}, SECTIONS)
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(FormatError, match=r"s\.bin"):
            read_all(path)


def test_missing_file_and_missing_section(tmp_path):
    with pytest.raises(FormatError, match="No such file"):
        SnapshotFile(tmp_path / "none")
    write_snapshot(tmp_path / "s", {}, SECTIONS)
    with pytest.raises(FormatError, match="pages:7"):
        SnapshotFile(tmp_path / "s").section("pages:7")
