"""CPython's own tests of what talks to the kernel: each class in a machine of its own, a result for each method."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from rootfs import Rootfs, debian
from runner import Friscy, Job, Outcome

MODULES = (
    "test_os", "test_subprocess", "test_threading", "test_signal", "test_mmap", "test_select", "test_tempfile",
    "test_posix",
)  # fmt: skip
ABOUT = {"suite": "CPython 3.13, Debian trixie: " + " ".join(MODULES)}
SCRIPTS = "/opt/conformance"
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
SECONDS = 600  # a class of test_subprocess starts Python a hundred times
_RESULT = re.compile(rb"^RESULT (\S+) (\w+)$", re.M)


def rootfs() -> Rootfs:
    """What the tests run in."""
    return debian("testsuite")


def _class(test: str) -> str:
    return test.rpartition(".")[0]


def job(name: str, argv: list[str], expected: tuple[str, ...] = (), seconds: float = SECONDS) -> Job:
    files = rootfs()
    scripts = str(Path(__file__).parent / "guest")
    command = ["/bin/sh", "-c", '"$0" "$@"; exit $?', "/usr/bin/python3", f"{SCRIPTS}/python_tests.py", *argv]
    return Job(
        name, command, ENV, str(files.bundle), str(files.files), mounts={SCRIPTS: scripts}, seconds=seconds,
        expected=expected,
    )  # fmt: skip


def jobs(
    modules: tuple[str, ...] = MODULES, group: Callable[[str], str] = _class, seconds: float = SECONDS
) -> list[Job]:
    """A job for each group of tests, a class where nothing else is said, which knows what it should give results of."""
    side = Friscy()
    with TemporaryDirectory() as directory:
        outcome = side.run(job("list", ["list", *modules]), Path(directory) / "list")
    side.close()
    groups: dict[str, list[str]] = defaultdict(list)
    for line in outcome.output.decode().splitlines():
        if line.startswith("test."):
            name = line.removeprefix("test.")
            groups[group(name)].append(name)
    if not groups:
        raise SystemExit(f"the tests could not be listed\n{outcome.output.decode()}{outcome.error}")
    return [
        job(name, ["run", *dict.fromkeys(map(_class, tests))], tuple(tests), seconds)
        for name, tests in sorted(groups.items())
    ]


def statuses(outcome: Outcome) -> dict[str, str]:
    """The status of each test; those that the process did not come to are lost with it."""
    lost = "timeout" if outcome.status is None and not outcome.error else "crash"
    found = dict.fromkeys(outcome.job.expected, lost)
    for name, status in _RESULT.findall(outcome.output):
        if name.startswith(b"test."):
            found[name.decode().removeprefix("test.")] = status.decode()
        elif status == b"fail" and name.startswith(b"setUp"):  # setUpClass (test.test_os.X)
            found.update(dict.fromkeys(outcome.job.expected, "fail"))
    if outcome.status == 0 and not outcome.error:  # a whole class that is skipped says nothing of its tests
        found = {name: "skip" if status == lost else status for name, status in found.items()}
    return found
