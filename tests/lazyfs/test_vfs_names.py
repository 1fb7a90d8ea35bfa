"""Names and attributes: mkdir to rename, stat to xattrs; and the state through a snapshot."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISDIR
from typing import Any

import pytest

from lazyfs import abi
from lazyfs.inode import FsContext, FsCredentials
from lazyfs.plain import encode


@pytest.mark.parametrize(
    ("call", "arguments", "number"),
    [
        ("mkdir", (b"/etc", 0o755), errno.EEXIST),
        ("mkdir", (b"/", 0o755), errno.EEXIST),
        ("mkdir", (b"/etc/.", 0o755), errno.EEXIST),
        ("mkdir", (b"/loop", 0o755), errno.EEXIST),
        ("mkdir", (b"/a/b", 0o755), errno.ENOENT),
        ("mknod", (b"/d", 0o040755), errno.EPERM),
        ("mknod", (b"/d", 0o170000), errno.EINVAL),
        ("mknod", (b"/d/", 0o100644), errno.ENOENT),
        ("unlink", (b"/etc",), errno.EISDIR),
        ("unlink", (b"/etc/",), errno.EISDIR),
        ("unlink", (b"/etc/..",), errno.EISDIR),
        ("unlink", (b"/etc/passwd/",), errno.ENOTDIR),
        ("unlink", (b"/lib/",), errno.ENOTDIR),
        ("unlink", (b"/none",), errno.ENOENT),
        ("unlink", (b"/none/",), errno.ENOENT),
        ("rmdir", (b"/etc/passwd",), errno.ENOTDIR),
        ("rmdir", (b"/lib",), errno.ENOTDIR),
        ("rmdir", (b"/etc",), errno.ENOTEMPTY),
        ("rmdir", (b"/etc/.",), errno.EINVAL),
        ("rmdir", (b"/etc/..",), errno.ENOTEMPTY),
        ("rmdir", (b"/",), errno.EBUSY),
        ("rmdir", (b"/tmp",), errno.EBUSY),
        ("symlink", (b"", b"/s"), errno.ENOENT),
        ("symlink", (b"t", b"/etc"), errno.EEXIST),
        ("symlink", (b"t", b"/s/"), errno.ENOENT),
        ("symlink", (b"t" * 4096, b"/s"), errno.ENAMETOOLONG),
        ("link", (b"/etc", b"/e"), errno.EPERM),
        ("link", (b"/none", b"/e"), errno.ENOENT),
        ("link", (b"/etc/passwd", b"/lib"), errno.EEXIST),
        ("link", (b"/etc/passwd", b"/dev/null"), errno.EEXIST),
        ("rename", (b"/none", b"/x"), errno.ENOENT),
        ("rename", (b"/etc/.", b"/x"), errno.EBUSY),
        ("rename", (b"/etc", b"/usr/.."), errno.EBUSY),
        ("rename", (b"/etc", b"/", 1), errno.EEXIST),
        ("rename", (b"/usr", b"/usr/lib/x"), errno.EINVAL),
        ("rename", (b"/usr/lib", b"/usr"), errno.ENOTEMPTY),
        ("rename", (b"/usr/lib", b"/usr", 2), errno.EINVAL),
        ("rename", (b"/usr", b"/etc"), errno.ENOTEMPTY),
        ("rename", (b"/etc/passwd", b"/usr"), errno.EISDIR),
        ("rename", (b"/usr", b"/etc/passwd"), errno.ENOTDIR),
        ("rename", (b"/etc/passwd", b"/x/"), errno.ENOTDIR),
        ("rename", (b"/etc/passwd/", b"/x"), errno.ENOTDIR),
        ("rename", (b"/etc", b"/usr", 1), errno.EEXIST),
        ("rename", (b"/etc", b"/none", 2), errno.ENOENT),
        ("rename", (b"/etc", b"/x", 3), errno.EINVAL),
        ("rename", (b"/etc", b"/x", 4), errno.EINVAL),
        ("readlink", (b"/etc",), errno.EINVAL),
        ("readlink", (b"/none",), errno.ENOENT),
        ("access", (b"/etc/passwd", 8), errno.EINVAL),
        ("access", (b"/etc/passwd", 1), errno.EACCES),
        ("getxattr", (b"/etc/passwd", b"user.none"), errno.ENODATA),
        ("getxattr", (b"/etc/passwd", b"user."), errno.EINVAL),
        ("getxattr", (b"/etc/passwd", b"system.posix_acl_access"), errno.EOPNOTSUPP),
        ("getxattr", (b"/etc/passwd", b""), errno.ERANGE),
        ("setxattr", (b"/etc/passwd", b"user.x", b"", 2), errno.ENODATA),
        ("setxattr", (b"/usr/bin/python", b"user.a", b"", 1), errno.EEXIST),
        ("setxattr", (b"/etc/passwd", b"user.x", bytes(65537)), errno.E2BIG),
        ("setxattr", (b"/etc/passwd", b"user." + b"x" * 251, b""), errno.ERANGE),
        ("setxattr", (b"/dev/null", b"user.x", b""), errno.EPERM),
        ("removexattr", (b"/etc/passwd", b"user.x"), errno.ENODATA),
    ],
)
def test_refusals(g: Any, fails: Any, call: str, arguments: tuple[Any, ...], number: int) -> None:
    before = [list(m.fs.entries(g.vfs, m.root.inode)) for m in g.vfs.state.mounts]
    fails(number, getattr(g.vfs, call), g.c, *arguments)
    assert before == [list(m.fs.entries(g.vfs, m.root.inode)) for m in g.vfs.state.mounts]


@pytest.mark.parametrize(
    ("call", "arguments", "number"),
    [
        ("mkdir", (b"/etc/d", 0o755), errno.EACCES),
        ("mkdir", (b"/etc/passwd", 0o755), errno.EEXIST),
        ("unlink", (b"/etc/passwd",), errno.EACCES),
        ("unlink", (b"/tmp/roots",), errno.EPERM),
        ("rename", (b"/tmp/roots", b"/tmp/mine"), errno.EPERM),
        ("rename", (b"/tmp/own", b"/tmp/roots"), errno.EPERM),
        ("mknod", (b"/tmp/null", 0o020666, (1, 3)), errno.EPERM),
        ("link", (b"/usr/bin/su", b"/home/user/su"), errno.EPERM),
        ("chmod", (b"/etc/passwd", 0o666), errno.EPERM),
        ("chown", (b"/home/user/mine", 0, -1), errno.EPERM),
        ("chown", (b"/home/user/mine", -1, 5), errno.EPERM),
        ("utimens", (b"/etc/passwd", 1, 1), errno.EPERM),
        ("setxattr", (b"/etc/passwd", b"user.x", b""), errno.EACCES),
        ("setxattr", (b"/home/user/mine", b"trusted.x", b""), errno.EPERM),
        ("setxattr", (b"/home/user/mine", b"security.x", b""), errno.EPERM),
        ("getxattr", (b"/home/user/mine", b"trusted.x"), errno.ENODATA),
        ("getxattr", (b"/etc/shadow", b"user.x"), errno.EACCES),
        ("access", (b"/etc/shadow", 4), errno.EACCES),
    ],
)
def test_refusals_to_users(g: Any, fails: Any, call: str, arguments: tuple[Any, ...], number: int) -> None:
    g.write(b"/tmp/roots", b"")
    g.open(b"/tmp/own", 0o101, 0o644, g.user)
    fails(number, getattr(g.vfs, call), g.user, *arguments)


def test_readonly_mounts_refuse_everything_but_devices(g: Any, fails: Any) -> None:
    g.vfs.state.mounts[0].readonly = True
    v, c = g.vfs, g.c
    for call, arguments in [
        (v.mkdir, (b"/x", 0o755)),
        (v.unlink, (b"/etc/passwd",)),
        (v.rmdir, (b"/home/user",)),
        (v.rename, (b"/etc", b"/x")),
        (v.symlink, (b"x", b"/x")),
        (v.link, (b"/etc/passwd", b"/x")),
        (v.truncate, (b"/etc/passwd", 0)),
        (v.chmod, (b"/etc/passwd", 0)),
        (v.chown, (b"/etc/passwd", 0, 0)),
        (v.utimens, (b"/etc/passwd", 1, 1)),
        (v.setxattr, (b"/etc/passwd", b"user.x", b"")),
        (v.removexattr, (b"/usr/bin/python", b"user.a")),
        (v.access, (b"/etc/passwd", 2)),
        (v.open, (b"/etc/passwd", 1)),
        (v.open, (b"/etc/new", 0o101)),
        (v.open, (b"/etc", abi.O_TMPFILE | 2)),
    ]:
        fails(errno.EROFS, call, c, *arguments)
    fails(errno.EEXIST, v.mkdir, c, b"/etc", 0o755)
    assert v.write(v.open(c, b"/dev/null", 1), b"x") == 1


def test_directories_count_links_and_times(g: Any) -> None:
    v = g.vfs

    def root() -> Any:
        return v.stat_path(g.c, b"/home")

    links, before = root().nlink, root().mtime_ns
    v.mkdir(g.c, b"/home/a", 0o755)
    assert root().nlink == links + 1
    assert root().mtime_ns > before
    v.mkdir(g.c, b"/home/a/b", 0o755)
    v.rename(g.c, b"/home/a/b", b"/home/b")
    assert (root().nlink, v.stat_path(g.c, b"/home/a").nlink) == (links + 2, 2)
    v.rename(g.c, b"/home/b", b"/home/a")
    assert root().nlink == links + 1
    before = root().mtime_ns
    v.rmdir(g.c, b"/home/a")
    assert root().nlink == links
    assert root().mtime_ns > before


def test_directories_of_the_index_are_renamed_and_replaced(g: Any) -> None:
    v = g.vfs
    ino = v.stat_path(g.c, b"/usr/lib/python/os.py").ino
    v.rename(g.c, b"/usr", b"/opt")
    assert g.names(b"/opt/lib/python") == [b"os.py"]
    assert b"usr" not in g.names(b"/")
    assert v.stat_path(g.c, b"/opt/lib/python/os.py").ino == ino
    g.write(b"/opt/lib/python/new.py", b"new")
    v.rename(g.c, b"/opt", b"/usr")
    assert g.read(b"/lib/python/new.py") == b"new"
    v.rename(g.c, b"/usr/lib", b"/etc", abi.RENAME_EXCHANGE)
    assert g.read(b"/usr/lib/passwd").startswith(b"root")
    assert g.names(b"/etc/python") == [b"new.py", b"os.py"]
    v.unlink(g.c, b"/etc/python/os.py")
    v.unlink(g.c, b"/etc/python/new.py")
    v.rmdir(g.c, b"/etc/python")
    v.mkdir(g.c, b"/etc/python", 0o755)  # in the place of a removed one, nothing of it shows
    assert g.names(b"/etc/python") == []
    g.restore()
    assert g.names(b"/etc") == [b"python"]


def test_hard_links_stay_one_file(g: Any) -> None:
    v = g.vfs
    g.write(b"/usr/bin/python", b"changed")
    assert g.read(b"/usr/bin/python3") == b"changed"
    v.link(g.c, b"/usr/bin/python3", b"/etc/third")
    v.chmod(g.c, b"/etc/third", 0o600)
    assert {v.stat_path(g.c, path)[:6] for path in (b"/bin/python", b"/bin/python3", b"/etc/third")} == {
        v.stat_path(g.c, b"/etc/third")[:6]
    }
    assert v.stat_path(g.c, b"/etc/third").nlink == 3
    v.rename(g.c, b"/bin/python", b"/bin/python3")  # the same file: nothing happens
    assert g.names(b"/usr/bin") == [b"python", b"python3", b"su"]
    v.unlink(g.c, b"/bin/python")
    v.shrink()
    assert (v.stat_path(g.c, b"/bin/python3").nlink, g.read(b"/bin/python3")) == (2, b"changed")
    v.link(g.c, b"/lib", b"/lib2")
    assert v.readlink(g.c, b"/lib2") == b"usr/lib"
    g.write(b"/dangling", b"now there")
    v.symlink(g.c, b"nothing", b"/tmp/to")
    v.link(g.c, b"/tmp/to", b"/tmp/followed", follow=True)
    assert g.read(b"/tmp/followed") == b"now there"


def test_attributes(g: Any) -> None:
    v, path = g.vfs, b"/etc/passwd"
    before = v.stat_path(g.c, path)
    assert (before.mtime_ns, before.mode, before.size, before.blksize) == (
        1_600_000_000_000_000_007,
        0o100644,
        26,
        4096,
    )
    v.utimens(g.c, path, None, 5)
    v.utimens(g.c, path, 7, None)
    after = v.stat_path(g.c, path)
    assert (after.atime_ns, after.mtime_ns, after.ino) == (7, 5, before.ino)
    assert after.ctime_ns > before.ctime_ns
    v.utimens(g.user, path, None, None)  # nothing to do needs no permission
    v.utimens(g.c, path, 0, 0, now=True)
    assert v.stat_path(g.c, path).mtime_ns > 1_700_000_000_000_000_000
    v.chown(g.c, b"/usr/bin/su", 5, -1)
    assert (v.stat_path(g.c, b"/usr/bin/su").mode, v.stat_path(g.c, b"/usr/bin/su").uid) == (0o100755, 5)
    v.chown(g.c, b"/lib", 9, 9, follow=False)
    assert (v.stat_path(g.c, b"/lib", follow=False).uid, v.stat_path(g.c, b"/lib").uid) == (9, 0)
    v.chown(g.user, b"/home/user/mine", -1, 2000)
    v.chown(g.c, b"/home/user/mine", -1, 3000)
    v.chmod(g.user, b"/home/user/mine", 0o2755)
    assert v.stat_path(g.c, b"/home/user/mine").mode == 0o100755  # not of that group: no set-group-ID
    with pytest.raises(Exception, match="ENOTSUP"):
        v.chmod(g.c, b"/lib", 0o700, follow=False)


def test_access_asks_with_the_given_ids(g: Any) -> None:
    v = g.vfs
    v.access(g.c, b"/etc/shadow", 6)
    real = FsCredentials(1000, 1000, [])
    with pytest.raises(Exception, match="EACCES"):
        v.access(g.c, b"/etc/shadow", 4, credentials=real)
    v.access(g.c, b"/etc/passwd", 4, credentials=real)
    v.access(g.c, b"/usr/bin/python", 1)
    v.access(g.c, b"/dangling", 0, follow=False)


def test_xattrs(g: Any) -> None:
    v = g.vfs
    assert v.getxattr(g.c, b"/bin/python3", b"user.a") == b"1"
    v.setxattr(g.c, b"/bin/python", b"trusted.t", b"\0\1", abi.XATTR_CREATE)
    v.setxattr(g.c, b"/bin/python", b"user.a", b"2", abi.XATTR_REPLACE)
    assert sorted(v.listxattr(g.c, b"/bin/python3")) == [b"trusted.t", b"user.a"]
    assert v.listxattr(g.user, b"/bin/python3") == [b"user.a"]
    g.restore()
    g.vfs.removexattr(g.c, b"/bin/python", b"user.a")
    assert g.vfs.listxattr(g.c, b"/bin/python") == [b"trusted.t"]
    assert g.vfs.listxattr(g.c, b"/etc/passwd") == []


def test_file_identity_is_that_of_unchanged_content(g: Any) -> None:
    one, two = g.vfs.file_identity(g.at(b"/bin/python")), g.vfs.file_identity(g.at(b"/bin/python3"))
    assert one == two != g.vfs.file_identity(g.at(b"/etc/passwd"))
    g.write(b"/bin/python", b"x")
    assert g.vfs.file_identity(g.at(b"/bin/python3")) is None
    assert g.vfs.file_identity(g.at(b"/dev/null")) is None


def test_shrinking_keeps_what_is_used_and_drops_the_rest(g: Any) -> None:
    size = len(encode([g.vfs.state, g.c])[1])
    file = g.open(b"/usr/lib/python/os.py")
    deep = FsContext(g.c.root, g.at(b"/usr/bin"))
    g.vfs.chmod(g.c, b"/etc/passwd", 0o600)
    g.vfs.shrink()
    assert g.at(b"/usr/lib/python/os.py").dentry is file.location.dentry
    assert g.at(b"/usr/bin").dentry is deep.cwd.dentry
    assert g.vfs.stat_path(g.c, b"/etc/passwd").mode == 0o100600
    g.vfs.release(file)
    del file, deep
    g.vfs.shrink()
    assert len(encode([g.vfs.state, g.c])[1]) <= size + 4  # the changed inode, and what it holds


def test_a_granted_directory(g: Any, tmp_path: Path, fails: Any) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    (inside / "sub").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (inside / "file").write_text("host data")
    (inside / "escape").symlink_to(outside)
    (inside / "up").symlink_to("../out/secret")
    v = g.vfs
    v.attach_grant("g", str(inside))
    v.mount(g.at(b"/mnt"), v.new_hostfs("g"))
    assert g.names(b"/mnt") == [b"escape", b"file", b"sub", b"up"]
    assert g.read(b"/mnt/file") == b"host data"
    # Symlinks are followed in the guest, where their targets do not exist.
    fails(errno.ENOENT, v.lookup, g.c, b"/mnt/escape/secret")
    fails(errno.ENOENT, v.lookup, g.c, b"/mnt/up")
    assert v.path_of(g.c, g.at(b"/mnt/sub/../..")) == b"/"
    g.write(b"/mnt/sub/new", b"from the guest")
    assert (inside / "sub" / "new").read_text() == "from the guest"
    v.mkdir(g.c, b"/mnt/d", 0o700)
    v.rename(g.c, b"/mnt/sub/new", b"/mnt/d/renamed")
    v.symlink(g.c, b"renamed", b"/mnt/d/link")
    v.link(g.c, b"/mnt/d/renamed", b"/mnt/d/hard")
    v.chmod(g.c, b"/mnt/d/renamed", 0o4640)
    assert g.read(b"/mnt/d/link") == b"from the guest"
    assert (inside / "d" / "hard").stat().st_mode & 0o7777 == 0o640
    file = g.open(b"/mnt/d/hard", 0o2002)  # O_RDWR | O_APPEND
    (inside / "d" / "renamed").write_text("grown by the host ")
    v.write(file, b"and the guest")
    assert (inside / "d" / "hard").read_text() == "grown by the host and the guest"
    assert v.stat(file).size == 31
    (file,) = g.restore(file)
    v = g.vfs
    assert v.pread(file, 5, 0) == b"grown"
    v.truncate(g.c, file, 5)
    assert v.stat_path(g.c, b"/mnt/d/renamed").size == 5
    v.utimens(g.c, b"/mnt/d/renamed", 1, 2)
    assert (inside / "d" / "hard").stat().st_mtime_ns == 2
    v.unlink(g.c, b"/mnt/d/renamed")
    assert v.pread(file, 5, 0) == b"grown"
    g.write(b"/mnt/d/other", b"")
    v.rename(g.c, b"/mnt/d/other", b"/mnt/d/hard")
    v.chmod(g.c, file, 0o600)  # the open file, not what has its name now
    assert (v.stat(file).mode, v.stat(file).nlink) == (0o100600, 0)
    assert v.stat_path(g.c, b"/mnt/d/hard").mode == 0o100644
    v.release(file)
    # What the host does shows at once.
    (inside / "d" / "hard").unlink()
    fails(errno.ENOENT, v.lookup, g.c, b"/mnt/d/hard")
    fails(errno.EPERM, v.mknod, g.c, b"/mnt/null", 0o020666, (1, 3))
    fails(errno.ENOTEMPTY, v.rmdir, g.c, b"/mnt/d")
    v.unlink(g.c, b"/mnt/d/link")
    v.rmdir(g.c, b"/mnt/d")
    assert sorted(os.listdir(inside)) == ["escape", "file", "sub", "up"]
    assert os.listdir(outside) == ["secret"]


def test_a_directory_that_was_moved_is_found_by_its_name_alone(g: Any, tmp_path: Path, fails: Any) -> None:
    """Descriptors of directories are kept, and mean nothing after the operation that found them in their place."""
    inside = tmp_path / "in"
    (inside / "a" / "b").mkdir(parents=True)
    (inside / "a" / "b" / "f").write_text("first")
    g.vfs.attach_grant("g", str(inside))
    g.vfs.mount(g.at(b"/mnt"), g.vfs.new_hostfs("g"))
    where = g.at(b"/mnt/a/b")
    assert g.vfs.read(g.vfs.open(g.c, b"f", abi.O_RDONLY, start=where), 9) == b"first"
    (inside / "a").rename(tmp_path / "out")
    fails(errno.ENOENT, g.vfs.open, g.c, b"f", abi.O_RDONLY, start=where)
    fails(errno.ENOENT, g.vfs.open, g.c, b"/mnt/a/b/f", abi.O_RDONLY)
    (inside / "a" / "b").mkdir(parents=True)
    (inside / "a" / "b" / "f").write_text("second")
    for start, path in ((where, b"f"), (None, b"/mnt/a/b/f")):
        assert g.vfs.read(g.vfs.open(g.c, path, abi.O_RDONLY, start=start), 9) == b"second"


def test_a_name_that_was_opened_before_is_opened_as_what_it_is_now(g: Any, tmp_path: Path, fails: Any) -> None:
    g.vfs.attach_grant("g", str(tmp_path))
    g.vfs.mount(g.at(b"/mnt"), g.vfs.new_hostfs("g"))
    name, other = tmp_path / "f", tmp_path / "other"

    def opened(flags: int = abi.O_RDONLY) -> Any:
        file = g.vfs.open(g.c, b"/mnt/f", flags)
        g.vfs.release(file)
        return g.vfs.stat(file)

    name.write_text("first")
    assert opened().size == 5
    name.write_text("longer")
    name.chmod(0o600)
    assert (opened().size, opened().mode) == (6, 0o100600)
    other.write_text("another file")
    other.rename(name)
    assert (opened().size, opened().ino) == (12, name.stat().st_ino)
    name.unlink()
    fails(errno.ENOENT, opened)
    other.write_text("by a link")
    name.symlink_to("other")
    assert opened().ino == other.stat().st_ino
    fails(errno.ELOOP, opened, abi.O_NOFOLLOW)
    name.unlink()
    name.write_text("again")
    assert opened().size == 5
    name.unlink()
    name.mkdir()
    assert S_ISDIR(opened().mode)
    fails(errno.EISDIR, opened, abi.O_RDWR)


def test_few_directories_stay_open(g: Any, tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / "f").write_text("data")
    g.vfs.attach_grant("g", str(tmp_path))
    g.vfs.mount(g.at(b"/mnt"), g.vfs.new_hostfs("g"))
    before = len(os.listdir("/proc/self/fd"))
    for number in range(200):
        g.vfs.release(g.vfs.open(g.c, b"/mnt/d%d/f" % number, abi.O_RDONLY))
    assert len(os.listdir("/proc/self/fd")) - before <= 64
    deep = tmp_path / "d0"
    for _ in range(100):
        deep /= "x"
    deep.mkdir(parents=True)
    (deep / "f").write_text("deep")
    assert g.vfs.read(g.vfs.open(g.c, b"/mnt/d0/" + b"x/" * 100 + b"f", abi.O_RDONLY), 9) == b"deep"
    g.vfs.close()
    assert len(os.listdir("/proc/self/fd")) < before


def test_a_directory_swapped_for_a_link_does_not_lead_out(g: Any, tmp_path: Path, fails: Any) -> None:
    inside = tmp_path / "in"
    (inside / "d").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "f").write_text("secret")
    g.vfs.attach_grant("g", str(inside))
    g.vfs.mount(g.at(b"/mnt"), g.vfs.new_hostfs("g"), readonly=True)
    where = g.at(b"/mnt/d")
    (inside / "d").rmdir()
    (inside / "d").symlink_to(tmp_path / "out")
    fails(errno.ENOTDIR, g.vfs.lookup, g.c, b"f", start=where)
    fails(errno.EROFS, g.write, b"/mnt/x", b"")


def test_who_may_use_a_granted_directory_is_asked_each_time(g: Any, tmp_path: Path, fails: Any) -> None:
    inside = tmp_path / "in"
    inside.mkdir(mode=0o755)
    (inside / "f").write_text("text")
    g.vfs.attach_grant("g", str(inside))
    g.vfs.mount(g.at(b"/mnt"), g.vfs.new_hostfs("g"))
    nobody = FsContext(g.c.root, g.at(b"/mnt"), credentials=FsCredentials(7, 7))
    for path in b"/mnt/f", b"f":
        assert g.vfs.stat_path(nobody, path).size == 4
        inside.chmod(0o700)
        fails(errno.EACCES, g.vfs.stat_path, nobody, path)
        inside.chmod(0o755)


def test_what_is_about_to_change_in_memory_is_told(g: Any) -> None:
    def told(action: Callable[[], Any]) -> list[bytes]:
        """The names that were told of, in alphabetical order."""
        inodes: list[Any] = []
        g.vfs.changing = inodes.append
        action()
        g.vfs.changing = None
        return sorted(name for name, inode in known.items() if any(inode is each for each in inodes))

    v, c = g.vfs, g.c
    v.mkdir(c, b"/d", 0o755)
    v.mkdir(c, b"/d/e", 0o755)
    g.write(b"/d/f", b"text")
    known = {path: g.at(path).inode for path in (b"/", b"/d", b"/d/e", b"/d/f", b"/etc/passwd")}
    file = g.open(b"/d/f", abi.O_RDWR)
    lower = g.open(b"/etc/passwd", abi.O_RDWR)
    assert told(lambda: v.read(file, 4)) == []
    assert told(lambda: v.write(file, b"more")) == [b"/d/f"]
    assert told(lambda: v.pwrite(lower, b"x", 0)) == [b"/etc/passwd"]
    assert told(lambda: v.truncate(c, file, 2)) == [b"/d/f"]
    assert told(lambda: v.chmod(c, b"/d", 0o700)) == [b"/d"]
    assert told(lambda: v.chown(c, b"/d/f", 1, 1)) == [b"/d/f"]
    assert told(lambda: v.link(c, b"/d/f", b"/d/g")) == [b"/d", b"/d/f"]
    assert told(lambda: v.rename(c, b"/d/g", b"/d/e/g")) == [b"/d", b"/d/e", b"/d/f"]
    assert told(lambda: v.unlink(c, b"/d/e/g")) == [b"/d/e", b"/d/f"]
    assert told(lambda: v.mount(g.at(b"/d/e"), v.new_tmpfs())) == [b"/d/e"]
    assert told(lambda: v.unmount(g.at(b"/d/e"))) == [b"/d/e"]
    assert told(lambda: v.symlink(c, b"x", b"/d/l")) == [b"/d"]
