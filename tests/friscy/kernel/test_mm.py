"""The memory map against a model that knows one thing per page: its protection and its first byte."""

from __future__ import annotations

import errno
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy.kernel.memory.address_space import AddressSpace
from friscy.kernel.memory.areas import (
    MAP_ANONYMOUS,
    MAP_FIXED,
    MAP_FIXED_NOREPLACE,
    MAP_NORESERVE,
    MAP_PRIVATE,
    MAP_SHARED,
    MAP_STACK,
    MREMAP_FIXED,
    MREMAP_MAYMOVE,
    Mm,
    page_prot,
)
from friscy.machine.hart import Hart
from friscy.machine.layout import GUEST_END, GUEST_START, HART_BASE, HART_STRIDE, PAGE, WINDOW_END
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE, GuestMemory
from lazyfs.abi import O_CREAT, O_RDONLY, O_RDWR
from lazyfs.errors import LinuxError
from lazyfs.inode import FsContext
from lazyfs.vfs import Vfs

ANON = MAP_PRIVATE | MAP_ANONYMOUS
RW = PROT_READ | PROT_WRITE
BASE = 0x2000_0000
PAGES = 24


class NoShortCalls:
    """All calls come to the kernel."""

    can_ask = False
    descriptors = None
    looked = (0,)

    def stay_still(self, since: tuple[int, object]) -> None:
        pass

    def take_traffic(self) -> list[int]:
        return [0] * 4


class FakeSpace:
    """Guest memory without engines; records what was invalidated."""

    short_calls = NoShortCalls()

    def __init__(self) -> None:
        self.memory = GuestMemory.anonymous()
        self.invalidated: list[tuple[int, int]] = []

    def hart(self, index: int) -> Hart:
        return Hart(self.memory.view, HART_BASE + HART_STRIDE * index)

    def set_clock(self, monotonic_offset: int) -> None:
        pass

    def prepare(self, hart: Hart) -> None:
        pass

    def run(self, hart: Hart) -> None:
        raise AssertionError("nothing runs here")

    def invalidate(self, start: int, end: int) -> None:
        self.invalidated.append((start, end))

    def code_mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        pass


@pytest.fixture
def space() -> FakeSpace:
    return FakeSpace()


def make(space: FakeSpace, limit: int = 1 << 30) -> AddressSpace:
    return AddressSpace(Mm(), space, Vfs(), limit)


def fails(code: int) -> pytest.RaisesExc[LinuxError]:
    return pytest.raises(LinuxError, check=lambda error: error.errno == code)


def attempt(action: Callable[..., object], *arguments: int) -> int:
    """0, or the errno of the LinuxError that `action` raised."""
    try:
        action(*arguments)
    except LinuxError as error:
        return error.errno
    return 0


def check_invariants(mm: AddressSpace) -> None:
    vmas = mm.mm.vmas
    for left, right in pairwise(vmas):
        assert left.end <= right.start
    assert all(v.start < v.end and v.start % PAGE == 0 and v.end % PAGE == 0 for v in vmas)
    assert mm.mm.accounted == sum(v.end - v.start for v in vmas if v.accounted)


prots = st.sampled_from([0, PROT_READ, RW, PROT_READ | PROT_EXEC])
ranges = st.tuples(st.integers(0, PAGES - 1), st.integers(1, 8))
operations = st.one_of(
    st.tuples(st.just("map"), ranges, prots),
    st.tuples(st.just("unmap"), ranges, st.just(0)),
    st.tuples(st.just("protect"), ranges, prots),
    st.tuples(st.just("write"), ranges, st.integers(1, 255)),
    st.tuples(st.just("discard"), ranges, st.just(0)),
    st.tuples(st.just("move"), ranges, st.integers(0, PAGES - 1)),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(operations, max_size=25))
