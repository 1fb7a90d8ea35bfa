"""The wait on the host, to the nanosecond: Python's select.poll counts in milliseconds, which a short sleep notices."""

from __future__ import annotations

import ctypes
import select
import struct

from friscy.kernel.wait import READ, WRITE

_ppoll = ctypes.CDLL(None).ppoll
_ppoll.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_void_p]
_POLLFD, _TIMESPEC = struct.Struct("<ihh"), struct.Struct("<qq")


class HostWait:
    """Waits for the same descriptors again and again: what ppoll(2) wants to know of them is kept."""

    def __init__(self) -> None:
        self._watched: dict[int, int] = {}
        self._entries = bytearray()
        self._array: int | None = None

    def wait(self, watched: dict[int, int], timeout_ns: int | None) -> list[int]:
        """Wait until a host descriptor of `watched` (each with READ | WRITE) is ready or broken, or the time is over.

        Returns those that are. A signal of the host ends the wait too, with none: its Python handler has run then.
        """
        if watched != self._watched:
            self._watch(watched)
        timeout = None if timeout_ns is None else _TIMESPEC.pack(*divmod(timeout_ns, 1_000_000_000))
        if _ppoll(self._array, len(watched), timeout, None) <= 0:
            return []
        return [fd for fd, _, found in _POLLFD.iter_unpack(self._entries) if found]

    def _watch(self, watched: dict[int, int]) -> None:
        self._watched = dict(watched)
        self._entries = entries = bytearray()
        for fd, events in watched.items():
            wanted = (select.POLLIN if events & READ else 0) | (select.POLLOUT if events & WRITE else 0)
            entries += _POLLFD.pack(fd, wanted, 0)
        self._array = (
            ctypes.addressof((ctypes.c_char * len(entries)).from_buffer(entries)) if entries else None
        )
