"""The overlay VFS against the host's own kernel: the same random operations on both, results compared.

As root the operations run as root and as an ordinary user; otherwise only as the user who runs the tests.
FRISCY_EXAMPLES raises the number of examples.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lazyfs import abi
from lazyfs.chunk_store import open_chunks
from lazyfs.errors import LinuxError
from lazyfs.index import open_index
from lazyfs.index_writer import write_index
from lazyfs.inode import FsContext, FsCredentials, Location
from lazyfs.openfile import OpenFile
from lazyfs.plain import decode, encode
from lazyfs.tree import Content, Extent, Node, Tree
from lazyfs.vfs import Vfs

ROOT = os.geteuid() == 0
USERS = [0, 1000] if ROOT else [os.geteuid()]
BASE = b"x/1/2/3/4/5/6/7"  # deep, so that no generated path leaves the host directory
LIBC = ctypes.CDLL(None, use_errno=True)
UMASK = 0o027
OWNER = 0 if ROOT else os.geteuid()
GROUP = 0 if ROOT else os.getegid()

# The tree both sides start from: name -> Node arguments.
BIG = bytes(range(256)) * 40


def lower_tree() -> Tree:
    tree = Tree(Node.directory(0o777, uid=OWNER, gid=GROUP))
    parts = BASE.split(b"/")
    for depth in range(1, len(parts) + 1):
        tree.add(b"/".join(parts[:depth]), Node.directory(0o777, uid=OWNER, gid=GROUP))
    files: dict[bytes, Node] = {
        b"a": Node.directory(0o755, uid=OWNER, gid=GROUP),
        b"a/b": Node.file(b"hello\n", 0o644, uid=OWNER, gid=GROUP),
        b"a/c": Node.directory(0o777, uid=OWNER, gid=GROUP),
        b"a/c/a": Node.file(BIG, 0o6755, uid=OWNER, gid=GROUP),
        b"a/c/d": Node.symlink(b"../b", uid=OWNER, gid=GROUP),
        b"b": Node.file(Content(20000, [Extent(8192, 5000, lambda s, n: (BIG * 2)[s : s + n])]), 0o666,
                        uid=OWNER, gid=GROUP),
        b"c": Node.symlink(b"a", uid=OWNER, gid=GROUP),
        b"d": Node.directory(0o1777, uid=OWNER, gid=GROUP),
        b"d/a": Node.file(b"", 0o600, uid=OWNER, gid=GROUP),
    }  # fmt: skip
    for path, node in files.items():
        tree.add(BASE + b"/" + path, node)
    tree.link(BASE + b"/a/b", BASE + b"/d/b")
    return tree


def materialise(tree: Tree, top: bytes) -> None:
    """The same tree on the host."""
    made: dict[int, bytes] = {}
    directories = []
    for path, node in tree.walk():
        host = top + path
        if id(node) in made:
            os.link(made[id(node)], host, follow_symlinks=False)
            continue
        made[id(node)] = host
        if node.kind == "dir":
            if path != b"/":
                os.mkdir(host)
            directories.append((host, node.mode))
        elif node.kind == "symlink":
            os.symlink(node.target, host)
        else:
            assert node.content is not None
            with open(host, "wb") as file:
                file.write(node.content.read(0, node.content.length))
            os.chmod(host, node.mode)
    for host, mode in directories:
        os.chmod(host, mode)


class Host:
    """Operations on the host, relative to its base directory; descriptors are kept by slot."""

    def __init__(self, top: bytes) -> None:
        self.base = os.open(os.path.join(top, BASE), os.O_RDONLY | os.O_DIRECTORY)
        self.files: dict[int, int] = {}
        os.fchdir(self.base)

    @contextmanager
    def user(self, uid: int) -> Iterator[None]:
        if not ROOT or uid == 0:
            yield
            return
        groups = os.getgroups()
        os.setgroups([])
        os.setegid(uid)
        os.seteuid(uid)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)

    def close(self) -> None:
        for fd in self.files.values():
            os.close(fd)
        os.close(self.base)


class Guest:
    def __init__(self, directory: Path) -> None:
        self.index = open_index(directory / "index")
        self.chunks = open_chunks(directory / "chunks", self.index)
        self.vfs = Vfs()
        self.vfs.attach_lower("r", self.index, self.chunks)
        root = self.vfs.mount_root(self.vfs.new_overlay("r"))
        self.context = FsContext(root, root, UMASK)
        self.context.cwd = self.vfs.lookup(self.context, BASE)
        self.files: dict[int, OpenFile] = {}

    @classmethod
    def granted(cls, image: Path, directory: Path) -> Guest:
        """One whose root is a granted host directory."""
        guest = cls(image)
        guest.vfs.attach_grant("g", str(directory))
        root = guest.vfs.mount_root(guest.vfs.new_hostfs("g"))
        guest.context = FsContext(root, root, UMASK)
        guest.context.cwd = guest.vfs.lookup(guest.context, BASE)
        return guest

    def through_snapshot(self) -> None:
        """Replace all state by what encode and decode leave of it."""
        self.vfs.shrink()
        grants = self.vfs.grants
        if grants:
            return  # unlinked files of the host cannot be opened again
        state, self.context, self.files = decode(encode([self.vfs.state, self.context, self.files]))
        self.vfs = Vfs(state)
        self.vfs.attach_lower("r", self.index, self.chunks)

    def credentials(self, uid: int) -> FsCredentials:
        return FsCredentials(uid, uid if ROOT else os.getegid(), [])


def outcome(run: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return "ok", run()
    except LinuxError as error:
        return "errno", error.errno
    except OSError as error:
        return "errno", error.errno


def renameat2(old: bytes, new: bytes, flags: int) -> None:
    if LIBC.renameat2(abi.AT_FDCWD, old, abi.AT_FDCWD, new, flags) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def link_follow(old: bytes, new: bytes) -> None:
    # os.link(follow_symlinks=True) is link(2), which does not follow.
    if LIBC.linkat(abi.AT_FDCWD, old, abi.AT_FDCWD, new, abi.AT_SYMLINK_FOLLOW) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def shape(mode: int, nlink: int, uid: int, gid: int, size: int) -> tuple[int, ...]:
    """What must be equal: a directory's size and links differ between real filesystems too."""
    if stat.S_ISDIR(mode):
        return mode, uid, gid
    return mode, nlink, uid, gid, size


