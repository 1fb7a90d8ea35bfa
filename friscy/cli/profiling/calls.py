"""How often the guest called the kernel, and how long that took, by system call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from friscy.kernel.strace.tracer import Tracer

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from friscy.kernel.table import Row


class CallMeter(Tracer):
    """Stands where the kernel expects a tracer, and counts. A call that blocks is one each time that it is tried.

    calls: by name, how many and their nanoseconds.
    """

    def __init__(self) -> None:
        super().__init__(lambda line: None)
        self.calls: dict[str, list[int]] = {}
        self._began = 0

    def enter(self, k: Kernel, task: Task, row: Row, values: tuple[int, ...]) -> list[str | None]:
        found = self.calls.get(row.name)
        if found is None:
            found = self.calls[row.name] = [0, 0]
        found[0] += 1
        self._began = time.perf_counter_ns()
        return []

    def blocked(
        self, k: Kernel, task: Task, row: Row, values: tuple[int, ...], shown: list[str | None]
    ) -> None:
        self.calls[row.name][1] += time.perf_counter_ns() - self._began

    def leave(
        self, k: Kernel, task: Task, row: Row, values: tuple[int, ...], shown: list[str | None], result: int | None,
    ) -> None:  # fmt: skip
        self.calls[row.name][1] += time.perf_counter_ns() - self._began
