"""What was done with each server and how it fared: kept as data, and written as docs/servers.md."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from served import ROOT, Held, Served

RESULTS = Path(__file__).resolve().parent / "results.json"
PAGE = ROOT / "docs" / "servers.md"
REQUESTS = 100_000
# What friscy's process may have more of after REQUESTS. Descriptors: memory that was written since a fork, and pages of
# a file that was not mapped before, are host files; a leak is one for each request.
MORE_KIB, MORE_FDS = 16 << 10, 4
_HEAD = """\
# Servers

Debian trixie's riscv64 packages, each a bundle of `tests/servers/friscy.toml` with what it runs translated (node's
without its compiler, whose code would be interpreted), driven through a published port by this machine's own clients.
`doit servers` builds them, does all that is listed and writes this page (`doit servers:NAME` one of them); the times
are those of a shared two-core machine.
"""
_LEAKS = """
## What is held before and after

Descriptors and resident memory of the guest's processes and of friscy's process, before and after so many requests.

| server | requests | guest descriptors | guest KiB | friscy's descriptors | friscy's KiB |
|---|---|---|---|---|---|
"""


def output(command: Sequence[str], stdin: str = "", seconds: float = 120) -> str:
    """What a client prints on standard output. CalledProcessError, TimeoutExpired."""
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=True, timeout=seconds, cwd=ROOT
    ).stdout


def _more(held: Held) -> Held:
    return held._replace(host_fds=held.host_fds + MORE_FDS)


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        said = error.stderr or error.stdout or b""
        text = said if isinstance(said, str) else said.decode(errors="replace")
        return f"{error.cmd[0]} ended with {error.returncode}: {text[-400:]}"
    return f"{type(error).__name__}: {error}"[:400]


class Note:
    """found: what a step has to say of how it fared."""

    found = ""


class Report:
    """The steps that one server went through. about: program and version."""

    def __init__(self, name: str) -> None:
        self.name, self.about, self.failed = name, "", 0
        self.steps: list[dict[str, Any]] = []
        self.leaks: list[dict[str, Any]] = []

    @contextmanager
    def step(self, what: str) -> Iterator[Note]:
        """Time a step; one that fails is noted as such, and the next one goes on."""
        note, started, passed = Note(), time.monotonic(), True
        try:
            yield note
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            passed, note.found = False, _why(error)
        self._add(what, note.found, time.monotonic() - started, passed)

    def fail(self, what: str, error: Exception) -> None:
        """What went wrong between the steps."""
        self._add(what, _why(error), 0, False)

    def _add(self, what: str, found: str, seconds: float, passed: bool) -> None:
        self.failed += not passed
        self.steps.append({"what": what, "found": found, "seconds": round(seconds, 1), "passed": passed})
        print(f"{'ok  ' if passed else 'FAIL'} {self.name}: {what}: {found} ({seconds:.1f} s)", flush=True)

    def leak(self, server: Served, what: str, load: Callable[[int], str], requests: int = REQUESTS) -> None:
        """Let `load` make requests, a tenth of them first so that caches are filled, and compare what is held."""
        with self.step(f"{requests} requests, {what}") as note:
            idle = server.held()
            load(requests // 10)
            before = server.settled(_more(idle))
            note.found = load(requests)
            after = server.settled(_more(before))
            self.leaks.append(
                {"what": what, "requests": requests, "before": before._asdict(), "after": after._asdict()}
            )
            assert after.guest_fds <= before.guest_fds, f"descriptors of the guest: {before} then {after}"
            assert after.host_fds <= before.host_fds + MORE_FDS, (
                f"descriptors of the host: {before} then {after}"
            )
            assert after.host_kib <= before.host_kib + MORE_KIB, f"memory: {before} then {after}"

    def save(self) -> None:
        """Keep the results, and write the page of all that are kept."""
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        results[self.name] = {"about": self.about, "steps": self.steps, "leaks": self.leaks}
        RESULTS.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")
        PAGE.write_text(page(results))


def page(results: dict[str, Any]) -> str:
    """docs/servers.md."""
    lines = [_HEAD]
    for name, result in sorted(results.items()):
        lines.append(f"\n## {name}\n\n{result['about']}\n\n| what | how it fares | time |\n|---|---|---|\n")
        for step in result["steps"]:
            found = step["found"].replace("|", "\\|").replace("\n", " ")
            fares = found if step["passed"] else f"**fails**: {found}"
            lines.append(f"| {step['what']} | {fares or 'right'} | {step['seconds']:g} s |\n")
    lines.append(_LEAKS)
    for name, result in sorted(results.items()):
        for leak in result["leaks"]:
            before, after = leak["before"], leak["after"]
            cells = [
                f"{before[key]} → {after[key]}" for key in ("guest_fds", "guest_kib", "host_fds", "host_kib")
            ]
            lines.append(f"| {name}, {leak['what']} | {leak['requests']} | {' | '.join(cells)} |\n")
    return "".join(lines)
