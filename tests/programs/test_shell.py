"""Shell scripts with processes of every kind, under dash and bash: what they print was recorded on Linux."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest import run
from rootfs import Rootfs

SCRIPTS = Path(__file__).resolve().parent / "shell"
CASES = [
    ("pipes", "dash"), ("pipes", "bash"), ("jobs", "dash"), ("jobs", "bash"), ("signals", "dash"),
    ("signals", "bash"), ("bash", "bash"), ("make", "dash"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "shell"), CASES)
def test_script(programs: Rootfs, script: str, shell: str) -> None:
    text = (SCRIPTS / f"{script}.sh").read_bytes()
    outcome = run(
        programs, (f"/usr/bin/{shell}", "/scratch/script.sh"), files={"script.sh": (0o100644, text)}
    )
    got = outcome.stdout.decode() + f"status {outcome.status}\n"
    assert got.splitlines() == (SCRIPTS / f"{script}.expected").read_text().splitlines(), outcome.stderr


def test_python(programs: Rootfs) -> None:
    """subprocess, threading, multiprocessing, concurrent.futures, asyncio, socketpair."""
    directory = SCRIPTS.parent / "python"
    text = (directory / "concurrency.py").read_bytes()
    outcome = run(programs, ("/usr/bin/python3", "c.py"), files={"c.py": (0o100644, text)})
    expected = (directory / "concurrency.expected").read_text()
    assert outcome.stdout.decode().splitlines() == expected.splitlines(), outcome.stderr
    assert (outcome.status, outcome.log) == (0, [])
