"""What the kernel lets short calls do in its stead (friscy.machine.short_calls), and what it hears of them afterwards.

With a tracer, or a clock that is not the host's, every call comes to the kernel.
"""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TYPE_CHECKING

from friscy.machine.short_calls import Descriptors
from friscy.machine.short_calls_text import MAX_EVENTS
from friscy.machine.short_words import RECEIVE, SEND, SOURCE
from friscy.machine.trust import EVENTS

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.machine.short_calls import ShortCalls
    from lazyfs.openfile import OpenFile

_EVENT_BYTES = 16


def permitted(k: Kernel) -> bool:
    """Whether any call may be answered without the kernel."""
    return k.tracer is None and k.clock.is_hosts


def _calls(k: Kernel) -> ShortCalls:
    return k.spaces[k.task.process.pid].short_calls


def load(k: Kernel) -> None:
    """The running task is another one, or has another table: short calls are about its descriptors."""
    short, calls = k.task.process.files.short, _calls(k)
    if calls.descriptors is not short:
        calls.load(short)


def allow_data(k: Kernel, fd: int, host_fd: int) -> Descriptors | None:
    """The bytes of the running task's non-blocking socket `fd` are all with the host's: it may be asked for them."""
    if not _calls(k).can_ask:
        return None
    files = k.task.process.files
    if files.short is None:
        object.__setattr__(files, "short", Descriptors())  # not a field
        load(k)
    assert files.short is not None
    files.short.next_is(files.free())
    files.short.allow(fd, host_fd, RECEIVE | SEND)
    return files.short


def offer_source(k: Kernel, fd: int, file: OpenFile) -> None:
    """The running task has opened a file: a regular one may be sent from where the host has it, if it has."""
    short = k.task.process.files.short
    if short is None or k.backings.shared:
        return
    if file.readable and S_ISREG(file.inode.mode):
        host_fd = k.vfs.host_file(file)
        if host_fd >= 0:
            short.allow(fd, host_fd, SOURCE)


def forget_sources(k: Kernel) -> None:
    """Files are not to be read any more without the kernel: it has to know, or to bring them up to date."""
    forget_files(k)
    for process in k.state.processes.values():
        if process.files.short is not None:
            process.files.short.forget_sources()


def forget_files(k: Kernel) -> None:
    """All files are to be opened by the kernel again (friscy.kernel.short_files)."""
    if k.vfs.changing is not None:
        k.vfs.changing = None
        for process in k.state.processes.values():
            if process.files.short is not None:
                process.files.short.forget_files()


def trust_output(k: Kernel, address: int) -> None:
    """The page at `address` was found to be writable: the next times and attributes may be written there."""
    if permitted(k):
        k.mem.trust(address, write=True)


def trust_input(k: Kernel, address: int) -> None:
    """The page at `address` was found to be readable: the next iovecs and paths may be read from there."""
    k.mem.trust(address)


def allow_looks(k: Kernel, epfd: int, host_fd: int, out: int, limit: int) -> None:
    """Waits on `epfd` may ask the host's set, until a call comes to the kernel: nothing else has news."""
    calls = _calls(k)
    limit = min(limit, MAX_EVENTS)
    if calls.can_ask and permitted(k) and k.mem.window(out, limit * _EVENT_BYTES, write=True) is not None:
        k.mem.trusted[EVENTS] = out
        calls.be_still(epfd, host_fd, limit, (k.changes, k.task.process))


def raise_failure(k: Kernel) -> None:
    """OSError: what the host said to the short call that this call of the guest was first."""
    failed = _calls(k).failed
    number = failed[0]
    if number:
        failed[0] = 0
        raise OSError(number, os.strerror(number))
