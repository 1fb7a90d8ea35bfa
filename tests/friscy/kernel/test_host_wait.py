"""The wait on the host."""

from __future__ import annotations

import os
import signal
import threading
import time

from friscy.kernel.host_wait import HostWait
from friscy.kernel.wait import READ, WRITE


def test_it_ends_when_the_time_is_over_and_not_before() -> None:
    for timeout_ns in (0, 150_000, 1_700_000):
        start = time.monotonic_ns()
        assert HostWait().wait({}, timeout_ns) == []
        assert time.monotonic_ns() - start >= timeout_ns
    best = min(_waited(200_000) for _ in range(20))
    assert best < 1_000_000  # a wait in milliseconds would take one


def _waited(timeout_ns: int) -> int:
    start = time.monotonic_ns()
    HostWait().wait({}, timeout_ns)
    return time.monotonic_ns() - start


def test_it_tells_what_is_ready() -> None:
    reader, writer = os.pipe()
    host = HostWait()
    assert host.wait({reader: READ, writer: WRITE}, None) == [writer]
    os.write(writer, b"x")
    assert host.wait({reader: READ, writer: WRITE}, None) == [reader, writer]
    assert host.wait({reader: READ}, 0) == [reader]
    os.close(writer)
    os.read(reader, 1)
    assert host.wait({reader: READ}, None) == [reader]  # the end of the file
    assert host.wait({}, 0) == []
    os.close(reader)


def test_a_signal_ends_it() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    sender = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
    sender.start()
    try:
        assert HostWait().wait({}, 30_000_000_000) == []
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)
    assert seen == [signal.SIGUSR1]
