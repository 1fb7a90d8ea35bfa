"""The system call table as a list: what friscy knows, how far it goes, and what is missing."""

from __future__ import annotations

import textwrap
from typing import Any

from friscy.cli.inspection.text import columns, heading, width


def syscall_facts() -> list[dict[str, Any]]:
    """One entry for each number Linux has: level is full, partial, refused or missing."""
    from friscy.kernel.calls import NAMES
    from friscy.kernel.table import ROWS

    facts = []
    for number in sorted(NAMES.keys() | ROWS.keys()):
        row = ROWS.get(number)
        if row is None:
            facts.append(
                {"number": number, "name": NAMES[number], "level": "missing", "gap": "", "arguments": []}
            )
            continue
        arguments = [{"name": label, "type": kind} for label, kind in row.arguments]
        facts.append(
            {"number": number, "name": row.name, "level": row.level, "gap": row.gap, "arguments": arguments}
        )
    return facts


def syscall_lines(facts: list[dict[str, Any]]) -> list[str]:
    """The table as text: what has a gap with the gap, the rest by name."""
    rows = [(str(f["number"]), f["name"], f["level"], f["gap"]) for f in facts if f["level"] != "missing"]
    missing = [f["name"] for f in facts if f["level"] == "missing"]
    levels = {
        level: sum(f["level"] == level for f in facts) for level in ("full", "partial", "refused", "missing")
    }
    told = ", ".join(f"{number} {level}" for level, number in levels.items())
    return [
        heading(f"{len(facts)} system calls of Linux on riscv64: {told}"),
        *columns(rows, "><<<"),
        "",
        heading("missing (ENOSYS, said once on the log)"),
        *textwrap.wrap(" ".join(missing), min(width(), 110), initial_indent="  ", subsequent_indent="  "),
    ]
