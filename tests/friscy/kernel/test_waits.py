"""Waits that are not asked again while nothing has changed, and that look for a while: they miss nothing.

Two processes with epoll sets of sockets, signals, pipes, counters, timers and notices do things to each other, as two
clients say: what each wait finds is what it finds on Linux.
"""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from guest_machine import GuestMachine, compile_guest
from guest_server import Client, GuestServer, client_of, connect, let_news_come_late, serve_on_linux

from friscy.kernel.events import epoll
from friscy.kernel.events.epoll_set import Epoll
from friscy.kernel.kernel import Kernel
from friscy.machine import short_calls
from friscy.machine.short_calls import ShortCalls
from friscy.machine.short_words import PATIENCE

Step = tuple[int, bytes, int, bytes]  # who is told, what, who hears, of what
CHILD, PARENT = 0, 1
STEPS: list[Step] = [
    (CHILD, b"x", CHILD, b"heard "), (PARENT, b"x", PARENT, b"heard "),
    (CHILD, b"k", PARENT, b"signal 10 "), (PARENT, b"k", CHILD, b"signal 10 "),
    (CHILD, b"p", PARENT, b"pipe "), (PARENT, b"p", CHILD, b"pipe "),
    (CHILD, b"e", PARENT, b"count "), (PARENT, b"e", CHILD, b"count "),
    (CHILD, b"t", PARENT, b"timer "), (PARENT, b"t", CHILD, b"timer "),
    (CHILD, b"x", CHILD, b"heard "), (CHILD, b"w", PARENT, b"notice "),
    (CHILD, b"i", CHILD, b"signal 14 "), (PARENT, b"i", PARENT, b"signal 14 "),
    (CHILD, b"l", CHILD, b"looked "), (PARENT, b"l", PARENT, b"looked "),
    (CHILD, b"z", CHILD, b"0 found "), (PARENT, b"z", PARENT, b"0 found "),
]  # fmt: skip
TALK: list[Step] = [(CHILD, b"x", CHILD, b"heard "), (CHILD, b"l", CHILD, b"looked ")]
LAST: list[Step] = [(CHILD, b"f", PARENT, b"end "), (PARENT, b"q", PARENT, b"child ended by 11 ")]


def _hear(end: socket.socket, expected: bytes) -> bytes:
    heard = b""
    while len(heard) < len(expected):
        more = end.recv(len(expected) - len(heard))
        if not more:
            break
        heard += more
    return heard


def _do(steps: list[Step], ends: tuple[socket.socket, socket.socket]) -> Iterator[bytes]:
    """Say what is to be done, one after the other; what is heard of each."""
    for told, command, hears, expected in steps:
        ends[told].sendall(command)
        yield _hear(ends[hears], expected)


@contextmanager
def _bothered(end: socket.socket) -> Iterator[None]:
    """The process behind `end` is asked for something all the time."""
    over = threading.Event()

    def bother() -> None:
        while not over.is_set():
            end.sendall(b"x")
            if not _hear(end, b"heard "):
                break

    thread = threading.Thread(target=bother)
    thread.start()
    yield
    over.set()
    thread.join()


def _client(rounds: int, heard: list[bytes]) -> Client:
    def talk(where: Callable[[], int]) -> None:
        with connect(where) as child, connect(where) as parent:
            ends = (child, parent)
            for _ in range(rounds):
                heard.extend(_do(STEPS, ends))
            parent.sendall(b"a")
            heard.append(_hear(parent, b"listening "))
            with _bothered(child):
                time.sleep(0.1)
                with connect(where):
                    heard.append(_hear(parent, b"1 accepted "))
            with _bothered(child):  # a wait with a time-out, while the other one is busy all the time
                parent.sendall(b"o")
                heard.append(_hear(parent, b"waiting "))
                heard.append(_hear(parent, b"0 after its time "))
            with _bothered(parent):  # waits one after the other, each with its own time-out
                child.sendall(b"r")
                heard.append(_hear(child, b"ready "))
                for _ in range(6):
                    time.sleep(0.25)
                    child.sendall(b".")
                heard.append(_hear(child, b"6 in time "))
            for one, two in ((child, parent), (parent, child)):  # a handler runs in what comes after a wait
                one.sendall(b"h")
                heard.append(_hear(one, b"ready "))
                with _bothered(two):
                    time.sleep(0.1)
                    one.sendall(b".")
                two.sendall(b"u")
                heard.append(_hear(one, b"1 and handled "))
            heard.extend(_do(LAST, ends))

    return client_of(talk)


