"""A machine whose guest talks with a test: it runs in a thread and says on standard output when it is ready."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Sequence
from types import TracebackType

import engine
from guest import machine
from rootfs import Rootfs

from friscy.boot import Program
from friscy.kernel.kernel import Kernel
from friscy.kernel.net.policy import Policy
from friscy.kernel.terminal.console import Console

ENV = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
SECONDS = 120


class NetworkGuest:
    """A guest's program that runs while the `with` block does; afterwards `status`, `output` and `log` are whole.

    ports: of the host, for the policy's published ports in order.
    """

    def __init__(
        self,
        rootfs: Rootfs,
        argv: Sequence[str],
        policy: Policy | None = None,
    ) -> None:
        self.policy, self.log, self.status = policy or Policy(), list[str](), -1
        self._source, self._writer = os.pipe()
        self._reader, self._out = os.pipe()
        self._lines = os.fdopen(self._reader, "rb")
        console = Console((self._source, self._out, self._out))
        self.kernel: Kernel = machine(rootfs).kernel(console, policy=self.policy)
        self.kernel.log = self.log.append
        self.kernel.wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.ports = [each.host_port for each in self.policy.published]
        engine.starting(machine(rootfs), rootfs)
        machine(rootfs).start(self.kernel, Program(list(argv), dict(ENV), "/tmp", "0"))
        self._thread = threading.Thread(target=self._run)
        self.output = b""

    def _run(self) -> None:
        try:
            status = self.kernel.run()
            self.status = -1 if status is None else status
        finally:
            os.close(self._out)

    def __enter__(self) -> NetworkGuest:
        self._timer = threading.Timer(SECONDS, self._stop)
        self._timer.start()
        self._thread.start()
        return self

    def _stop(self) -> None:
        self.kernel.stop()
        self.kernel.attend()

    def line(self) -> bytes:
        """The next line that the guest writes."""
        return self._lines.readline()

    def say(self, data: bytes) -> None:
        """Type something."""
        os.write(self._writer, data)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stop()
        os.close(self._writer)
        self.output = self._lines.read()
        self._thread.join()
        self._timer.cancel()
        self._lines.close()
        os.close(self._source)
        os.close(self.kernel.wake_fd)
        if self.kernel.network is not None:
            self.kernel.network.close_all()
        engine.ended()
        self.kernel.spaces.clear()
        self.kernel.maps.clear()
        gc.collect()
