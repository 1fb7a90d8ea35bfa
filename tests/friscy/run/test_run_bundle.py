"""friscy run: what docker's users expect of arguments, environment, users, volumes, status and signals; and that a
restored machine is no different from a fresh one."""

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import wasmtime
from run_support import Friscy, environment

from friscy.bundle import manifest_checksum

BOTH = pytest.mark.parametrize("how", [["--no-snapshot"], []], ids=["fresh", "restored"])


def lines(data: bytes) -> list[str]:
    return data.decode().splitlines()


@BOTH
def test_default_and_given_arguments(friscy: Friscy, entry_bundle: Path, how: list[str]) -> None:
    assert lines(friscy("run", entry_bundle, *how).stdout) == [
        "arg 0 [/bin/probe]", "arg 1 [args]", "arg 2 [default]", "guarded default",
    ]  # fmt: skip
    long = "x" * 3000
    done = friscy("run", entry_bundle, *how, "--", "args", "", "-e", "a b", long)
    assert lines(done.stdout)[2:] == [
        "arg 2 []", "arg 3 [-e]", "arg 4 [a b]", f"arg 5 [{long}]", "guarded " + "x" * 63,
    ]  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == b""


def test_arguments_without_dashes_need_no_separator(friscy: Friscy, entry_bundle: Path) -> None:
    assert friscy("run", entry_bundle, "exit", "41").returncode == 41


@BOTH
def test_environment_directory_and_user(friscy: Friscy, entry_bundle: Path, how: list[str]) -> None:
    done = friscy(
        "run", "-e", "MINE=1=2", "-w", "/tmp/new", "-u", "ada", *how, entry_bundle, "environment"
    )  # fmt: skip
    said = lines(done.stdout)
    assert {
        "env FROM_IMAGE=yes",
        "env MINE=1=2",
        "env HOME=/home/ada",
        "cwd /tmp/new",
        "uid 1000 gid 1001",
    } <= set(said)
    assert any(line.startswith("env PATH=") for line in said)


def test_variables_of_the_host_stay_outside_unless_named(
    friscy: Friscy, entry_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "s3cret")
    assert b"s3cret" not in friscy("run", entry_bundle, "environment").stdout
    assert b"HOST_SECRET=s3cret" in friscy("run", entry_bundle, "-e", "HOST_SECRET", "environment").stdout


def test_another_entry_point_starts_from_the_root_filesystem(friscy: Friscy, entry_bundle: Path) -> None:
    done = friscy("run", entry_bundle, "--entrypoint", "script", "--", "z")
    assert lines(done.stdout)[:4] == [
        "arg 0 [/bin/probe]",
        "arg 1 [args]",
        "arg 2 [/bin/script]",
        "arg 3 [z]",
    ]


def test_a_script_can_have_a_snapshot(friscy: Friscy, make_bundle: Callable[..., Path]) -> None:
    bundle = make_bundle("entry", ["/bin/script", "a"])
    assert lines(friscy("run", bundle, "b", "c").stdout)[2:5] == [
        "arg 2 [/bin/script]",
        "arg 3 [b]",
        "arg 4 [c]",
    ]


@BOTH
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["exit", "0"], 0),
        (["exit", "41"], 41),
        (["exit", "256"], 0),
        (["kill", "15"], 143),
        (["kill", "9"], 137),
        (["kill", "6"], 134),
        (["null"], 139),
        (["wild"], 139),
        (["nonsense"], 2),
    ],
)
def test_exit_status(
    friscy: Friscy, entry_bundle: Path, how: list[str], words: list[str], status: int
) -> None:
    done = friscy("run", entry_bundle, *how, *words)
    assert done.returncode == status
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["--entrypoint", "nowhere"], 127, "no program 'nowhere' in the guest's PATH"),
        (["--entrypoint", "/nowhere"], 127, "No such file"),
        (["--entrypoint", "/etc/passwd"], 126, "Exec format error"),
        (["-u", "nobody-here"], 125, "no user 'nobody-here'"),
        (["-u", "root:nogroup"], 125, "no group 'nogroup'"),
        (["-w", "/etc/passwd"], 125, "Not a directory"),
        (["-v", "/nowhere:/x"], 2, "/nowhere"),
        (["-v", "relative"], 2, "HOST:GUEST"),
        (["-e", "=x"], 2, "NAME=VALUE"),
    ],
)
def test_what_cannot_be_started(
    friscy: Friscy, entry_bundle: Path, words: list[str], status: int, message: str
) -> None:
    done = friscy("run", *words, entry_bundle)
    assert (done.returncode, message in done.stderr.decode()) == (status, True), done.stderr.decode()
    assert b"Traceback" not in done.stderr


