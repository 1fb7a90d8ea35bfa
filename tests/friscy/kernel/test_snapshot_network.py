"""A snapshot of a server: it listens again after a restore, and its connections read as reset."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

from guest_machine import GuestMachine, compile_guest, install

from friscy.kernel.kernel import Kernel
from friscy.kernel.namespace import attach_providers
from friscy.kernel.net.policy import Policy
from friscy.kernel.net.start import attach_network
from friscy.kernel.state import KernelState
from friscy.kernel.terminal.console import Console
from friscy.machine.space import Space
from lazyfs.vfs import Vfs
from snapshot.capture import capture
from snapshot.format import SnapshotFile
from snapshot.restore import restore


def test_a_server_goes_on_listening(machine: GuestMachine, guest_cache: Path, tmp_path: Path) -> None:
    console = Console.detached()
    kernel, context = machine.kernel(console)
    policy = Policy(publish=["127.0.0.1:0:7000"])
    kernel.policy = policy
    attach_network(kernel)
    install(kernel, context, compile_guest("listener", guest_cache), b"/bin/program")
    kernel.spawn_init(
        b"/bin/program", [b"program"], [], root=context.root, files=console.open_standard(kernel, context)
    )
    client = _client(policy, b"first")
    console.on_input_wanted = kernel.stop
    assert kernel.run() is None
    capture(kernel, tmp_path / "snapshot.bin", {"at": "stdin"}, console.transcript or [])
    kernel.network.close_all()
    client.join()
    for _ in range(2):
        _go_on(machine, SnapshotFile(tmp_path / "snapshot.bin"))


def _client(policy: Policy, data: bytes, answer: list[bytes] | None = None) -> threading.Thread:
    """Sends `data` to the published port once it answers, and reads to the end."""

    def run() -> None:
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", policy.published[0].host_port))
                break
            except ConnectionRefusedError:
                continue  # the guest does not listen yet
        with connection:
            connection.sendall(data)
            received = b""
            try:
                while part := connection.recv(64):
                    received += part
            except ConnectionResetError:
                pass
        if answer is not None:
            answer.append(received)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _go_on(machine: GuestMachine, file: SnapshotFile) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"a line\n")
    console = Console((reader, -1, -1), transcript=[])
    policy = Policy(publish=["127.0.0.1:0:7000"])

    def make(state: KernelState) -> Kernel:
        kernel = Kernel(
            Vfs(state.vfs),
            lambda k: Space(machine.engine, machine.interpreter, k.entry_of_calls(), k.trap, k.memory_fault, k.settle),
            state=state,
            console=console,
            policy=policy,
        )
        attach_providers(kernel)
        attach_network(kernel)
        return kernel

    kernel = restore(file, make)
    answer: list[bytes] = []
    client = _client(policy, b"second", answer)
    assert kernel.run() == 0
    kernel.network.close_all()
    client.join()
    os.close(reader)
    os.close(writer)
    shown = b"".join(data for _, data in console.transcript or []).decode().splitlines()
    assert shown == [
        "read(0, line, sizeof line) = 7",
        "got second",
        "read(old, line, sizeof line): ECONNRESET",
        "read(old, line, sizeof line) = 0",
        'send(old, "x", 1, MSG_NOSIGNAL): EPIPE',
    ]
    assert answer == [b"answer"]