class Pair:
    """One step on both sides."""

    def __init__(self, guest: Guest, host: Host) -> None:
        self.guest, self.host = guest, host

    def stat(self, path: bytes, follow: bool) -> tuple[Any, Any]:
        g, v = self.guest, self.guest.vfs

        def theirs() -> Any:
            got = os.stat(path, follow_symlinks=follow)
            return shape(got.st_mode, got.st_nlink, got.st_uid, got.st_gid, got.st_size)

        def ours() -> Any:
            got = v.stat_path(g.context, path, follow=follow)
            return shape(got.mode, got.nlink, got.uid, got.gid, got.size)

        return ours, theirs

    def open(self, slot: int, path: bytes, flags: int, mode: int) -> tuple[Any, Any]:
        g, h = self.guest, self.host

        def theirs() -> None:
            fd = os.open(path, flags | os.O_NONBLOCK, mode)
            if slot in h.files:
                os.close(h.files.pop(slot))
            h.files[slot] = fd

        def ours() -> None:
            file = g.vfs.open(g.context, path, flags | os.O_NONBLOCK, mode)
            if slot in g.files:
                g.vfs.release(g.files.pop(slot))
            g.files[slot] = file

        return ours, theirs

    def file(self, slot: int, action: str, offset: int, n: int) -> tuple[Any, Any]:
        g, h = self.guest, self.host
        if slot not in g.files:
            return (lambda: None), (lambda: None)
        file, fd, v = g.files[slot], h.files[slot], g.vfs
        data = (b"0123456789abcdef" * (n // 16 + 1))[:n]
        return {
            "read": (lambda: v.read(file, n), lambda: os.read(fd, n)),
            "pread": (lambda: v.pread(file, n, offset), lambda: os.pread(fd, n, offset)),
            "write": (lambda: v.write(file, data), lambda: os.write(fd, data)),
            "pwrite": (lambda: v.pwrite(file, data, offset), lambda: os.pwrite(fd, data, offset)),
            "seek": (lambda: v.seek(file, offset, n % 3), lambda: os.lseek(fd, offset, n % 3)),
            "ftruncate": (lambda: v.truncate(g.context, file, offset), lambda: os.ftruncate(fd, offset)),
            "fstat": (lambda: self.fstat_ours(file), lambda: self.fstat_theirs(fd)),
            "fchmod": (lambda: v.chmod(g.context, file, n & 0o777), lambda: os.fchmod(fd, n & 0o777)),
        }[action]

    def fstat_ours(self, file: OpenFile) -> Any:
        got = self.guest.vfs.stat(file)
        return shape(got.mode, got.nlink, got.uid, got.gid, got.size)

    def fstat_theirs(self, fd: int) -> Any:
        got = os.fstat(fd)
        return shape(got.st_mode, got.st_nlink, got.st_uid, got.st_gid, got.st_size)

    def list(self, path: bytes) -> tuple[Any, Any]:
        g = self.guest

        def ours() -> Any:
            file = g.vfs.open(g.context, path, abi.O_RDONLY | abi.O_DIRECTORY)
            names = []
            while got := g.vfs.getdents(file, 3):
                names += [
                    (name, kind if kind in (4, 10) else 8)
                    for _, _, kind, name in got
                    if name not in (b".", b"..")
                ]
            g.vfs.release(file)
            return sorted(names)

        def theirs() -> Any:
            with os.scandir(path) as found:
                # from the entry's own type: a stat would need search permission
                return sorted(
                    (e.name, 4 if e.is_dir(follow_symlinks=False) else 10 if e.is_symlink() else 8)
                    for e in found
                )

        return ours, theirs

    def name(self, action: str, path: bytes, other: bytes, number: int) -> tuple[Any, Any]:
        c, v = self.guest.context, self.guest.vfs
        mode = number & 0o7777
        times = (number * 10**9, (number + 1) * 10**9)
        table: dict[str, tuple[Any, Any]] = {
            "mkdir": (lambda: v.mkdir(c, path, mode), lambda: os.mkdir(path, mode)),
            "rmdir": (lambda: v.rmdir(c, path), lambda: os.rmdir(path)),
            "unlink": (lambda: v.unlink(c, path), lambda: os.unlink(path)),
            "rename": (lambda: v.rename(c, path, other), lambda: os.rename(path, other)),
            "noreplace": (lambda: v.rename(c, path, other, 1), lambda: renameat2(path, other, 1)),
            "exchange": (lambda: v.rename(c, path, other, 2), lambda: renameat2(path, other, 2)),
            "symlink": (lambda: v.symlink(c, other, path), lambda: os.symlink(other, path)),
            "link": (lambda: v.link(c, path, other), lambda: os.link(path, other, follow_symlinks=False)),
            "link_follow": (
                lambda: v.link(c, path, other, follow=True),
                lambda: link_follow(path, other),
            ),
            "mkfifo": (lambda: v.mknod(c, path, stat.S_IFIFO | mode), lambda: os.mkfifo(path, mode)),
            "readlink": (lambda: v.readlink(c, path), lambda: os.readlink(path)),
            "truncate": (lambda: v.truncate(c, path, number), lambda: os.truncate(path, number)),
            "chmod": (lambda: v.chmod(c, path, mode), lambda: os.chmod(path, mode)),
            "chown": (
                lambda: v.chown(c, path, USERS[number % len(USERS)], -1, follow=False),
                lambda: os.chown(path, USERS[number % len(USERS)], -1, follow_symlinks=False),
            ),
            "utimens": (
                lambda: v.utimens(c, path, *times, follow=False),
                lambda: os.utime(path, ns=times, follow_symlinks=False),
            ),
            "touch": (lambda: v.utimens(c, path, 0, 0, now=True), lambda: os.utime(path)),
            "access": (
                lambda: v.access(c, path, number & 7),
                lambda: check_access(path, number & 7),
            ),
        }
        return table[action]


def check_access(path: bytes, mode: int) -> None:
    # faccessat2(2), number 439 everywhere: os.access hides the error, and uses the real ids.
    if LIBC.syscall(439, abi.AT_FDCWD, path, mode, abi.AT_EACCESS) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def protected_hardlinks() -> bool:
    try:
        return Path("/proc/sys/fs/protected_hardlinks").read_text().strip() == "1"
    except OSError:
        return False


PROTECTED_HARDLINKS = protected_hardlinks()

names = st.sampled_from([b"a", b"b", b"c", b"d", b"a", b"b", b".", b".."])
paths = st.builds(
    lambda parts, tail: b"/".join(parts) + tail,
    st.lists(names, min_size=1, max_size=3),
    st.sampled_from([b"", b"", b"", b"", b"/"]),
)
flags = st.builds(
    lambda access, extra: access | sum(extra),
    st.sampled_from([os.O_RDONLY, os.O_WRONLY, os.O_RDWR]),
    st.sets(
        st.sampled_from([os.O_CREAT, os.O_EXCL, os.O_TRUNC, os.O_APPEND, os.O_DIRECTORY, os.O_NOFOLLOW]),
        max_size=3,
    ),
).filter(lambda value: not (value & os.O_CREAT and value & os.O_DIRECTORY))  # changed with Linux 6.4
actions = st.sampled_from(
    ["mkdir", "rmdir", "unlink", "unlink", "rename", "rename", "rename", "noreplace", "exchange", "symlink", "link",
     "link_follow", "mkfifo", "readlink", "truncate", "chmod", "chown", "utimens", "touch", "access"]
)  # fmt: skip
sizes = st.sampled_from([0, 1, 7, 100, 4095, 4096, 4097, 9000, 12288, 20001])
numbers = st.one_of(sizes, st.integers(0, 0o7777))
slots = st.integers(0, 2)
file_actions = st.sampled_from(["read", "pread", "write", "pwrite", "seek", "ftruncate", "fstat", "fchmod"])
steps = st.tuples(
    st.sampled_from(USERS),
    st.one_of(
        st.tuples(st.just("name"), actions, paths, paths, numbers),
        st.tuples(st.just("name"), actions, paths, paths, numbers),
        st.tuples(st.just("open"), slots, paths, flags, st.sampled_from([0o644, 0o600, 0o6755, 0o222])),
        st.tuples(st.just("file"), slots, file_actions, sizes, sizes),
        st.tuples(st.just("stat"), paths, st.booleans()),
        st.tuples(st.just("list"), paths),
        st.tuples(st.just("snapshot")),
    ),
)


def compare_trees(pair: Pair) -> None:
    """The final trees are equal, data included."""
    g = pair.guest
    g.context.credentials = g.credentials(USERS[0])
    pending = [b"."]
    while pending:
        path = pending.pop()
        ours, theirs = (outcome(run) for run in pair.list(path))
        assert ours == theirs, path
        for name, _ in ours[1] if ours[0] == "ok" else ():
            child = path + b"/" + name
            ours, theirs = (outcome(run) for run in pair.stat(child, False))
            assert ours == theirs, child
            mode = os.lstat(child).st_mode
            if stat.S_ISDIR(mode):
                pending.append(child)
            elif stat.S_ISLNK(mode):
                assert g.vfs.readlink(g.context, child) == os.readlink(child)
            elif stat.S_ISREG(mode) and (ROOT or mode & 0o400):
                file = g.vfs.open(g.context, child, os.O_RDONLY)
                assert g.vfs.read(file, 1 << 20) == Path(os.fsdecode(child)).read_bytes(), child
                g.vfs.release(file)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("model")
    write_index(lower_tree(), directory / "index", directory / "chunks")
    return directory


def compare(
    program: list[Any], make_guest: Callable[[], Guest], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Run the program on a guest and on the host."""
    before, umask = os.getcwd(), os.umask(0)
    top = tmp_path_factory.mktemp("host")
    for directory in (top, *top.parents[:2]):
        if ROOT:
            os.chmod(directory, 0o755)
    materialise(lower_tree(), os.fsencode(top))
    os.umask(UMASK)
    guest, host = make_guest(), Host(os.fsencode(top))
    pair = Pair(guest, host)
    openers: dict[int, int] = {}
    try:
        for step, (uid, (kind, *arguments)) in enumerate(program):
            if kind == "snapshot":
                guest.through_snapshot()
                continue
            if uid and arguments[0] in ("link", "link_follow") and not PROTECTED_HARDLINKS:
                continue  # the VFS behaves as distributions configure Linux
            elif kind == "file":
                # A write drops set-user-ID bits by the writer's ids on Linux, by the opener's here.
                uid = openers.get(arguments[0], uid)
            guest.context.credentials = guest.credentials(uid)
            ours, theirs = getattr(pair, kind)(*arguments)
            mine = outcome(ours)
            with host.user(uid):
                real = outcome(theirs)
            if kind == "open" and real[0] == "ok":
                openers[arguments[0]] = uid
            assert mine == real, f"step {step}: uid {uid} {kind} {arguments}"
        compare_trees(pair)
    finally:
        host.close()
        guest.index.close()
        guest.chunks.close()
        os.chdir(before)
        os.umask(umask)
        guest.vfs.close()


@settings(
    max_examples=int(os.environ.get("FRISCY_EXAMPLES", "150")),
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(program=st.lists(steps, min_size=5, max_size=60))
def test_the_overlay_does_what_the_host_does(
    program: list[Any], image: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    compare(program, lambda: Guest(image), tmp_path_factory)


def without_gaps(program: list[Any]) -> list[Any]:
    """A granted directory refuses RENAME_EXCHANGE and set-ID bits."""
    return [
        (uid, step)
        for uid, step in program
        if step[0] not in ("name", "open") or (step[1] != "exchange" and not step[4] & 0o6000)
    ]


@settings(
    max_examples=int(os.environ.get("FRISCY_EXAMPLES", "60")),
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(program=st.lists(steps, min_size=5, max_size=60))
def test_a_granted_directory_does_what_the_host_does(
    program: list[Any], image: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def make() -> Guest:
        twin = tmp_path_factory.mktemp("twin")
        umask = os.umask(0)
        materialise(lower_tree(), os.fsencode(twin))
        os.umask(umask)
        return Guest.granted(image, twin)

    compare(without_gaps(program), make, tmp_path_factory)


def test_a_position_is_a_location(image: Path) -> None:
    guest = Guest(image)
    assert isinstance(guest.context.cwd, Location)
    assert guest.vfs.path_of(guest.context, guest.context.cwd) == b"/" + BASE
