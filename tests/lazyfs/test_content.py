"""In-memory file data against a plain bytearray and a set of blocks."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazyfs.content import BLOCK, Content
from lazyfs.errors import LinuxError

LOWER = bytes(range(1, 256)) * 80  # 20 400 bytes
MAX = 30000

offsets = st.one_of(
    st.integers(0, MAX), st.sampled_from([0, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 20400, 20479])
)
lengths = st.one_of(st.integers(1, 9000), st.sampled_from([1, BLOCK, 2 * BLOCK]))
operations = st.tuples(st.sampled_from(["write", "truncate", "punch", "allocate", "grow"]), offsets, lengths)


def apply(content: Content, model: bytearray, operation: tuple[str, int, int], lower: Any) -> None:
    kind, offset, n = operation
    if kind == "write":
        data = bytes([offset % 251 + 1]) * n
        assert content.write(offset, data, lower, None) == n
        model.extend(bytes(max(offset + n - len(model), 0)))
        model[offset : offset + n] = data
    elif kind == "truncate" and offset < len(model):
        content.truncate(offset)
        del model[offset:]
    elif kind == "grow":
        model.extend(bytes(max(offset - len(model), 0)))
    elif kind == "punch":
        end = min(offset + n, len(model))
        if end > offset:
            content.punch(offset, end - offset, lower)
            model[offset:end] = bytes(end - offset)
    elif kind == "allocate":
        content.allocate(offset, n, None)
        model.extend(bytes(max(offset + n - len(model), 0)))


@settings(max_examples=300, derandomize=True, deadline=None)
@given(operations=st.lists(operations, max_size=12), with_lower=st.booleans())
def test_content_is_a_bytearray(operations: list[Any], with_lower: bool) -> None:
    lower = (lambda offset, n: LOWER[offset : offset + n]) if with_lower else None
    model = bytearray(LOWER if with_lower else b"")
    content = Content({}, len(model), -(-len(model) // BLOCK))
    data_ranges = [(0, len(LOWER))] if with_lower else []
    for operation in operations:
        apply(content, model, operation, lower)
        size = len(model)
        assert content.read(0, size, lower) == model
        for start, n in ((1, 10), (BLOCK - 5, 10), (2 * BLOCK, BLOCK), (size - 3, 3)):
            if start >= 0 and start + n <= size:
                assert content.read(start, n, lower) == model[start : start + n]
        check_holes(content, model, data_ranges)
    blocks = {at for at in range(MAX // BLOCK + 4) if content._is_data(at, data_ranges)}
    assert content.allocated == len(blocks)


def check_holes(content: Content, model: bytearray, ranges: list[tuple[int, int]]) -> None:
    """Whatever is not zero is data, and data and holes alternate to the end."""
    position, size = 0, len(model)
    while position < size:
        data = content.next_data(position, ranges)
        if data < 0 or data >= size:
            assert not any(model[position:])
            break
        assert not any(model[position:data])
        hole = content.next_hole(data, size, ranges)
        assert data < hole <= size
        position = hole


def test_writing_one_byte_reads_one_block_of_the_lower_file() -> None:
    reads: list[tuple[int, int]] = []

    def lower(offset: int, n: int) -> bytes:
        reads.append((offset, n))
        return bytes(n)

    content = Content({}, 1 << 40, 1 << 28)
    content.write(1 << 39, b"x", lower, None)
    assert reads == [(1 << 39, BLOCK)]
    content.write(1 << 38, bytes(BLOCK), lower, None)  # a whole block needs nothing of what was there
    assert len(reads) == 1


def test_no_more_is_reserved_than_anyone_can_hold() -> None:
    content = Content(lower_bytes=3 * BLOCK, allocated=3)
    for free in (None, 1 << 40):
        with pytest.raises(LinuxError) as error:
            content.allocate(BLOCK, 1 << 60, free)
        assert error.value.errno == errno.ENOSPC
    assert content.allocated == 3
    content.allocate(2 * BLOCK, 2 * BLOCK, 4)  # one is there already
    assert content.allocated == 4


def test_the_room_bounds_what_is_allocated() -> None:
    content = Content()
    assert content.write(0, bytes(5 * BLOCK), None, 3) == 3 * BLOCK
    assert content.allocated == 3
    with pytest.raises(LinuxError, match="ENOSPC"):
        content.allocate(0, 4 * BLOCK, 3)
    content.truncate(0)
    assert content.allocated == 0
