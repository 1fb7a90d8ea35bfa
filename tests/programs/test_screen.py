"""Programs that fill the screen, in a real terminal: `friscy run` inside tmux, which types, resizes and looks.

Each test waits for what the screen shows; nothing is decided by time but that it never comes.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import engine
import pytest
from required_tools import require_tool
from rootfs import Rootfs, debian

SECONDS = 60  # until an expected text appears


class Screen:
    """`friscy run` of a bundle in a tmux of its own."""

    def __init__(self, directory: Path, rootfs: Rootfs, *argv: str) -> None:
        self._tmux = [require_tool("tmux"), "-f", "/dev/null", "-S", str(directory / "socket")]
        self._call("new-session", "-d", "-x", "80", "-y", "24", *engine.command(rootfs, *argv))
        self._call("set-option", "-g", "remain-on-exit", "on")
        self._process = os.pidfd_open(int(self._call("display-message", "-p", "#{pane_pid}")))

    def _call(self, *words: str) -> str:
        return subprocess.run(
            [*self._tmux, *words], check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def type(self, *keys: str) -> None:
        """Press keys by tmux's names (Enter, C-c), or type words as they are."""
        self._call("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        self._call("resize-window", "-x", str(columns), "-y", str(rows))

    def text(self) -> str:
        """What the screen shows."""
        return self._call("capture-pane", "-p")

    def expect(self, pattern: str) -> str:
        """Wait until the screen shows `pattern` (lines are matched by ^ and $)."""
        end = time.monotonic() + SECONDS
        while not re.search(pattern, shown := self.text(), re.MULTILINE):
            assert time.monotonic() < end, f"{pattern!r} never came up:\n{shown}"
            time.sleep(0.05)
        return shown

    def close(self) -> None:
        """Hang up, and wait until the machine has ended."""
        self._call("kill-server")
        ended, _, _ = select.select([self._process], [], [], SECONDS)
        os.close(self._process)
        assert ended


@pytest.fixture(scope="module")
def rootfs() -> Rootfs:
    return debian("screen")


@pytest.fixture
def shell(rootfs: Rootfs, tmp_path: Path) -> Iterator[Screen]:
    screen = Screen(tmp_path, rootfs, "/usr/bin/bash", "--norc", "--noprofile", "-i")
    screen.type("PS1='ready> '; clear", "Enter")
    screen.expect(r"^ready>$")
    yield screen
    screen.close()


def test_vim(shell: Screen) -> None:
    shell.type("vim -u NONE -N /tmp/text", "Enter")
    shell.expect(r'"/tmp/text" \[New\]')
    shell.type("i", "first line", "Enter", "second", "Escape")
    shell.expect(r"^second$")
    shell.resize(60, 12)
    shell.expect(r"^second\n(~\n){9}$")
    shell.type("C-z")
    shell.expect(r"\[1\]\+  Stopped .*vim")
    shell.type("fg", "Enter")
    shell.expect(r"^second\n(~\n){9}$")
    shell.type(":wq", "Enter")
    shell.expect(r"^ready>$")
    shell.type("clear; cat /tmp/text; stty size", "Enter")
    shell.expect(r"^first line\nsecond\n12 60\nready>$")


def test_less(shell: Screen) -> None:
    shell.type("seq 1000 | less", "Enter")
    shell.expect(r"^23\n:$")
    shell.type("Space")
    shell.expect(r"^46\n:$")
    shell.type("/777", "Enter")
    shell.expect(r"\A777$")
    shell.type("G")
    shell.expect(r"^1000\n\(END\)$")
    shell.type("q")
    shell.expect(r"^ready>$")


def test_htop(shell: Screen) -> None:
    shell.type("sleep 1000 & clear; htop", "Enter")
    shown = shell.expect(r"^ +\d+ root +.* sleep 1000$")
    assert re.search(r"Tasks: 3,.*; 1 running", shown), shown
    assert re.search(r"PID +USER", shown)
    shell.type("q")
    shell.expect(r"^ready>$")


def test_tmux(shell: Screen) -> None:
    shell.type("tmux -f /dev/null", "Enter")
    shell.expect(r"^\[0\] 0:bash\*")
    shell.type("tty; stty size", "Enter")
    shell.expect(r"^/dev/pts/\d+\n23 80$")
    shell.type("C-b", '"')
    shell.expect(r"^[─q]{20,}")
    shell.type("stty size", "Enter")
    shell.expect(r"^11 80$")
    shell.type("exit", "Enter")
    shell.expect(r"\A(?!(.*\n)*[─q]{20,})")  # a prefix that comes at once after other keys is text, pasted, to tmux
    shell.type("C-b", "d")
    shell.expect(r"^\[detached \(from session 0\)\]\nready>$")
    shell.type("clear; tmux attach", "Enter")
    shell.expect(r"^/dev/pts/\d+$")
    shell.type("exit", "Enter")
    shell.expect(r"^\[exited\]\nready>$")


def test_python_prompt(shell: Screen) -> None:
    shell.type("TERM=xterm python3 -q", "Enter")
    shell.expect(r"^>>>$")
    shell.type("for i in range(3):", "Enter")
    shell.expect(r"^\.\.\.")
    shell.type("print('line', i * 2)", "Enter", "Enter")
    shell.expect(r"^line 4\n>>>$")
    # What interrupts is not to come before what it interrupts: the terminal drops what is typed, but not read.
    shell.type("import time; print('as' + 'leep'); time.sleep(100)", "Enter")
    shell.expect(r"^asleep$")
    shell.type("C-c")
    shell.expect(r"^KeyboardInterrupt\n>>>$")
    shell.type("C-l")
    shell.expect(r"\A>>>$")
    shell.type("Up", "Up")
    shell.expect(r"\A>>> for i in range")
    shell.type("C-c")
    shell.expect(r"^KeyboardInterrupt\n>>>$")
    shell.type("C-d")
    shell.expect(r"^ready>$")


def test_script_records_a_shell(shell: Screen) -> None:
    shell.type("clear; script -q -c 'tty; echo in''side' /tmp/record", "Enter")
    shell.expect(r"^/dev/pts/\d+\ninside\nready>$")
    shell.type("clear; grep -c inside /tmp/record", "Enter")
    shell.expect(r"^2\nready>$")
