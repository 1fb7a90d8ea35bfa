"""Run the same command under qemu-riscv64 and on friscy, in two equal scratch directories, and compare all of it.

    outcome = Pair(rootfs).check("/usr/bin/python3", "-c", "print(1)")

Compared are standard output, standard error, exit status and the files in the scratch directory afterwards.
"""

from __future__ import annotations

import gc
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from stat import S_ISDIR, S_ISFIFO, S_ISLNK, S_ISREG
from typing import NamedTuple

import engine
from required_tools import require_tool
from rootfs import Rootfs

from friscy.boot import Machine, Program, root_context
from friscy.kernel.kernel import Kernel
from friscy.kernel.terminal.console import Console
from lazyfs.abi import O_CREAT, O_DIRECTORY, O_RDONLY, O_WRONLY

SCRATCH = "/scratch"
# Of one program, after which it hangs; the slowest takes a tenth of it on a machine that does nothing else.
SECONDS = int(os.environ.get("FRISCY_TEST_SECONDS", "300"))
STAGED_NS = 1_700_000_000_000_000_000  # the times of what is put into the scratch directory, on both sides
ENV = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONDONTWRITEBYTECODE": "1",
}

Files = dict[str, tuple[int, bytes]]  # relative path -> (st_mode, content or link target)


class Outcome(NamedTuple):
    """What a program left behind. log: the kernel's own messages to friscy's user."""

    status: int
    stdout: bytes
    stderr: bytes
    files: Files
    log: list[str]


@cache
def machine(rootfs: Rootfs) -> Machine:
    """The engine and files of a root filesystem, shared by all programs of one test process."""
    return engine.open_machine(rootfs)


