"""A small guest for the directed VFS tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazyfs.chunk_store import open_chunks
from lazyfs.errors import LinuxError
from lazyfs.index import open_index
from lazyfs.index_writer import write_index
from lazyfs.inode import FsContext, FsCredentials
from lazyfs.openfile import OpenFile
from lazyfs.plain import decode, encode
from lazyfs.tree import Content, Extent, Node, Tree
from lazyfs.vfs import Vfs

BIG = b"".join(number.to_bytes(4, "big") for number in range(400_000))  # 1.6 MB, no two words equal


def guest_tree() -> Tree:
    tree = Tree()
    for name in (b"dev", b"proc", b"tmp", b"mnt", b"home", b"etc"):
        tree.add(b"/" + name, Node.directory())
    tree.add(b"/tmp", Node.directory(0o1777))
    tree.add(b"/home/user", Node.directory(0o750, uid=1000, gid=1000))
    tree.add(b"/home/user/mine", Node.file(b"mine", 0o600, uid=1000, gid=1000))
    tree.add(b"/etc/passwd", Node.file(b"root:x:0:0::/root:/bin/sh\n", mtime_ns=1_600_000_000_000_000_007))
    tree.add(b"/etc/shadow", Node.file(b"secret", 0o600))
    tree.add(b"/usr/lib/python/os.py", Node.file(b"import sys\n"), parents=True)
    tree.add(b"/usr/bin/python", Node("file", 0o755, content=Content.of_bytes(BIG), xattrs={b"user.a": b"1"}),
             parents=True)  # fmt: skip
    tree.link(b"/usr/bin/python", b"/usr/bin/python3")
    tree.add(b"/usr/bin/su", Node.file(b"su", 0o6755))
    tree.add(b"/lib", Node.symlink(b"usr/lib"))
    tree.add(b"/bin", Node.symlink(b"/usr/bin"))
    tree.add(b"/loop", Node.symlink(b"loop"))
    tree.add(b"/dangling", Node.symlink(b"/tmp/nothing"))
    tree.add(b"/sparse", Node.file(Content(1 << 20, [Extent(65536, 8192, lambda s, n: BIG[s : s + n])])))
    return tree


class Guest:
    """A VFS over guest_tree() with /dev and /tmp mounted, and shorthands."""

    def __init__(self, directory: Path) -> None:
        self.index = open_index(directory / "index")
        self.chunks = open_chunks(directory / "chunks", self.index)
        self.clock = 1_700_000_000_000_000_000
        self.vfs = self.host_side(None)
        self.rootfs = self.vfs.new_overlay("rootfs")
        root = self.vfs.mount_root(self.rootfs)
        self.c = FsContext(root, root)
        self.vfs.mount(self.at(b"/dev"), self.vfs.new_devfs())
        self.vfs.mount(self.at(b"/tmp"), self.vfs.new_tmpfs())
        self.user = FsContext(root, root, 0o022, FsCredentials(1000, 1000, [2000]))

    def host_side(self, state: Any) -> Vfs:
        vfs = Vfs(state, now_ns=self.now, urandom=lambda n: b"r" * n)
        vfs.attach_lower("rootfs", self.index, self.chunks)
        return vfs

    def now(self) -> int:
        self.clock += 1000
        return self.clock

    def at(self, path: bytes, **options: Any) -> Any:
        return self.vfs.lookup(self.c, path, **options)

    def open(
        self, path: bytes, flags: int = 0, mode: int = 0o644, context: FsContext | None = None
    ) -> OpenFile:
        return self.vfs.open(context or self.c, path, flags, mode)

    def write(self, path: bytes, data: bytes) -> None:
        file = self.open(path, 0o1101)  # O_WRONLY | O_CREAT | O_TRUNC
        assert self.vfs.write(file, data) == len(data)
        self.vfs.release(file)

    def read(self, path: bytes) -> bytes:
        file = self.open(path)
        data = self.vfs.read(file, 1 << 30)
        self.vfs.release(file)
        return data

    def names(self, path: bytes) -> list[bytes]:
        file = self.open(path, 0o200000)
        got = [name for _, _, _, name in self.vfs.getdents(file)]
        self.vfs.release(file)
        assert got[:2] == [b".", b".."]
        return sorted(got[2:])

    def restore(self, *more: Any) -> list[Any]:
        """Continue from what a snapshot keeps; `more` comes back decoded with it."""
        state, self.c, self.user, self.rootfs, *rest = decode(
            encode([self.vfs.state, self.c, self.user, self.rootfs, *more])
        )
        providers, drivers, grants = self.vfs.providers, self.vfs.drivers, self.vfs.grants
        self.vfs = self.host_side(state)
        self.vfs.providers.update(providers)
        self.vfs.drivers.update({key: value for key, value in drivers.items() if key not in self.vfs.drivers})
        self.vfs.grants.update(grants)
        return rest


@pytest.fixture(scope="session")
def guest_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("guest")
    write_index(guest_tree(), directory / "index", directory / "chunks")
    return directory


@pytest.fixture
def g(guest_image: Path) -> Iterator[Guest]:
    guest = Guest(guest_image)
    yield guest
    guest.vfs.close()
    guest.index.close()
    guest.chunks.close()


@pytest.fixture
def fails() -> Callable[..., None]:
    """fails(errno.ENOENT, function, *arguments): the call raises LinuxError with that number."""

    def check(number: int, call: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        with pytest.raises(LinuxError) as caught:
            call(*arguments, **options)
        assert caught.value.errno == number, f"{caught.value}"

    return check
