"""Build the bundles of tests/servers/friscy.toml, drive each from outside, keep the results and write docs/servers.md.

python tests/servers/run.py               # or: doit servers
python tests/servers/run.py redis nginx   # these only; what is known of the others stays
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import apt_cases  # noqa: E402
import http_cases  # noqa: E402
import nginx_cases  # noqa: E402
import postgresql_cases  # noqa: E402
import python_cases  # noqa: E402
import redis_cases  # noqa: E402
from report import Report  # noqa: E402
from served import BUNDLES, ROOT  # noqa: E402

CASES: dict[str, Callable[[Report], None]] = {
    "redis": redis_cases.run,
    "nginx": nginx_cases.run,
    "postgresql": postgresql_cases.run,
    "python": python_cases.run,
    "node": http_cases.run_node,
    "go": http_cases.run_go,
    "apt": apt_cases.run,
}
# The clients, and the Debian packages they are in.
CLIENTS = {
    "redis-cli": "redis-tools", "redis-benchmark": "redis-tools", "wrk": "wrk", "ab": "apache2-utils", "curl": "curl",
    "psql": "postgresql-client", "pgbench": "postgresql-contrib", "openssl": "openssl", "go": "golang-go",
}  # fmt: skip


def build(name: str) -> None:
    """Its bundle."""
    if name == "go":
        program = BUNDLES / "go-program"
        program.mkdir(parents=True, exist_ok=True)
        environment = {"CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": "riscv64", "GO111MODULE": "off"}
        command = [
            "go",
            "build",
            "-trimpath",
            "-ldflags=-s",
            "-o",
            str(program / "server"),
            str(HERE / "go" / "server.go"),
        ]
        subprocess.run(command, env={**os.environ, **environment}, check=True)
    command = [sys.executable, "-m", "friscy.cli.main", "build", "-f", str(HERE / "friscy.toml"), name]
    subprocess.run(command, cwd=ROOT, check=True)


def main(wanted: list[str]) -> int:
    """Drive what is `wanted`, all if nothing is. 1: something failed."""
    missing = sorted({package for program, package in CLIENTS.items() if shutil.which(program) is None})
    if missing:
        print(f"the clients need more programs\n  apt-get install {' '.join(missing)}", file=sys.stderr)
        return 2
    unknown = set(wanted) - set(CASES)
    if unknown:
        print(f"no such server: {' '.join(sorted(unknown))}; there are {' '.join(CASES)}", file=sys.stderr)
        return 2
    failed = 0
    for name in wanted or CASES:
        build(name)
        report = Report(name)
        try:
            CASES[name](report)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:  # outside of any step
            report.fail("the rest of it", error)
        report.save()
        failed += report.failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
