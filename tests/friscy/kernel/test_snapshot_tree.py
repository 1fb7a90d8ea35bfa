"""A snapshot of a process tree: children, threads, shared memory, pipes and a zombie go on after the restore."""

from __future__ import annotations

import os
from pathlib import Path

from guest_machine import GuestMachine, compile_guest, install

from friscy.kernel.kernel import Kernel
from friscy.kernel.namespace import attach_providers
from friscy.kernel.state import KernelState
from friscy.kernel.terminal.console import Console
from friscy.machine.space import Space
from lazyfs.vfs import Vfs
from snapshot.capture import capture
from snapshot.format import SnapshotFile
from snapshot.restore import restore, transcript


def test_all_of_it_goes_on(machine: GuestMachine, guest_cache: Path, tmp_path: Path) -> None:
    kernel = _stopped(machine, compile_guest("tree", guest_cache), tmp_path)
    assert len(kernel.state.processes) == 4
    assert len(kernel.state.tasks) == 43
    file = SnapshotFile(tmp_path / "snapshot.bin")
    for _ in range(2):  # the file is good for any number of restores
        assert b"".join(data for _, data in transcript(file)) == b"ready\n"
        shown = _go_on(machine, file)
        assert shown == ["read a line", "child 15", "child 15", "zombie 17, threads 900, shared 17"]


def test_timers_signals_and_watches_go_on(machine: GuestMachine, guest_cache: Path, tmp_path: Path) -> None:
    _stopped(machine, compile_guest("kept", guest_cache), tmp_path)
    assert _go_on(machine, SnapshotFile(tmp_path / "snapshot.bin")) == [
        "timers 1 1",
        "read(sfd, &info, sizeof info) = 128",
        "signal 34 value 42",
        "epoll_wait(ep, &got, 1, 0) = 0",
        "epoll_wait(ep, &got, 1, 0) = 1",
        "before",
        "after",
        "syscall(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) = 0",
        "syscall(SYS_getpriority, PRIO_PROCESS, 0) = 13",
    ]


def _stopped(machine: GuestMachine, program: Path, directory: Path) -> Kernel:
    """Run a program until it waits for input, and put its machine into snapshot.bin."""
    console = Console.detached()
    kernel, context = machine.kernel(console)
    install(kernel, context, program, b"/bin/program")
    kernel.spawn_init(
        b"/bin/program", [b"program"], [], root=context.root, files=console.open_standard(kernel, context)
    )
    console.on_input_wanted = kernel.stop
    assert kernel.run() is None
    capture(kernel, directory / "snapshot.bin", {"at": "stdin"}, console.transcript or [])
    return kernel


def _go_on(machine: GuestMachine, file: SnapshotFile) -> list[str]:
    """What a restored machine shows that is given a line of input."""
    reader, writer = os.pipe()
    os.write(writer, b"a line\n")
    console = Console((reader, -1, -1), transcript=[])

    def make(state: KernelState) -> Kernel:
        kernel = Kernel(
            Vfs(state.vfs),
            lambda k: Space(machine.engine, machine.interpreter, k.entry_of_calls(), k.trap, k.memory_fault, k.settle),
            state=state,
            console=console,
        )
        attach_providers(kernel)
        return kernel

    kernel = restore(file, make)
    assert kernel.run() == 0
    os.close(reader)
    os.close(writer)
    return b"".join(data for _, data in console.transcript or []).decode().splitlines()
