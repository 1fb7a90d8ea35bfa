"""Opening an image: its files opened, mounted, looked up and read, of 1 MB and of 1 GB.

python -m benchmarks.open
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import alternate, report, standalone
from benchmarks.subjects import SCRATCH
from lazyfs.chunk_store import open_chunks
from lazyfs.index import open_index
from lazyfs.index_writer import write_index
from lazyfs.inode import FsContext
from lazyfs.tree import Content, Extent, Node, Tree
from lazyfs.vfs import Vfs

ROUNDS = 25
REPEATS = 20
FILE_BYTES = 1 << 18
SIZES = {"1 MB": 1 << 20, "1 GB": 1 << 30}


def image(nbytes: int) -> Path:
    """An index of files with `nbytes` of data in all, no two pages the same; made once."""
    place = SCRATCH / "images"
    place.mkdir(parents=True, exist_ok=True)
    index = place / f"{nbytes}.idx"
    if not index.exists():
        tree = Tree()
        for number in range(nbytes // FILE_BYTES):
            tree.add(path_of(number), Node.file(content(number)), parents=True)
        write_index(tree, index, index.with_suffix(".chunks"))
    return index


def path_of(number: int) -> bytes:
    """Where an image has its file `number`."""
    return b"/srv/data/%02d/%05d.bin" % (number % 61, number)


def content(number: int) -> Content:
    """A file's data: a page of noise again and again, each time stamped; zstd takes it at 1 GB/s."""
    noise = random.Random(7).randbytes(4088)

    def read(start: int, nbytes: int) -> bytes:
        first, last = start // 4096, (start + nbytes + 4095) // 4096
        pages = b"".join((number << 20 | page).to_bytes(8, "little") + noise for page in range(first, last))
        return pages[start % 4096 :][:nbytes]

    return Content(FILE_BYTES, [Extent(0, FILE_BYTES, read)])


def opened(index_path: Path) -> tuple[Vfs, FsContext]:
    """The image mounted, its files opened anew."""
    index = open_index(index_path)
    vfs = Vfs()
    vfs.attach_lower("rootfs", index, open_chunks(index_path.with_suffix(".chunks"), index))
    root = vfs.mount_root(vfs.new_overlay("rootfs"))
    return vfs, FsContext(root, root)


def open_us(index_path: Path) -> Callable[[], float]:
    """A contender: microseconds to open and mount."""

    def sample() -> float:
        start = time.perf_counter()
        for _ in range(REPEATS):
            opened(index_path)
        return (time.perf_counter() - start) / REPEATS * 1e6

    return sample


def first_read_us(index_path: Path, nbytes: int) -> Callable[[], float]:
    """A contender: microseconds to look up a file of a freshly opened image and read 4 KiB of it."""
    draw = random.Random(3)

    def sample() -> float:
        elapsed = 0.0
        for _ in range(REPEATS):
            vfs, context = opened(index_path)
            path = path_of(draw.randrange(nbytes // FILE_BYTES))
            start = time.perf_counter()
            file = vfs.open(context, path, os.O_RDONLY)
            data = vfs.pread(file, 4096, 0)
            elapsed += time.perf_counter() - start
            assert len(data) == 4096
            vfs.release(file)
        return elapsed / REPEATS * 1e6

    return sample


def main() -> None:
    """Measure and print."""
    images = {name: image(nbytes) for name, nbytes in SIZES.items()}
    contenders = {f"open, {name}": open_us(path) for name, path in images.items()}
    contenders |= {f"first read, {name}": first_read_us(path, SIZES[name]) for name, path in images.items()}
    measured = alternate(contenders, rounds=ROUNDS, unit="us")
    for what in ("open", "first read"):
        rows = {name: item for name, item in measured.items() if name.startswith(what)}
        report(
            what.replace(" ", "_"),
            f"An image of 1 MB and of 1 GB: {what}",
            rows,
            base=f"{what}, 1 MB",
            goals={"open, 1 GB": ("<=", 1.2)} if what == "open" else {"first read, 1 GB": ("<=", 1.5)},
        )


if __name__ == "__main__":
    standalone(main)
