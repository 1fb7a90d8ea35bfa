"""The public riscv-tests, for user mode: RV64 I, M, A, F, D and C on both engines and under qemu-user.

python tests/conformance/riscv.py                  # fails where something passed before
python tests/conformance/riscv.py --only 'rv64uf.*'
python tests/conformance/riscv.py --accept         # keep what came out

$FRISCY_RISCV_TESTS names a clone of riscv-tests: neither Debian nor PyPI nor npm has it, so this project does not
fetch it. Its environments (a submodule) are not needed: guest/riscv_test.h is one for programs of Linux.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent)]

import wasmtime  # noqa: E402
from required_tools import require_tool  # noqa: E402
from results import Results  # noqa: E402

from benchmarks.aot_speed import Guest  # noqa: E402
from benchmarks.harness import BenchmarkError  # noqa: E402
from friscy.machine.engine import make_engine  # noqa: E402
from friscy_build.fingerprint import ROOT  # noqa: E402
from friscy_build.interpreter.build import build_interpreter  # noqa: E402

ABOUT = {"suite": "riscv-tests of 2026-06-03 (34e6b6d1e793), rv64ui, um, ua, uf, ud and uc, in user mode"}
GROUPS = ("rv64ui", "rv64um", "rv64ua", "rv64uf", "rv64ud", "rv64uc")
# gp is the number of a test, so the linker may not use it; fence_i writes its own code.
FLAGS = (
    "-march=rv64gc", "-mabi=lp64d", "-static", "-nostdlib", "-nostartfiles", "-w", "-mno-relax",
    "-Wl,--no-relax,-N,--no-warn-rwx-segments",
)  # fmt: skip
BUILT = ROOT / "build" / "conformance" / "riscv"
SECONDS = 30


def sources() -> dict[str, Path]:
    """The tests' sources, by "GROUP.NAME"."""
    named = os.environ.get("FRISCY_RISCV_TESTS", "")
    isa = Path(named) / "isa"
    if not named or not all((isa / group).is_dir() for group in GROUPS):
        raise SystemExit("riscv-tests: set FRISCY_RISCV_TESTS to a clone of them")
    return {f"{group}.{path.stem}": path for group in GROUPS for path in sorted((isa / group).glob("*.S"))}


def build(name: str, source: Path) -> Path:
    """The program of a test."""
    program = BUILT / name
    macros = source.parents[1] / "macros" / "scalar"
    command = [require_tool("riscv64-linux-gnu-gcc"), *FLAGS, f"-I{HERE / 'guest'}", f"-I{macros}"]
    subprocess.run([*command, "-o", program, source], check=True)
    return program


def statuses(engine: wasmtime.Engine, interpreter: wasmtime.Module, program: Path) -> dict[str, str]:
    """What a test gives on each side: "friscy" is the interpreter; "translated", once more with all code translated."""

    def ran(guest: Guest) -> str:
        try:
            guest.run()
        except BenchmarkError as error:
            print(error)
            return "fail"
        return "pass"

    guest = Guest(engine, interpreter, program, [])
    found = {"friscy": ran(guest)}
    guest.translate()
    found["translated"] = ran(guest)
    qemu = subprocess.run([require_tool("qemu-riscv64"), program], timeout=SECONDS)
    found["qemu-user"] = "pass" if qemu.returncode == 0 else "fail"
    return found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PATTERN", action="append", help="names of tests, with * and ?")
    parser.add_argument("--accept", action="store_true", help="keep the results")
    options = parser.parse_args()
    BUILT.mkdir(parents=True, exist_ok=True)
    engine = make_engine()
    interpreter = wasmtime.Module(engine, build_interpreter())
    kept = Results.load(HERE / "results" / "riscv.json")
    worse: list[str] = []
    counts: Counter[tuple[str, str]] = Counter()
    for name, source in sources().items():
        if options.only and not any(fnmatch(name, pattern) for pattern in options.only):
            continue
        found = statuses(engine, interpreter, build(name, source))
        print(f"{name:20}", *(f"{side}: {status}" for side, status in found.items()), sep="  ", flush=True)
        counts.update(found.items())
        for side, status in found.items():
            worse += kept.regressions(side, {name: status})
            if options.accept:
                kept.update(side, {name: status})
    if options.accept:
        kept.about = ABOUT
        kept.save()
    for (side, status), number in sorted(counts.items()):
        print(f"{side:10} {number} {status}")
    if worse:
        print("passed before:", *worse, sep="\n  ")
    return 1 if worse and not options.accept else 0


if __name__ == "__main__":
    sys.exit(main())
