"""PHP, Guile, Tcl, SWI-Prolog, SBCL, Erlang and ripgrep (Rust) on friscy do what they do under qemu-riscv64.

Their runtimes ask much of a machine: SBCL's collector protects its pages and goes on behind the faults, and it compiles
to machine code, Guile's stacks are scanned, Erlang runs its processes on threads of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from guest import Pair, run
from rootfs import Rootfs, debian

SCRIPTS = Path(__file__).parent / "scripts"


@pytest.fixture(scope="module")
def runtimes() -> Rootfs:
    return debian("runtimes")


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (("/usr/bin/php8.4", "tour.php"), 3),
        (("/usr/bin/guile-3.0", "--no-auto-compile", "tour.scm"), 4),
        (("/usr/bin/tclsh8.6", "tour.tcl"), 14),
        (("/usr/bin/swipl", "-f", "none", "tour.pro"), 5),
        (("/usr/bin/sbcl", "--script", "tour.lisp"), 6),
    ],
    ids=lambda value: Path(value[0]).name if isinstance(value, tuple) else "",
)
def test_tour(runtimes: Rootfs, argv: tuple[str, ...], status: int) -> None:
    pair = Pair(runtimes, {argv[-1]: (SCRIPTS / argv[-1]).read_bytes()})
    pair.check(*argv, stdin=b"from the input\n", status=status, shown=_without_workaround)


def _without_workaround(shown: bytes) -> bytes:
    """Without what SBCL says of qemu-user's mmap."""
    return b"" if shown.startswith(b"WARNING: enabling mmap() workaround") else shown


def test_ripgrep(runtimes: Rootfs) -> None:
    files = {f"src/{path.name}": path.read_bytes() for path in SCRIPTS.iterdir() if path.is_file()}
    pair = Pair(runtimes, files)
    pair.check("/usr/bin/rg", "-n", "--sort", "path", r"\bfib\(", "src")
    pair.check("/usr/bin/rg", "--count-matches", "--sort", "path", "-i", "FIB|print", "src")
    pair.check("/usr/bin/rg", "--no-such", "src", status=2)
    pair.check("/usr/bin/rg", "nowhere to be found", "src", status=1)


def test_erlang(runtimes: Rootfs) -> None:
    """Its programs start each other, which those that qemu-user runs cannot: held against what was read by a person."""
    script = "erlc tour.erl && exec erl -noshell -noinput -s tour main"
    files = {"tour.erl": (0o100644, (SCRIPTS / "tour.erl").read_bytes())}
    got = run(runtimes, ("/bin/sh", "-c", script), files=files)
    assert (got.status, got.stderr.decode(), got.log) == (7, "", [])
    assert got.stdout.decode().splitlines() == [
        "987",
        str(5 * 88),  # five times fib(0) .. fib(9)
        f"{3000 * 3001 // 2} {1 << 200}",
        "badarg",
        "gone",
        "UP 3.1415926536",
    ]
