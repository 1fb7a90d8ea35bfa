"""Guest programs in a root filesystem, run by the interpreter and by translated code of what the interpreter met."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from required_tools import require_tool
from rootfs import interpreter

from friscy.boot import Machine, Program
from friscy.bundle import CHUNKS, INDEX, INTERPRETER, open_bundle
from friscy.kernel.kernel import Kernel
from friscy.kernel.terminal.console import Console
from friscy.machine.aot import Code
from friscy_build.bundle import describe, write_bundle
from friscy_build.translation.placing import Files, place
from friscy_build.translation.recording import Recording, record
from friscy_build.translation.translate import Translator
from friscy_build.translation.writing import parts_of, write_code
from lazyfs.index_writer import write_index
from lazyfs.tree import Node, Tree

SECONDS = 120
FLAGS = ("-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-builtin", "-w")


def build_bare(work: Path) -> Path:
    """The program of bare.c, which asks much of a kernel and an engine."""
    program, source = work / "bare", Path(__file__).parent / "bare.c"
    subprocess.run([require_tool("riscv64-linux-gnu-gcc"), *FLAGS, "-o", program, source], check=True)
    return program


def on_linux(bare: Path, what: str) -> tuple[int, str]:
    """(status, output) of it under qemu-riscv64, whose signals and faults are the host's."""
    done = subprocess.run(
        [require_tool("qemu-riscv64"), bare, what], capture_output=True, timeout=60, check=False
    )
    return done.returncode, done.stdout.decode()


class Programs:
    """Bundles of the same programs, one without and one with translated code."""

    def __init__(self, work: Path, files: Mapping[str, bytes]) -> None:
        """files: executables by their path in the guest; there are /place and /tmp besides."""
        tree = Tree()
        for path, mode in (("/place", 0o755), ("/tmp", 0o1777)):
            tree.add(path.encode(), Node.directory(mode=mode))
        for path, content in files.items():
            tree.add(path.encode(), Node.file(content, mode=0o755), parents=True)
        work.mkdir(parents=True, exist_ok=True)
        self._work = work
        self._parts = {name: work / name for name in (INDEX, CHUNKS, INTERPRETER)}
        self._parts[INTERPRETER].write_bytes(interpreter().read_bytes())
        digest = write_index(tree, self._parts[INDEX], self._parts[CHUNKS]).index_digest.hex()
        self._manifest = describe(
            name="programs", config={"WorkingDir": "/place"}, image_digest=sha256().hexdigest(), origin="a test",
            index_digest=digest, memory=1 << 30, snapshot_at="none", tools={},
        )  # fmt: skip
        self.interpreted = work / "interpreted"
        write_bundle(self.interpreted, self._manifest, self._parts)

    def translate(
        self, commands: Sequence[Sequence[str]], *, recording: Recording | None = None, faults: str = "auto"
    ) -> Path:
        """A bundle with the translated code of what `commands` run, or of `recording`. faults: as in friscy.toml."""
        recording = recording or record(self.interpreted, "none", commands)
        files = Files(self._parts[INDEX], self._parts[CHUNKS])
        places = place(files, recording, everything=False)
        translations = list(
            Translator(files, scope="touched", faults=faults).translate(places, recording, lambda *_: None)
        )
        files.close()
        write_code(self._work / "code", translations)
        bundle = self._work / "translated"
        write_bundle(bundle, self._manifest, self._parts | parts_of(self._work / "code"))
        return bundle


class Run:
    """One run of a program: its status and output, and what is known of its code afterwards."""

    def __init__(
        self, machine: Machine, argv: Sequence[str], *, stop_after: float = SECONDS, compiled: bool = True
    ) -> None:
        """compiled: wait for all translated code first."""
        if machine.code is not None and compiled:
            machine.code.compile_all()
        reader, writer = os.pipe()
        source, feeder = os.pipe()
        os.close(feeder)
        output: list[bytes] = []
        draining = threading.Thread(target=_drain, args=(reader, output))
        draining.start()
        self.log: list[str] = []
        self.spaces: list[object] = []
        watch = machine.watch

        def noted(space: object) -> object:
            self.spaces.append(space)
            return watch(space) if watch is not None else None

        machine.watch = noted  # type: ignore[assignment]
        try:
            self.kernel: Kernel = machine.kernel(Console((source, writer, writer)))
            self.kernel.log = self.log.append
            machine.start(self.kernel, Program(list(argv), {"PATH": "/bin"}, "/place", "0"))
            timer = threading.Timer(stop_after, self.kernel.stop)
            timer.start()
            self.status = self.kernel.run()
            timer.cancel()
        finally:
            machine.watch = watch
            os.close(writer)
            os.close(source)
            draining.join()
            os.close(reader)
        self.output = b"".join(output).decode()

    def linked(self) -> int:
        """How many modules were linked, in all spaces."""
        return sum(len(space.code.linked) for space in self.spaces if isinstance(space.code, Code))  # type: ignore[attr-defined]


def opened(bundle: Path) -> Machine:
    """The machine of a bundle."""
    return Machine(open_bundle(bundle), log=lambda message: None)


def _drain(fd: int, into: list[bytes]) -> None:
    while data := os.read(fd, 65536):
        into.append(data)
