"""postgresql and pgbench for a few seconds, beside qemu-user and this machine's own.

python -m benchmarks.postgresql

friscy and qemu-user run Debian trixie's server on the same data, which `initdb` made in the guest when
`tests/servers/friscy.toml` was built; this machine's own is of its own release. Needed here: postgresql,
postgresql-contrib (pgbench) and qemu-user, and to be root, since the servers want to be somebody else.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.harness import BenchmarkError, alternate, report, standalone
from benchmarks.servers import (
    BUNDLES,
    COMMAND,
    FRISCY,
    NATIVE,
    QEMU,
    START_SECONDS,
    build,
    figure,
    free_port,
    output,
    served,
    unpacked,
)  # fmt: skip

ROUNDS = 3
USER = "postgres"
SECONDS, CLIENTS = 8, 4
PROGRAM, DATA = "usr/lib/postgresql/17/bin/postgres", "var/lib/postgresql/data"


def main() -> None:
    """Measure, print and keep the figures."""
    native = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not native or shutil.which("qemu-riscv64") is None or shutil.which("pgbench") is None:
        raise BenchmarkError("not on this machine: postgresql, postgresql-contrib or qemu-user")
    build("postgresql")
    with tempfile.TemporaryDirectory(prefix="friscy-postgresql-") as directory:
        place = Path(directory)
        place.chmod(0o755)
        files = unpacked("postgresql", place / "trixie")
        for path in [files / DATA / "..", files / DATA, *(files / DATA).rglob("*")]:
            shutil.chown(path, USER, USER)
        own = place / "own"
        own.mkdir()
        shutil.chown(own, USER)
        output([str(native[-1].parent / "initdb"), "-A", "trust", "-D", str(own / "data")], user=USER)
        contenders = {
            NATIVE: _own([str(native[-1])], own),
            QEMU: _own(["qemu-riscv64", "-L", str(files), str(files / PROGRAM)], files / DATA / ".."),
            FRISCY: _friscy,
        }
        for name, title, options in (
            ("servers_pgbench", "pgbench, TPC-B", ()),
            ("servers_pgbench_select", "pgbench -S, prepared", ("-S", "-M", "prepared")),
        ):
            found = alternate(
                {who: lambda start=start, words=options: start(words) for who, start in contenders.items()},
                rounds=ROUNDS, unit="transactions/s", warm_up=0,
            )  # fmt: skip
            report(name, f"{title}, {CLIENTS} clients", found, base=QEMU)


def _own(program: Sequence[str], place: Path) -> Callable[[Sequence[str]], float]:
    """A server that is a process of this machine; place: where its data and its socket are."""

    def measure(options: Sequence[str]) -> float:
        port = free_port()
        words = ["-D", str(place / "data"), "-p", str(port), "-k", str(place), "-h", "127.0.0.1"]
        with served([*program, *words], port, user=USER, stop=2):
            return _pgbench(port, options)

    return measure


def _friscy(options: Sequence[str]) -> float:
    port = free_port()
    command = [*COMMAND, "run", str(BUNDLES / "postgresql"), "-p", f"127.0.0.1:{port}:5432"]
    with served([*command, "--entrypoint", "postgres"], port, stop=2):
        return _pgbench(port, options)


def _pgbench(port: int, options: Sequence[str]) -> float:
    where = ["-h", "127.0.0.1", "-p", str(port), "-U", USER]
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(["psql", *where, "-c", ""], capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise BenchmarkError("the server lets nobody in")
    output(["pgbench", *where, "-qi", "postgres"])
    said = output(["pgbench", *where, "-T", str(SECONDS), "-c", str(CLIENTS), *options, "postgres"])
    return figure(r"tps = ([\d.]+)", said)


if __name__ == "__main__":
    standalone(main)
