"""A profile for people and for programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

from friscy.cli.inspection.text import bar, clip, columns, count, heading, safe, width, words
from friscy.cli.profiling.attribution import (
    HOST,
    INTERPRETER,
    TRANSLATED,
    UNCOMPILED,
    UNSEEN,
    UNTRANSLATED,
    Row,
)
from friscy.cli.profiling.perf_event import PERIOD_NS
from friscy.cli.profiling.profile import Profile

_BAR = 20
_NAME, _COMMAND = 48, 100  # columns of a function's name, and of the command
_CALLS = 6  # system calls that are named
_PLACES = 16  # interpreted instructions that are told of a row, in JSON
_NOTED = 0.01  # share of time for which a reason gets a line of advice
_ADVICE = {
    UNSEEN: "name commands that run it in [bundle.NAME.aot] warm_up, and build again",
    UNCOMPILED: "--engine aot compiles first, and leaves it in the cache",
    UNTRANSLATED: 'a file that is not run while the bundle is recorded is translated with scope = "all"',
}


def facts(profile: Profile, argv: list[str], status: int) -> dict[str, Any]:
    """All that is known, as --json prints it. Seconds and shares are of the time of the machine's thread."""
    rows = profile.rows()
    total = sum(row.count for row in rows) or 1
    return {
        "command": argv,
        "status": status,
        "seconds": {
            "wall": profile.wall / 1e9,
            "processor": profile.cpu / 1e9,
            "waiting": max(profile.wall - profile.cpu, 0) / 1e9,
            "other_threads": profile.others / 1e9,
        },
        "samples": {"taken": profile.nsamples, "lost": profile.lost, "period_ns": PERIOD_NS},
        "where": [
            {"where": where, **_amount(sum(row.count for row in rows if row.where == where), total)}
            for where in (TRANSLATED, INTERPRETER, HOST)
        ],
        "rows": [_row(row, total) for row in rows],
        "calls": [
            {"name": name, "count": number, "seconds": nanoseconds / 1e9}
            for name, (number, nanoseconds) in sorted(
                profile.meter.calls.items(), key=lambda each: each[1][1], reverse=True
            )
        ],
    }


def _amount(count: int, total: int) -> dict[str, Any]:
    return {"share": count / total, "seconds": count * PERIOD_NS / 1e9}


def _row(row: Row, total: int) -> dict[str, Any]:
    named = row.named
    return {
        "where": row.where,
        **_amount(row.count, total),
        "function": None if named is None else named.name,
        "address": None if named is None else named.address,
        "file": None if named is None else named.path,
        "kind": row.kind or None,
        "why": row.why or None,
        "instructions": [
            {"address": address, **_amount(number, total)}
            for address, number in row.places.most_common(_PLACES)
        ],
    }


def report(found: dict[str, Any], top: int) -> list[str]:
    """The lines for people, with the first `top` rows."""
    seconds, samples = found["seconds"], found["samples"]
    lines = [heading(f"profile of {clip(words(found['command']), _COMMAND)}")]
    told = f"{_time(seconds['wall'])}, of them {_time(seconds['processor'])} of processor time"
    if seconds["other_threads"] >= 0.01:
        told += f" (other threads, which compile: {_time(seconds['other_threads'])})"
    told += f"; {count(samples['taken'], 'sample')}"
    lines += [told + (f", {samples['lost']:,} lost" if samples["lost"] else ""), ""]
    largest = max(each["share"] for each in found["where"])
    where = [
        (f"{each['share']:.1%}", _time(each["seconds"]), each["where"], bar(each["share"], largest, _BAR))
        for each in found["where"]
    ]
    lines += columns(where, ">><<")
    shown = found["rows"][:top]
    table = [("share", "time", "where", "function", "file", "why it was interpreted")]
    table += [
        (
            f"{row['share']:.1%}",
            _time(row["seconds"]),
            row["where"],
            clip(safe(row["function"] or row["kind"] or "(unknown)"), _NAME),
            safe(row["file"] or ""),
            row["why"] or "",
        )
        for row in shown
    ]
    title, *rest = [clip(line, width()) for line in columns(table, ">><<<<")]
    lines += ["", heading(title), *rest]
    left = found["rows"][top:]
    if left:
        share = sum(row["share"] for row in left)
        lines.append(
            f"and {count(len(left), 'more row')} with {share:.1%}: --top {len(found['rows'])} shows them"
        )
    lines += _calls(found["calls"])
    reasons: Counter[str] = Counter()  # share of the time
    for row in found["rows"]:
        reasons[row["why"] or ""] += row["share"]
    noted = [why for why, share in reasons.most_common() if why in _ADVICE and share >= _NOTED]
    return lines + ([""] if noted else []) + [f"{reasons[why]:.1%} {why}: {_ADVICE[why]}" for why in noted]


def _calls(calls: list[dict[str, Any]]) -> list[str]:
    """The system calls that took the most time."""
    if not calls:
        return []
    seconds, number = (sum(each[key] for each in calls) for key in ("seconds", "count"))
    told = f"{count(number, 'system call')} in {_time(seconds)}: "
    names = [f"{each['name']} {each['count']:,} in {_time(each['seconds'])}" for each in calls[:_CALLS]]
    return ["", clip(told + ", ".join(names) + (", ..." if len(calls) > _CALLS else ""), width())]


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.0f} ms"