def test_against_a_page_model(steps: list[tuple[str, tuple[int, int], int]]) -> None:
    space = FakeSpace()
    mm = make(space)
    model: dict[int, tuple[int, int]] = {}  # page -> (protection, first byte)
    for what, (first, count), value in steps:
        count = min(count, PAGES - first)
        pages = range(first, first + count)
        start, end = BASE + first * PAGE, BASE + (first + count) * PAGE
        whole = all(page in model for page in pages)
        if what == "map":
            assert mm.map(start, end - start, value, ANON | MAP_FIXED) == start
            model.update((page, (value, 0)) for page in pages)
        elif what == "unmap":
            mm.unmap(start, end)
            for page in pages:
                model.pop(page, None)
        elif what == "protect":
            assert attempt(mm.protect, start, end, value) == (0 if whole else errno.ENOMEM)
            for page in pages:  # as Linux: what lies before the hole has changed
                if page not in model:
                    break
                model[page] = (value, model[page][1])
        elif what == "write":
            for page in pages:
                writable = page in model and bool(model[page][0] & PROT_WRITE)
                done = attempt(mm.memory.set_u8, BASE + page * PAGE, value)
                assert done == (0 if writable else errno.EFAULT)
                if writable:
                    model[page] = (model[page][0], value)
        elif what == "discard":
            mm.discard(start, end)
            model.update((page, (model[page][0], 0)) for page in pages if page in model)
        elif what == "move":
            _move(mm, model, first, count, value)
        check_invariants(mm)
    for page in range(PAGES):
        prot = model[page][0] if page in model else None
        vma = mm.find(BASE + page * PAGE)
        assert (vma.prot if vma else None) == prot
        if prot is not None and page_prot(prot) & PROT_READ:
            assert mm.memory.u8(BASE + page * PAGE) == model[page][1]


def _move(mm: AddressSpace, model: dict[int, tuple[int, int]], first: int, count: int, target: int) -> None:
    flags = MREMAP_MAYMOVE | MREMAP_FIXED
    start, to = BASE + first * PAGE, BASE + target * PAGE
    overlap = target < first + count and first < target + count
    one = mm.find(start)
    within_one = one is not None and one.end >= start + count * PAGE
    done = attempt(mm.remap, start, count * PAGE, count * PAGE, flags, to)
    assert done == (errno.EINVAL if overlap else 0 if within_one else errno.EFAULT)
    for index in range(count if not done else 0):
        model[target + index] = model.pop(first + index)


def test_placement_is_top_down_below_the_stack_and_files_go_into_the_window(space: FakeSpace) -> None:
    mm = make(space)
    first = mm.map(0, PAGE, RW, ANON)
    second = mm.map(0, 3 * PAGE, RW, ANON)
    assert (first, second) == (GUEST_END - PAGE, GUEST_END - 4 * PAGE)
    assert mm.map(0, PAGE, PROT_READ | PROT_EXEC, ANON) < WINDOW_END
    mm.unmap(first, first + PAGE)
    assert mm.map(0, PAGE, RW, ANON) == first
    assert mm.map(0x3000_0000, PAGE, RW, ANON) == 0x3000_0000  # a free hint is honoured
    assert mm.map(1 << 40, PAGE, RW, ANON) < GUEST_END  # one beyond 4 GiB is not
    reserved = mm.map(0, 1 << 30, 0, ANON | MAP_NORESERVE)
    assert mm.mm.accounted == 6 * PAGE
    assert reserved + (1 << 30) <= GUEST_END
    with fails(errno.ENOMEM):
        mm.map(0, 0x9000_0000, 0, ANON | MAP_NORESERVE)


def test_errors_that_qemu_user_does_not_give(space: FakeSpace) -> None:
    mm = make(space)
    at = mm.map(0, 4 * PAGE, RW, ANON)
    with fails(errno.EEXIST):
        mm.map(at, PAGE, RW, ANON | MAP_FIXED_NOREPLACE)
    with fails(errno.EINVAL):
        mm.remap(at, PAGE, 0, MREMAP_MAYMOVE, 0)
    with fails(errno.EPERM):
        mm.map(0, PAGE, RW, ANON | MAP_FIXED)
    with fails(errno.ENOMEM):
        mm.map(GUEST_END, PAGE, RW, ANON | MAP_FIXED)
    with fails(errno.EFAULT):
        mm.remap(GUEST_START, PAGE, PAGE, 0, 0)


