"""Processes: a pipe's round trip, a fork, a shell's fork, exec and wait, under friscy, qemu-user and natively.

python -m benchmarks.processes
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import subjects
from benchmarks.harness import Command, alternate, report, run, standalone

ROUNDS = 5
SPAWNS = 40
# Name -> title, arguments of programs/processes.c, limit.
MEASURED = {
    "pingpong": ("A byte to another process and back through two pipes", ("pingpong", "5000"), 60.0),
    "fork": ("fork of a process that has touched 64 MiB", ("fork", "64", "20"), 10_000.0),
}
SPAWN_LIMIT_US = 15_000.0


def told_us(command: Command) -> Callable[[], float]:
    """A contender: the microseconds that the program prints."""
    return lambda: float(run(command).output)


def spawn_us(shell: Command) -> Callable[[], float]:
    """A contender: microseconds of fork, exec and wait of /bin/true: a run with them less one without."""

    def loop(count: int) -> float:
        return run([*shell, "-c", f"i=0; while [ $i -lt {count} ]; do /bin/true; i=$((i+1)); done"]).ms

    return lambda: (loop(SPAWNS) - loop(0)) * 1e3 / SPAWNS


def main() -> None:
    """Measure and print."""
    bundle = subjects.bundle("processes")
    for name, (title, arguments, limit) in MEASURED.items():
        measured = alternate(
            {
                "native": told_us([subjects.native_program("processes"), *arguments]),
                "qemu-riscv64": told_us([subjects.qemu(), subjects.guest_program("processes"), *arguments]),
                "friscy": told_us([subjects.friscy(), "run", bundle, "--", *arguments]),
            },
            rounds=ROUNDS,
            unit="us",
        )
        report(f"processes_{name}", title, measured, base="qemu-riscv64", limits={"friscy": ("<=", limit)})
    guest: Command = [subjects.friscy(), "run", subjects.python_bundle(), "--entrypoint", "/bin/sh", "--"]
    measured = alternate(
        {"native": spawn_us(["/bin/sh"]), "friscy": spawn_us(guest)}, rounds=ROUNDS, unit="us"
    )
    report(
        "processes_spawn", "fork, exec and wait of /bin/true by a shell", measured, base="native",
        limits={"friscy": ("<=", SPAWN_LIMIT_US)},
    )  # fmt: skip


if __name__ == "__main__":
    standalone(main)
