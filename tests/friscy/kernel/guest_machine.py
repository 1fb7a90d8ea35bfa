"""Guest programs (tests/guest/*.c): compiled once, run under qemu-riscv64 and on our own machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import wasmtime
from required_tools import require_tool

from friscy.kernel.kernel import Kernel
from friscy.kernel.limits import Limits
from friscy.kernel.namespace import attach_providers, build_namespace
from friscy.kernel.terminal.console import Console
from friscy.machine.space import Space
from lazyfs.abi import O_CREAT, O_WRONLY
from lazyfs.inode import FsContext
from lazyfs.vfs import Vfs

SOURCES = Path(__file__).resolve().parents[2] / "guest"
COMPILER = "riscv64-linux-gnu-gcc"
EMULATOR = "qemu-riscv64"
DIRECTORY = b"/place"


def compile_guest(name: str, cache: Path) -> Path:
    """The static riscv64 program of tests/guest/NAME.c; compiled again only when its source changed."""
    source = SOURCES / f"{name}.c"
    key = hashlib.sha256(source.read_bytes() + (SOURCES / "guest.h").read_bytes()).hexdigest()[:16]
    program = cache / f"{name}-{key}"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = program.with_suffix(f".{os.getpid()}")
        flags = ["-static", "-O1", "-w"]
        subprocess.run([require_tool(COMPILER), *flags, "-o", made, source], check=True)
        made.rename(program)
    return program


def run_on_linux(program: Path, directory: Path, stdin: bytes = b"") -> tuple[int, str]:
    """(exit status, output) of a program under qemu-riscv64, which hands its calls to the host's Linux."""
    environment = {"PATH": "/bin"}
    command = [require_tool(EMULATOR), program]
    done = subprocess.run(
        command, cwd=directory, input=stdin, capture_output=True, env=environment, timeout=60
    )
    assert not done.stderr, done.stderr.decode()
    return done.returncode if done.returncode >= 0 else 128 - done.returncode, done.stdout.decode()


class GuestMachine:
    """Our machine with an empty root filesystem in memory. new_kernel: what makes its kernel."""

    def __init__(
        self,
        engine: wasmtime.Engine,
        interpreter: wasmtime.Module,
        new_kernel: Callable[..., Kernel] = Kernel,
    ) -> None:
        self.engine, self.interpreter, self.new_kernel = engine, interpreter, new_kernel

    def kernel(self, console: Console) -> tuple[Kernel, FsContext]:
        """A kernel whose guest finds /bin, /place and /tmp, and the usual /dev, /proc and /sys."""
        vfs = Vfs()
        kernel = self.new_kernel(
            vfs,
            lambda k: Space(self.engine, self.interpreter, k.syscall, k.trap, k.memory_fault),
            console=console,
        )
        attach_providers(kernel)
        root = build_namespace(kernel, vfs.new_tmpfs(mode=0o755))
        context = FsContext(root, root, 0o022)
        for path, mode in ((b"/bin", 0o755), (DIRECTORY, 0o755), (b"/tmp", 0o1777)):
            vfs.mkdir(context, path, mode)
        return kernel, context

    def run(
        self,
        program: Path,
        *args: str,
        stdin: bytes = b"",
        console: Console | None = None,
        limits: Limits | None = None,
        log: list[str] | None = None,
    ) -> tuple[int, str]:
        """(exit status, output) of a program in a fresh machine. log: where its messages go instead of stderr."""
        reader, writer = os.pipe()
        source, feeder = os.pipe()
        feeding = threading.Thread(target=_feed, args=(feeder, stdin))
        feeding.start()
        output: list[bytes] = []
        draining = threading.Thread(target=_drain, args=(reader, output))
        draining.start()
        try:
            kernel, context = self.kernel(console or Console((source, writer, writer)))
            install(kernel, context, program, b"/bin/program")
            table = kernel.console.open_standard(kernel, context)
            kernel.spawn_init(
                b"/bin/program",
                [b"program", *(os.fsencode(arg) for arg in args)],
                [b"PATH=/bin"],
                root=context.root,
                files=table,
                cwd=DIRECTORY,
                uid=os.getuid(),
                gid=os.getgid(),
            )
            if limits is not None:
                limits.apply(kernel)
            if log is not None:
                kernel.log = log.append
            status = kernel.run()
        finally:
            os.close(writer)
            os.close(source)
            draining.join()
            feeding.join()
            os.close(reader)
        assert status is not None
        return status, b"".join(output).decode()


def install(kernel: Kernel, context: FsContext, program: Path, path: bytes) -> None:
    """Copy a host file into the guest as an executable."""
    file = kernel.vfs.open(context, path, O_WRONLY | O_CREAT, 0o755)
    kernel.vfs.write(file, program.read_bytes())
    kernel.vfs.release(file)


def _feed(fd: int, data: bytes) -> None:
    try:
        os.write(fd, data)
    except BrokenPipeError:
        pass
    finally:
        os.close(fd)


def _drain(fd: int, into: list[bytes]) -> None:
    while data := os.read(fd, 65536):
        into.append(data)
