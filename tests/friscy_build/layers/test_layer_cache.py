"""The layer cache: nothing half is ever found, whoever dies; what is not used goes; one build makes a layer."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

from friscy_build.layers.archive import write_layer
from friscy_build.layers.cache import CacheError, LayerCache
from lazyfs.errors import FriscyError
from lazyfs.tree import Node, Tree

KEY = "0" * 64


def tree_of(data: bytes) -> Tree:
    tree = Tree()
    tree.add(b"/f", Node.file(data))
    return tree


def writer(data: bytes):
    return lambda file: write_layer(Tree(), tree_of(data), file)


def content(cache: LayerCache, key: str) -> bytes | None:
    layer = cache.find(key)
    if layer is None:
        return None
    tree = Tree()
    layer.apply(tree)
    file = tree.lookup(b"/f").content
    return file.read(0, file.length)


def test_kept_and_found(tmp_path):
    cache = LayerCache(tmp_path)
    assert cache.find(KEY) is None
    made = cache.store(KEY, writer(b"data"), 1.5)
    found = cache.find(KEY)
    assert (found.digest, found.seconds, found.size) == (made.digest, 1.5, made.size)
    assert content(cache, KEY) == b"data"


@pytest.mark.parametrize("damage", ["cut", "flip", "no note", "no archive", "odd note"])
def test_what_is_damaged_is_not_there(tmp_path, damage):
    cache = LayerCache(tmp_path)
    path = cache.store(KEY, writer(b"data"), 1).path
    if damage == "cut":
        os.truncate(path, path.stat().st_size - 512)
    elif damage == "flip":
        raw = bytearray(path.read_bytes())
        raw[600] ^= 1
        path.write_bytes(raw)
    elif damage == "odd note":
        path.with_suffix(".json").write_text("[]")
    else:
        (path.with_suffix(".json") if damage == "no note" else path).unlink()
    assert cache.find(KEY) is None
    cache.store(KEY, writer(b"again"), 1)
    assert content(cache, KEY) == b"again"


def test_contents_outlive_the_cache(tmp_path):
    cache = LayerCache(tmp_path)
    tree = Tree()
    cache.store(KEY, writer(b"data"), 1).apply(tree)
    assert cache.shrink(0) > 0
    assert cache.find(KEY) is None
    assert tree.lookup(b"/f").content.read(0, 4) == b"data"


def test_what_was_not_used_for_longest_goes(tmp_path):
    size = LayerCache(tmp_path / "try").store(KEY, writer(bytes(10_000)), 1).size
    cache = LayerCache(tmp_path, limit=3 * size)
    keys = [f"{n:064}" for n in range(3)]
    for age, key in enumerate(keys):
        path = cache.store(key, writer(bytes(10_000)), 1).path
        os.utime(path, (1000 + age, 1000 + age))
    assert cache.find(keys[0])
    cache.store(KEY[:-1] + "9", writer(bytes(10_000)), 1)
    assert [key for key in keys if cache.find(key)] == [keys[0], keys[2]]
    assert cache.size() <= 3 * size
    assert sorted(path.suffix for path in cache.layers.iterdir()) == [".json"] * 3 + [".tar"] * 3
    assert LayerCache(tmp_path / "tiny", limit=1).store(KEY, writer(b"x"), 1).path.exists()


def test_the_limit_of_the_environment(tmp_path, monkeypatch):
    for text, limit in (("5", 5), ("2k", 2048), ("3GiB", 3 << 30), ("", 10 << 30)):
        monkeypatch.setenv("FRISCY_LAYER_CACHE", text)
        assert LayerCache(tmp_path).limit == limit
    monkeypatch.setenv("FRISCY_LAYER_CACHE", "lots")
    with pytest.raises(FriscyError, match="expected a size"):
        LayerCache(tmp_path)


def test_a_full_disk_leaves_nothing(tmp_path):
    cache = LayerCache(tmp_path)
    cache.store(KEY, writer(b"old"), 1)

    def fail(file):
        file.write(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(CacheError, match="the disk is full"):
        cache.store(KEY, fail, 1)
    assert content(cache, KEY) == b"old"
    assert len(list(cache.layers.iterdir())) == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from friscy_build.layers.cache import LayerCache
cache, where = LayerCache(Path(sys.argv[1])), int(sys.argv[2])
steps = 0
def step(*_):
    global steps
    steps += 1
    if steps == where:
        os.kill(os.getpid(), signal.SIGKILL)
for name in ("fsync", "replace", "fchmod", "stat"):
    def hooked(*args, _call=getattr(os, name), **options):
        step()
        result = _call(*args, **options)
        step()
        return result
    setattr(os, name, hooked)
def write(file):
    step()
    file.write(b"new" * 5000)
    step()
with cache.making("0" * 64):
    cache.store("0" * 64, write, 1)
"""


def test_kill_9_at_any_point(tmp_path):
    outcomes = set()
    for where in range(1, 40):
        cache = LayerCache(tmp_path / str(where))
        done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / str(where), str(where)], timeout=60)
        layer = cache.find(KEY)
        assert layer is None or layer.path.read_bytes() == b"new" * 5000
        with cache.making(KEY, lambda: pytest.fail("the dead hold no locks")):
            cache.store(KEY, writer(b"after"), 1)
        assert content(cache, KEY) == b"after"
        outcomes.add((done.returncode == -signal.SIGKILL, layer is not None))
        if done.returncode == 0:
            break
    assert outcomes == {(True, False), (True, True), (False, True)}


def test_one_at_a_time(tmp_path):
    cache = LayerCache(tmp_path)
    made, waited = [], threading.Event()

    def build():
        with cache.making(KEY, waited.set):
            if cache.find(KEY) is None:
                made.append(cache.store(KEY, writer(b"once"), 1))

    with cache.making(KEY):
        thread = threading.Thread(target=build)
        thread.start()
        assert waited.wait(30)
        cache.store(KEY, writer(b"mine"), 1)
    thread.join(30)
    assert made == []
    assert content(cache, KEY) == b"mine"
