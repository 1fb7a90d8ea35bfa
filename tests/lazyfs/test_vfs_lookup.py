"""Path walks: path_resolution(7), case by case."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from lazyfs.inode import FsContext
from lazyfs.synthfs import SynthNode


@pytest.mark.parametrize(
    ("path", "number"),
    [
        (b"", errno.ENOENT),
        (b"/nothing", errno.ENOENT),
        (b"/nothing/below", errno.ENOENT),
        (b"/etc/passwd/", errno.ENOTDIR),
        (b"/etc/passwd/.", errno.ENOTDIR),
        (b"/etc/passwd/..", errno.ENOTDIR),
        (b"/etc/passwd/x", errno.ENOTDIR),
        (b"/loop", errno.ELOOP),
        (b"/loop/x", errno.ELOOP),
        (b"/dangling", errno.ENOENT),
        (b"/dangling/", errno.ENOENT),
        (b"/" + b"n" * 256, errno.ENAMETOOLONG),
        (b"/etc/" * 1000, errno.ENAMETOOLONG),
        (b"/" + b"/" * 4095, errno.ENAMETOOLONG),
    ],
)
def test_failures(g: Any, fails: Any, path: bytes, number: int) -> None:
    fails(number, g.vfs.lookup, g.c, path)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"/", b"/"),
        (b"//", b"/"),
        (b"/..", b"/"),
        (b"/../../etc/./passwd", b"/etc/passwd"),
        (b"etc//passwd", b"/etc/passwd"),
        (b"/lib/python/../python/os.py", b"/usr/lib/python/os.py"),
        (b"/lib/..", b"/usr"),
        (b"/bin/", b"/usr/bin"),
        (b"/dev/shm/..", b"/dev"),
        (b"/dev/..", b"/"),
        (b"/" * 4095, b"/"),
    ],
)
def test_positions(g: Any, path: bytes, found: bytes) -> None:
    assert g.vfs.path_of(g.c, g.at(path)) == found


def test_the_last_symlink_is_followed_on_request_and_by_a_slash(g: Any) -> None:
    assert g.vfs.path_of(g.c, g.at(b"/lib", follow=False)) == b"/lib"
    assert g.vfs.path_of(g.c, g.at(b"/lib/", follow=False)) == b"/usr/lib"
    assert g.vfs.path_of(g.c, g.at(b"/loop", follow=False)) == b"/loop"


def test_forty_links_are_followed_and_no_more(g: Any, fails: Any) -> None:
    g.write(b"/tmp/l0", b"end")
    for number in range(1, 42):
        g.vfs.symlink(g.c, b"l%d" % (number - 1), b"/tmp/l%d" % number)
    assert g.read(b"/tmp/l40") == b"end"
    fails(errno.ELOOP, g.vfs.lookup, g.c, b"/tmp/l41")
    fails(errno.ELOOP, g.open, b"/tmp/l41", 0o101)
    assert g.at(b"/tmp/l41", follow=False).inode.size == 3


def test_search_permission(g: Any, fails: Any) -> None:
    fails(errno.EACCES, g.vfs.lookup, FsContext(g.user.root, g.user.root, 0, g.user.credentials.__class__(7, 7, [])),
          b"/home/user/mine")  # fmt: skip
    assert g.vfs.lookup(g.user, b"/home/user/mine").inode.uid == 1000
    g.vfs.chmod(g.c, b"/home/user", 0o600)
    fails(errno.EACCES, g.vfs.lookup, g.user, b"/home/user/mine")
    fails(errno.EACCES, g.vfs.lookup, g.user, b"/home/user/absent")
    fails(errno.EACCES, g.vfs.lookup, g.user, b"/home/user/.")
    assert g.vfs.lookup(g.user, b"/home/user/")  # the directory itself needs none
    assert g.vfs.lookup(g.c, b"/home/user/mine")  # nor does root


def test_a_changed_root_confines(g: Any) -> None:
    g.vfs.symlink(g.c, b"/lib/python", b"/usr/absolute")
    inner = FsContext(g.at(b"/usr"), g.at(b"/usr"))
    assert g.vfs.path_of(inner, g.vfs.lookup(inner, b"/../../lib/..")) == b"/"
    assert g.vfs.path_of(inner, g.vfs.lookup(inner, b"/absolute")) == b"/lib/python"
    assert g.vfs.lookup(inner, b"/absolute").dentry is g.at(b"/usr/lib/python").dentry


def test_relative_to_a_start(g: Any, fails: Any) -> None:
    start = g.at(b"/usr")
    assert g.vfs.path_of(g.c, g.vfs.lookup(g.c, b"lib/python", start=start)) == b"/usr/lib/python"
    assert g.vfs.path_of(g.c, g.vfs.lookup(g.c, b"/etc", start=start)) == b"/etc"
    fails(errno.ENOTDIR, g.vfs.lookup, g.c, b"x", start=g.at(b"/etc/passwd"))
    fails(errno.ENOTDIR, g.vfs.lookup, g.c, b"/etc/passwd", want_directory=True)


def test_the_parent_and_last_name(g: Any, fails: Any) -> None:
    for path, directory, name in [
        (b"/usr/lib/new", b"/usr/lib", b"new"),
        (b"/lib/new///", b"/usr/lib", b"new/"),
        (b"new", b"/", b"new"),
        (b"/", b"/", b"/"),
        (b"/usr/..", b"/usr", b".."),
    ]:
        location, last = g.vfs.lookup_parent(g.c, path)
        assert (g.vfs.path_of(g.c, location), last) == (directory, name)
    fails(errno.ENOTDIR, g.vfs.lookup_parent, g.c, b"/etc/passwd/x")


def test_paths_of_what_moves_and_goes(g: Any) -> None:
    file = g.open(b"/usr/lib/python/os.py")
    where = g.at(b"/usr/lib/python")
    g.vfs.rename(g.c, b"/usr/lib", b"/home/lib2")
    assert g.vfs.path_of(g.c, file.location) == b"/home/lib2/python/os.py"
    g.vfs.unlink(g.c, b"/home/lib2/python/os.py")
    assert g.vfs.path_of(g.c, file.location) == b"/home/lib2/python/os.py (deleted)"
    g.vfs.rmdir(g.c, b"/home/lib2/python")
    assert g.vfs.path_of(g.c, where) == b"/home/lib2/python (deleted)"


def test_mounts_stack_and_come_off(g: Any, fails: Any) -> None:
    first, second = g.vfs.new_tmpfs(), g.vfs.new_tmpfs(mode=0o700)
    g.vfs.mount(g.at(b"/mnt"), first)
    g.write(b"/mnt/one", b"1")
    g.vfs.mount(g.at(b"/mnt"), second, readonly=True)
    assert g.names(b"/mnt") == []
    fails(errno.EROFS, g.write, b"/mnt/two", b"2")
    fails(errno.EBUSY, g.vfs.rmdir, g.c, b"/mnt")
    fails(errno.EBUSY, g.vfs.rename, g.c, b"/mnt", b"/mnt2")
    fails(errno.EXDEV, g.vfs.rename, g.c, b"/etc/passwd", b"/tmp/passwd")
    fails(errno.EXDEV, g.vfs.link, g.c, b"/etc/passwd", b"/tmp/passwd")
    g.vfs.unmount(g.at(b"/mnt"))
    assert g.names(b"/mnt") == [b"one"]
    g.vfs.mkdir(g.c, b"/mnt/below", 0o755)
    g.vfs.mount(g.at(b"/mnt/below"), g.vfs.new_tmpfs())
    fails(errno.EBUSY, g.vfs.unmount, g.at(b"/mnt"))
    g.vfs.unmount(g.at(b"/mnt/below"))
    g.vfs.unmount(g.at(b"/mnt"))
    assert g.names(b"/mnt") == []
    fails(errno.EINVAL, g.vfs.unmount, g.at(b"/mnt"))


class Processes:
    """A /proc of one process whose links lead to what is open."""

    def __init__(self, g: Any) -> None:
        self.g, self.files, self.text = g, {}, b"state 1\n"

    def lookup(self, path: tuple[bytes, ...]) -> SynthNode | None:
        if path in ((), (b"1",), (b"1", b"fd")):
            return SynthNode(0o040555)
        if path == (b"self",) or (path[:2] == (b"1", b"fd") and path[2] in self.files):
            return SynthNode(0o120777)
        return SynthNode(0o100644) if path == (b"1", b"status") else None

    def entries(self, path: tuple[bytes, ...]) -> list[bytes]:
        return {(): [b"1", b"self"], (b"1",): [b"fd", b"status"]}.get(path, list(self.files))

    def read(self, path: tuple[bytes, ...]) -> bytes:
        return self.text

    def write(self, path: tuple[bytes, ...], data: bytes) -> int:
        self.text = data
        return len(data)

    def readlink(self, path: tuple[bytes, ...]) -> bytes:
        return b"1" if path == (b"self",) else self.g.vfs.path_of(self.g.c, self.files[path[2]].location)

    def follow(self, path: tuple[bytes, ...]) -> Any:
        return None if path == (b"self",) else self.files[path[2]].location


@pytest.fixture
def proc(g: Any) -> Processes:
    provider = g.vfs.providers["proc"] = Processes(g)
    g.vfs.mount(g.at(b"/proc"), g.vfs.new_synthfs("proc"))
    return provider


def test_synthetic_files_are_made_on_demand(g: Any, proc: Processes, fails: Any) -> None:
    assert g.names(b"/proc/self") == [b"fd", b"status"]
    file = g.open(b"/proc/self/status")
    assert g.vfs.read(file, 5) == b"state"
    proc.text = b"STATE 2\n"
    assert g.vfs.read(file, 5) == b" 1\n"  # one description reads one state
    assert g.vfs.read(file, 5) == b""
    g.vfs.seek(file, 0, 0)
    assert g.vfs.read(file, 5) == b"STATE"
    g.write(b"/proc/1/status", b"set")
    assert proc.text == b"set"
    fails(errno.EPERM, g.vfs.mkdir, g.c, b"/proc/new", 0o755)
    fails(errno.EPERM, g.vfs.unlink, g.c, b"/proc/1/status")
    fails(errno.ENOENT, g.vfs.lookup, g.c, b"/proc/2")
    assert g.vfs.stat_path(g.c, b"/proc/1/status").ino == g.vfs.stat_path(g.c, b"/proc/self/status").ino
    assert g.vfs.statfs(g.at(b"/proc/self")).type == 0x9FA0


def test_magic_links_reach_what_has_no_name(g: Any, proc: Processes, fails: Any) -> None:
    file = g.open(b"/tmp/gone", 0o102)
    g.vfs.write(file, b"data")
    g.vfs.unlink(g.c, b"/tmp/gone")
    reader, writer = g.vfs.pipe(g.c)
    proc.files = {b"3": file, b"4": reader, b"5": writer}
    assert g.vfs.readlink(g.c, b"/proc/self/fd/3") == b"/tmp/gone (deleted)"
    assert g.read(b"/proc/self/fd/3") == b"data"
    assert g.vfs.readlink(g.c, b"/proc/self/fd/4").startswith(b"pipe:[")
    again = g.open(b"/dev/fd/5", 1) if g.vfs.stat_path(g.c, b"/dev/fd") else None
    g.vfs.write(again, b"through")
    assert g.vfs.read(reader, 99) == b"through"
    again = g.open(b"/proc/self/fd/5", 0o101)  # a shell's >> opens with O_CREAT
    assert g.vfs.write(again, b"x") == 1
    del proc.files[b"3"]
    fails(errno.ENOENT, g.open, b"/proc/self/fd/3")


def test_a_provider_that_is_not_attached_is_an_errno(g: Any, fails: Any) -> None:
    g.vfs.mount(g.at(b"/mnt"), g.vfs.new_synthfs("sys", kind="sysfs"))
    fails(errno.ENODEV, g.vfs.lookup, g.c, b"/mnt/kernel")
