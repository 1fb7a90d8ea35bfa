"""Pages of mapped files: read once for all that map them, current, without holes, and forgotten in time."""

from __future__ import annotations

import os

import pytest
from test_mm import RW, FakeSpace

from friscy.kernel.memory import backing
from friscy.kernel.memory.address_space import AddressSpace
from friscy.kernel.memory.areas import MAP_PRIVATE, MAP_SHARED, Mm
from friscy.kernel.memory.backing import BackingPool
from friscy.machine import host_pages
from friscy.machine.layout import PAGE
from lazyfs.abi import O_APPEND, O_CREAT, O_RDWR
from lazyfs.errors import LinuxError
from lazyfs.inode import FsContext
from lazyfs.openfile import OpenFile
from lazyfs.vfs import Vfs


class Machine:
    """A file system, and processes that map its files."""

    def __init__(self) -> None:
        self.vfs, self.pool = Vfs(), BackingPool()
        root = self.vfs.mount_root(self.vfs.new_tmpfs(mode=0o755))
        self.context = FsContext(root, root)

    def process(self) -> AddressSpace:
        return AddressSpace(Mm(), FakeSpace(), self.vfs, 1 << 31, self.pool)

    def file(self, name: bytes, content: bytes = b"", flags: int = 0) -> OpenFile:
        file = self.vfs.open(self.context, name, O_RDWR | O_CREAT | flags, 0o644)
        if content:
            self.vfs.pwrite(file, content, 0)
        return file

    def host_bytes(self, file: OpenFile) -> int:
        return self.pool.pages(file.inode).nbytes


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_holes_of_a_mapped_file_get_no_memory(machine: Machine) -> None:
    file = machine.file(b"/sparse", b"start")
    size = 1 << 30
    machine.vfs.pwrite(file, b"end", size - 3)
    one, two = machine.process(), machine.process()
    at = one.map(0, size, RW, MAP_SHARED, file)
    private = two.map(0, size, RW, MAP_PRIVATE, file)
    assert one.memory.read(at, 6) == b"start\0"
    assert two.memory.read(private + size - 3, 3) == b"end"
    assert two.memory.read(private + (300 << 20), 3) == bytes(3)
    one.memory.write(at + (500 << 20), b"middle")
    assert two.memory.read(private + (500 << 20), 6) == b"middle"
    one.sync(at, at + size)
    assert machine.vfs.pread(file, 6, 500 << 20) == b"middle"
    assert machine.host_bytes(file) < 1 << 20


def test_a_file_is_read_once_and_again_when_it_changed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = machine.file(b"/f", b"x" * 20 * PAGE)
    reads: list[tuple[int, int]] = []
    read = type(file.inode.fs).read

    def counted(fs: object, vfs: Vfs, opened: OpenFile, offset: int, n: int) -> bytes:
        if n >= PAGE:
            reads.append((offset, n))
        return read(fs, vfs, opened, offset, n)  # type: ignore[arg-type]

    monkeypatch.setattr(type(file.inode.fs), "read", counted)
    processes = [machine.process() for _ in range(3)]
    places = [mm.map(0, 10 * PAGE, RW, MAP_PRIVATE, file, 5 * PAGE) for mm in processes]
    assert reads == [(5 * PAGE, 10 * PAGE)]
    processes[0].map(0, 20 * PAGE, RW, MAP_PRIVATE, file)
    assert reads[1:] == [(0, 5 * PAGE), (15 * PAGE, 5 * PAGE)]
    processes[0].memory.write(places[0], b"own")
    machine.vfs.pwrite(file, b"new", 5 * PAGE)
    late = machine.process()
    at = late.map(0, PAGE, RW, MAP_PRIVATE, file, 5 * PAGE)
    assert late.memory.read(at, 4) == b"newx"
    assert processes[0].memory.read(places[0], 4) == b"ownx"
    assert processes[1].memory.read(places[1], 4) == b"newx"  # as on Linux, which leaves it open


def test_stores_that_were_not_written_yet_survive_a_new_mapping(machine: Machine) -> None:
    file = machine.file(b"/f", b"x" * 2 * PAGE)
    one, two = machine.process(), machine.process()
    at = one.map(0, 2 * PAGE, RW, MAP_SHARED, file)
    one.memory.write(at, b"stored")
    machine.vfs.pwrite(file, b"written", PAGE)
    there = two.map(0, 2 * PAGE, RW, MAP_SHARED, file)
    assert two.memory.read(there, 6) == b"stored"
    one.clear()
    two.clear()
    assert machine.vfs.pread(file, 8, 0) == b"storedxx"
    assert machine.vfs.pread(file, 8, PAGE) == b"writtenx"


