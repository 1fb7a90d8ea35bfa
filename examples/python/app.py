"""Checks Kepler's third law on the planets: the same answer on every machine, and where it was worked out."""

import hashlib
import json
import platform
import sqlite3
import sys
import time
import zlib
from decimal import Decimal, getcontext
from pathlib import Path

DATA = Path(__file__).with_name("planets.json")


def load(text: str) -> sqlite3.Connection:
    """The planets as a table of an SQLite database in memory."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE planet (name TEXT, axis TEXT, orbit TEXT)")
    rows = [(each["name"], each["axis_gm"], each["orbit_days"]) for each in json.loads(text)["planets"]]
    database.executemany("INSERT INTO planet VALUES (?, ?, ?)", rows)
    return database


def kepler(database: sqlite3.Connection) -> list[tuple[str, Decimal]]:
    """Each planet's T²/a³, in the unit in which Earth's is 1."""
    getcontext().prec = 50
    planets = database.execute("SELECT name, axis, orbit FROM planet ORDER BY CAST(orbit AS REAL)").fetchall()
    ratios = [(name, Decimal(orbit) ** 2 / Decimal(axis) ** 3) for name, axis, orbit in planets]
    earth = dict(ratios)["Earth"]
    return [(name, ratio / earth) for name, ratio in ratios]


def answer(text: str) -> str:
    """The whole answer; it depends on `text` alone."""
    results = kepler(load(text))
    lines = ["Kepler's third law, T²/a³ (Earth = 1)", ""]
    for name, ratio in results:
        bar = "█" * round(float(ratio) * 24)
        lines.append(f"  {name:<8} {ratio:.12f}  {bar}")
    worst, ratio = max(results, key=lambda each: abs(each[1] - 1))
    lines += ["", f"  The law holds: {worst} is farthest off, by {abs(ratio - 1) * 100:.3f} %."]
    digits = "".join(f"{ratio:.40f}" for _, ratio in results).encode()
    packed = zlib.compress(digits, 9)
    assert zlib.decompress(packed) == digits
    lines.append(f"  sha256 of all {len(digits)} digits: {hashlib.sha256(digits).hexdigest()[:32]}")
    return "\n".join(lines)


def main() -> None:
    start = time.perf_counter()
    text = answer(DATA.read_text(encoding="utf-8"))
    elapsed_ms = (time.perf_counter() - start) * 1000
    print(text)
    print()
    print(
        f"Worked out in {elapsed_ms:.1f} ms by Python {platform.python_version()} ({sys.implementation.name}) "
        f"on {platform.system()} {platform.machine()}, SQLite {sqlite3.sqlite_version}."
    )


if __name__ == "__main__":
    main()
