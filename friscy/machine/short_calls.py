"""System calls that are answered without Python: a module of wasm stands before the host's function for them.

A call that comes to Python costs as much as ten of the host's. Those that programs make all the time, and that need
none of the kernel's state, are answered here, as far as the kernel has said before that they may be:

- clock_gettime, by the clocks of WASI, where it writes to a page that the kernel found to be writable;
- openat, fstat and close of files that were opened before (friscy.machine.short_files);
- read, write, writev, recvfrom, sendto and sendfile, where the descriptors are in `Descriptors`: by the host's own call
  (friscy.machine.host_code), whose answer is the guest's, or, where it is an error, the kernel's to tell;
- epoll_pwait, where the host's epoll set has events and nothing but such calls was made since the kernel looked.

Everything else goes on to the kernel. A change of any page's protection takes the trust in pages back.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import wasmtime

from friscy.machine.engine import load_text
from friscy.machine.host_code import PARAMS, host_call_address
from friscy.machine.short_calls_text import READ_CLOCK, TEXT, WASI
from friscy.machine.short_words import (
    DESCRIPTOR_COUNT,
    DESCRIPTORS,
    FAILED,
    HART,
    LOOKED,
    MOST,
    NOBODY,
    NOW,
    OFFSET,
    OWN,
    PATIENCE,
    SOURCE,
    STILL,
    TAKEN,
    TRAFFIC,
    TRUSTED,
)
from friscy.machine.trust import NOTHING, TRUSTED_WORDS

if TYPE_CHECKING:
    from friscy.machine.short_files import KeptFiles

_CALIBRATIONS = 8
_PATIENCE_NS = 100_000  # of one wait at most: what it costs to come to Python, and to and fro another process
_WORDS = DESCRIPTOR_COUNT + 1


class Descriptors:
    """Which descriptors of a table the host may be asked for itself; part of nothing that is saved.

    words: by number, the host's descriptor and what may be done with it (RECEIVE, SEND, SOURCE); 0: nothing. They are
    in the memory of the one `holder` that has loaded them. The word behind the last one is the lowest that is free.
    """

    __slots__ = ("_sources", "holder", "words")

    def __init__(self) -> None:
        self._sources: set[int] = set()  # and some that mean something else by now
        self.words = memoryview(bytearray(8 * _WORDS)).cast("Q")
        self.holder: ShortCalls | None = None

    def allow(self, fd: int, host_fd: int, may: int) -> None:
        """What may be done with a descriptor from now on."""
        if fd < DESCRIPTOR_COUNT:
            self.words[fd] = host_fd | may
            if may & SOURCE:
                self._sources.add(fd)

    def forget(self, fd: int, host_fd: int = -1) -> None:
        """A descriptor means something else now; host_fd: only if it means this."""
        if fd < DESCRIPTOR_COUNT and host_fd in (-1, self.words[fd] & 0xFFFF_FFFF):
            self.words[fd] = 0

    def forget_files(self) -> None:
        """No file is to be opened without Python any more."""
        if self.holder is not None and self.holder.files is not None:
            self.holder.files.forget()

    def next_is(self, fd: int) -> None:
        """The lowest descriptor that is free."""
        self.words[DESCRIPTOR_COUNT] = fd

    def forget_sources(self) -> None:
        """No file is to be read by the host itself any more."""
        for fd in self._sources:
            if self.words[fd] & SOURCE:
                self.words[fd] = 0
        self._sources.clear()


class ShortCalls:
    """The module in one store. function: what engines call for system calls. trusted: see GuestMemory.

    files: those that can be opened without Python, once `kept_files` was asked for. hart, failed, looked: words of its
    memory: the running hart, the errno that the host gave for the call that has come to Python, 0 for none, and
    whether a wait found events since the word was set to 0. can_ask:
    whether this host lets calls be made. ahead: nanoseconds from WASI's monotonic clock, which begins with the store,
    to the host's.
    """

    __slots__ = ("_area", "_own", "_set", "_still", "_traffic", "ahead", "can_ask", "descriptors", "failed", "files",
                 "function", "hart", "looked", "now", "still_since", "trusted")  # fmt: skip

    def __init__(
        self,
        store: wasmtime.Store,
        memory: wasmtime.Memory,
        base: int,
        host: wasmtime.Func,
        settle: wasmtime.Func,
        raw: Callable[[int, wasmtime.FuncType], wasmtime.Func],
    ) -> None:
        """base: where `memory` is on this host. host, settle: Space's syscall and settle.

        raw: makes a function of wasm of one of C (`Space.native_function`).
        """
        module, linker = _prepared(store.engine)
        store.set_wasi(wasmtime.WasiConfig())  # of it the module has the clocks, and nobody has anything else
        read_clock = linker.get(store, WASI, READ_CLOCK)
        assert isinstance(read_clock, wasmtime.Func)
        address = host_call_address()
        self.can_ask = bool(address)
        i64 = wasmtime.ValType.i64()
        kind = wasmtime.FuncType([i64] * PARAMS, [i64])
        ask = raw(address, kind) if address else wasmtime.Func(store, kind, _never)
        where = wasmtime.Global(store, wasmtime.GlobalType(i64, False), wasmtime.Val.i64(base))
        exports = wasmtime.Instance(store, module, [memory, host, settle, read_clock, ask, where]).exports(store)
        function, now, own = exports["syscall"], exports["now"], exports["memory"]
        assert isinstance(function, wasmtime.Func)
        assert isinstance(now, wasmtime.Func)
        assert isinstance(own, wasmtime.Memory)
        self.function, self.now = function, now
        pointer = own.get_buffer_ptr(store)
        self._own = memoryview(pointer).cast("B")
        self._words(OWN)[0] = _address_of(pointer)
        self.hart, self.failed = self._words(HART), self._words(FAILED)
        self.trusted = self._words(TRUSTED, TRUSTED_WORDS)
        self.trusted[:] = NOTHING
        self.looked = self._words(LOOKED)
        self._words(MOST)[0] = self._words(PATIENCE)[0] = _PATIENCE_NS if len(os.sched_getaffinity(0)) > 1 else 0
        self._still, self._traffic = self._words(STILL, 3), self._words(TRAFFIC, 4)
        self._area = self._words(DESCRIPTORS, _WORDS)
        self._words(TAKEN)[0] = NOBODY
        self.files: KeptFiles | None = None
        self.descriptors: Descriptors | None = None  # that are in the module's memory
        self.ahead = 0
        self._set = -1
        self.still_since: tuple[int, object] = (-1, None)
        self._still[0] = NOBODY

    def _words(self, at: int, count: int = 1) -> memoryview:
        return self._own[at : at + 8 * count].cast("Q")

    # -- clocks ---------------------------------------------------------------------------------------

    def calibrate(self, read_now: Callable[[], None]) -> None:
        """Find out `ahead`. read_now: calls `now`, at once.

        It is wrong by less than half of the shortest of some calls, and whoever sees one clock and then the other has
        come to Python or gone from there in between: so the guest's time does not go back.
        """
        shortest = 1 << 62
        for _ in range(_CALIBRATIONS):
            before = time.monotonic_ns()
            read_now()
            after = time.monotonic_ns()
            if after - before < shortest:
                shortest = after - before
                self.ahead = (before + after) // 2 - self._words(NOW)[0]

    def begin(self, monotonic_offset: int) -> None:
        """The guest's CLOCK_MONOTONIC is the host's and so many nanoseconds."""
        self._own[OFFSET : OFFSET + 8] = (self.ahead + monotonic_offset).to_bytes(8, "little", signed=True)

    # -- descriptors ----------------------------------------------------------------------------------

    def load(self, descriptors: Descriptors | None) -> None:
        """A task with these is about to run here; None: with none that could be asked for."""
        if descriptors is self.descriptors:
            return
        if self.files is not None:
            self.files.forget()
        if self.descriptors is not None:
            self.descriptors.words = memoryview(bytearray(self._area)).cast("Q")
            self.descriptors.holder = None
        self.descriptors = descriptors
        if descriptors is None:
            self._area.cast("B")[:] = bytes(8 * _WORDS)
            return
        if descriptors.holder is not None:
            descriptors.holder.load(None)
        self._area[:] = descriptors.words
        descriptors.words, descriptors.holder = self._area, self

    def kept_files(self) -> KeptFiles:
        """`files`: few programs need any."""
        if self.files is None:
            from friscy.machine.short_files import KeptFiles

            self.files = KeptFiles(self._own)
        return self.files

    def take_traffic(self) -> list[int]:
        """Bytes received, receives, bytes sent and sends since the last time."""
        traffic = list(self._traffic)
        for index in range(len(traffic)):
            self._traffic[index] = 0
        return traffic

    # -- epoll ----------------------------------------------------------------------------------------

    def be_still(self, epfd: int, host_fd: int, limit: int, since: tuple[int, object]) -> None:
        """Nothing but a set of the host may have news for a wait on `epfd` until a call comes to Python again.

        limit: how many events there is room for, where `trusted` says. since: see `stay_still`.
        """
        self._still[0], self._still[1], self._still[2] = epfd, host_fd, limit
        self._set, self.still_since = epfd, since

    def stay_still(self, since: tuple[int, object]) -> None:
        """What has come to Python meanwhile has stirred nothing, if `since` is what `be_still` was told.

        It says when that was, and of whose descriptors.
        """
        self._still[0] = self._set if since == self.still_since else NOBODY


def _never(*_: int) -> int:
    raise AssertionError("no descriptor is allowed where the host cannot be asked")


def _address_of(pointer: object) -> int:
    import ctypes

    return ctypes.addressof(pointer)  # type: ignore[arg-type]


@lru_cache(maxsize=4)
def _prepared(engine: wasmtime.Engine) -> tuple[wasmtime.Module, wasmtime.Linker]:
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    return load_text(engine, "short_calls", TEXT), linker
