"""A family of memories against a model: whatever is mapped, written, forked and dropped, each has its own bytes."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy.machine import host_pages, layers
from friscy.machine.layout import GUEST_START, MEMORY_BYTES, PAGE
from friscy.machine.memory import GuestMemory

PAGES = 48
RW = 3


@pytest.fixture(params=["page table", "comparison"], autouse=True)
def small_limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is done to large memories is done to these."""
    monkeypatch.setattr(layers, "_OWN_BYTES", 4 * PAGE)
    monkeypatch.setattr(layers, "_PLAIN_BYTES", 8 * PAGE)
    monkeypatch.setattr(layers, "_FREEZE_BYTES", 4 * PAGE)
    monkeypatch.setattr(layers, "_FOLD_BYTES", 6 * PAGE)
    monkeypatch.setattr(layers, "_FOLD_RUNS", 2)
    if request.param == "comparison":  # where the host has no /proc/self/pagemap
        monkeypatch.setattr(host_pages, "_pagemap", [-1])


def memory_files() -> int:
    """How many files in memory this test has open for memories."""
    return len(_open_files() - _earlier)


_earlier: set[tuple[str, int]] = set()  # of machines that earlier tests in this process left


@pytest.fixture(autouse=True)
def forget_earlier_files() -> None:
    gc.collect()
    _earlier.clear()
    _earlier.update(_open_files())


def _open_files() -> set[tuple[str, int]]:
    found = set()
    for entry in os.scandir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the scan's own
            target = os.readlink(entry.path)
            if target.startswith(("/memfd:friscy-own", "/memfd:friscy-fork")):
                found.add((entry.name, os.stat(entry.path).st_ino))
    return found


def resident(*memories: GuestMemory) -> int:
    """The bytes that the files of `memories` hold."""
    files = {file for memory in memories for file in memory._layers.files()}
    return sum(os.fstat(file.fd).st_blocks * 512 for file in files)