@pytest.mark.parametrize("swap", [False, True])
def test_only_what_was_stored_is_written_back(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, swap: bool
) -> None:
    """Also where pages may leave the host's page table for the swap area, and a file opened to append."""
    monkeypatch.setattr(host_pages, "_swapless", [not swap])
    file = machine.file(b"/f", b"x" * 4 * PAGE, O_APPEND)
    mm = machine.process()
    at = mm.map(0, 4 * PAGE, RW, MAP_SHARED, file)
    for turn in (b"1", b"2"):
        mm.memory.write(at + PAGE, turn)
        mm.sync(at, at + 4 * PAGE)
        assert machine.vfs.pread(file, PAGE, PAGE) == turn + b"x" * (PAGE - 1)
        assert file.inode.size == 4 * PAGE
    changed = file.inode.mtime_ns
    mm.sync(at, at + 4 * PAGE)
    assert mm.memory.read(at, 1) == b"x"
    mm.sync(at, at + 4 * PAGE)
    assert file.inode.mtime_ns == changed


def test_mappings_end_where_the_file_ends(machine: Machine) -> None:
    file = machine.file(b"/f", b"x" * 4 * PAGE)
    mm = machine.process()
    shared = mm.map(0, 6 * PAGE, RW, MAP_SHARED, file)
    private = mm.map(0, 6 * PAGE, RW, MAP_PRIVATE, file)
    mm.memory.write(private + 3 * PAGE, b"own")

    def reach(start: int) -> int:
        return mm.memory.accessible(start, 6 * PAGE) // PAGE

    assert (reach(shared), reach(private)) == (4, 4)
    machine.vfs.truncate(machine.context, file, PAGE + 10)
    mm.sync_file(file.inode, reload=True)
    assert (reach(shared), reach(private)) == (2, 2)
    assert mm.memory.read(shared + PAGE, 12) == b"x" * 10 + bytes(2)
    machine.vfs.truncate(machine.context, file, 5 * PAGE)
    mm.sync_file(file.inode, reload=True)
    assert (reach(shared), reach(private)) == (5, 5)
    assert mm.memory.read(private + 3 * PAGE, 3) == bytes(3)
    assert mm.memory.read(shared + PAGE, 12) == b"x" * 10 + bytes(2)


def test_pages_of_files_that_nobody_maps_are_given_back(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing, "_KEPT_BYTES", 10 * PAGE)
    mm = machine.process()
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        file = machine.file(b"/%d" % number, bytes([number]) * 4 * PAGE)
        at = mm.map(0, 4 * PAGE, RW, MAP_PRIVATE, file)
        assert mm.memory.read(at + PAGE, 1) == bytes([number])
        mm.unmap(at, at + 4 * PAGE)
    assert len(os.listdir("/proc/self/fd")) - before <= 4


def test_a_moved_mapping_keeps_its_stores_and_its_file(machine: Machine) -> None:
    file = machine.file(b"/f", b"x" * 8 * PAGE)
    mm = machine.process()
    at = mm.map(0, 4 * PAGE, RW, MAP_PRIVATE, file)
    mm.memory.write(at + PAGE, b"own")
    moved = mm.remap(at, 4 * PAGE, 8 * PAGE, 1, 0)
    assert moved != at
    assert mm.memory.read(moved + PAGE, 4) == b"ownx"
    assert mm.memory.read(moved + 7 * PAGE, 2) == b"xx"
    with pytest.raises(LinuxError):
        mm.memory.read(at, 1)
    assert host_pages.written_runs(mm.memory._base, moved, moved + 4 * PAGE) == [
        (moved + PAGE, moved + 2 * PAGE)
    ]


def test_no_more_descriptors_than_the_host_can_spare(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backing, "_MOST_FILES", 8)
    monkeypatch.setattr(backing, "_KEPT_FILES", 3)
    mm = machine.process()
    before = len(os.listdir("/proc/self/fd"))
    files = [machine.file(b"/%d" % number, bytes([number]) * 2 * PAGE) for number in range(30)]
    places = [mm.map(0, 3 * PAGE, RW, MAP_PRIVATE, file, PAGE) for file in files]
    assert [mm.memory.read(at, PAGE) for at in places] == [bytes([number]) * PAGE for number in range(30)]
    assert all(mm.memory.accessible(at, 3 * PAGE) == PAGE for at in places)
    assert len(os.listdir("/proc/self/fd")) - before <= 8 + 1
    mm.clear()
    mm.map(0, PAGE, RW, MAP_PRIVATE, machine.file(b"/more", b"x"))
    assert len(os.listdir("/proc/self/fd")) - before <= 3 + 2
