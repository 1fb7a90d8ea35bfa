"""A scheduler for tests: it preempts at pseudo-random safepoints and calls, and chooses who runs by lot.

The same seed gives the same order as long as the guest does not look at clocks; what a busy machine does to an
order once in a thousand runs happens here many times in each.
"""

from __future__ import annotations

import random
from typing import Any

from friscy.kernel.kernel import Kernel
from friscy.kernel.scheduler import Scheduler
from friscy.kernel.state import DEAD, RUNNING, Task


class LotScheduler(Scheduler):
    """Chooses by lot."""

    def __init__(self, k: Kernel, lot: random.Random) -> None:
        super().__init__(k)
        self._lot = lot

    def next_task(self, asked: Task | None = None) -> Task | None:
        """See Scheduler."""
        tasks = list(self.k.state.tasks.values())
        self._lot.shuffle(tasks)
        now = self.k.monotonic_ns()
        for task in tasks:
            if task.process.stopped or task.state == DEAD:
                continue
            if task.state == RUNNING or self.may_wake(task, now):
                task.state = RUNNING
                return task
        return None


class ShuffledKernel(Kernel):
    """See the module."""

    def __init__(self, *args: Any, seed: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lot = random.Random(seed)
        self.scheduler = LotScheduler(self, self.lot)
        self.idle = self.scheduler.wait_for_events
        # How often a task's time is over after a call, and at the first safepoint of a slice.
        self.eagerness = self.lot.choice((0.02, 0.2, 0.6, 1.0))
        self.single_steps = self.lot.choice((0.0, 0.1, 0.5))

    def syscall(self) -> None:
        """As Kernel.syscall; perhaps the task's time is over then."""
        super().syscall()
        if self.lot.random() < self.eagerness:
            self.hart.interrupt()

    def run(self) -> int | None:
        """As Kernel.run, with slices that end at the first safepoint now and then."""
        watch = self.ticker.watch

        def watch_and_cut(kernel: Kernel) -> None:
            watch(kernel)
            if len(kernel.state.tasks) > 1 and self.lot.random() < self.single_steps:
                self.hart.interrupt()

        self.ticker.watch = watch_and_cut  # type: ignore[method-assign]
        return super().run()
