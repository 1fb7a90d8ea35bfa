"""Our own machine, and the guest programs of tests/guest in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import wasmtime
from guest_sources import SOURCES, compile_guest, run_on_linux

from friscy.kernel.kernel import Kernel
from friscy.kernel.limits import Limits
from friscy.kernel.namespace import attach_providers, build_namespace
from friscy.kernel.terminal.console import Console
from friscy.machine.space import Space
from lazyfs.abi import O_CREAT, O_WRONLY
from lazyfs.inode import FsContext
from lazyfs.vfs import Vfs

DIRECTORY = b"/place"


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
            lambda k: Space(self.engine, self.interpreter, k.entry_of_calls(), k.trap, k.memory_fault, k.settle),
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


__all__ = ["SOURCES", "GuestMachine", "compile_guest", "install", "run_on_linux"]
