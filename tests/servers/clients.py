"""Clients that hold many connections, and clients that vanish, for any protocol of a question and an answer."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable

from served import LOCAL, Served

HELD_CONNECTIONS = 1000
VANISHED = 200
_SECONDS = 60

Ask = Callable[[socket.socket], None]  # asks something and asserts what comes back


def asker(question: bytes, ends_with: bytes) -> Ask:
    """An Ask that sends `question` and reads until `ends_with`."""

    def ask(client: socket.socket) -> None:
        client.sendall(question)
        got = b""
        while not got.endswith(ends_with):
            part = client.recv(65536)
            assert part, f"the connection ended after {got!r}"
            got += part

    return ask


def connect(server: Served) -> socket.socket:
    """A connection, whose calls wait no longer than a minute."""
    return socket.create_connection((LOCAL, server.port), _SECONDS)


def ask_once(server: Served, ask: Ask) -> None:
    """A connection for one question."""
    with connect(server) as client:
        ask(client)


def hold_many(server: Served, ask: Ask, count: int = HELD_CONNECTIONS) -> str:
    """Hold `count` connections at once, and ask on each, twice."""
    ask_once(server, ask)  # what serves the first one stays: the host's set behind the guest's
    before = server.held()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(count)]
        for client in clients:
            ask(client)
        during = server.held()
        for client in reversed(clients):
            ask(client)
    after = server.settled(before)
    assert during.guest_fds >= count, (before, during)
    assert after.guest_fds <= before.guest_fds, f"descriptors of the guest {before} then {after}"
    assert after.host_fds <= before.host_fds, f"descriptors of the host {before} then {after}"
    return f"all answer twice; guest descriptors {before.guest_fds}, {during.guest_fds}, {after.guest_fds}"


def vanish(server: Served, ask: Ask, question: bytes, count: int = VANISHED) -> str:
    """Clients that leave at the wrong time, `count` in each way; then the server answers and holds nothing of them."""
    ask_once(server, ask)
    before = server.held()
    for number in range(4 * count):
        client = connect(server)
        if number % 4 == 1:  # in the middle of a question, with a reset
            client.sendall(question[: len(question) // 2])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif number % 4 == 2:  # in the middle of a question, with an end
            client.sendall(question[: len(question) // 2])
            client.shutdown(socket.SHUT_WR)
        elif number % 4 == 3:  # without reading the answer
            client.sendall(question * 20)
        client.close()
    ask_once(server, ask)
    after = server.settled(before)
    assert after.guest_fds <= before.guest_fds, f"descriptors of the guest: {before} then {after}"
    assert after.host_fds <= before.host_fds, f"descriptors of the host: {before} then {after}"
    return f"{4 * count} clients; guest descriptors {before.guest_fds} then {after.guest_fds}"