EXPECTED = [
    *(expected for *_, expected in STEPS * 3), b"listening ", b"1 accepted ", b"waiting ", b"0 after its time ",
    b"ready ", b"6 in time ", *(b"ready ", b"1 and handled ") * 2, *(e for *_, e in LAST),
]  # fmt: skip


def _set_patience(monkeypatch: pytest.MonkeyPatch, nanoseconds: int) -> None:
    monkeypatch.setattr(short_calls, "_PATIENCE_NS", nanoseconds)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1})


@pytest.mark.parametrize(
    ("asks", "patience", "late"),
    [
        (True, 0, ""), (True, 100_000, ""), (True, 10**10, ""), (False, 0, ""),
        (True, 0, "look"), (False, 0, "look"), (False, 0, "refresh"),
    ],
    ids=["never patient", "patient", "for ever", "by the kernel", "late", "late, by the kernel", "late elsewhere"],
)  # fmt: skip
def test_waits_find_what_they_find_on_linux(
    asks: bool,
    patience: int,
    late: str,
    machine: GuestMachine,
    guest_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if late:
        let_news_come_late(monkeypatch, late)
    if not asks:
        monkeypatch.setattr(short_calls, "host_call_address", lambda: 0)
    _set_patience(monkeypatch, patience)
    patient: list[int] = []
    stay_still = ShortCalls.stay_still

    def seen(calls: ShortCalls, since: tuple[int, object]) -> None:
        patient.append(calls._words(PATIENCE)[0])
        stay_still(calls, since)

    monkeypatch.setattr(ShortCalls, "stay_still", seen)
    program = compile_guest("wait_server", guest_cache)
    heard: list[bytes] = []
    lines = GuestServer(machine, program).run(client=_client(3, heard), cwd=b"/tmp")
    assert (lines, heard) == ([], EXPECTED)
    assert max(patient) == patience


def test_that_is_what_linux_does(guest_cache: Path, tmp_path: Path) -> None:
    heard: list[bytes] = []
    program = compile_guest("wait_server", guest_cache)
    lines = serve_on_linux(program, client=_client(3, heard), cwd=tmp_path)
    assert (lines, heard) == ([], EXPECTED)


def _hold_many(count: int, heard: list[bytes]) -> Client:
    def talk(where: Callable[[], int]) -> None:
        with ExitStack() as stack:
            ends = [stack.enter_context(connect(where)) for _ in range(count)]
            for end in ends:
                end.sendall(b"y")
                heard.append(_hear(end, b"y"))

    return client_of(talk)


@pytest.fixture
def many_files() -> Iterator[None]:
    """This process, which has both ends of every connection, may have some thousand files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, before[1]), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
def test_more_sets_than_the_host_takes_in_sets(machine: GuestMachine, guest_cache: Path) -> None:
    count = 640
    program = compile_guest("many_sets", guest_cache)
    heard: list[bytes] = []
    server = GuestServer(machine, program)
    lines = server.run(b"%d" % count, client=_hold_many(count, heard))
    assert heard == [b"y"] * count
    assert lines == serve_on_linux(program, f"{count}", client=_hold_many(count, heard))


def _talk_only(rounds: int, heard: list[bytes]) -> Client:
    def talk(where: Callable[[], int]) -> None:
        with connect(where) as child, connect(where) as parent:
            for _ in range(rounds):
                heard.extend(_do(TALK, (child, parent)))
            heard.extend(_do(LAST, (child, parent)))

    return client_of(talk)


def test_calls_that_change_nothing_leave_waits_alone(
    machine: GuestMachine, guest_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server's waits need neither the kernel nor that the other tasks are asked."""
    asked: list[int] = []
    any_due = Epoll._any_due

    def counted(self: Epoll, k: Kernel) -> bool:
        asked.append(k.changes)
        return any_due(self, k)

    monkeypatch.setattr(Epoll, "_any_due", counted)
    waits: list[bool] = []
    wait = epoll._wait

    def seen(k: Kernel, *arguments: Any) -> object:
        waits.append(True)
        return wait(k, *arguments)

    monkeypatch.setattr(epoll, "_wait", seen)
    _set_patience(monkeypatch, 10**10)
    rounds = 200
    heard: list[bytes] = []
    server = GuestServer(machine, compile_guest("wait_server", guest_cache))
    server.run(client=_talk_only(rounds, heard), cwd=b"/tmp")
    assert heard == [expected for *_, expected in TALK * rounds + LAST]
    assert len(waits) < rounds  # of twice as many; one that a time slice ends comes to the kernel
    assert len(asked) < rounds
