"""How a profile is told to people."""

from __future__ import annotations

from typing import Any

import pytest

from friscy.cli.profiling.attribution import HOST, INTERPRETER, TRANSLATED, UNSEEN
from friscy.cli.profiling.report import report


def row(where: str, share: float, function: str | None, why: str | None = None) -> dict[str, Any]:
    return {
        "where": where,
        "share": share,
        "seconds": 2 * share,
        "function": function,
        "file": None if function is None else "/app",
        "kind": "Python" if function is None else None,
        "why": why,
    }


def profile(rows: list[dict[str, Any]]) -> dict[str, Any]:
    where = [
        {"where": name, "share": share, "seconds": 2 * share}
        for name in (TRANSLATED, INTERPRETER, HOST)
        for share in [sum(each["share"] for each in rows if each["where"] == name)]
    ]
    return {
        "command": ["/app", "much"],
        "seconds": {"wall": 2.5, "processor": 2.0, "waiting": 0.5, "other_threads": 0.0},
        "samples": {"taken": 2000, "lost": 0},
        "where": where,
        "rows": rows,
        "calls": [
            {"name": "write", "count": 3, "seconds": 0.002},
            {"name": "exit", "count": 1, "seconds": 0},
        ],
    }


ROWS = [
    row(TRANSLATED, 0.5, "busy"),
    row(INTERPRETER, 0.3, "seldom", UNSEEN),
    row(HOST, 0.15, None),
    row(TRANSLATED, 0.05, "small"),
]


def table(lines: list[str]) -> list[str]:
    """The rows below the table's heading."""
    first = next(number for number, line in enumerate(lines) if line.startswith("share "))
    return lines[first + 1 : lines.index("", first)]


@pytest.mark.parametrize(
    ("top", "rest"),
    [
        (1, "and 3 more rows with 50.0%: --top 4 shows them"),
        (3, "and 1 more row with 5.0%: --top 4 shows them"),
        (4, None),
        (9, None),
    ],
)
def test_rows_that_are_left_out_are_counted(top: int, rest: str | None) -> None:
    shown = table(report(profile(ROWS), top))
    names = [line.split()[4] for line in shown[: min(top, 4)]]
    assert names == ["busy", "seldom", "Python", "small"][:top]
    assert shown[min(top, 4) :] == ([] if rest is None else [rest])


def test_time_is_told_by_place_by_function_and_by_call() -> None:
    lines = report(profile(ROWS), 4)
    assert lines[:3] == [
        "profile of /app much",
        "2.50 s, of them 2.00 s of processor time; 2,000 samples",
        "",
    ]
    assert [line.split()[:4] for line in lines[3:6]] == [
        ["55.0%", "1.10", "s", "translated"],
        ["30.0%", "600", "ms", "interpreter"],
        ["15.0%", "300", "ms", "host"],
    ]
    assert table(lines)[1].split(maxsplit=6)[:6] == ["30.0%", "600", "ms", "interpreter", "seldom", "/app"]
    assert table(lines)[1].endswith(UNSEEN)
    assert "4 system calls in 2 ms: write 3 in 2 ms, exit 1 in 0 ms" in lines


def test_only_a_reason_that_took_time_comes_with_advice() -> None:
    advice = f"30.0% {UNSEEN}: name commands that run it in [bundle.NAME.aot] warm_up, and build again"
    assert report(profile(ROWS), 4)[-1] == advice
    assert report(profile(ROWS), 1)[-1] == advice, "rows that are not shown count too"
    little = [row(TRANSLATED, 0.995, "busy"), row(INTERPRETER, 0.005, "seldom", UNSEEN)]
    assert UNSEEN not in report(profile(little), 1)[-1]
