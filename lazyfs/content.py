"""File data in memory: blocks over an optional read-only lower file.

`blocks[i]` is the data of bytes [i * BLOCK, (i + 1) * BLOCK): a bytearray (what it lacks at its end is
zeros), or None for a hole that hides the lower file. Where there is no entry the lower file shows through
for its first `lower_bytes` bytes, and all else is zeros. So writing a byte copies up one block.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

from lazyfs.errors import LinuxError
from lazyfs.plain import Plain, default

BLOCK = 4096
_ABSENT: Any = object()

RESERVED_MAX = 1 << 20  # blocks that one fallocate(2) takes at most: each costs the host memory

LowerRead = Callable[[int, int], bytes]


class Content(Plain):
    """The data of one regular file. `allocated` counts the blocks that take space, lower ones included."""

    blocks: dict[int, bytearray | None] = default(dict)
    lower_bytes: int = 0
    allocated: int = 0

    def read(self, offset: int, n: int, lower: LowerRead | None) -> bytes:
        """The bytes [offset, offset + n); the caller has cut them at the file's size."""
        first, start = divmod(offset, BLOCK)
        blocks = self.blocks
        if start + n <= BLOCK:
            block = blocks.get(first, _ABSENT)
            if type(block) is bytearray:
                data = bytes(block[start : start + n])
                return data if len(data) == n else data.ljust(n, b"\0")
        if not blocks:
            return self._below(offset, n, lower)
        pieces: list[bytes | bytearray] = []
        end = offset + n
        while offset < end:
            number, start = divmod(offset, BLOCK)
            stop = min(end, (number + 1) * BLOCK)
            block = blocks.get(number, _ABSENT)
            if block is _ABSENT:
                while stop < end and stop // BLOCK not in blocks:  # one lower read for a run of them
                    stop = min(end, stop + BLOCK)
                pieces.append(self._below(offset, stop - offset, lower))
            elif block is None:
                pieces.append(bytes(stop - offset))
            else:
                pieces.append(block[start : start + stop - offset].ljust(stop - offset, b"\0"))
            offset = stop
        return b"".join(pieces)

    def _below(self, offset: int, n: int, lower: LowerRead | None) -> bytes:
        visible = min(self.lower_bytes - offset, n)
        if visible <= 0 or lower is None:
            return bytes(n)
        data = lower(offset, visible)
        return data if visible == n else data + bytes(n - visible)

    def write(
        self, offset: int, data: bytes | bytearray | memoryview, lower: LowerRead | None, free: int | None
    ) -> int:
        """Store `data`; `free` bounds the blocks that may be allocated. Bytes stored (fewer when it runs out)."""
        blocks = self.blocks
        position, nbytes = 0, len(data)
        if nbytes > BLOCK:
            data = memoryview(data)
        while position < nbytes:
            number, start = divmod(offset + position, BLOCK)
            n = min(BLOCK - start, nbytes - position)
            block = blocks.get(number, _ABSENT)
            if type(block) is not bytearray:
                block, taken = self._own(number, block, lower if n < BLOCK else None)
                if taken and free is not None and self.allocated + taken > free:
                    return position
                self.allocated += taken
                blocks[number] = block
            if len(block) < start:
                block.extend(bytes(start - len(block)))
            block[start : start + n] = data[position : position + n] if n < nbytes else data
            position += n
        return nbytes

    def _own(self, number: int, block: Any, lower: LowerRead | None) -> tuple[bytearray, int]:
        """A writable copy of a block that is not ours yet, and how many blocks that allocates."""
        if block is _ABSENT and number * BLOCK < self.lower_bytes:
            n = min(BLOCK, self.lower_bytes - number * BLOCK)
            return bytearray(lower(number * BLOCK, n) if lower else b""), 0
        return bytearray(), 1

    def truncate(self, length: int) -> None:
        """Forget all data from byte `length` on."""
        whole, rest = divmod(length, BLOCK)
        keep = whole + (rest > 0)
        lower_blocks = self._lower_blocks()
        gone = [number for number in self.blocks if number >= keep]
        shown = max(lower_blocks - keep, 0) - sum(number < lower_blocks for number in gone)
        self._give_back(shown + sum(self.blocks[number] is not None for number in gone))
        for number in gone:
            del self.blocks[number]
        block = self.blocks.get(whole)
        if rest and block is not None:
            del block[rest:]
        self.lower_bytes = min(self.lower_bytes, length)

    def _lower_blocks(self) -> int:
        return -(-self.lower_bytes // BLOCK)

    def _give_back(self, count: int) -> None:
        # A lower file with holes was counted by its data, so the count can run short.
        self.allocated = max(self.allocated - count, 0)

    def punch(self, offset: int, length: int, lower: LowerRead | None) -> None:
        """Make [offset, offset + length) read as zeros, giving whole blocks back."""
        end = offset + length
        first, last = -(-offset // BLOCK), end // BLOCK
        if first > last:
            self._zero(offset, end, lower)
            return
        self._zero(offset, first * BLOCK, lower)
        self._zero(last * BLOCK, end, lower)
        lower_blocks = self._lower_blocks()
        for number in [number for number in self.blocks if first <= number < last]:
            self._give_back(self.blocks[number] is not None)
            if number >= lower_blocks:
                del self.blocks[number]
            else:
                self.blocks[number] = None
        for number in range(first, min(last, lower_blocks)):
            if number not in self.blocks:
                self.blocks[number] = None
                self._give_back(1)

    def _zero(self, start: int, end: int, lower: LowerRead | None) -> None:
        """Zero a range inside one block, if there is anything to zero."""
        if start < end:
            number = start // BLOCK
            has_lower = number not in self.blocks and number * BLOCK < self.lower_bytes
            if self.blocks.get(number) is not None or has_lower:
                self.write(start, bytes(end - start), lower, None)

    def allocate(self, offset: int, length: int, free: int | None) -> None:
        """Take space for every block of the range. ENOSPC: `free` blocks in all, or RESERVED_MAX, do not suffice."""
        lower_blocks = self._lower_blocks()
        numbers = range(offset // BLOCK, -(-(offset + length) // BLOCK))
        # Counted before they are listed: a guest may ask for all that a number can say.
        taken = sum(1 for number, block in self.blocks.items() if number in numbers and block is not None)
        below = range(numbers.start, min(numbers.stop, lower_blocks))
        taken += len(below) - sum(1 for number in self.blocks if number in below)
        missing = len(numbers) - taken
        if missing > RESERVED_MAX or (free is not None and self.allocated + missing > free):
            raise LinuxError(errno.ENOSPC)
        wanted = [
            number
            for number in numbers
            if self.blocks.get(number) is None and not (number < lower_blocks and number not in self.blocks)
        ]
        for number in wanted:
            self.blocks[number] = bytearray()
        self.allocated += len(wanted)

    def next_data(self, offset: int, ranges: list[tuple[int, int]]) -> int:
        """The first byte of data at or behind `offset`, -1 for none. ranges: the lower file's (start, end)."""
        number = offset // BLOCK
        found = [at for at, block in self.blocks.items() if at >= number and block is not None]
        best = min(found, default=-1)
        for start, end in ranges:
            end = min(end, self.lower_bytes)
            for at in range(max(start // BLOCK, number), -(-end // BLOCK)):
                if at not in self.blocks:
                    best = at if best < 0 else min(best, at)
                    break
        return -1 if best < 0 else max(best * BLOCK, offset)

    def next_hole(self, offset: int, size: int, ranges: list[tuple[int, int]]) -> int:
        """The first byte of a hole at or behind `offset`; the end of the file, at `size`, is one."""
        number = offset // BLOCK
        while number * BLOCK < size and self._is_data(number, ranges):
            number += 1
        return min(max(number * BLOCK, offset), size)

    def _is_data(self, number: int, ranges: list[tuple[int, int]]) -> bool:
        block = self.blocks.get(number, _ABSENT)
        if block is not _ABSENT:
            return block is not None
        first, last = number * BLOCK, min((number + 1) * BLOCK, self.lower_bytes)
        return first < last and any(start < last and end > first for start, end in ranges)
