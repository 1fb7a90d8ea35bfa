"""GuestMemory.fork: the child has the parent's pages, of every kind, and from then on its own."""

from __future__ import annotations

import os

import pytest

from friscy.machine import host_pages
from friscy.machine.layers import HostFile
from friscy.machine.layout import GUEST_START, PAGE
from friscy.machine.memory import GuestMemory
from lazyfs.errors import LinuxError

RW = 3


@pytest.fixture(params=["page table", "comparison"])
def parent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> GuestMemory:
    if request.param == "comparison":  # where the host has no /proc/self/pagemap
        monkeypatch.setattr(host_pages, "_pagemap", [-1])
    return GuestMemory.anonymous()


def test_every_kind_of_page(parent: GuestMemory) -> None:
    start = GUEST_START
    image = os.memfd_create("image")
    os.write(image, b"i" * 4 * PAGE)
    common = HostFile(os.memfd_create("common"))
    os.ftruncate(common.fd, PAGE)
    parent.map(start, start + 300 * PAGE, RW)
    parent.write(start + 5, b"first")
    parent.write(start + 100 * PAGE, b"x" * (50 * PAGE))
    parent.protect(start + 100 * PAGE, start + 101 * PAGE, 0)
    parent.protect(start + 102 * PAGE, start + 103 * PAGE, 1)
    parent.map_file(start + 400 * PAGE, start + 404 * PAGE, RW, HostFile(os.dup(image)), 0)
    parent.write(start + 401 * PAGE, b"written")
    parent.unmap(start + 402 * PAGE, start + 403 * PAGE)
    parent.map(start + 402 * PAGE, start + 403 * PAGE, RW)
    shared = start + 500 * PAGE
    parent.map_shared(shared, shared + PAGE, RW, common, 0)
    child = GuestMemory.anonymous()
    child.fork(parent, [(shared, shared + PAGE)])
    child.map_shared(shared, shared + PAGE, RW, common, 0)
    assert child.pages == parent.pages
    for page in (*range(300), 400, 401, 402, 403, 500):
        address = start + page * PAGE
        if page == 100:
            with pytest.raises(LinuxError):
                child.read(address, 1)
            child.protect(address, address + PAGE, 1)
            parent.protect(address, address + PAGE, 1)
        assert child.read(address, PAGE) == parent.read(address, PAGE), page
    with pytest.raises(LinuxError):
        child.write(start + 102 * PAGE, b"read only")
    child.write(start, b"child")
    child.write(start + 400 * PAGE, b"child")
    parent.write(start + 403 * PAGE, b"parent")
    child.write(shared, b"both")
    assert parent.read(start, 5) == bytes(5)
    assert parent.read(start + 400 * PAGE, 5) == b"iiiii"
    assert child.read(start + 403 * PAGE, 6) == b"iiiiii"
    assert parent.read(shared, 4) == b"both"
    os.close(image)
    grandchild = GuestMemory.anonymous()
    grandchild.fork(child, [])
    assert grandchild.read(start + 401 * PAGE, 8) == b"writteni"


def test_reset_empties_all(parent: GuestMemory) -> None:
    start = GUEST_START
    parent.map(start, start + 10 * PAGE, RW)
    parent.write(start, b"secret")
    parent.reset()
    assert not any(parent.pages)
    with pytest.raises(LinuxError):
        parent.read(start, 1)
    parent.map(start, start + PAGE, RW)
    assert parent.read(start, 6) == bytes(6)
    assert parent.mappings() == [(start, start + PAGE, RW)]
