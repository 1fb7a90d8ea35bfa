"""Pure-Python kernels in Debian's CPython: translated by friscy, under qemu-riscv64, and natively.

python -m benchmarks.python_speed [--scale FACTOR] [--rounds N] [KERNEL ...]

The kernels are in benchmarks/programs/python. A bundle of Debian's python3 has them, and its warm-up runs each at a
small size; its root filesystem, exported, is what qemu-user runs the same python3 from. A kernel is timed from inside,
by the Python that runs it, so starts do not count. All must print the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import subjects
from benchmarks.harness import (
    ROOT,
    BenchmarkError,
    Command,
    Measurement,
    alternate,
    keep_summary,
    parser_of,
    print_speeds,
    report,
    run,
    standalone,
)

ROUNDS = 5
NATIVE, QEMU, AOT, INTERPRETER = "native CPython", "qemu-riscv64", "friscy aot", "friscy interpreter"
GOAL = 3.0  # times qemu's speed

PLACE = subjects.SCRATCH / "python_speed"
SOURCES = subjects.PROGRAMS / "python"
GUEST = "/kernels"  # where the bundle has them
GUEST_PYTHON = "usr/bin/python3"


@dataclass(frozen=True)
class Kernel:
    """module: in benchmarks/programs/python. size: what takes qemu a second or two. small: for the warm-up."""

    module: str
    size: int
    small: int


KERNELS = {
    "nbody": Kernel("nbody", 10_000, 200),
    "fannkuch": Kernel("fannkuch", 8, 6),
    "json": Kernel("documents", 120, 12),
    "regex": Kernel("patterns", 30, 2),
    "richards": Kernel("richards", 16, 1),
}

_PROJECT = """\
[bundle.python]
dockerfile = "Dockerfile"
output     = "bundle"
[bundle.python.aot]
warm_up = {warm_up}
[images.{image}]
debian = {{ suite = {suite}, packages = {packages} }}
"""
_DOCKERFILE = f"""\
FROM {subjects.PYTHON_IMAGE}
ENV LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
COPY kernels {GUEST}
ENTRYPOINT ["/{GUEST_PYTHON}"]
CMD ["-V"]
"""


def bundle() -> Path:
    """The bundle with the kernels, up to date."""
    kernels = PLACE / "kernels"
    shutil.rmtree(kernels, ignore_errors=True)
    shutil.copytree(SOURCES, kernels, ignore=shutil.ignore_patterns("__pycache__"))
    debian = tomllib.loads((ROOT / "friscy.toml").read_text())["images"][subjects.PYTHON_IMAGE]["debian"]
    warm_up = [
        [f"/{GUEST_PYTHON}", f"{GUEST}/run.py", kernel.module, str(kernel.small)]
        for kernel in KERNELS.values()
    ]
    quoted = {
        "warm_up": warm_up, "image": subjects.PYTHON_IMAGE, "suite": debian["suite"],
        "packages": debian["packages"],
    }  # fmt: skip
    project = _PROJECT.format(**{name: json.dumps(value) for name, value in quoted.items()})
    for name, text in (("friscy.toml", project), ("Dockerfile", _DOCKERFILE)):
        subjects.write_if_changed(PLACE / name, text.encode())
    command: Command = [*subjects.FRISCY, "build", "-f", PLACE / "friscy.toml", "python"]
    subjects.checked(command, "the bundle of the Python kernels cannot be built")
    return PLACE / "bundle"


def exported(made: Path) -> Path:
    """The bundle's root filesystem as files, for qemu-user."""
    place, done = PLACE / "files", PLACE / "files.of"
    manifest = (made / "manifest.json").read_text()
    if place.exists() and done.exists() and done.read_text() == manifest:
        return place
    shutil.rmtree(place, ignore_errors=True)
    archive = PLACE / "files.tar"
    subjects.checked([*subjects.FRISCY, "export", made, "--tar", archive], "the bundle cannot be exported")
    with tarfile.open(archive) as tar:
        members = [member for member in tar if not member.isdev()]  # which only root could make
        tar.extractall(place, members, filter="tar")
    archive.unlink()
    done.write_text(manifest)
    return place


