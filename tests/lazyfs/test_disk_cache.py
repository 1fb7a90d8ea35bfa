"""The cache of blobs on disk: verified, bounded, and safe for several processes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lazyfs.disk_cache import DiskCache
from lazyfs.index_format import digest


def blob(number: int, nbytes: int = 1000) -> tuple[bytes, bytes]:
    data = random.Random(number).randbytes(nbytes)
    return digest(data), data


def age(cache: DiskCache, key: bytes, seconds: int) -> None:
    then = time.time() - seconds
    os.utime(cache.path(key.hex()), (then, then))


def kept(cache: DiskCache) -> int:
    return sum(path.stat().st_size for path in Path(cache.directory).rglob("*") if path.is_file())


def test_what_was_put_is_there(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache")
    key, data = blob(1)
    assert (cache.get(key), cache.has(key)) == (None, False)
    cache.put(key, data)
    assert (cache.get(key), cache.has(key)) == (data, True)
    assert DiskCache(tmp_path / "cache").get(key) == data
    empty = digest(b"")
    cache.put(empty, b"")
    assert cache.get(empty) == b""


def test_every_damage_counts_as_absent(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    key, data = blob(2, 40)
    path = Path(cache.path(key.hex()))
    damaged = [data[:length] for length in range(len(data))]
    damaged += [data + b"x"]
    damaged += [
        data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        for at in range(len(data))
        for bit in range(8)
    ]
    for content in damaged:
        cache.put(key, data)
        path.write_bytes(content)
        assert cache.get(key) is None
        assert not path.exists()


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 10_000)
    blobs = [blob(number) for number in range(10)]
    for number, (key, data) in enumerate(blobs):
        cache.put(key, data)
        age(cache, key, 5000 - number)
    assert cache.get(blobs[0][0]) is not None  # used: now the youngest
    key, data = blob(99)
    cache.put(key, data)
    assert kept(cache) == 9000
    assert [number for number, (each, _) in enumerate(blobs) if not cache.has(each)] == [1, 2]
    assert cache.get(key) == data


def test_the_limit_holds_whatever_is_written(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 50_000)
    for number in range(200):
        cache.put(*blob(number, 1 + number * 37 % 5000))
        assert kept(cache) <= 50_000 + 50_000 // 32 * 20  # added up by chance, not at every blob
    cache.shrink()
    assert kept(cache) <= 50_000
    key, data = blob(1000, 60_000)  # larger than all the room there is: kept alone
    cache.put(key, data)
    assert cache.get(key) == data
    assert kept(cache) == 60_000


def test_leftovers_of_processes_that_died(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, 1000)
    (tmp_path / "ab").mkdir()
    old, new = tmp_path / "ab" / "abcd.1.partial", tmp_path / "ab" / "abce.2.partial"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    cache.shrink()
    assert (old.exists(), new.exists()) == (False, True)


def test_an_unwritable_cache_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    cache = DiskCache(tmp_path / "file")
    key, data = blob(3)
    cache.put(key, data)
    assert cache.get(key) is None
    assert cache.put_file("00", [data]) is None


def test_blocks_that_fail_leave_nothing(tmp_path: Path) -> None:
    def blocks():  # type: ignore[no-untyped-def]
        yield b"half"
        raise ValueError("the rest is damaged")

    cache = DiskCache(tmp_path)
    with pytest.raises(ValueError, match="the rest"):
        cache.put_file("00ff", blocks())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_processes_share_a_cache_that_is_too_small(tmp_path: Path) -> None:
    script = (
        "import sys, random; sys.path.insert(0, sys.argv[2])\n"
        "from lazyfs.disk_cache import DiskCache; from lazyfs.index_format import digest\n"
        "cache, found = DiskCache(sys.argv[1], 20_000), 0\n"
        "for turn in range(300):\n"
        "    data = random.Random(turn * 7 % 40).randbytes(2000); got = cache.get(digest(data))\n"
        "    assert got in (None, data); found += got is not None\n"
        "    if got is None: cache.put(digest(data), data)\n"
        "print(found)\n"
    )
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, tmp_path, root], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in running:
        out, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
        assert int(out) >= 0
    assert not list(tmp_path.rglob("*.partial"))
    assert kept(DiskCache(tmp_path)) <= 20_000 + 3 * 2000
