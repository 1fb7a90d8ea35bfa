"""System calls: what one costs a guest under friscy, under qemu-user, and natively.

python -m benchmarks.syscalls
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import subjects
from benchmarks.harness import Command, alternate, report, run, standalone

ROUNDS = 7
COUNTS = {"getpid": 100_000, "pread": 30_000}
LIMITS_US = {"getpid": 3.0, "pread": 10.0}


def call_us(command: Command, call: str, file: str) -> Callable[[], float]:
    """A contender: microseconds of one call, as programs/calls.c times it."""
    arguments = [call, str(COUNTS[call]), file]
    return lambda: float(run([*command, *arguments]).output) / 1e3


def main() -> None:
    """Measure and print."""
    bundle = subjects.bundle("calls")
    host_file = str(subjects.SCRATCH / "calls.tar")  # any file of some pages
    for call, title in (("getpid", "getpid"), ("pread", "pread of 4 KiB")):
        measured = alternate(
            {
                "native": call_us([subjects.native_program("calls")], call, host_file),
                "qemu-riscv64": call_us([subjects.qemu(), subjects.guest_program("calls")], call, host_file),
                "friscy": call_us([subjects.friscy(), "run", bundle, "--"], call, "/data"),
            },
            rounds=ROUNDS,
            unit="us",
        )
        report(
            f"syscall_{call}",
            f"One system call: {title}",
            measured,
            base="qemu-riscv64",
            limits={"friscy": ("<=", LIMITS_US[call])},
        )


if __name__ == "__main__":
    standalone(main)
