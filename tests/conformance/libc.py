"""musl's libc-test on friscy and under qemu-user: how a C library's calls behave, seen from a program.

$FRISCY_LIBC_TEST names a directory with its functional and regression tests as programs for riscv64, static, in
`functional/` and `regression/`. Neither Debian nor PyPI nor npm has them, so this project does not fetch or build them.
"""

from __future__ import annotations

import os
from pathlib import Path

from rootfs import debian
from runner import Job, Outcome

ABOUT = {"suite": "musl's libc-test of 2024-10-19, functional and regression, static, musl 1.2.5"}
GROUPS = ("functional", "regression")
GUEST = "/opt/libc-test"
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/root", "TMPDIR": "/tmp"}
APPLETS = "ash cat echo env expr false kill ls mkdir rm sh sleep test true"
SECONDS = 60


def programs() -> Path:
    """The directory with the programs."""
    named = os.environ.get("FRISCY_LIBC_TEST", "")
    directory = Path(named)
    if not named or not all((directory / group).is_dir() for group in GROUPS):
        raise SystemExit("libc-test: set FRISCY_LIBC_TEST to a directory with functional/ and regression/")
    return directory


def jobs() -> list[Job]:
    """A job for each program."""
    directory, rootfs = programs(), debian("static")
    links = {f"/usr/bin/{applet}": "busybox" for applet in APPLETS.split()}
    found = []
    for group in GROUPS:
        for path in sorted((directory / group).iterdir()):
            # A shell between, so that the test is not process 1, which signals treat differently.
            command = ["/bin/sh", "-c", '"$0"; exit $?', f"{GUEST}/{group}/{path.name}"]
            found.append(
                Job(
                    f"{group}.{path.name}", command, ENV, str(rootfs.bundle), str(rootfs.files),
                    mounts={GUEST: str(directory)}, links=links, seconds=SECONDS,
                )
            )  # fmt: skip
    return found


def statuses(outcome: Outcome) -> dict[str, str]:
    """A test passes where it says nothing and ends with 0."""
    if outcome.error:
        status = "crash"
    elif outcome.status is None:
        status = "timeout"
    elif outcome.status == 0:
        status = "pass"
    else:
        status = "crash" if outcome.status > 128 else "fail"
    return {outcome.job.name: status}