class _Qemu(threading.Thread):
    """A program under qemu-riscv64, fed and read through pipes while friscy runs the same one."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes) -> None:
        super().__init__(daemon=True)
        self.process, self.stdin = process, stdin
        self.stdout = self.stderr = b""
        self.start()

    def run(self) -> None:
        self.stdout, self.stderr = self.process.communicate(self.stdin)

    def wait(self) -> int:
        self.join(SECONDS)
        self.process.kill()  # only what is still there
        self.join()
        return self.process.returncode


class Pair:
    """Both sides of a comparison over one root filesystem. `files` are in the scratch directories at the start.

    After each `check` the files are what the program left, so that a second one goes on with them.
    """

    def __init__(self, rootfs: Rootfs, files: Mapping[str, bytes] | None = None) -> None:
        self.rootfs = rootfs
        self.files: Files = {}
        for path, content in (files or {}).items():
            mode = 0o755 if content[:4] == b"\x7fELF" or content[:2] == b"#!" else 0o644
            self.files[path] = 0o100000 | mode, content

    def check(
        self,
        *argv: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        status: int = 0,
        shown: Callable[[bytes], bytes] = bytes,
    ) -> Outcome:
        """Run on both sides; assert that they agree and end with `status`. shown: filters the output compared."""
        environment = {**ENV, **(env or {})}
        with tempfile.TemporaryDirectory(prefix="friscy-test-") as directory:
            expecting = self._start_qemu(argv, stdin, environment, Path(directory))
            got = run(self.rootfs, argv, stdin=stdin, env=environment, files=self.files)
            expected = self._end_qemu(expecting, Path(directory))
        assert shown(got.stdout) == shown(expected.stdout), _difference(argv, got, expected)
        assert shown(got.stderr) == shown(expected.stderr), _difference(argv, got, expected)
        assert got.status == expected.status, _difference(argv, got, expected)
        assert sorted(got.files) == sorted(expected.files), argv
        for path, found in got.files.items():
            assert found == expected.files[path], (argv, path)
        assert got.status == status, _difference(argv, got, expected)
        self.files = got.files
        return got

    def _start_qemu(
        self, argv: tuple[str, ...], stdin: bytes, env: Mapping[str, str], directory: Path
    ) -> _Qemu:
        scratch = directory / "scratch"
        scratch.mkdir()
        for path, (mode, content) in self.files.items():
            target = scratch / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if S_ISDIR(mode):
                target.mkdir(exist_ok=True)
            elif S_ISLNK(mode):
                target.symlink_to(os.fsdecode(content))
            elif S_ISFIFO(mode):
                os.mkfifo(target)
            else:
                target.write_bytes(content)
            if not S_ISLNK(mode):
                target.chmod(mode & 0o7777)
        for place in (*scratch.rglob("*"), scratch):
            os.utime(place, ns=(STAGED_NS, STAGED_NS), follow_symlinks=False)
        program = str(self.rootfs.files) + argv[0] if argv[0].startswith("/") else argv[0]
        process = subprocess.Popen(
            [require_tool("qemu-riscv64"), "-L", str(self.rootfs.files), "-0", argv[0], program, *argv[1:]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=scratch, env=dict(env), umask=0o022,
        )  # fmt: skip
        return _Qemu(process, stdin)

    @staticmethod
    def _end_qemu(qemu: _Qemu, directory: Path) -> Outcome:
        status = qemu.wait()
        files: Files = {}
        scratch = directory / "scratch"
        for path in scratch.rglob("*"):
            mode = path.lstat().st_mode
            content = b""
            if S_ISLNK(mode):
                content = os.fsencode(os.readlink(path))
            elif S_ISREG(mode):
                content = path.read_bytes()
            files[str(path.relative_to(scratch))] = mode, content
        return Outcome(status if status >= 0 else 128 - status, qemu.stdout, qemu.stderr, files, [])


def run(
    rootfs: Rootfs,
    argv: tuple[str, ...],
    *,
    stdin: bytes = b"",
    env: Mapping[str, str] = ENV,
    files: Files | None = None,
) -> Outcome:
    """Run a program on friscy with the scratch directory as its working directory."""
    log: list[str] = []
    with (
        tempfile.TemporaryFile() as source,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        source.write(stdin)
        source.seek(0)
        engine.starting(machine(rootfs), rootfs)
        kernel = machine(rootfs).kernel(Console((source.fileno(), out.fileno(), err.fileno())))
        kernel.log = log.append
        try:
            _put(kernel, files or {})
            machine(rootfs).start(kernel, Program(list(argv), dict(env), SCRATCH, "0"))
            timer = threading.Timer(SECONDS, kernel.stop)
            timer.start()
            try:
                status = kernel.run()
            finally:
                timer.cancel()
            out.seek(0)
            err.seek(0)
            output = out.read(), err.read()
            assert status is not None, (f"{argv} did not end in {SECONDS} s", *output)
            return Outcome(status, *output, _get(kernel), log)
        finally:
            engine.ended()
            kernel.spaces.clear()
            kernel.maps.clear()
            gc.collect()  # the memory of a guest is part of a cycle, and not a small one


def _put(kernel: Kernel, files: Files) -> None:
    vfs, context = kernel.vfs, root_context(kernel)
    context.umask = 0
    made = {""}
    for path in ["", *files]:
        parents = path.split("/")[:-1]
        for depth in range(len(parents) + 1):
            parent = "/".join(parents[:depth])
            if parent not in made:
                made.add(parent)
                vfs.mkdir(context, os.fsencode(f"{SCRATCH}/{parent}"), 0o755)
        where = os.fsencode(f"{SCRATCH}/{path}".rstrip("/"))
        mode, content = files.get(path, (0o40755, b""))
        if S_ISDIR(mode):
            if path not in made or not path:
                vfs.mkdir(context, where, mode & 0o7777)
                made.add(path)
        elif S_ISLNK(mode):
            vfs.symlink(context, content, where)
        elif S_ISFIFO(mode):
            vfs.mknod(context, where, mode, (0, 0))
        else:
            file = vfs.open(context, where, O_CREAT | O_WRONLY, mode & 0o7777)
            assert vfs.write(file, content) == len(content)
            vfs.release(file)
    for path in {*files, *made}:
        where = os.fsencode(f"{SCRATCH}/{path}".rstrip("/"))
        vfs.utimens(context, where, STAGED_NS, STAGED_NS, follow=False)


def _get(kernel: Kernel) -> Files:
    vfs, context = kernel.vfs, root_context(kernel)
    files: Files = {}
    pending = [""]
    while pending:
        directory = pending.pop()
        listing = vfs.open(context, os.fsencode(f"{SCRATCH}/{directory}"), O_RDONLY | O_DIRECTORY)
        names = [os.fsdecode(entry[3]) for entry in vfs.getdents(listing)]
        vfs.release(listing)
        for name in names:
            if name in (".", ".."):
                continue
            path = f"{directory}/{name}".lstrip("/")
            where = os.fsencode(f"{SCRATCH}/{path}")
            status = vfs.stat_path(context, where, follow=False)
            content = b""
            if S_ISDIR(status.mode):
                pending.append(path)
            elif S_ISLNK(status.mode):
                content = vfs.readlink(context, where)
            elif S_ISREG(status.mode):
                file = vfs.open(context, where, O_RDONLY)
                content = vfs.pread(file, status.size, 0)
                vfs.release(file)
            files[path] = status.mode, content
    return files


def _difference(argv: tuple[str, ...], got: Outcome, expected: Outcome) -> str:
    """The two outcomes where they part, short enough to read."""
    lines = [f"{' '.join(argv)[:300]}"]
    for name in ("status", "stdout", "stderr"):
        ours, theirs = getattr(got, name), getattr(expected, name)
        if isinstance(ours, bytes):
            start = next(
                (at for at, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
                min(len(ours), len(theirs)),
            )
            start = max(start - 200, 0)
            ours, theirs = ours[start : start + 1000], theirs[start : start + 1000]
        lines += [f"  {name}: friscy {ours!r}", f"  {name}:   qemu {theirs!r}"]
    return "\n".join([*lines, f"  log: {got.log}"])