@BOTH
def test_input_and_output_are_pipes(friscy: Friscy, entry_bundle: Path, how: list[str]) -> None:
    data = os.urandom(300_000)
    assert friscy("run", entry_bundle, *how, "cat", stdin=data).stdout == data
    assert lines(friscy("run", entry_bundle, *how, "tty").stdout) == [
        "isatty 0 0",
        "isatty 1 0",
        "isatty 2 0",
    ]


@BOTH
def test_volumes_are_granted_and_nothing_else(
    friscy: Friscy, entry_bundle: Path, how: list[str], tmp_path: Path
) -> None:
    (tmp_path / "in").write_text("from the host")
    grant = f"{tmp_path}:/data/deep"
    assert friscy("run", "-v", grant, *how, entry_bundle, "show", "/data/deep/in").stdout == b"from the host"
    assert friscy("run", "-v", grant, *how, entry_bundle, "write", "/data/deep/out", "hi").returncode == 0
    assert (tmp_path / "out").read_text() == "hi"
    refused = friscy("run", "-v", grant + ":ro", *how, entry_bundle, "write", "/data/deep/out2", "hi")
    assert (refused.returncode, b"Read-only" in refused.stderr) == (5, True)
    outside = friscy("run", "-v", grant, *how, entry_bundle, "show", str(tmp_path / "in"))
    assert (outside.returncode, b"No such file" in outside.stderr) == (5, True)


@BOTH
def test_what_the_guest_writes_is_gone_with_it(friscy: Friscy, entry_bundle: Path, how: list[str]) -> None:
    assert friscy("run", entry_bundle, *how, "write", "/tmp/kept", "x").returncode == 0
    assert friscy("run", entry_bundle, *how, "show", "/tmp/kept").returncode == 5


def test_secrets_are_fresh_in_every_run(friscy: Friscy, entry_bundle: Path) -> None:
    first, second = (lines(friscy("run", entry_bundle, "secrets").stdout) for _ in range(2))
    assert [line.split()[0] for line in first] == ["at_random", "getrandom", "guard", "execfn"]
    assert all(a != b for a, b in zip(first[:3], second[:3], strict=True))
    assert first[3] == "execfn /bin/probe"
    assert first[2].endswith("00")  # the guard's lowest byte ends strings


def test_clocks_after_a_restore(friscy: Friscy, entry_bundle: Path) -> None:
    before = int(time.time())
    said = dict(line.split() for line in lines(friscy("run", entry_bundle, "times").stdout))
    assert before <= int(said["realtime"]) <= time.time()
    assert int(said["monotonic"]) < 60  # goes on from the snapshot's few seconds, not from the host's uptime


@BOTH
@pytest.mark.parametrize("what", ["spin", "wait"])
@pytest.mark.parametrize(
    ("number", "words", "status"),
    [
        (signal.SIGTERM, [], -1),
        (signal.SIGINT, ["2"], 7),
        (signal.SIGUSR1, ["10"], 7),
    ],
)
def test_signals_reach_the_guest(
    entry_bundle: Path, how: list[str], what: str, number: int, words: list[str], status: int
) -> None:
    command = [sys.executable, "-m", "friscy.cli.main", "run", str(entry_bundle), *how, what, *words]
    child = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(number)
    rest = child.stdout.read()
    assert child.wait(30) == (128 + number if status < 0 else status)
    assert rest == (b"" if status < 0 else b"caught %d\n" % number)


class Terminal:
    """A command on a terminal of its own, as a person would use it."""

    def __init__(self, *words: object) -> None:
        self.host, guest = os.openpty()
        termios.tcsetwinsize(guest, (33, 77))
        command = [sys.executable, "-m", "friscy.cli.main", *map(str, words)]
        self.child = subprocess.Popen(
            command, stdin=guest, stdout=guest, stderr=guest, env=environment(), start_new_session=True
        )
        os.close(guest)
        self.seen = b""

    def expect(self, text: bytes) -> None:
        """Read until `text` was shown since the last call."""
        while text not in self.seen:
            ready, _, _ = select.select([self.host], [], [], 30)
            assert ready, (text, self.seen)
            self.seen += os.read(self.host, 4096)
        self.seen = self.seen.partition(text)[2]

    def type(self, text: bytes) -> None:
        os.write(self.host, text)

    def end(self) -> int:
        status = self.child.wait(30)
        os.close(self.host)
        return status


