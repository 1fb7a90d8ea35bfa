"""The wait on the host, to the nanosecond: Python's select.poll counts in milliseconds, which a short sleep notices."""

from __future__ import annotations

import ctypes
import select
import struct

from friscy.kernel.wait import READ, WRITE

_ppoll = ctypes.CDLL(None).ppoll
_ppoll.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_void_p]
_POLLFD, _TIMESPEC = struct.Struct("<ihh"), struct.Struct("<qq")


def wait(watched: dict[int, int], timeout_ns: int | None) -> set[int]:
    """Wait until a host descriptor of `watched` (each with READ | WRITE) is ready or broken, or the time is over.

    Returns those that are. A signal of the host ends the wait too, with none: its Python handler has run then.
    """
    entries = bytearray()
    for fd, events in watched.items():
        wanted = (select.POLLIN if events & READ else 0) | (select.POLLOUT if events & WRITE else 0)
        entries += _POLLFD.pack(fd, wanted, 0)
    timeout = None if timeout_ns is None else _TIMESPEC.pack(*divmod(timeout_ns, 1_000_000_000))
    array = ctypes.addressof((ctypes.c_char * len(entries)).from_buffer(entries)) if entries else None
    ready = _ppoll(array, len(watched), timeout, None)
    if ready <= 0:
        return set()
    return {fd for fd, _, found in _POLLFD.iter_unpack(entries) if found}
