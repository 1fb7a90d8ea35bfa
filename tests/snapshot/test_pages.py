"""Pages: which are stored, and that a restored space has the same bytes and protections, copy-on-write."""

from __future__ import annotations

import os

import pytest

from friscy.machine.layout import GUEST_START, PAGE
from friscy.machine.memory import PROT_READ, PROT_WRITE, GuestMemory
from lazyfs.errors import LinuxError
from snapshot.pages import find_runs, map_runs, opened, page_image, read_runs

RW = PROT_READ | PROT_WRITE
A, B, C = GUEST_START, GUEST_START + 100 * PAGE, GUEST_START + 200 * PAGE
MAPPINGS = [(A, B, RW), (B, B + 2 * PAGE, PROT_READ), (C, C + 3 * PAGE, 0)]


@pytest.fixture
def memory():
    memory = GuestMemory.anonymous()
    for start, end, _ in MAPPINGS:
        memory.map(start, end, RW)
    memory.write(A + 5 * PAGE, b"a")
    memory.write(A + 9 * PAGE + 7, b"near")
    memory.write(A + 60 * PAGE, b"far" * 2000)
    memory.write(B - 1, b"xy")  # the last byte of one mapping and the first of the next
    memory.write(C + PAGE, b"closed")
    for start, end, prot in MAPPINGS:
        memory.protect(start, end, prot)
    return memory


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FRISCY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_runs_hold_all_that_is_not_zero_and_stay_inside_mappings(memory):
    with opened(memory, MAPPINGS):
        runs = find_runs(memory, MAPPINGS)
    page = A // PAGE
    assert runs == [(page + 5, 5), (page + 60, 2), (page + 99, 1), (page + 100, 1), (page + 201, 1)]


def test_restore_gives_the_same_bytes_and_protections_and_leaves_the_image_alone(memory):
    with opened(memory, MAPPINGS):
        runs = find_runs(memory, MAPPINGS)
        data = read_runs(memory, runs)
    image = page_image("id-1", len(data), lambda: data)
    again = GuestMemory.anonymous()
    map_runs(again, MAPPINGS, runs, image)
    assert again.pages == memory.pages
    with opened(memory, MAPPINGS), opened(again, MAPPINGS):
        for start, end, _ in MAPPINGS:
            assert again.read(start, end - start) == memory.read(start, end - start)
    again.write(A + 5 * PAGE, b"changed")
    assert os.pread(image, 1, 0) == b"a"
    with pytest.raises(LinuxError):
        again.read(C + PAGE, 1)
    with pytest.raises(LinuxError):
        again.write(B, b"z")
    os.close(image)


def test_image_is_made_once_and_again_when_it_is_cut_short(cache):
    made = []

    def read_pages():
        made.append(1)
        return b"p" * PAGE

    for _ in range(2):
        os.close(page_image("id", PAGE, read_pages))
    assert len(made) == 1
    (path,) = (cache / "pages").iterdir()
    path.write_bytes(b"short")
    os.close(page_image("id", PAGE, read_pages))
    assert len(made) == 2
    assert path.read_bytes() == b"p" * PAGE


def test_a_cache_that_others_can_write_is_not_trusted(cache):
    (cache / "pages").mkdir(parents=True)
    (cache / "pages").chmod(0o777)
    image = page_image("id", 3, lambda: b"abc")
    assert os.pread(image, 3, 0) == b"abc"
    os.close(image)
    assert list((cache / "pages").iterdir()) == []
