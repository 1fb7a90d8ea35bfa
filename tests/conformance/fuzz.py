"""Random system calls from inside the guest: whatever it does, the host's process answers, and nothing else changes.

python tests/conformance/fuzz.py --seconds 600 --seed 1000      # until the time is over; says what broke
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent)]

from required_tools import require_tool  # noqa: E402
from rootfs import HOME, debian  # noqa: E402
from runner import Friscy, Job, Outcome  # noqa: E402

from friscy_build.cache import locked, replacing  # noqa: E402

SOURCE = HERE.parent / "guest" / "fuzz_calls.c"
SECONDS = 90
PEAK_KIB = 3 << 20  # of the host's process: a guest may have 1 GiB, and some of it twice while it forks
MODULES = {
    "memory": range(214, 244),
    "files": range(5, 90),
    "processes": range(93, 180),
    "sockets": range(198, 214),
}


class Broken(NamedTuple):
    """What a seed did to the host."""

    seed: int
    what: str


def program() -> Path:
    """The compiled fuzzer, in a directory of its own."""
    place = HOME / "compiled" / f"fuzz-{sha256(SOURCE.read_bytes()).hexdigest()[:16]}"
    with locked(place.parent):
        made = place / "fuzz_calls"
        if not made.exists():
            with tempfile.TemporaryDirectory() as directory:
                built = Path(directory) / "fuzz_calls"
                gcc = require_tool("riscv64-linux-gnu-gcc")
                subprocess.run([gcc, "-static", "-O1", "-w", "-o", built, SOURCE], check=True)
                with replacing(made) as file:
                    file.write(built.read_bytes())
            made.chmod(0o755)
    return made


def fuzz(side: Friscy, seed: int, calls: int, numbers: list[int] | None = None) -> tuple[Outcome, str]:
    """Let a guest make `calls` random calls; how it ended, and what broke on the host, "" for nothing."""
    rootfs = debian("static")
    with tempfile.TemporaryDirectory(prefix="friscy-fuzz-") as directory:
        granted = Path(directory) / "granted"
        granted.mkdir()
        (granted / "file").write_text("granted\n")
        (granted / "fuzz_calls").write_bytes(program().read_bytes())
        (granted / "fuzz_calls").chmod(0o755)
        before = _listing(granted)
        argv = ["/granted/fuzz_calls", str(seed), str(calls), *map(str, numbers or ())]
        job = Job(
            f"fuzz-{seed}", argv, {}, str(rootfs.bundle), str(rootfs.files), mounts={"/granted": str(granted)},
            seconds=SECONDS,
        )  # fmt: skip
        outcome = side.run(job, Path(directory) / "output")
        if outcome.error:
            return outcome, outcome.error
        if outcome.status is None:
            return outcome, f"did not end in {SECONDS} s"
        if outcome.peak_kib > PEAK_KIB:
            return outcome, f"took {outcome.peak_kib >> 10} MiB of the host"
        if _listing(granted) != before:
            return outcome, "changed a directory that it may only read"
        return outcome, ""


def _listing(directory: Path) -> list[tuple[str, int, int, bytes]]:
    found = []
    for path in sorted(directory.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found.append((path.name, status.st_mode, status.st_mtime_ns, content))
    return found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--calls", type=int, default=20_000)
    options = parser.parse_args()
    side, seed, broken = Friscy(), options.seed, []
    end = time.monotonic() + options.seconds
    choices = [None, *(list(numbers) for numbers in MODULES.values())]
    while time.monotonic() < end:
        outcome, what = fuzz(side, seed, options.calls, choices[seed % len(choices)])
        print(f"seed {seed}: status {outcome.status}, {outcome.seconds:.1f} s {what}", flush=True)
        if what:
            broken.append(Broken(seed, what))
        seed += 1
    side.close()
    print(f"{seed - options.seed} seeds; broken: {[each.seed for each in broken] or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
