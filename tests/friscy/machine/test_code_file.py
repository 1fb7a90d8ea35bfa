"""code.bin: what was written is read, and nothing that was damaged or cut short."""

from __future__ import annotations

from pathlib import Path

import msgpack
import pytest

from friscy.machine.code_file import PREFIX, ImageRow, ModuleRow, encode, read_code_file
from friscy.machine.layout import WINDOW_END
from lazyfs.errors import FormatError
from lazyfs.index_format import digest

LOW, HIGH = 0x200_0000, 0x200_4000
SEGMENTS = [(LOW + 0x1000, LOW + 0x1800, 0x1000)]
IMAGE = ImageRow([7, 9], "/lib/libc.so.6", LOW, HIGH, SEGMENTS)
ENTRIES = [[LOW + 0x1000, LOW + 0x1200], [LOW + 0x1400]]


def content() -> bytes:
    return encode(
        [IMAGE], [(ModuleRow(0, f"modules/{k}.wasm", len(pcs)), pcs) for k, pcs in enumerate(ENTRIES)]
    )


def read(path: Path, data: bytes) -> list[list[int]]:
    path.write_bytes(data)
    return [list(pcs) for pcs in read_code_file(str(path), len(data)).entries()]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "code.bin"
    assert read(path, content()) == ENTRIES
    found = read_code_file(str(path), path.stat().st_size)
    (image,) = found.images
    assert (image.inodes, image.path, image.low, image.high) == ([7, 9], "/lib/libc.so.6", LOW, HIGH)
    assert image.segments == SEGMENTS
    assert [(each.name, each.count, each.first) for each in found.modules] == [
        ("modules/0.wasm", 2, 1),
        ("modules/1.wasm", 1, 3),
    ]
    assert found.nslots == 4
    assert encode([], []) != content()
    assert read(path, encode([], [])) == []


def test_every_truncation_and_every_bit_flip_is_refused(tmp_path: Path) -> None:
    path, whole = tmp_path / "code.bin", content()
    for length in range(len(whole)):
        with pytest.raises(FormatError):
            read(path, whole[:length])
    with pytest.raises(FormatError):
        read(path, whole + b"\0")
    for at in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            with pytest.raises(FormatError):
                read(path, bytes(damaged))


BAD = {
    "an image outside the window": {"images": [[[1], "x", LOW, WINDOW_END + 0x1000, []]]},
    "an image of part of a page": {"images": [[[1], "x", LOW + 1, HIGH, []]]},
    "code outside the image": {"images": [[[1], "x", LOW, HIGH, [[LOW, HIGH + 2, 0]]]]},
    "a module of no image": {"modules": [[1, "m", 0]]},
    "a negative count": {"modules": [[0, "m", -1]]},
    "no list": {"images": 5},
    "a field too few": {"modules": [[0, "m"]]},
}


@pytest.mark.parametrize("what", BAD)
def test_a_header_that_makes_no_sense_is_refused(tmp_path: Path, what: str) -> None:
    header = {"images": [[[1], "x", LOW, HIGH, SEGMENTS]], "modules": [], "entries": digest(b"")} | BAD[what]
    packed = msgpack.packb(header)
    with pytest.raises(FormatError):
        read(tmp_path / "code.bin", PREFIX.pack(b"FRISCODE", 1, len(packed), digest(packed)) + packed)


def test_an_entry_outside_the_code_is_refused(tmp_path: Path) -> None:
    for pc in (LOW, LOW + 0x1001, LOW + 0x1800, 0):
        with pytest.raises(FormatError, match="entries in the code of m"):
            read(tmp_path / "code.bin", encode([IMAGE], [(ModuleRow(0, "m", 1), [pc])]))
