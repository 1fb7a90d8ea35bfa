"""Compressed streams of every kind, whole and damaged."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
from contextlib import suppress

import pytest
import zstandard

from friscy_build.images.compression import Decompressed
from lazyfs.errors import FormatError

DATA = bytes(random.Random(1).randrange(60) for _ in range(5000)) + bytes(200_000)
PACKED = {
    "gzip": gzip.compress(DATA),
    "xz": lzma.compress(DATA),
    "bzip2": bz2.compress(DATA),
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress(DATA),
}


def read(data: bytes, step: int = 65536) -> bytes:
    stream = Decompressed(io.BytesIO(data), "file")
    return b"".join(iter(lambda: stream.read(step), b""))


@pytest.mark.parametrize("kind", PACKED)
def test_whole(kind: str) -> None:
    assert Decompressed(io.BytesIO(PACKED[kind]), "file").kind == kind
    assert read(PACKED[kind]) == DATA
    assert read(PACKED[kind], 333) == DATA
    assert read(PACKED[kind] * 2) == DATA * 2  # members, streams or frames, one after the other


def test_plain() -> None:
    assert read(DATA) == DATA
    assert read(b"") == b""
    assert read(b"abc", 2) == b"abc"


@pytest.mark.parametrize("kind", PACKED)
def test_every_truncation_is_refused(kind: str) -> None:
    packed = PACKED[kind]
    for size in range(7, len(packed), 41):
        with pytest.raises(FormatError, match="file"):
            read(packed[:size])
    with pytest.raises(FormatError, match="file"):
        read(packed[:-1])


@pytest.mark.parametrize("kind", PACKED)
def test_bit_flips_are_refused_or_harmless(kind: str) -> None:
    chance = random.Random(2)
    for _ in range(150):
        damaged = bytearray(PACKED[kind])
        damaged[chance.randrange(6, len(damaged))] ^= 1 << chance.randrange(8)
        with suppress(FormatError):
            assert read(bytes(damaged)) == DATA  # a time stamp or the like
