"""apt-get on the guest's own system: update and install, then what was installed runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from report import Report
from served import BUNDLES, ROOT

_ENVIRONMENT = ("DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")


def _friscy(overlay: str, command: str, *options: str) -> subprocess.CompletedProcess[str]:
    words = [
        sys.executable,
        "-m",
        "friscy.cli.main",
        "run",
        str(BUNDLES / "apt"),
        "--overlay",
        overlay,
        *options,
    ]
    for word in _ENVIRONMENT:
        words += ["-e", word]
    return subprocess.run(
        [*words, "--entrypoint", "/bin/sh", "--", "-c", command],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200, cwd=ROOT,
    )  # fmt: skip


def run(report: Report) -> None:
    """Drive it."""
    with tempfile.TemporaryDirectory() as overlay:
        done = _friscy(overlay, "apt-get --version | head -n 1")
        report.about = done.stdout.strip()
        with report.step("apt-get update") as note:
            done = _friscy(overlay, "apt-get update")
            assert done.returncode == 0, (done.stdout + done.stderr)[-400:]
            note.found = done.stdout.splitlines()[-2]
            assert note.found.startswith("Fetched"), done.stdout[-400:]
        with report.step("apt-get install jq, in a second run over the same overlay") as note:
            done = _friscy(overlay, "apt-get install -y --no-install-recommends jq")
            assert done.returncode == 0, (done.stdout + done.stderr)[-400:]
            note.found = next(line for line in done.stdout.splitlines() if line.startswith("Setting up jq"))
        with report.step("what was installed runs, without the network"):
            done = _friscy(
                overlay, """echo '{"a": [1, 41]}' | jq -c '.a | add' && dpkg -s jq | grep Status""", "--net="
            )
            assert done.stdout == "42\nStatus: install ok installed\n", done
        with report.step("apt-get remove") as note:
            done = _friscy(overlay, "apt-get remove -y jq && ! command -v jq")
            assert done.returncode == 0, (done.stdout + done.stderr)[-400:]
