"""Files whose next open, stat and close need no Python: slots in the memory of friscy.machine.short_calls' module.

A slot says what a path and the flags of open(2) led to. Where the file is one of the host's, the module opens it anew
by its name below a granted directory, without following a symlink (openat2), and takes it only if all that fstat tells
of it is what it was. A file that cannot change without the kernel's knowing has a copy, whose descriptor stays open.
What is open is known to the module alone until anything comes to Python: then the kernel enters it in the table.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any

from friscy.machine.host_code import host_number
from friscy.machine.short_files_text import (
    BELOW,
    CHECKED,
    CHECKED_MAX,
    DIRECTORIES,
    DIRECTORY,
    DIRECTORY_WORDS,
    HASH_FACTOR,
    HOST_STAT_BYTES,
    HOW,
    KEPT,
    KEY,
    NAME,
    PATH,
    SAME,
    SHOWN,
    SLOT_COUNT,
    SLOT_SHIFT,
    TEXT_BYTES,
)
from friscy.machine.short_words import DESCRIPTOR_COUNT, DESCRIPTORS, NOBODY, SLOTS, TAKEN

_SEEN_MAX = 256
_SLOT_BYTES = 1 << SLOT_SHIFT
_WORD, _HOW = struct.Struct("<Q"), struct.Struct("<QQQ")
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 2, 4, 8  # RESOLVE_* of openat2(2)
_HOST_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_fstat = ctypes.CDLL(None).syscall


# Where the host has a file: its descriptor of a granted directory, the way from there, and its descriptors of the
# directories on that way whose use the guest was granted.
HostWay = tuple[int, bytes, tuple[int, ...]]


class KeptFiles:
    """The slots in the module's memory `own`, by path and flags: one of those with the same hash."""

    def __init__(self, own: memoryview) -> None:
        self._own = own
        self._taken = own[TAKEN : TAKEN + 16].cast("Q")
        self._seen: set[tuple[bytes, int]] = set()
        self._what: dict[int, tuple[Any, int]] = {}  # by slot: for `settle`; a descriptor that is ours, or -1

    def is_due(self, path: bytes, flags: int) -> bool:
        """Whether it is worth while to keep this one: it was opened before."""
        if (path, flags) in self._seen:
            return True
        if len(self._seen) >= _SEEN_MAX:
            self._seen.clear()
        self._seen.add((path, flags))
        return False

    @property
    def has_taken(self) -> bool:
        """Whether a file was opened that the kernel does not know of."""
        return self._taken[0] != NOBODY

    def keep(
        self, path: bytes, flags: int, below: int, place: HostWay | int, told: bytes, shown: bytes, what: Any
    ) -> None:
        """Open `path` with `flags` without Python from now on.

        below: the number from which a descriptor is too many. place: where the host has the file, or a descriptor of
        the host with its bytes, which is closed in the end. told, shown: struct stat of the host's file (`host_stat`),
        and what the guest is told. what: for `settle`. Nothing is kept where a text is too long.
        """
        kept = place if isinstance(place, int) else -1
        slot = _slot(path, flags)
        self._empty(slot)
        if len(path) >= TEXT_BYTES:
            return
        at = SLOTS + slot * _SLOT_BYTES
        own = self._own
        if not isinstance(place, int):
            directory, name, checked = place
            through = [(fd, host_stat(fd)) for fd in checked]
            if len(name) >= TEXT_BYTES or len(through) > CHECKED_MAX or not all(got for _, got in through):
                return
            own[at + NAME : at + NAME + len(name)] = name
            self._set(at + DIRECTORY, directory)
            self._set(at + CHECKED, len(through))
            _HOW.pack_into(own, at + HOW, _HOST_OPEN, 0, _NO_MAGICLINKS | _NO_SYMLINKS | _BENEATH)
            for index, (fd, got) in enumerate(through):
                here = at + DIRECTORIES + 8 * DIRECTORY_WORDS * index
                self._set(here, fd)
                own[here + 8 : here + 8 * DIRECTORY_WORDS] = got[: 8 * (DIRECTORY_WORDS - 1)]
        own[at + SAME : at + SAME + HOST_STAT_BYTES] = told.ljust(HOST_STAT_BYTES, b"\0")
        own[at + SHOWN : at + SHOWN + len(shown)] = shown
        own[at + PATH : at + PATH + len(path)] = path
        self._set(at + KEPT, NOBODY if kept < 0 else kept)
        self._set(at + BELOW, min(below, DESCRIPTOR_COUNT))
        self._set(at + KEY, (flags & 0xFFFF_FFFF) << 32 | len(path))
        self._what[slot] = what, kept

    def _set(self, at: int, value: int) -> None:
        _WORD.pack_into(self._own, at, value)

    def settle(self) -> tuple[int, int, Any]:
        """The file that is open (`has_taken`), which the kernel has to know of from now on.

        The guest's descriptor; the host's, of which the kernel is the owner from now on, or -1; what `keep` was given.
        """
        fd, at = self._taken
        what, kept = self._what[(at - SLOTS) // _SLOT_BYTES]
        word = _WORD.unpack_from(self._own, DESCRIPTORS + 8 * fd)[0]
        self._taken[0] = NOBODY
        return fd, -1 if kept >= 0 else word & 0xFFFF_FFFF, what

    def _empty(self, slot: int) -> None:
        _, kept = self._what.pop(slot, (None, -1))
        if kept >= 0:
            os.close(kept)
        at = SLOTS + slot * _SLOT_BYTES
        self._own[at : at + _SLOT_BYTES] = bytes(_SLOT_BYTES)

    def forget(self) -> None:
        """Every path may lead elsewhere. Nothing is open: `settle` was called."""
        assert not self.has_taken
        for slot in list(self._what):
            self._empty(slot)


def host_stat(fd: int) -> bytes:
    """The host's struct stat of a descriptor, as its kernel writes it; nothing where that fails."""
    buffer = ctypes.create_string_buffer(HOST_STAT_BYTES)
    return b"" if _fstat(host_number("fstat"), fd, buffer) else buffer.raw


def _slot(path: bytes, flags: int) -> int:
    value = flags & 0xFFFF_FFFF
    for byte in path:
        value = (value ^ byte) * HASH_FACTOR & 0xFFFF_FFFF
    return (value ^ value >> 16) & SLOT_COUNT - 1
