"""The console: a guest on a real pseudo-terminal must behave as one on Linux's own; pipes pass through."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
from collections.abc import Callable
from pathlib import Path

from guest_machine import GuestMachine, compile_guest, install
from guest_sources import EMULATOR

from friscy.kernel.kernel import Kernel
from friscy.kernel.terminal.console import Console
from friscy.kernel.terminal.tty import ICANON, VMIN, VTIME, Tty
from lazyfs.plain import encode

# What is typed when the guest shows <1>, <2>, ...
TYPED = [
    b"plain line\r",
    b"erase\x7f\x7fX\n",
    b"two words\x17three\r",
    b"kill this\x15kept\r",
    b"tab\there\x7f\x7f\x7f\x7f\x7f!\r",
    b"control \x01\x02\x7f\x1b[A\r",
    b"literal \x16\x03 \x16\x7f\r",
    "umlaut ä\x7fö€\x7f\r".encode(),
    b"reprint\x12ed\r",
    b"half\x04",
    b"\x04",
    b"\x7f\x15\x17empty\r",
    b"stop\x13\x11go\r",
    b"one\ntwo\n",
    b"",  # the second line is there already
    b"12345678\r",
    b"",
    b"",
    b"dropped\x03",
    b"dropped\x1c",
    b"dropped\x1a",
    b"secret\x7f\r",
    b"secret\x7f\r",
    b"abc\x7f\x7fd\x15e\r",
    b"abc\x7f\x7fd\x17x\r",
    b"UPPER\x01;",
    b"nl\n\r;",
    b"\x03\r\x7f\x04",
    b"xyz",
    b"uvw",
    b"xy",
    b"",
    b"q",
    b"uv",
    b"later",
    b"",
    b"end\x03",
]


def _type_at_markers(master: int, transcript: bytearray, typed: list[bytes]) -> None:
    """Feed a terminal: piece n when <n> has come out."""
    step = 1
    while True:
        marker = b"<%d>" % step
        if marker in transcript and step <= len(typed):
            os.write(master, typed[step - 1])
            step += 1
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            return
        if not data:
            return
        transcript += data


def _on_terminal(run: Callable[[int], int]) -> tuple[int, str]:
    """(status, all that came out of it) of `run(slave)` on a fresh pseudo-terminal of 24 x 80."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[0] |= 0x4000  # IUTF8, as terminal emulators set it
    attributes[2] |= termios.HUPCL
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    transcript = bytearray()
    typist = threading.Thread(target=_type_at_markers, args=(master, transcript, TYPED))
    typist.start()
    try:
        status = run(slave)
    finally:
        # The last output has to be read before the terminal goes.
        while select.select([master], [], [], 0.05)[0] and typist.is_alive():
            pass
        os.close(slave)
        typist.join(10)
        os.close(master)
    return status, transcript.decode()


def _run_linux(program: Path, slave: int) -> int:
    # setsid makes the terminal the controlling one. (No preexec_fn: the typist's thread is running already.)
    command = ["setsid", "--ctty", EMULATOR, str(program)]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave)
    code = process.wait(30)
    return code if code >= 0 else 128 - code


def _run_ours(machine: GuestMachine, program: Path, slave: int) -> int:
    console = Console((slave, slave, slave))
    kernel, context = machine.kernel(console)
    install(kernel, context, program, b"/bin/program")
    with console:
        kernel.spawn_init(
            b"/bin/program",
            [b"program"],
            [],
            root=context.root,
            files=console.open_standard(kernel, context),
        )
        status = kernel.run()
    assert status is not None
    return status


def test_terminal_as_linux_does(machine: GuestMachine, guest_cache: Path) -> None:
    program = compile_guest("terminal", guest_cache)
    expected = _on_terminal(lambda slave: _run_linux(program, slave))
    got = _on_terminal(lambda slave: _run_ours(machine, program, slave))
    assert got[1].split("\n") == expected[1].split("\n")
    assert got[0] == expected[0] == 130


def _start(machine: GuestMachine, program: Path, console: Console, *args: bytes) -> Kernel:
    kernel, context = machine.kernel(console)
    install(kernel, context, program, b"/bin/program")
    files = console.open_standard(kernel, context)
    kernel.spawn_init(b"/bin/program", [b"program", *args], [], root=context.root, files=files)
    return kernel


def test_pipes_pass_through(machine: GuestMachine, guest_cache: Path) -> None:
    program = compile_guest("streams", guest_cache)
    status, text = machine.run(program, stdin=b"first\nsecond\n" + b"x" * 5000)
    assert status == 0
    assert text.splitlines() == [
        "isatty 0 0 0",
        "stdin fifo 1 seek ESPIPE",
        "got 5013 bytes, first 'first'",
        "end of file 0",
        "/proc/self/fd/0 -> pipe:[1]",
        "again through /dev/stdout",
        "tty ENXIO",
        "done",
    ]


def test_long_output_to_a_slow_reader(machine: GuestMachine, guest_cache: Path) -> None:
    status, text = machine.run(compile_guest("streams", guest_cache), "flood")
    assert status == 0
    assert text == "0123456789abcdef" * 65536


def test_closed_output_is_sigpipe(machine: GuestMachine, guest_cache: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        console = Console((null, writer, writer))
        program = compile_guest("streams", guest_cache)
        assert _start(machine, program, console, b"flood").run() == 128 + 13
        assert _start(machine, program, console, b"ignore").run() == 3  # EPIPE seen by the guest
    finally:
        os.close(writer)
        os.close(null)


def test_detached_console_stops_at_first_read(machine: GuestMachine, guest_cache: Path) -> None:
    console = Console.detached()
    kernel = _start(machine, compile_guest("streams", guest_cache), console)
    console.on_input_wanted = kernel.stop
    assert kernel.run() is None
    assert console.transcript == [[1, b"isatty 0 0 0\nstdin fifo 1 seek ESPIPE\n"]]
    # The state can be saved here, and holds no host handle.
    encode(kernel.state)
    # Attached to a host again, the same read goes on.
    reader, writer = os.pipe()
    os.write(writer, b"late\n")
    os.close(writer)
    sink, out = os.pipe()
    kernel.console = Console((reader, out, out))
    kernel.console.take_over(kernel)
    assert kernel.run() == 0
    os.close(out)
    assert os.read(sink, 65536).startswith(b"got 5 bytes, first 'late'\n")
    os.close(reader)
    os.close(sink)


def test_entry_state_taken_over_by_a_terminal(machine: GuestMachine, guest_cache: Path) -> None:
    """What was started without a terminal has one after a restore on a terminal."""
    console = Console.detached()
    kernel = _start(machine, compile_guest("streams", guest_cache), console, b"isatty")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 30, 90, 0, 0))
    kernel.console = Console((slave, slave, slave))
    kernel.console.take_over(kernel)
    assert kernel.run() == 7
    assert os.read(master, 1000) == b"30 x 90\r\n"
    os.close(slave)
    os.close(master)


def test_a_short_read_does_not_wait_for_vmin() -> None:
    tty = Tty()
    tty.lflag &= ~ICANON
    keys = bytearray(tty.cc)
    keys[VMIN], keys[VTIME] = 3, 0
    tty.cc = bytes(keys)
    assert tty.read(2, 0) is None
    tty.receive(b"ab", 1)
    assert tty.readable()
    assert tty.read(2, 2) == b"ab"
    tty.receive(b"cd", 3)
    assert not tty.readable()  # poll(2) goes by VMIN
