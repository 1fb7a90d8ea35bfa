"""A server of friscy.toml that runs in `friscy run` while a `with` block does, reached by a published port.

with Served("redis", 6379) as server:
    subprocess.run(["redis-cli", "-p", str(server.port), "ping"])
    print(server.held())
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
BUNDLES = ROOT / "build" / "servers"
LOCAL = "127.0.0.1"
START_SECONDS, STOP_SECONDS = 60, 60


class Held(NamedTuple):
    """What a server and the machine it runs in hold: processes of the guest, descriptors, resident KiB.

    host: of friscy's own process, whose memory has all of the guest's in it.
    """

    processes: int
    guest_fds: int
    guest_kib: int
    host_fds: int
    host_kib: int


def free_port() -> int:
    """A port of the loopback that nobody has now."""
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port: int = probe.getsockname()[1]
        return port


class Served:
    """bundle: a name in friscy.toml. port: of this machine, it leads to guest_port. status: once the block has ended.

    arguments go to the server, options to `friscy run`. stop: the signal that ends it.
    """

    def __init__(
        self,
        bundle: str,
        guest_port: int,
        arguments: Sequence[str] = (),
        options: Sequence[str] = (),
        stop: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.port, self.status, self._stop = free_port(), -1, stop
        friscy = [sys.executable, "-m", "friscy.cli.main", "run", str(BUNDLES / bundle)]
        self._command = [*friscy, "-p", f"{LOCAL}:{self.port}:{guest_port}", *options, "--", *arguments]

    def __enter__(self) -> Served:
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((LOCAL, self.port), 5).close()
                return self
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._end(signal.SIGKILL)
                    raise AssertionError(f"it does not serve: {self.errors()[-2000:]}") from None
                time.sleep(0.05)  # there is nothing to wait on until somebody listens

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(self._stop)
        self._log = self.errors()
        self._errors.close()

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        try:
            self.status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"it did not end in {STOP_SECONDS} s after {number.name}") from None

    def errors(self) -> str:
        """What the server and friscy wrote on standard error so far."""
        if self._errors.closed:
            return self._log
        return os.pread(self._errors.fileno(), 1 << 20, 0).decode(errors="replace")

    def held(self) -> Held:
        """What is held now: the guest is asked through `watched`, this machine by /proc."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        processes = fds = kib = 0
        while (line := self._process.stdout.readline()) != b".\n":
            words = line.split()
            if len(words) != 4:
                raise AssertionError(f"the guest said {line!r}")
            processes, fds, kib = processes + 1, fds + int(words[2]), kib + int(words[3])
        place = Path("/proc") / str(self._process.pid)
        resident = re.search(r"^VmRSS:\s+(\d+)", (place / "status").read_text(), re.M)
        assert resident is not None
        return Held(processes, fds, kib, len(list((place / "fd").iterdir())), int(resident[1]))

    def settled(self, before: Held, seconds: float = 120) -> Held:
        """What is held once connections that ended are gone: as many descriptors as before, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            now = self.held()
            fewer = now.guest_fds <= before.guest_fds and now.host_fds <= before.host_fds
            if fewer or time.monotonic() > deadline:
                return now
            time.sleep(0.5)  # for the server to see that its clients are gone; it tells nobody