class Member:
    """A memory and what it should hold: the first byte of each mapped page, and its protection."""

    def __init__(self) -> None:
        self.memory = GuestMemory.anonymous()
        self.model: dict[int, tuple[int, int]] = {}

    def check(self) -> None:
        for page in range(PAGES):
            address = GUEST_START + page * PAGE
            value, prot = self.model.get(page, (0, None))
            if prot is None:
                assert not self.memory.pages[address // PAGE]
                continue
            assert self.memory.pages[address // PAGE] == prot | 8
            if not prot:
                self.memory.protect(address, address + PAGE, 1)
            assert self.memory.read(address, PAGE) == bytes([value]) * PAGE, page
            if not prot:
                self.memory.protect(address, address + PAGE, 0)


steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["map", "map", "write", "write", "write", "fork", "fork", "drop", "unmap", "protect", "image"]
        ),
        st.integers(0, 7),
        st.integers(0, PAGES - 1),
        st.integers(1, 20),
        st.integers(1, 255),
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(steps)
def test_against_a_model(steps: list[tuple[str, int, int, int, int]]) -> None:
    before = memory_files()
    play(steps)
    gc.collect()
    assert memory_files() == before


def play(steps: list[tuple[str, int, int, int, int]]) -> None:
    image = layers.HostFile(os.memfd_create("image"))
    os.write(image.fd, b"\x07" * PAGES * PAGE)
    family = [Member()]
    for name, who, first, count, value in steps:
        member = family[who % len(family)]
        last = min(first + count, PAGES)
        start, end = GUEST_START + first * PAGE, GUEST_START + last * PAGE
        pages = range(first, last)
        if name == "map":
            member.memory.map(start, end, RW, plain=value % 4 == 0)
            member.model.update(dict.fromkeys(pages, (0, RW)))
        elif name == "image":
            member.memory.map_file(start, end, RW, image, first * PAGE)
            member.model.update(dict.fromkeys(pages, (7, RW)))
        elif name == "unmap":
            member.memory.unmap(start, end)
            for page in pages:
                member.model.pop(page, None)
        elif name == "protect":
            for page in pages:
                if page in member.model:
                    prot = (0, 1, RW)[value % 3]
                    at = GUEST_START + page * PAGE
                    member.memory.protect(at, at + PAGE, prot)
                    member.model[page] = (member.model[page][0], prot)
        elif name == "write":
            for page in pages:
                if member.model.get(page, (0, 0))[1] == RW:
                    member.memory.write(GUEST_START + page * PAGE, bytes([value]) * PAGE)
                    member.model[page] = (value, RW)
        elif name == "fork" and len(family) < 6:
            child = Member()
            child.memory.fork(member.memory, [])
            child.model = dict(member.model)
            family.append(child)
        elif name == "drop" and len(family) > 1:
            family.remove(member)
            member.memory.reset()
            member.model.clear()
            member.check()
        for each in family:
            each.check()


@pytest.fixture
def memory() -> Iterator[GuestMemory]:
    memory = GuestMemory.anonymous()
    yield memory
    memory.reset()


def test_a_thousand_forks_keep_one_file_and_no_more_than_there_is(memory: GuestMemory) -> None:
    """As a shell does: fork, write a few pages while the child lives, and again when it is gone."""
    start = GUEST_START
    memory.map(start, start + 40 * PAGE, RW)
    memory.write(start, b"x" * 40 * PAGE)
    child = GuestMemory.anonymous()
    for turn in range(1000):
        child.fork(memory, [])
        low = start + turn % 30 * PAGE
        memory.write(low, bytes([turn % 256]) * 10 * PAGE)
        child.reset()
        memory.write(low, bytes([turn % 256]))
    assert memory_files() <= 1
    assert resident(memory) <= 40 * PAGE
    assert memory.read(start + 999 % 30 * PAGE, 1) == bytes([999 % 256])


def test_generations_that_live_keep_what_they_differ_in(memory: GuestMemory) -> None:
    start = GUEST_START
    memory.map(start, start + 40 * PAGE, RW)
    memory.write(start, b"x" * 40 * PAGE)
    line = [memory]
    for turn in range(8):
        child = GuestMemory.anonymous()
        child.fork(line[-1], [])
        child.write(start, bytes([turn + 1]) * 10 * PAGE)
        line.append(child)
    assert [each.read(start, 1) for each in line] == [b"x", *(bytes([n + 1]) for n in range(8))]
    if host_pages.pagemap_fd() < 0:
        return  # such a host keeps more copies
    assert resident(*line) <= (40 + 8 * 10) * PAGE
    for each in line[1:]:
        each.reset()
    assert memory_files() == 1
    assert resident(memory) <= 40 * PAGE


def test_what_is_unmapped_goes_back_to_the_host(memory: GuestMemory) -> None:
    start = GUEST_START
    memory.map(start, start + 40 * PAGE, RW)
    memory.write(start, b"x" * 40 * PAGE)
    assert resident(memory) == 40 * PAGE
    memory.unmap(start, start + 10 * PAGE)
    assert resident(memory) == 30 * PAGE
    memory.map(start + 10 * PAGE, start + 20 * PAGE, RW)
    assert resident(memory) == 20 * PAGE
    assert memory.read(start + 10 * PAGE, 1) == b"\0"
    child = GuestMemory.anonymous()
    child.fork(memory, [])
    memory.unmap(start + 20 * PAGE, start + 30 * PAGE)
    assert child.read(start + 25 * PAGE, 1) == b"x"
    child.reset()
    if host_pages.pagemap_fd() < 0:
        return  # such a host keeps more copies
    assert resident(memory) <= 11 * PAGE  # the zeros that were looked at are a page too
    memory.unmap(start + 30 * PAGE, start + 35 * PAGE)
    assert resident(memory) <= 6 * PAGE


def test_pages_that_nobody_touched_are_not_filled(memory: GuestMemory) -> None:
    start = GUEST_START
    memory.map(start, start + 1000 * PAGE, RW)
    memory.write(start + 500 * PAGE, b"x")
    (run,) = memory.filled(start, start + 1000 * PAGE)
    assert run[0] <= start + 500 * PAGE < run[1]
    memory.map(start + 2000 * PAGE, start + 3000 * PAGE, RW)
    memory.copy_pages(start + 2000 * PAGE, start, 1000 * PAGE)
    assert memory.read(start + 2500 * PAGE, 1) == b"x"
    assert resident(memory) == 2 * PAGE


def test_nothing_is_mapped_beyond_the_guest(memory: GuestMemory) -> None:
    for start, end in ((-PAGE, 0), (MEMORY_BYTES - PAGE, MEMORY_BYTES + PAGE), (1, PAGE + 1)):
        with pytest.raises(ValueError, match="not the guest's"):
            memory.map(start, end, RW)
