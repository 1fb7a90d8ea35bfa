"""The Linux Test Project's system call tests, cross-compiled, on friscy and under qemu-user.

The sources are one commit of its git repository, whose hash vouches for them: from upstream, or from a clone that
$FRISCY_LTP names. The programs are static, built once into the cache.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

from rootfs import debian
from runner import Job, Outcome

from friscy_build.cache import cache_dir, locked

REPOSITORY = "https://github.com/linux-test-project/ltp.git"
RELEASE, COMMIT = "20260529", "3a64d78f58bdceba93ed321e91215fb969a047ed"
ABOUT = {"suite": "LTP testcases/kernel/syscalls", "release": RELEASE, "commit": COMMIT}
TRIPLE = "riscv64-linux-gnu"
GUEST = "/opt/ltp"
TOOLS = {
    f"{TRIPLE}-gcc": f"gcc-{TRIPLE}", "git": "git", "make": "make", "autoconf": "autoconf", "automake": "automake",
    "pkg-config": "pkgconf", "m4": "m4",
}  # fmt: skip
ENV = {
    "PATH": f"/usr/bin:/bin:{GUEST}/testcases/bin",
    "LTPROOT": GUEST,
    "TMPDIR": "/tmp",
    "HOME": "/root",
    "LTP_COLORIZE_OUTPUT": "n",
    "KCONFIG_SKIP_CHECK": "y",  # what a kernel can do is tried, not looked up
}
APPLETS = """
    ash awk basename cat chmod chown cp cut dd df echo env expr false grep gunzip gzip head hostname id kill ln ls mkdir
    mkfifo mknod mount mv od printf ps pwd rm rmdir sed seq sh sleep sort stat sync tail test touch tr true tty umount
    uname uniq wc which xargs zcat
"""
SECONDS = 30


def _run(*command: str, cwd: Path, log: Path | None = None, check: bool = True) -> None:
    print(f"  {' '.join(command)[:100]}", flush=True)
    environment = {
        **os.environ,
        "PKG_CONFIG_LIBDIR": "/nonexistent",
    }  # the host's libraries are not the guest's
    if log is None:
        subprocess.run(command, cwd=cwd, check=check, env=environment)
        return
    with open(log, "ab") as file:
        subprocess.run(command, cwd=cwd, check=check, env=environment, stdout=file, stderr=file)


@cache
def built() -> Path:
    """The installed tests (`testcases/bin`, `runtest`), fetched and built where the cache has none."""
    place = cache_dir() / "conformance" / f"ltp-{RELEASE}"
    with locked(place.parent):
        if not (place / "complete").exists():
            missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
            if missing:
                raise SystemExit(f"building LTP needs more programs\n  apt-get install {' '.join(missing)}")
            shutil.rmtree(place, ignore_errors=True)
            source = place.with_suffix(".source")
            _fetch(source)
            _build(source, place)
            (place / "complete").touch()
            shutil.rmtree(source)
    return place


def _fetch(source: Path) -> None:
    repository = os.environ.get("FRISCY_LTP", REPOSITORY)
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    _run("git", "init", "-q", cwd=source)
    _run("git", "fetch", "-q", "--depth=1", repository, COMMIT, cwd=source)
    _run("git", "-c", "advice.detachedHead=false", "checkout", "-q", COMMIT, cwd=source)


def _build(source: Path, place: Path) -> None:
    """Build what the tests need and no more; tests that this C library cannot build are left out by make -k."""
    place.mkdir(parents=True)
    log = place / "build.log"
    _run("make", "autotools", cwd=source, log=log)
    options = ["CFLAGS=-O1", "LDFLAGS=-static -s", f"--prefix={GUEST}", "--disable-metadata"]
    options += ["--without-numa", "--without-tirpc"]
    _run("./configure", f"--host={TRIPLE}", *options, cwd=source, log=log)
    destination = place / "root"
    for part in ("lib", "libs", "testcases/lib", "testcases/kernel/syscalls"):
        _run("nice", "make", f"-j{os.cpu_count()}", "-k", "-C", part, cwd=source, log=log, check=False)
    for part in ("testcases/lib", "testcases/kernel/syscalls"):
        install = ["make", "-k", "-C", part, f"DESTDIR={destination}", "install"]
        _run(*install, cwd=source, log=log, check=False)
    (destination / GUEST[1:]).rename(place / "ltp")
    shutil.rmtree(destination)
    shutil.copy(source / "runtest/syscalls", place / "ltp/syscalls")


def jobs() -> list[Job]:
    """Every test of LTP's list of system call tests that was built."""
    tree, rootfs = built() / "ltp", debian("static")
    found = []
    links = {f"/usr/bin/{applet}": "busybox" for applet in APPLETS.split()}
    for line in (tree / "syscalls").read_text().splitlines():
        name, _, command = line.strip().partition(" ")
        words = shlex.split(command)
        if not words or name.startswith("#") or not (tree / "testcases/bin" / words[0]).exists():
            continue
        # A shell between, so that the test is not process 1, which signals treat differently.
        shell = ["/bin/sh", "-c", '"$0" "$@"; exit $?', *words]
        found.append(
            Job(
                name,
                shell,
                ENV,
                str(rootfs.bundle),
                str(rootfs.files),
                mounts={GUEST: str(tree)},
                links=links,
                seconds=SECONDS,
            )
        )
    return found


def statuses(outcome: Outcome) -> dict[str, str]:
    """The test's status by how it ended."""
    return {outcome.job.name: "crash" if outcome.error else _status(outcome.status)}


def _status(status: int | None) -> str:
    """What an exit status says: LTP's are flags."""
    if status is None:
        return "timeout"
    if status == 0:
        return "pass"
    if status & ~(1 | 2 | 4 | 32):
        return "crash"
    if status == 32:
        return "skip"
    return "fail" if status & 1 else "broken" if status & 2 else "warn"
