"""The tasks of friscy's own repository: its demonstration, tests and benchmarks."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from doit.exceptions import TaskError

from friscy_build.fingerprint import ROOT
from friscy_build.tasks import guarded
from lazyfs.errors import FriscyError


def task_demo() -> dict[str, Any]:
    """build the bundle of ./friscy.toml and run it from its snapshot"""
    return {
        "actions": [guarded(_demo)],
        "task_dep": ["bundle:python"],
        "uptodate": [False],
        "verbosity": 2,
    }


def _demo() -> dict[str, Any]:
    from friscy_build.demo import demonstrate

    demonstrate(ROOT / "build" / "python", ROOT / "build" / ".parts" / "python" / "timings.json")
    return {}


# nginx is started and asked for its page.
_REQUEST = (
    "nginx; exec 3<>/dev/tcp/127.0.0.1/80; cat <&3 & "
    "printf 'GET / HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n' >&3; wait; nginx -s stop"
)
# What each bundle of examples/dockerfiles says when it is run, given EXAMPLE_INPUT.
EXAMPLE_INPUT = "dash\ndate\n"
EXAMPLES = {
    "busybox": ((), "app\nmade by BusyBox "),
    "c": (("you",), "hello, you: glibc on riscv64\n"),
    "musl": (("you",), "hello, you: musl on riscv64\n"),
    "web": (("greet", "--once", "you"), "hello, you\n"),
    "go": (("^date$",), "date\n"),
    "nginx": (("bash", "-c", _REQUEST), "HTTP/1.1 200 OK\n"),
    "node": ((), "node on riscv64: 7 * 7 = 49\n"),
}


def task_examples() -> Iterator[dict[str, Any]]:
    """build and run examples/dockerfiles: gcc, pip, node and apt-get work in RUN"""
    directory = ROOT / "examples" / "dockerfiles"
    friscy = [sys.executable, "-m", "friscy.cli.main"]
    for name in EXAMPLES:
        yield {
            "name": name,
            "doc": f"build and run examples/dockerfiles/{name}",
            "actions": [
                [*friscy, "build", "-f", str(directory / "friscy.toml"), name],
                guarded(partial(_run_example, directory / "build" / name, *EXAMPLES[name])),
            ],
            "uptodate": [False],
            "verbosity": 2,
        }


def _run_example(bundle: Path, args: tuple[str, ...], expected: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "friscy.cli.main", "run", str(bundle), "--", *args]
    said = subprocess.run(
        command, input=EXAMPLE_INPUT, check=True, capture_output=True, text=True, timeout=600
    ).stdout
    if not said.startswith(expected):
        raise FriscyError(f"{bundle.name}: expected {expected!r}, got {said!r}")
    print(said, end="")
    return {}


def task_test() -> dict[str, Any]:
    """run the whole test suite: pytest, ruff, mypy"""
    python = sys.executable
    return {
        "actions": [
            _programs,
            [python, "-m", "pytest", "-n", "auto", "--dist", "worksteal"],
            [python, "-m", "ruff", "check", "."],
            [python, "-m", "mypy"],
        ],
        "uptodate": [False],
        "verbosity": 2,
    }


def _programs() -> TaskError | None:
    """Name what .ci/packages lists and this machine does not have."""
    lines = (ROOT / ".ci" / "packages").read_text().splitlines()
    needed = [line.split() for line in lines if line and not line.startswith("#")]
    missing = [
        package for program, package in needed if not (shutil.which(program) or Path(program).exists())
    ]
    if not missing:
        return None
    return TaskError(f"the tests need more programs\n  apt-get install {' '.join(missing)}")


def task_golden() -> dict[str, Any]:
    """accept what the functions of tests/friscy_build/aot/golden are translated to now"""
    return {
        "actions": [[sys.executable, str(Path("tests") / "friscy_build" / "aot" / "golden.py")]],
        "uptodate": [False],
        "verbosity": 2,
    }


def task_bench() -> dict[str, Any]:
    """measure speed and cold start beside native, qemu-user and others"""
    return {
        "actions": [[sys.executable, str(Path("benchmarks") / "run.py")]],
        "task_dep": ["bundle:python"],
        "uptodate": [False],
        "verbosity": 2,
    }


def task_programs() -> dict[str, Any]:
    """run the programs of docs/programs.md under both engines and write that page"""
    return {
        "actions": [[sys.executable, str(Path("tests") / "programs" / "table.py")]],
        "uptodate": [False],
        "verbosity": 2,
    }


def task_servers() -> Iterator[dict[str, Any]]:
    """drive servers in the guest with their real clients and write docs/servers.md"""
    for name in ("redis", "nginx", "postgresql", "python", "node", "go", "apt"):
        yield {
            "name": name,
            "actions": [[sys.executable, str(Path("tests") / "servers" / "run.py"), name]],
            "uptodate": [False],
            "verbosity": 2,
        }


def task_conformance() -> Iterator[dict[str, Any]]:
    """run foreign test suites and a fuzzer in the guest; what passed before must pass (tests/conformance/results)"""
    place = Path("tests") / "conformance"
    commands = {suite: [str(place / "run.py"), suite] for suite in ("ltp", "cpython", "cpython_network")}
    commands["dockerfile"] = [str(place / "dockerfile.py")]
    commands["docker"] = [str(place / "docker.py")]
    commands["stores"] = [str(place / "stores.py")]
    commands["fuzz"] = [str(place / "fuzz.py"), "--seed", str(int(time.time()))]
    commands["riscv"] = [str(place / "riscv.py")]  # wants a clone that $FRISCY_RISCV_TESTS names
    commands["libc"] = [str(place / "run.py"), "libc"]  # last: it wants a directory that $FRISCY_LIBC_TEST names
    for suite, command in commands.items():
        yield {
            "name": suite,
            "actions": [[sys.executable, *command]],
            "uptodate": [False],
            "verbosity": 2,
        }
