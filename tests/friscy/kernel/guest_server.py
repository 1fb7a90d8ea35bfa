"""A guest program that serves a published port, in our machine and on Linux, while a client of the test talks to it."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from guest_machine import GuestMachine, install
from guest_sources import EMULATOR
from required_tools import require_tool

from friscy.kernel.kernel import Kernel
from friscy.kernel.net.host import HostNetwork
from friscy.kernel.net.policy import Policy
from friscy.kernel.net.start import attach_network
from friscy.kernel.terminal.console import Console

LOCAL = "127.0.0.1"
GUEST_PORT = 7000
# Starts a client, given what tells the port; the thread ends when the server has gone.
Client = Callable[[Callable[[], int]], threading.Thread]


def client_of(talk: Callable[[Callable[[], int]], None]) -> Client:
    """A client that does what `talk` does, in a thread."""

    def start(where: Callable[[], int]) -> threading.Thread:
        thread = threading.Thread(target=talk, args=(where,))
        thread.start()
        return thread

    return start


def connect(where: Callable[[], int]) -> socket.socket:
    """A connection to the server, which may not listen yet. OSError: it does not for a minute."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection((LOCAL, where()), 60)
        except OSError:
            if time.monotonic() > deadline:
                raise


def let_news_come_late(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """What the world does comes to light late.

    where: "look": between a call that finds nothing and the wait for it; "refresh": where another wait is asked.
    """
    original = getattr(HostNetwork, where)

    def delayed(net: HostNetwork, k: Kernel) -> None:
        time.sleep(0.002)
        net._stale = True
        original(net, k)

    monkeypatch.setattr(HostNetwork, where, delayed)


class GuestServer:
    """A kernel with the program installed and its port published; its files are the caller's to grant, before `run`."""

    def __init__(self, machine: GuestMachine, program: Path) -> None:
        self._reader, self._writer = os.pipe()
        self._console = Console((-1, self._writer, self._writer))
        self.kernel, self.context = machine.kernel(self._console)
        self.kernel.policy = self._policy = Policy(publish=[f"{LOCAL}:0:{GUEST_PORT}"])
        attach_network(self.kernel)
        install(self.kernel, self.context, program, b"/bin/program")

    def run(self, *arguments: bytes, client: Client, cwd: bytes = b"/") -> list[str]:
        """The lines that `program PORT arguments ...` prints until it ends with status 0."""
        output: list[bytes] = []
        draining = threading.Thread(
            target=lambda: output.extend(iter(lambda: os.read(self._reader, 65536), b""))
        )
        draining.start()
        kernel, context = self.kernel, self.context
        kernel.spawn_init(
            b"/bin/program", [b"program", b"%d" % GUEST_PORT, *arguments], [], root=context.root,
            files=self._console.open_standard(kernel, context), cwd=cwd,
        )  # fmt: skip
        talking = client(lambda: self._policy.published[0].host_port)
        try:
            assert kernel.run() == 0
        finally:
            kernel.network.close_all()
            os.close(self._writer)
            talking.join()
            draining.join()
            os.close(self._reader)
        return b"".join(output).decode().splitlines()


def serve_on_linux(
    program: Path, *arguments: Path | str, client: Client, cwd: Path | None = None
) -> list[str]:
    """The lines that it prints there."""
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port: int = probe.getsockname()[1]
    talking = client(lambda: port)
    done = subprocess.run(
        [require_tool(EMULATOR), program, str(port), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        cwd=cwd,
        check=True,
    )
    talking.join()
    return done.stdout.splitlines()
