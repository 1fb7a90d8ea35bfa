"""Debian's Lua, Perl, gawk, SQLite, bc, dc and jq on friscy do what they do under qemu-riscv64."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest import Pair
from rootfs import Rootfs

SCRIPTS = Path(__file__).parent / "scripts"


def scripts(programs: Rootfs, *names: str) -> Pair:
    """A pair with files of scripts/ in its scratch directory."""
    files = {name: (SCRIPTS / name).read_bytes() for name in names}
    return Pair(programs, files)


def test_lua(programs: Rootfs) -> None:
    scripts(programs, "tour.lua").check(
        "/usr/bin/lua5.4", "tour.lua", stdin=b"one\n2.5\nthe rest\n", status=7
    )


def test_lua_ends(programs: Rootfs) -> None:
    pair = Pair(programs)
    pair.check("/usr/bin/lua5.4", "-e", "error('no')", status=1)
    pair.check("/usr/bin/lua5.4", "-", stdin=b"print(('x'):rep(200000))")


def test_perl(programs: Rootfs) -> None:
    pair = Pair(
        programs,
        {"tour.pl": (SCRIPTS / "tour.pl").read_bytes(), "Tour/Local.pm": (SCRIPTS / "Local.pm").read_bytes()},
    )
    pair.check("/usr/bin/perl", "tour.pl", stdin=b"abc\ndef\n", status=5)


def test_gawk(programs: Rootfs) -> None:
    scripts(programs, "tour.awk", "data.csv").check("/usr/bin/gawk", "-f", "tour.awk", "data.csv", status=3)


def test_sqlite(programs: Rootfs) -> None:
    pair = scripts(programs, "tour.sql")
    pair.check("/usr/bin/sqlite3", "store.db", stdin=(SCRIPTS / "tour.sql").read_bytes(), status=1)
    pair.check("/usr/bin/sqlite3", "-csv", "store.db", "select * from city; pragma quick_check")
    pair.check("/usr/bin/sqlite3", "store.db", ".backup copy.db")
    pair.check("/usr/bin/sqlite3", "-box", "copy.db", "select count(*), sum(k) from bulk")


@pytest.mark.parametrize(
    ("argv", "stdin"),
    [
        (("/usr/bin/bc", "-l"), b"scale=60; 4*a(1); e(1); l(2); s(1); sqrt(2); 2^500; ibase=16; FF; obase=2; A5\n"),
        (("/usr/bin/dc",), b"100 k 2 v p 2 64 ^ p [la 1 + sa la 5 >b] sb 0 sa lb x la p 16 o 255 p"),
        (
            ("/usr/bin/jq", "-S", '.a |= map(. * 2) | .b = (.a | add / length) | .c = (.s | test("h.l") | not)'),
            b'{"s": "hello \\u00e9", "a": [1, 2.5, 1e3], "big": 12345678901234567890, "n": null}',
        ),
        (("/usr/bin/jq", "-c", "[limit(5; range(10; 100; 7))], ([.[] | tostring] | sort)"), b"[3, 1.10, \"x\"]"),
        (("/usr/bin/jq", "."), b'{"a": [1,}'),
    ],
)  # fmt: skip
def test_filter(programs: Rootfs, argv: tuple[str, ...], stdin: bytes) -> None:
    Pair(programs).check(*argv, stdin=stdin, status=5 if stdin.endswith(b",}") else 0)