def test_stdin_snapshot_stands_at_the_prompt(friscy: Friscy, make_bundle: Callable[..., Path]) -> None:
    bundle = make_bundle("stdin", ["/bin/probe", "prompt"])
    terminal = Terminal("trace", "-o", bundle.parent / "calls", bundle)
    terminal.expect(b"started\r\n0> ")  # said before the snapshot, shown again
    terminal.type(b"hellp\x7fo\r")
    terminal.expect(b"hellp\b \bo\r\nyou said hello\r\n1> ")
    terminal.type(b"\x04")
    terminal.expect(b"bye\r\n")
    assert terminal.end() == 0
    calls = (bundle.parent / "calls").read_text().splitlines()
    assert calls[0].startswith("read(0, ")  # it stood at this call
    # without a terminal it is another machine, which starts from the beginning
    piped = friscy("run", bundle, stdin=b"one\ntwo\n")
    assert piped.stdout == b"started\n0> you said one\n\n1> you said two\n\n2> bye\n".replace(b"\n\n", b"\n")


def test_a_terminal_behaves(entry_bundle: Path) -> None:
    terminal = Terminal("run", entry_bundle, "tty")
    terminal.expect(b"isatty 0 1\r\nisatty 1 1\r\nisatty 2 1\r\n")
    assert terminal.end() == 0
    for words in (["spin"], ["wait"]):
        terminal = Terminal("run", entry_bundle, *words)
        terminal.expect(b"ready\r\n")
        terminal.type(b"\x03")
        terminal.expect(b"^C")
        assert terminal.end() == 130


def test_the_terminal_is_given_back_as_it_was(entry_bundle: Path) -> None:
    host, guest = os.openpty()
    before = termios.tcgetattr(guest)
    command = [sys.executable, "-m", "friscy.cli.main", "run", str(entry_bundle), "kill", "9"]
    assert subprocess.run(command, stdin=guest, env=environment()).returncode == 137
    assert termios.tcgetattr(guest) == before
    os.close(guest)
    os.close(host)


@pytest.mark.parametrize(
    "part", ["snapshot.bin", "rootfs.idx", "rootfs.chunks", "manifest.json", "interpreter.wasm"]
)
def test_a_damaged_bundle_gives_one_error(
    friscy: Friscy, entry_bundle: Path, tmp_path: Path, part: str
) -> None:
    whole = (entry_bundle / part).read_bytes()
    for name in os.listdir(entry_bundle):
        (tmp_path / name).symlink_to(entry_bundle / name)
    broken = tmp_path / part
    for damage in (whole[:-1], whole[: len(whole) // 2], b"", None):
        broken.unlink(missing_ok=True)
        if damage is not None:
            broken.write_bytes(damage)
        done = friscy("run", tmp_path)
        assert done.returncode == 2, (part, len(damage or b""), done)
        assert part in done.stderr.decode() or part.encode() in done.stderr
        assert b"Traceback" not in done.stderr


def test_an_engine_of_another_kind_is_refused(friscy: Friscy, entry_bundle: Path, tmp_path: Path) -> None:
    for name in os.listdir(entry_bundle):
        (tmp_path / name).write_bytes((entry_bundle / name).read_bytes())
    modules = {
        '(module (import "env" "file" (func)))': "file",
        '(module (import "env" "syscall" (func (param i64))))': "incompatible",
        '(module (func (export "interpret") (param i32) (result i32) i32.const 0))': "interpret_call",
        "not wasm": "wasm",
    }
    for text, message in modules.items():
        wasm = wasmtime.wat2wasm(text) if text.startswith("(") else text.encode()
        (tmp_path / "interpreter.wasm").write_bytes(wasm)
        manifest = json.loads((tmp_path / "manifest.json").read_bytes())
        told = {"size": len(wasm), "sha256": hashlib.sha256(wasm).hexdigest()}
        manifest["files"]["interpreter.wasm"] = told
        data = json.dumps({**manifest, "crc32": "00000000"}, indent=1).encode()
        (tmp_path / "manifest.json").write_bytes(data.replace(b"00000000", manifest_checksum(data), 1))
        done = friscy("run", tmp_path)
        assert (done.returncode, b"Traceback" in done.stderr) == (2, False), done.stderr.decode()
        assert "interpreter.wasm" in done.stderr.decode()
        assert message in done.stderr.decode()
