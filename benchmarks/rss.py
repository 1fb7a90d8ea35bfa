"""Memory: the peak resident set of the processes that `cold_start` times.

python -m benchmarks.rss
"""

from __future__ import annotations

from benchmarks.cold_start import contenders
from benchmarks.harness import alternate, peak_rss_mb, report, standalone

ROUNDS = 3
LIMIT_MB = 80.0


def main() -> None:
    """Measure and print."""
    measured = alternate(
        {name: peak_rss_mb(command, expect) for name, (command, expect) in contenders().items()},
        rounds=ROUNDS,
        unit="MB",
    )
    report(
        "rss",
        "Memory: peak resident set",
        measured,
        base="import wasmtime",
        limits={name: ("<=", LIMIT_MB) for name in measured if name.endswith(", restored")},
    )


if __name__ == "__main__":
    standalone(main)
