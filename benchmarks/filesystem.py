"""The lazy filesystem beside the host's: building and opening an image of 100 000 files, stat, open, pread.

python benchmarks/filesystem.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.harness import ROOT, alternate, report, standalone
from lazyfs.chunk_store import open_chunks
from lazyfs.index import open_index
from lazyfs.index_writer import write_index
from lazyfs.inode import FsContext
from lazyfs.tree import Node, Tree
from lazyfs.vfs import Vfs

DEPTH = b"/usr/lib/python3/dist/pkg%03d/"
ROUNDS = 15


def image(directory: Path, files: int) -> Path:
    """An index of that many small files, and a 1 MB one."""
    tree = Tree()
    for number in range(files):
        tree.add(
            DEPTH % (number % 300) + b"%06d.py" % number,
            Node.file(b"x = %d\n" % (number % 997)),
            parents=True,
        )
    tree.add(b"/big", Node.file(bytes(range(256)) * 4096))
    write_index(tree, directory / f"{files}.index", directory / f"{files}.chunks")
    return directory / f"{files}.index"


def mounted(index_path: Path) -> tuple[Vfs, FsContext]:
    """A VFS over an image, from its files."""
    index = open_index(index_path)
    vfs = Vfs()
    vfs.attach_lower("r", index, open_chunks(index_path.with_suffix(".chunks"), index))
    root = vfs.mount_root(vfs.new_overlay("r"))
    return vfs, FsContext(root, root)


def per_call_us(call: Callable[[], object], times: int) -> Callable[[], float]:
    """A contender: microseconds of one call, of many."""

    def sample() -> float:
        start = time.perf_counter()
        for _ in range(times):
            call()
        return (time.perf_counter() - start) / times * 1e6

    return sample


def first_open_us(index_path: Path) -> Callable[[], float]:
    """A contender: microseconds of the first mount in a process, its modules loaded."""
    code = (
        "import sys, time; from pathlib import Path; from benchmarks.filesystem import mounted; "
        "start = time.perf_counter(); mounted(Path(sys.argv[1])); print((time.perf_counter() - start) * 1e6)"
    )
    command = [sys.executable, "-c", code, str(index_path)]

    def sample() -> float:
        return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)

    return sample


def build_seconds(files: int) -> Callable[[], float]:
    """A contender: seconds that the index and the chunks of an image take to be made, tree included."""

    def sample() -> float:
        with tempfile.TemporaryDirectory() as name:
            start = time.perf_counter()
            image(Path(name), files)
            return time.perf_counter() - start

    return sample


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        small, large = image(Path(name), 1000), image(Path(name), 100_000)
        vfs, context = mounted(large)
        path = DEPTH % 7 + b"000307.py"
        file = vfs.open(context, b"/big", os.O_RDONLY)
        host = os.path.join(os.fsencode(name), path[1:])
        os.makedirs(os.path.dirname(host))
        Path(os.fsdecode(host)).write_bytes(bytes(8192))
        fd = os.open(host, os.O_RDONLY)
        opened = alternate(
            {
                "mount, 1 000 files": per_call_us(lambda: mounted(small), 100),
                "mount, 100 000 files": per_call_us(lambda: mounted(large), 100),
                "the first mount of a process, 100 000 files": first_open_us(large),
            },
            rounds=ROUNDS,
            unit="us",
        )
        report(
            "filesystem-open",
            "Opening an image",
            opened,
            base="mount, 1 000 files",
            goals={"mount, 100 000 files": ("<=", 1.25)},
            limits={
                "mount, 100 000 files": ("<=", 5000),
                "the first mount of a process, 100 000 files": ("<=", 5000),
            },
        )
        built = alternate(
            {f"{files} files": build_seconds(files) for files in (1000, 100_000)}, rounds=3, unit="s"
        )
        report(
            "filesystem-build",
            "Building an index",
            built,
            base="1000 files",
            limits={"100000 files": ("<=", 10)},
        )
        calls = alternate(
            {
                "os.stat": per_call_us(lambda: os.stat(host), 2000),
                "stat": per_call_us(lambda: vfs.stat_path(context, path), 2000),
                "absent name": per_call_us(lambda: vfs._find(context.root.dentry, b"absent"), 2000),
                "open + close": per_call_us(lambda: vfs.release(vfs.open(context, path, 0)), 2000),
                "os.pread 4 KiB": per_call_us(lambda: os.pread(fd, 4096, 0), 2000),
                "pread 4 KiB": per_call_us(lambda: vfs.pread(file, 4096, 8192), 2000),
            },
            rounds=ROUNDS,
            unit="us",
        )
        report("filesystem-calls", "One call (6 components, all in the caches)", calls, base="os.pread 4 KiB")


if __name__ == "__main__":
    standalone(main)