def version_of(python: Command) -> tuple[int, ...] | None:
    """(3, 13, 5); None where there is no such program."""
    try:
        said = subprocess.run([*python, "-V"], capture_output=True, text=True).stdout
    except OSError:
        return None
    found = re.match(r"Python (\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else None


def native_python(wanted: tuple[int, ...]) -> tuple[Path, tuple[int, ...]]:
    """This machine's CPython whose version is nearest: of PATH, or of pyenv's."""
    places = [Path(each) for each in os.get_exec_path()]
    root = os.environ.get("PYENV_ROOT")
    places += (Path(root) if root else Path.home() / ".pyenv").glob("versions/3.*/bin")
    candidates = {
        path for place in places for path in place.glob("python3.[0-9]*") if path.name[8:].isdigit()
    }
    found = [(path, version) for path in sorted(candidates) if (version := version_of([path])) is not None]
    if not found:
        raise BenchmarkError("no python3 is on this machine's PATH")
    return min(found, key=lambda each: (abs(each[1][1] - wanted[1]), abs(each[1][2] - wanted[2])))


def measure(
    kernel: Kernel, size: int, made: Path, files: Path, python: Path, rounds: int
) -> dict[str, Measurement]:
    """Milliseconds of each contender."""
    asked = [kernel.module, str(size)]
    friscy = subjects.friscy()

    def command(*engine: str) -> Command:
        return [friscy, "run", *engine, made, "--", f"{GUEST}/run.py", *asked]

    contenders: dict[str, Command] = {
        NATIVE: [python, SOURCES / "run.py", *asked],
        QEMU: [subjects.qemu(), "-L", files, files / GUEST_PYTHON, SOURCES / "run.py", *asked],
        AOT: command(),
    }
    answers: dict[str, str] = {}

    def timed(name: str, words: Command) -> Callable[[], float]:
        def sample() -> float:
            answers[name], ms = run(words).output.decode().split()
            if len(set(answers.values())) > 1:
                raise BenchmarkError(f"{kernel.module}: not all print the same: {answers}")
            return float(ms)

        return sample

    run([friscy, "run", "--engine", "aot", made])  # compiles what is not compiled yet
    fast = alternate(
        {name: timed(name, words) for name, words in contenders.items()}, rounds=rounds, unit="ms"
    )
    interpreted = timed(INTERPRETER, command("--engine", "interpreter"))
    return {**fast, **alternate({INTERPRETER: interpreted}, rounds=1, unit="ms", warm_up=0)}


def main() -> None:
    """Measure the named kernels, or all; print each one's table and, of all, the geometric mean."""
    parser = parser_of(main)
    parser.add_argument("names", metavar="KERNEL", nargs="*", help=f"of {', '.join(KERNELS)}; all by default")
    parser.add_argument("--scale", type=float, default=1.0, help="times the sizes (default: 1)")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"runs of each contender (default: {ROUNDS})"
    )
    options = parser.parse_args()
    names = options.names or list(KERNELS)
    for name in names:
        if name not in KERNELS:
            raise BenchmarkError(f"no kernel {name!r}; there are: {', '.join(KERNELS)}")
    made = bundle()
    files = exported(made)
    guest = version_of([subjects.qemu(), "-L", files, files / GUEST_PYTHON])
    if guest is None:
        raise BenchmarkError(f"{files / GUEST_PYTHON} does not run under qemu-user")
    python, native = native_python(guest)
    versions = {NATIVE: ".".join(map(str, native)), QEMU: ".".join(map(str, guest))}
    speeds = {}
    for name in names:
        kernel = KERNELS[name]
        size = kernel.size if name == "fannkuch" else max(round(kernel.size * options.scale), 1)
        measured = measure(kernel, size, made, files, python, options.rounds)
        own = measured[AOT].median
        speeds[name] = {other: item.median / own for other, item in measured.items() if other != AOT}
        report(
            f"python_{name}",
            f"CPython, {name} {size}: time to the answer",
            measured,
            base=QEMU,
            goals={AOT: ("<=", round(1 / GOAL, 3))},
            extra={"speed": speeds[name], "cpython": versions},
        )
    _summary(speeds, versions, whole=len(names) == len(KERNELS))


def _summary(speeds: Mapping[str, Mapping[str, float]], versions: Mapping[str, str], *, whole: bool) -> None:
    means = print_speeds(
        AOT, speeds, (QEMU, NATIVE, INTERPRETER), "goal",
        lambda _, each: f"{GOAL:g} x {QEMU} {'reached' if each[QEMU] >= GOAL else 'missed'}",
    )  # fmt: skip
    print(f"CPython {versions[QEMU]} in the guest, {versions[NATIVE]} natively")
    if whole:
        facts = {"kernels": speeds, "geometric_mean": means, "goal": {QEMU: GOAL}, "cpython": versions}
        keep_summary("python_speed", facts)


if __name__ == "__main__":
    standalone(main, arguments=True)
