"""A machine over a tree: run a program in it and take what it left."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from friscy.boot import Machine, Program, root_context
from friscy.bundle import CHUNKS, INDEX, INTERPRETER, Bundle
from friscy.kernel.net.policy import Policy
from friscy.kernel.terminal.console import Console
from friscy_build.bundle import describe
from friscy_build.cache import file_digest
from friscy_build.layers.capture import captured
from friscy_build.layers.lower import TreeLower
from lazyfs.errors import LinuxError
from lazyfs.overlay import OverlayFs
from lazyfs.tree import Tree

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from lazyfs.chunk_store import ChunkStore
    from lazyfs.index import Index
    from lazyfs.inode import Inode, Location

Output = Callable[[bytes], None]


class TreeBundle(Bundle):
    """A bundle that is no directory: a tree for its files, and an interpreter module on disk."""

    def __init__(self, lower: TreeLower, interpreter: Path, memory: int) -> None:
        manifest = describe(
            name="build", config={}, image_digest="", origin="", index_digest=lower.digest.hex(), memory=memory,
            snapshot_at="none", tools={},
        )  # fmt: skip
        none = {"size": 0, "sha256": "0" * 64}
        engine = {
            "size": interpreter.stat().st_size,
            "sha256": file_digest(interpreter).removeprefix("sha256:"),
        }
        manifest["files"] = {INDEX: none, CHUNKS: none, INTERPRETER: engine}
        super().__init__(str(interpreter.parent), manifest)
        self.lower, self.interpreter = lower, interpreter

    def path(self, name: str) -> str:
        """See Bundle; only the interpreter is a file."""
        return str(self.interpreter) if name == INTERPRETER else super().path(name)

    def open_rootfs(self) -> tuple[Index, ChunkStore]:
        """See Bundle."""
        return self.lower.index, self.lower.chunks


class OutputConsole(Console):
    """Standard input at its end; what is written to standard output and error goes to `output`."""

    def __init__(self, output: Output) -> None:
        self._null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        super().__init__((self._null, -1, -1), terminal=False, transcript=None)
        self.passthrough[0] = True
        self._output = output

    def _record(self, number: int, data: bytes) -> None:
        if data:
            self._output(bytes(data))

    def close(self) -> None:
        """See Console."""
        super().close()
        null, self._null = self._null, -1
        if null >= 0:
            os.close(null)


class TreeMachine:
    """A machine whose root filesystem is `tree`, which may not change before the machine is done.

    machine = TreeMachine(tree, identity, interpreter, memory=1 << 30)
    kernel = machine.kernel(print_bytes)
    status = machine.run(kernel, Program(["/bin/sh", "-c", "make"], env, "/src", ""))
    after = machine.captured(kernel)
    """

    def __init__(self, tree: Tree, identity: bytes, interpreter: Path, *, memory: int) -> None:
        """identity: 32 bytes, equal only for equal trees."""
        self.lower = TreeLower(tree.root, identity)
        self.machine = Machine(TreeBundle(self.lower, interpreter, memory))

    def kernel(self, output: Output, policy: Policy | None = None) -> Kernel:
        """A kernel over the tree, /dev, /proc and /sys mounted. policy: of the network, nothing by default."""
        self.machine.log = lambda message: output(f"friscy: {message}\n".encode())
        return self.machine.kernel(OutputConsole(output), policy=policy)

    def mount_tree(
        self, kernel: Kernel, target: bytes, lower: TreeLower, name: str, *, readonly: bool, below: bytes = b""
    ) -> OverlayFs:
        """Mount another tree, or a single file, at `target`, which is made if it is not there.

        below: a directory of the tree, of which only what is in it is mounted. LinuxError: there is none.
        """
        from stat import S_ISDIR

        kernel.vfs.attach_lower(name, lower.index, lower.chunks)
        fs = kernel.vfs.new_overlay(name)
        root: Inode | None = fs.root(kernel.vfs)
        for part in below.split(b"/"):
            if part and root is not None:
                root = fs.lookup(kernel.vfs, root, part, None) if S_ISDIR(root.mode) else None
        if root is None or (below and not S_ISDIR(root.mode)):
            raise LinuxError(errno.ENOENT if root is None else errno.ENOTDIR)
        place = make_place(kernel, target, directory=S_ISDIR(root.mode))
        kernel.vfs.mount(place, fs, readonly=readonly, source=b"overlay", root=root)
        return fs

    def captured(self, kernel: Kernel) -> Tree:
        """The tree as the guest sees it now, without what is mounted on it."""
        root = kernel.vfs.state.mounts[0].fs
        return captured(kernel.vfs, cast(OverlayFs, root), self.lower)

    def run(self, kernel: Kernel, program: Program) -> int:
        """Run `program` as process 1 to its end; its exit status, 128 + n where signal n ended it. StartError."""
        self.machine.start(kernel, program)
        with kernel.console, _Interruptible(kernel):
            status = kernel.run()
        if status is None:
            raise KeyboardInterrupt
        return status


def make_place(kernel: Kernel, path: bytes, *, directory: bool) -> Location:
    """The position `path`, made with its parents where it is not there, links followed. LinuxError."""
    from friscy.kernel import namespace

    context = root_context(kernel)
    return (namespace.directory if directory else namespace.file_place)(kernel, context, path)


class _Interruptible:
    """^C stops the machine: Python's own handler does not run while the guest computes."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.main = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> _Interruptible:
        self.kernel.wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        if self.main:
            self.reader, self.writer = os.pipe()
            os.set_blocking(self.writer, False)
            self.previous = signal.signal(signal.SIGINT, lambda *_: self.kernel.stop())
            self.wakeup = signal.set_wakeup_fd(self.writer, warn_on_full_buffer=False)
            self.thread = threading.Thread(target=self.watch, daemon=True)
            self.thread.start()
        return self

    def watch(self) -> None:
        while data := os.read(self.reader, 64):
            if signal.SIGINT in data:
                self.kernel.stop()
                self.kernel.attend()

    def __exit__(self, *_: object) -> None:
        if self.main:
            signal.set_wakeup_fd(self.wakeup)
            signal.signal(signal.SIGINT, self.previous)
            os.close(self.writer)
            self.thread.join()
            os.close(self.reader)
        with self.kernel.hart_lock:  # another thread may be about to `attend`
            wake_fd, self.kernel.wake_fd = self.kernel.wake_fd, -1
            os.close(wake_fd)


__all__: Sequence[str] = ["OutputConsole", "TreeMachine", "make_place"]
