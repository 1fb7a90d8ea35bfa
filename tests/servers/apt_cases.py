"""apt-get on the guest's own system: update and install, then what was installed runs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from report import Report
from served import BUNDLES, ROOT

from friscy_build.images.sources_list import find_mirror

_ENVIRONMENT = ("DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
_SUITE = "trixie"


class Guest:
    """Runs of the bundle over one overlay. mirror: this machine's own, which alone it may reach."""

    def __init__(self, place: Path) -> None:
        mirror = find_mirror()
        self.sources, self.overlay = place / "debian.sources", place / "overlay"
        self.sources.write_text(
            f"Types: deb\nURIs: {mirror.uri}\nSuites: {_SUITE}\nComponents: main\n"
            "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
        )
        where = urlsplit(mirror.uri)
        self.rule = f"{where.hostname}:{where.port or (443 if where.scheme == 'https' else 80)}"

    def run(self, command: str, *, network: bool = True) -> str:
        """What a shell command prints; it ends with 0."""
        words = [
            sys.executable,
            "-m",
            "friscy.cli.main",
            "run",
            str(BUNDLES / "apt"),
            "--overlay",
            str(self.overlay),
        ]
        words += ["-v", f"{self.sources}:/etc/apt/sources.list.d/debian.sources:ro"]
        for word in _ENVIRONMENT:
            words += ["-e", word]
        if network:
            words += ["--net", self.rule]
        done = subprocess.run(
            [*words, "--entrypoint", "/bin/sh", "--", "-c", command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200, cwd=ROOT,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-400:]
        return done.stdout


def run(report: Report) -> None:
    """Drive it."""
    with tempfile.TemporaryDirectory() as directory:
        guest = Guest(Path(directory))
        report.about = guest.run("apt-get --version").split()[1]
        with report.step("apt-get update, the archive's signature checked") as note:
            fetched = [
                line for line in guest.run("apt-get update").splitlines() if line.startswith("Fetched")
            ]
            note.found = fetched[-1]
        with report.step("apt-get install jq, in a second run over the same overlay") as note:
            said = guest.run("apt-get install -y --no-install-recommends jq")
            note.found = next(line for line in said.splitlines() if line.startswith("Setting up jq"))
        with report.step("what was installed runs, without the network"):
            words = """echo '{"a": [1, 41]}' | jq -c '.a | add' && dpkg -s jq | grep Status"""
            assert guest.run(words, network=False) == "42\nStatus: install ok installed\n"
        with report.step("apt-get remove"):
            guest.run("apt-get remove -y jq && ! command -v jq", network=False)