def test_memory_limit_counts_private_writable_bytes(space: FakeSpace) -> None:
    mm = make(space, 8 * PAGE)
    at = mm.map(0, 8 * PAGE, RW, ANON)
    with fails(errno.ENOMEM):
        mm.map(0, PAGE, RW, ANON)
    hidden = mm.map(0, 64 * PAGE, 0, ANON)
    with fails(errno.ENOMEM):
        mm.protect(hidden, hidden + PAGE, RW)
    assert mm.set_brk(mm.mm.brk + PAGE) == WINDOW_END  # brk does not fail, it stays
    mm.unmap(at, at + 2 * PAGE)
    mm.protect(hidden, hidden + PAGE, RW)
    assert mm.set_brk(mm.mm.brk + PAGE) == WINDOW_END + PAGE
    for extra in (MAP_NORESERVE, MAP_STACK):
        stack = mm.map(0, 64 * PAGE, 0, ANON | extra)
        mm.protect(stack + PAGE, stack + 64 * PAGE, RW)
        mm.map(0, 64 * PAGE, RW, ANON | extra)
    check_invariants(mm)


def test_code_is_invalidated_whenever_its_mapping_changes(space: FakeSpace) -> None:
    mm = make(space)
    code = mm.map(0, 4 * PAGE, PROT_READ | PROT_EXEC, ANON)
    mm.protect(code, code + PAGE, RW)
    mm.protect(code, code + PAGE, PROT_READ | PROT_EXEC)
    mm.unmap(code + PAGE, code + 2 * PAGE)
    assert space.invalidated == [(code, code + PAGE), (code, code + PAGE), (code + PAGE, code + 2 * PAGE)]
    space.invalidated.clear()
    data = mm.map(0, PAGE, RW, ANON)
    mm.unmap(data, data + PAGE)
    assert space.invalidated == []


def test_shared_file_mappings_write_back_and_private_ones_do_not(space: FakeSpace) -> None:
    vfs = Vfs()
    root = vfs.mount_root(vfs.new_tmpfs(mode=0o755))
    context = FsContext(root, root)
    file = vfs.open(context, b"/f", O_RDWR | O_CREAT, 0o644)
    vfs.write(file, b"x" * (PAGE + 100))
    mm = AddressSpace(Mm(), space, vfs, 1 << 30)
    shared = mm.map(0, 3 * PAGE, RW, MAP_SHARED, file)
    private = mm.map(0, 2 * PAGE, RW, MAP_PRIVATE, file)
    assert mm.memory.read(shared + PAGE + 98, 4) == b"xx\0\0"
    with fails(errno.EFAULT):  # the page past the end of the file
        mm.memory.read(shared + 2 * PAGE, 1)
    mm.memory.write(shared, b"S")
    mm.memory.write(private, b"P")
    mm.memory.write(shared + PAGE + 100, b"beyond")
    mm.sync_file(file.inode)
    assert vfs.pread(file, 2, 0) == b"Sx"
    vfs.pwrite(file, b"W", 1)
    mm.sync_file(file.inode, reload=True)
    assert mm.memory.read(shared, 2) == b"SW"
    mm.memory.write(shared + PAGE, b"T")
    mm.unmap(shared + PAGE, shared + 3 * PAGE)  # a part of it
    assert vfs.pread(file, 10000, PAGE) == b"T" + b"x" * 99
    mm.discard(private, private + PAGE)
    assert mm.memory.read(private, 2) == b"SW"
    mm.clear()
    assert mm.mm.vmas == []
    assert not mm.shared
    readonly = vfs.open(context, b"/f", O_RDONLY)
    with fails(errno.EACCES):
        mm.map(0, PAGE, RW, MAP_SHARED, readonly)
