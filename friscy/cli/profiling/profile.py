"""The profile of one run: what `run_bundle` tells it, and what comes of that."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from friscy.bundle import CODE
from friscy.cli.profiling.attribution import ENGINE, HOST, RECORD_ADDRESSES, Attribution, Row
from friscy.cli.profiling.calls import CallMeter
from friscy.cli.profiling.host_code import HostCode
from friscy.cli.profiling.native_code import NativeCode
from friscy.cli.profiling.perf_event import PERIOD_NS, PerfEvent, Sample
from friscy.cli.profiling.timeline import Timeline, witness

if TYPE_CHECKING:
    from friscy.boot import Machine
    from friscy.kernel.kernel import Kernel
    from friscy.machine.aot import Image

HOST_KERNEL = "the host's kernel"
_DRAIN_SECONDS = 0.1  # of the ring's one and a half


class Profile:
    """Samples the thread that makes it while a machine runs in it.

    All times are nanoseconds. wall: of the run; cpu: of its thread; others: of the process's other threads. meter:
    of its system calls.
    UsageError: the host does not allow it.
    """

    def __init__(self) -> None:
        self._event = PerfEvent(RECORD_ADDRESSES)
        self._timeline = Timeline()
        self._samples: list[Sample] = []
        self._machine: Machine | None = None
        self._host: HostCode | None = None
        self.wall = self.cpu = self.others = 0
        self.meter = CallMeter()

    def watch(self, machine: Machine) -> None:
        """See what the memories of `machine` hold; before it has any."""
        self._machine = machine
        machine.watch = witness(self._timeline, machine.code.watcher if machine.code is not None else None)

    @contextmanager
    def sampling(self, kernel: Kernel) -> Iterator[None]:
        """Take samples, and count the calls of the kernel, meanwhile."""
        kernel.tracer = self.meter
        ended = threading.Event()
        drain = threading.Thread(target=self._drain, args=(ended,), name="friscy profile", daemon=True)
        drain.start()
        wall, cpu, process = time.monotonic_ns(), time.thread_time_ns(), time.process_time_ns()
        self._event.start()
        try:
            yield
        finally:
            self._event.stop()
            self.wall, self.cpu = time.monotonic_ns() - wall, time.thread_time_ns() - cpu
            self.others = max(time.process_time_ns() - process - self.cpu, 0)
            ended.set()
            drain.join()
            self._samples += self._event.read()
            self._host = HostCode.of_this_process()

    def _drain(self, ended: threading.Event) -> None:
        while not ended.wait(_DRAIN_SECONDS):
            self._samples += self._event.read()

    @property
    def nsamples(self) -> int:
        return len(self._samples)

    @property
    def lost(self) -> int:
        """Samples that were lost: the machine was too busy."""
        return self._event.lost

    def rows(self) -> list[Row]:
        """Where the thread's time went; the time that was not sampled was the host's kernel's."""
        from friscy_build.translation.naming import Naming

        machine, host = self._machine, self._host
        assert machine is not None, "no machine was run"
        assert host is not None, "no machine was run"
        modules = [(ENGINE, machine.interpreter)]
        images: dict[bytes, Image] | None = None if machine.bundle.has(CODE) else {}
        if machine.code is not None:
            images = machine.code.library.by_file
            modules += [
                (name, module.compiled)
                for module, name in machine.code.names.items()
                if module.compiled is not None
            ]
        naming = Naming(machine.bundle)
        try:
            tally = Attribution(NativeCode(modules), self._timeline, naming, images, host.kind)
            rows = tally.rows(self._samples)
        finally:
            naming.close()
        unsampled = self.cpu // PERIOD_NS - self.nsamples - self.lost
        if unsampled > 0:
            rows.append(Row(HOST, HOST_KERNEL, None, "", unsampled))
        return sorted(rows, key=lambda row: -row.count)
