"""The host's epoll set behind one of the guest's: it watches the sockets whose news is all the host's.

Its events have the guest's own data, so that friscy.machine.short_calls can give them to the guest as they are. One of
them stands for everything else that the host has for sockets: see `HostNetwork`.
"""

from __future__ import annotations

import ctypes
import os
import select

from friscy.machine.short_calls_text import EVENT, OTHERS
from lazyfs.abi import POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDHUP

_ADD, _DELETE, _MODIFY = 1, 2, 3
_MOST = 256  # events of one look
# What is asked for in the same words on every Linux, and means the same to the guest as to the host.
_COMMON = POLLIN | POLLOUT | POLLPRI | POLLERR | POLLHUP | POLLRDHUP | select.EPOLLET

_libc = ctypes.CDLL(None, use_errno=True)
_epoll_ctl, _epoll_wait = _libc.epoll_ctl, _libc.epoll_wait
_epoll_ctl.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_char_p]
_epoll_wait.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]


def can_watch(events: int, data: int) -> bool:
    """Whether an interest is one for a set of the host."""
    return not events & ~_COMMON and data != OTHERS


class HostSet:
    """fd: the host's descriptor of the set. others: the descriptor that stands for everything else.

    covered: whether `HostNetwork.look` tells of its news.
    """

    def __init__(self, others: int) -> None:
        self._epoll = select.epoll()
        self.covered = False
        self.fd = self._epoll.fileno()
        self._poll = select.poll()
        self._poll.register(self.fd, select.POLLIN)
        self._events = ctypes.create_string_buffer(EVENT.size * _MOST)
        self.add(others, POLLIN, OTHERS)

    def _control(self, operation: int, fd: int, events: int, data: int) -> None:
        if _epoll_ctl(self.fd, operation, fd, EVENT.pack(events, data)):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def add(self, fd: int, events: int, data: int) -> None:
        """Watch a descriptor of the host. OSError: it cannot be."""
        self._control(_ADD, fd, events, data)

    def modify(self, fd: int, events: int, data: int) -> None:
        """Ask for other events, or give them other data."""
        self._control(_MODIFY, fd, events, data)

    def remove(self, fd: int) -> None:
        """Watch it no more."""
        self._control(_DELETE, fd, 0, 0)

    def collect(self, limit: int) -> tuple[list[tuple[int, int]], bool]:
        """Up to `limit` (events, data) of what has news now; and whether everything else has some."""
        found = _epoll_wait(self.fd, self._events, min(limit, _MOST), 0)
        if found <= 0:
            return [], False
        events = EVENT.iter_unpack(self._events.raw[: found * EVENT.size])
        told = [event for event in events if event[1] != OTHERS]
        return told, len(told) < found

    def ready(self) -> bool:
        """Whether anything has news; that is still there afterwards."""
        return bool(self._poll.poll(0))

    def close(self) -> None:
        self._epoll.close()
