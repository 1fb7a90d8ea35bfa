"""What is measured: programs, bundles and root filesystems, made once under build/bench.

C programs are in benchmarks/programs; zig compiles them, statically with musl, for the guest and for this machine.
"""

from __future__ import annotations

import io
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.harness import ROOT, BenchmarkError, Command, environment

SCRATCH = ROOT / "build" / "bench"
PROGRAMS = ROOT / "benchmarks" / "programs"
GUEST_TARGET = "riscv64-linux-musl"
PYTHON_IMAGE = "python:3.13-slim"

FRISCY = (sys.executable, "-m", "friscy.cli.main")


def tool(name: str, package: str) -> str:
    """The path of a program of this machine. BenchmarkError names the Debian package of a missing one."""
    path = shutil.which(name)
    if path is None:
        raise BenchmarkError(f"{name} is missing: apt-get install {package}")
    return path


def qemu() -> str:
    """qemu's user-mode emulator, which most figures are compared with."""
    return tool("qemu-riscv64", "qemu-user")


def friscy() -> str:
    """The installed `friscy` command of the Python that runs this."""
    path = Path(sys.executable).parent / "friscy"
    if not path.exists():
        raise BenchmarkError("friscy is not installed for this Python: pip install -e '.[dev]'")
    return str(path)


def guest_program(name: str) -> Path:
    """benchmarks/programs/NAME.c as a static riscv64 executable."""
    return _compiled(name, GUEST_TARGET, [_zig(GUEST_TARGET)])


def native_program(name: str) -> Path:
    """The same for this machine, by its own compiler where it has one: zig builds the C library first, for a minute."""
    target = f"{platform.machine()}-linux-musl"
    own = shutil.which("cc")
    return _compiled(name, "native", [[own], _zig(target)] if own else [_zig(target)])


@cache
def spawner() -> str:
    """The program that starts measured processes."""
    return str(native_program("spawn"))


def _zig(target: str) -> list[str]:
    return [sys.executable, "-m", "ziglang", "cc", "-target", target]


def _compiled(name: str, kind: str, compilers: list[list[str]]) -> Path:
    """The program made by the first of `compilers` that can."""
    source, output = PROGRAMS / f"{name}.c", SCRATCH / "bin" / kind / name
    if output.exists() and output.stat().st_mtime > source.stat().st_mtime:
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f".{name}.{os.getpid()}")
    for compiler in compilers:
        command: Command = [*compiler, "-O2", "-static", "-s", "-o", partial, source]
        try:
            checked(command, f"cannot compile {source.name}: pip install -e '.[dev]' brings zig")
        except BenchmarkError:
            if compiler is compilers[-1]:
                raise
        else:
            break
    partial.replace(output)
    return output


@dataclass(frozen=True)
class Guest:
    """A bundle with one program of ours in it. data: bytes of content in its file /data."""

    program: str
    arguments: tuple[str, ...] = ()
    at: str = "entry"
    data: int = 0


TOUCHED_MIB = (1, 16, 64, 256)

GUESTS = {
    "hello": Guest("hello"),
    "calls": Guest("calls", data=1 << 16),
    "processes": Guest("processes"),
    **{f"touch{size}": Guest("touch", (str(size),), at="stdin") for size in TOUCHED_MIB},
}


def bundle(name: str) -> Path:
    """The bundle of a guest of GUESTS, up to date."""
    guest = GUESTS[name]
    files = {guest.program: guest_program(guest.program).read_bytes()}
    if guest.data:
        files["data"] = random.Random(guest.data).randbytes(guest.data)
    write_if_changed(SCRATCH / f"{name}.tar", _tar(files))
    write_if_changed(SCRATCH / "friscy.toml", "\n".join(map(_table, GUESTS)).encode())
    command: Command = [*FRISCY, "build", "-f", SCRATCH / "friscy.toml", name]
    checked(command, f"the bundle {name} of the benchmarks cannot be built")
    return SCRATCH / name


def _table(name: str) -> str:
    guest = GUESTS[name]
    return f"""\
[bundle.{name}]
image = "tar:{name}.tar"
output = "{name}"
[bundle.{name}.snapshot]
at = "{guest.at}"
[bundle.{name}.run]
entrypoint = {json.dumps(["/" + guest.program, *guest.arguments])}
"""


def python_bundle() -> Path:
    """The bundle of this project's own friscy.toml, up to date."""
    checked(
        [*FRISCY, "build", "-f", ROOT / "friscy.toml", "python"], "the bundle build/python cannot be built"
    )
    return ROOT / "build" / "python"


def python_rootfs() -> Path:
    """The Debian packages of that bundle as files, for qemu-user, with Python's byte code as an installation has it."""
    debian = tomllib.loads((ROOT / "friscy.toml").read_text())["images"][PYTHON_IMAGE]["debian"]
    wanted = ["--suite", debian["suite"], "--packages", ",".join(debian["packages"])]
    return _pulled("debian", wanted, _compile_library)


def _compile_library(place: Path) -> None:
    library = next(place.glob("usr/lib/python3.*"), None)
    if library is None:
        raise BenchmarkError("the Debian packages hold no Python library")
    # -x: as Debian does, without the parts that are no valid Python on purpose
    python: Command = [qemu(), "-L", place, place / "usr/bin/python3"]
    compiling: Command = [*python, "-m", "compileall", "-q", "-x", "/(test|lib2to3)/", "-s", place, library]
    checked(compiling, "Python's library cannot be compiled")


def debian_files(name: str, packages: Sequence[str], suite: str = "trixie") -> Path:
    """The files of Debian packages and of what they depend on, made once under build/bench/NAME."""
    return _pulled(name, ["--suite", suite, "--packages", ",".join(packages), "--no-essential"])


def _pulled(name: str, wanted: Sequence[str], finish: Callable[[Path], None] = lambda place: None) -> Path:
    """What `friscy_build.images pull` gives for some options, made and finished once under build/bench/NAME."""
    place = SCRATCH / name
    done = place / ".complete"
    if done.exists() and done.read_text() == " ".join(wanted):
        return place
    if place.exists():
        shutil.rmtree(place)
    pull: Command = [sys.executable, "-m", "friscy_build.images", "pull", *wanted, "-o", place]
    checked(pull, "the Debian packages cannot be had")
    finish(place)
    done.write_text(" ".join(wanted))
    return place


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def write_if_changed(path: Path, data: bytes) -> None:
    """Make `path` hold `data`; its time stays where it does."""
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def checked(command: Command, problem: str) -> None:
    """Run a command. BenchmarkError: it failed, which `problem` says in its output's company."""
    done = subprocess.run([os.fspath(word) for word in command], capture_output=True, env=environment())
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
        raise BenchmarkError(f"{problem}\n{said}")
