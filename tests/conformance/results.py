"""Results kept as data: what each test gave at the last recording, and what changed since.

    kept = Results.load(path); kept.update("friscy", {"access01": "pass"}); kept.save()

One line a test, sorted, so that a change reads well in a diff.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

Statuses = Mapping[str, str]  # test -> pass, fail, broken, skip, timeout, crash


class Results:
    """about: what was run, in what version. tests: for each test the status on each side."""

    def __init__(self, path: Path, about: dict[str, str], tests: dict[str, dict[str, str]]) -> None:
        self.path, self.about, self.tests = path, about, tests

    @classmethod
    def load(cls, path: Path) -> Results:
        """The results in `path`; none where there is no such file."""
        if not path.exists():
            return cls(path, {}, {})
        data = json.loads(path.read_text())
        return cls(path, data["about"], data["tests"])

    def update(self, side: str, found: Statuses) -> None:
        """Take in what a run gave."""
        for name, status in found.items():
            self.tests.setdefault(name, {})[side] = status

    def of(self, side: str) -> dict[str, str]:
        """The kept status of every test on one side."""
        return {name: row[side] for name, row in self.tests.items() if side in row}

    def save(self) -> None:
        """Write the file."""
        rows = [
            f"  {json.dumps(name)}: {json.dumps(self.tests[name], sort_keys=True)}"
            for name in sorted(self.tests)
        ]
        text = (
            f'{{"about": {json.dumps(self.about, sort_keys=True)},\n"tests": {{\n'
            + ",\n".join(rows)
            + "\n}}\n"
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(text)

    def regressions(self, side: str, found: Statuses) -> list[str]:
        """What passed when it was recorded and does not now, one line each."""
        kept = self.of(side)
        return [
            f"{name}: passed, now {found.get(name, 'not run')}"
            for name in sorted(found)
            if kept.get(name) == "pass" and found[name] != "pass"
        ]

    def news(self, side: str, found: Statuses) -> list[str]:
        """What changed otherwise."""
        kept = self.of(side)
        return [
            f"{name}: {kept.get(name, 'unknown')} -> {found[name]}"
            for name in sorted(found)
            if kept.get(name) != found[name] and kept.get(name) != "pass"
        ]

    def summary(self) -> str:
        """Counts of each side, and how much of what passes under qemu-user passes on friscy."""
        lines = []
        for side in ("friscy", "qemu-user"):
            counts = Counter(self.of(side).values())
            lines.append(f"{side:10}" + ", ".join(f"{counts[status]} {status}" for status in sorted(counts)))
        theirs = [name for name, status in self.of("qemu-user").items() if status == "pass"]
        ours = [name for name in theirs if self.tests[name].get("friscy") == "pass"]
        if theirs:
            lines.append(
                f"{len(ours)} of the {len(theirs)} that pass under qemu-user: {len(ours) / len(theirs):.1%}"
            )
        return "\n".join(lines)


def conclude(path: Path, about: dict[str, str], found: Statuses, *, accept: bool) -> int:
    """End a run of one side: keep what it gave in `path`, or say what passed before; the exit status."""
    regressions = Results.load(path).regressions("friscy", found)
    if accept:
        kept = Results(path, about, {})
        kept.update("friscy", found)
        kept.save()
        return 0
    if regressions:
        print("passed before:", *regressions, sep="\n  ")
    return 1 if regressions else 0
