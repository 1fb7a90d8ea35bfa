"""Open file descriptions: open, read, write, seek, getdents, truncate, fallocate, pipes, devices."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from lazyfs import abi
from lazyfs.errors import WouldBlock
from lazyfs.inode import FsContext

RDONLY, WRONLY, RDWR, CREAT = abi.O_RDONLY, abi.O_WRONLY, abi.O_RDWR, abi.O_CREAT


@pytest.mark.parametrize(
    ("path", "flags", "number"),
    [
        (b"/nothing", RDONLY, errno.ENOENT),
        (b"/etc", WRONLY, errno.EISDIR),
        (b"/etc", RDONLY | abi.O_TRUNC, errno.EISDIR),
        (b"/etc", RDONLY | CREAT, errno.EISDIR),
        (b"/etc/new/", WRONLY | CREAT, errno.EISDIR),
        (b"/etc/.", WRONLY | CREAT, errno.EISDIR),
        (b"/", RDONLY | CREAT | abi.O_EXCL, errno.EEXIST),
        (b"/etc/passwd", RDONLY | abi.O_DIRECTORY, errno.ENOTDIR),
        (b"/etc/passwd", RDONLY | CREAT | abi.O_EXCL, errno.EEXIST),
        (b"/dangling", RDONLY | CREAT | abi.O_EXCL, errno.EEXIST),
        (b"/lib", RDONLY | abi.O_NOFOLLOW, errno.ELOOP),
        (b"/lib", RDONLY | abi.O_NOFOLLOW | abi.O_DIRECTORY, errno.ENOTDIR),
        (b"/lib", abi.O_PATH | abi.O_NOFOLLOW | abi.O_DIRECTORY, errno.ENOTDIR),
        (b"/etc/passwd/x", WRONLY | CREAT, errno.ENOTDIR),
        (b"/etc/" + b"n" * 256, WRONLY | CREAT, errno.ENAMETOOLONG),
        (b"/etc", RDONLY | abi.O_TMPFILE, errno.EINVAL),
        (b"/etc/passwd", RDWR | abi.O_TMPFILE, errno.ENOTDIR),
        (b"/etc", RDONLY | CREAT | abi.O_DIRECTORY, errno.EINVAL),
        (b"/loop", WRONLY | CREAT, errno.ELOOP),
    ],
)
def test_open_refuses(g: Any, fails: Any, path: bytes, flags: int, number: int) -> None:
    fails(number, g.open, path, flags)


def test_permission_to_open(g: Any, fails: Any) -> None:
    fails(errno.EACCES, g.open, b"/etc/shadow", RDONLY, 0, g.user)
    fails(errno.EACCES, g.open, b"/etc/passwd", RDWR, 0, g.user)
    fails(errno.EACCES, g.open, b"/etc/passwd", RDONLY | abi.O_TRUNC, 0, g.user)
    fails(errno.EACCES, g.open, b"/etc/new", WRONLY | CREAT, 0o644, g.user)
    assert g.open(b"/etc/shadow", abi.O_PATH, 0, g.user)
    # A file created without permission for its own creator is still open as asked.
    file = g.open(b"/tmp/closed", RDWR | CREAT, 0o000, g.user)
    assert g.vfs.write(file, b"x") == 1
    fails(errno.EACCES, g.open, b"/tmp/closed", RDONLY, 0, g.user)


def test_creation_applies_umask_owner_and_group(g: Any) -> None:
    g.c.umask = 0o027
    g.open(b"/etc/new", WRONLY | CREAT, 0o6777)
    assert g.vfs.stat_path(g.c, b"/etc/new").mode == 0o106750
    g.vfs.mkdir(g.c, b"/tmp/shared", 0o755)
    g.vfs.chown(g.c, b"/tmp/shared", -1, 2000)
    g.vfs.chmod(g.c, b"/tmp/shared", 0o2777)
    g.open(b"/tmp/shared/f", WRONLY | CREAT, 0o644, g.user)
    g.vfs.mkdir(g.user, b"/tmp/shared/d", 0o755)
    file, directory = (g.vfs.stat_path(g.c, b"/tmp/shared/" + name) for name in (b"f", b"d"))
    assert (file.uid, file.gid, directory.gid, directory.mode) == (1000, 2000, 2000, 0o042755)


def test_create_through_a_dangling_link(g: Any) -> None:
    file = g.open(b"/dangling", RDWR | CREAT)
    assert g.vfs.path_of(g.c, file.location) == b"/tmp/nothing"


def test_descriptions_check_how_they_were_opened(g: Any, fails: Any) -> None:
    reading, writing = g.open(b"/etc/passwd"), g.open(b"/etc/passwd", WRONLY)
    path, directory = g.open(b"/etc/passwd", abi.O_PATH), g.open(b"/etc")
    v = g.vfs
    fails(errno.EBADF, v.write, reading, b"x")
    fails(errno.EBADF, v.read, writing, 1)
    fails(errno.EBADF, v.read, path, 1)
    fails(errno.EBADF, v.pwrite, path, b"x", 0)
    fails(errno.EBADF, v.seek, path, 0, 0)
    fails(errno.EBADF, v.getdents, path)
    fails(errno.EBADF, v.truncate, g.c, path, 0)
    fails(errno.EINVAL, v.truncate, g.c, reading, 0)
    fails(errno.EISDIR, v.read, directory, 1)
    fails(errno.EISDIR, v.pread, directory, 1, 0)
    fails(errno.EBADF, v.write, directory, b"x")
    fails(errno.ENOTDIR, v.getdents, reading)
    fails(errno.EINVAL, v.pread, reading, 1, -1)
    fails(errno.EINVAL, v.pwrite, writing, b"x", -1)
    fails(errno.ENOTTY, v.ioctl, reading, 0x5401, None)
    assert v.stat(path).size == 26


def test_reading_and_seeking(g: Any, fails: Any) -> None:
    file, v = g.open(b"/etc/passwd"), g.vfs
    assert v.read(file, 4) == b"root"
    assert v.pread(file, 4, 2) == b"ot:x"
    assert v.read(file, 4) == b":x:0"
    assert v.seek(file, -3, abi.SEEK_END) == 23
    assert v.read(file, 99) == b"sh\n"
    assert v.read(file, 99) == b""
    assert v.seek(file, 10, abi.SEEK_CUR) == 36
    assert v.read(file, 1) == b""
    assert v.seek(file, 0, abi.SEEK_DATA) == 0
    assert v.seek(file, 5, abi.SEEK_HOLE) == 26
    fails(errno.ENXIO, v.seek, file, 26, abi.SEEK_DATA)
    fails(errno.EINVAL, v.seek, file, -1, abi.SEEK_SET)
    fails(errno.EINVAL, v.seek, file, -1000, abi.SEEK_CUR)
    fails(errno.EINVAL, v.seek, file, 0, 9)
    fails(errno.ESPIPE, v.seek, v.pipe(g.c)[0], 0, 0)


def test_a_large_file_of_the_index(g: Any) -> None:
    from_index = g.read(b"/usr/bin/python3")
    assert len(from_index) == 1_600_000
    assert from_index[1_000_000:1_000_004] == (250_000).to_bytes(4, "big")
    file = g.open(b"/usr/bin/python", RDWR)
    before = g.vfs.stat(file)
    assert g.vfs.pwrite(file, b"!", 1_000_000) == 1
    assert g.read(b"/bin/python3") == from_index[:1_000_000] + b"!" + from_index[1_000_001:]
    after = g.vfs.stat(file)
    assert (after.ino, after.nlink, after.blocks) == (before.ino, 2, before.blocks)
    assert after.mtime_ns > before.mtime_ns


def test_holes_of_the_index(g: Any) -> None:
    file, v = g.open(b"/sparse", RDWR), g.vfs
    assert v.stat(file).blocks == 16
    assert v.seek(file, 0, abi.SEEK_DATA) == 65536
    assert v.seek(file, 65536, abi.SEEK_HOLE) == 65536 + 8192
    v.pwrite(file, b"x", 500_000)
    assert v.seek(file, 100_000, abi.SEEK_DATA) == 500_000 // 4096 * 4096
    v.fallocate(file, abi.FALLOC_FL_PUNCH_HOLE | abi.FALLOC_FL_KEEP_SIZE, 65536, 4096)
    assert v.seek(file, 0, abi.SEEK_DATA) == 65536 + 4096
    assert v.pread(file, 4, 65536 + 4096) == (1024).to_bytes(4, "big")
    assert v.pread(file, 8, 65536 + 4092) == bytes(4) + (1024).to_bytes(4, "big")


def test_appending(g: Any) -> None:
    one, two = (g.open(b"/etc/passwd", RDWR | abi.O_APPEND) for _ in range(2))
    g.vfs.write(one, b"a")
    g.vfs.write(two, b"b")
    assert g.vfs.pwrite(one, b"c", 0) == 1  # Linux appends here too
    assert g.read(b"/etc/passwd")[-3:] == b"abc"
    assert one.offset == 27


def test_truncation(g: Any, fails: Any) -> None:
    v = g.vfs
    v.truncate(g.c, b"/etc/passwd", 4)
    assert g.read(b"/etc/passwd") == b"root"
    v.truncate(g.c, b"/etc/passwd", 6)
    assert g.read(b"/etc/passwd") == b"root\0\0"
    fails(errno.EISDIR, v.truncate, g.c, b"/etc", 0)
    fails(errno.EINVAL, v.truncate, g.c, b"/dev/null", 0)
    fails(errno.EINVAL, v.truncate, g.c, b"/etc/passwd", -1)
    fails(errno.EACCES, v.truncate, g.user, b"/etc/passwd", 0)
    g.open(b"/etc/passwd", RDONLY | abi.O_TRUNC)
    assert g.read(b"/etc/passwd") == b""
    g.open(b"/dev/null", WRONLY | abi.O_TRUNC)


def test_fallocate(g: Any, fails: Any) -> None:
    file, v = g.open(b"/tmp/f", RDWR | CREAT), g.vfs
    v.fallocate(file, 0, 0, 10_000)
    assert (v.stat(file).size, v.stat(file).blocks) == (10_000, 24)
    v.fallocate(file, abi.FALLOC_FL_KEEP_SIZE, 0, 20_000)
    assert (v.stat(file).size, v.stat(file).blocks) == (10_000, 40)
    v.pwrite(file, b"x" * 10_000, 0)
    v.fallocate(file, abi.FALLOC_FL_ZERO_RANGE, 100, 200)
    assert v.pread(file, 400, 0) == b"x" * 100 + bytes(200) + b"x" * 100
    fails(errno.EINVAL, v.fallocate, file, 0, 0, 0)
    fails(errno.EINVAL, v.fallocate, file, 0, -1, 5)
    fails(errno.EOPNOTSUPP, v.fallocate, file, abi.FALLOC_FL_PUNCH_HOLE, 0, 5)
    fails(errno.EOPNOTSUPP, v.fallocate, file, 0x20, 0, 5)
    fails(errno.EFBIG, v.fallocate, file, 0, 1 << 62, 1 << 62)
    fails(errno.EBADF, v.fallocate, g.open(b"/tmp/f"), 0, 0, 5)
    fails(errno.ESPIPE, v.fallocate, v.pipe(g.c)[1], 0, 0, 5)


def test_writes_by_users_drop_set_id_bits(g: Any) -> None:
    g.vfs.chmod(g.c, b"/usr/bin/su", 0o6777)
    file = g.open(b"/usr/bin/su", WRONLY)
    g.vfs.write(file, b"root may")
    assert g.vfs.stat(file).mode & 0o7777 == 0o6777
    g.vfs.write(g.open(b"/usr/bin/su", WRONLY, 0, g.user), b"user")
    assert g.vfs.stat(file).mode & 0o7777 == 0o777


def test_a_full_tmpfs(g: Any, fails: Any) -> None:
    g.vfs.mount(g.at(b"/mnt"), g.vfs.new_tmpfs(3 * 4096))
    file = g.open(b"/mnt/f", RDWR | CREAT)
    assert g.vfs.write(file, bytes(16384)) == 3 * 4096
    fails(errno.ENOSPC, g.vfs.write, file, b"x")
    assert g.vfs.statfs(file).bfree == 0
    other = g.open(b"/mnt/g", RDWR | CREAT)
    fails(errno.ENOSPC, g.vfs.write, other, b"x")
    fails(errno.ENOSPC, g.vfs.fallocate, other, 0, 0, 4096)
    g.vfs.unlink(g.c, b"/mnt/f")
    fails(errno.ENOSPC, g.vfs.write, other, b"x")  # it is still open
    g.vfs.release(file)
    assert g.vfs.write(other, b"x") == 1
    g.vfs.truncate(g.c, other, 0)
    assert g.vfs.statfs(other).bfree == 3


def test_unlinked_files_live_while_they_are_open(g: Any) -> None:
    for path in (b"/etc/passwd", b"/tmp/new"):
        file = g.open(path, RDWR | CREAT)
        g.vfs.pwrite(file, b"kept", 0)
        g.vfs.unlink(g.c, path)
        assert g.vfs.stat(file).nlink == 0
        (file,) = g.restore(file)
        assert g.vfs.pread(file, 4, 0) == b"kept"
        g.vfs.release(file)


def test_unnamed_files(g: Any, fails: Any) -> None:
    file = g.open(b"/tmp", RDWR | abi.O_TMPFILE, 0o640)
    g.vfs.write(file, b"later named")
    assert g.names(b"/tmp") == []
    assert g.vfs.stat(file).nlink == 0
    g.vfs.link(g.c, file, b"/tmp/named")
    assert g.read(b"/tmp/named") == b"later named"
    never = g.open(b"/tmp", RDWR | abi.O_TMPFILE | abi.O_EXCL)
    fails(errno.ENOENT, g.vfs.link, g.c, never, b"/tmp/x")
    memory = g.vfs.anonymous(g.c, b"/memfd:buffer", RDWR)
    g.vfs.write(memory, b"12345")
    assert g.vfs.path_of(g.c, memory.location) == b"/memfd:buffer (deleted)"
    assert g.vfs.stat(memory).size == 5


def test_directories_are_read_in_pieces_and_rewound(g: Any, fails: Any) -> None:
    for number in range(100):
        g.write(b"/tmp/%02d" % number, b"")
    file, v = g.open(b"/tmp"), g.vfs
    first = v.getdents(file, 10)
    assert [name for _, _, _, name in first[:2]] == [b".", b".."]
    file.offset = first[4][1]  # the caller's buffer held five
    rest: list[bytes] = []
    while entries := v.getdents(file, 7):
        for _, _, kind, name in entries:
            assert kind == 8
            v.unlink(g.c, b"/tmp/" + name)
            rest.append(name)
    assert len(rest) == 97
    assert sorted(rest + [name for _, _, _, name in first[2:5]]) == [b"%02d" % n for n in range(100)]
    v.seek(file, 0, 0)
    assert len(v.getdents(file)) == 5
    g.vfs.mkdir(g.c, b"/tmp/d", 0o755)
    gone = g.open(b"/tmp/d")
    v.rmdir(g.c, b"/tmp/d")
    fails(errno.ENOENT, v.getdents, gone)
    fails(errno.ENOENT, v.mkdir, g.c, b"x", 0o755, start=gone.location)
    fails(errno.ENOENT, v.open, g.c, b"x", WRONLY | CREAT, 0, start=gone.location)


def test_dot_dot_has_the_number_of_the_parent(g: Any) -> None:
    for path in (b"/usr/lib", b"/tmp", b"/"):
        entries = g.vfs.getdents(g.open(path), 2)
        above = g.vfs.stat_path(g.c, path + b"/..").ino
        assert [ino for ino, *_ in entries] == [g.vfs.stat_path(g.c, path).ino, above]


def blocks(file: Any, events: int, call: Any, *arguments: Any) -> None:
    with pytest.raises(WouldBlock) as caught:
        call(*arguments)
    assert (caught.value.file, caught.value.events) == (file, events)


def test_pipes(g: Any, fails: Any) -> None:
    v = g.vfs
    reader, writer = v.pipe(g.c)
    blocks(reader, abi.POLLIN, v.read, reader, 1)
    assert v.poll(reader) == 0
    assert v.poll(writer) & abi.POLLOUT
    assert v.write(writer, b"hello") == 5
    assert v.poll(reader) & abi.POLLIN
    reader, writer = g.restore(reader, writer)
    v = g.vfs
    assert (v.read(reader, 3), v.read(reader, 3)) == (b"hel", b"lo")
    assert v.write(writer, bytes(70_000)) == 65536
    assert not v.poll(writer) & abi.POLLOUT
    blocks(writer, abi.POLLOUT, v.write, writer, b"x")
    v.read(reader, 4095)
    blocks(writer, abi.POLLOUT, v.write, writer, bytes(4096))  # whole or not at all
    assert v.write(writer, bytes(5000)) == 4095  # above PIPE_BUF in part
    fails(errno.ESPIPE, v.pread, reader, 1, 0)
    fails(errno.EBADF, v.write, reader, b"x")
    v.release(writer)
    assert len(v.read(reader, 100_000)) == 65536
    assert v.read(reader, 1) == b""
    assert v.poll(reader) == abi.POLLHUP
    reader, writer = v.pipe(g.c)
    v.release(reader)
    fails(errno.EPIPE, v.write, writer, b"x")
    assert v.poll(writer) & abi.POLLERR


def test_fifos_wait_for_their_other_end(g: Any, fails: Any) -> None:
    v = g.vfs
    v.mknod(g.c, b"/tmp/fifo", 0o010644)
    other = FsContext(g.c.root, g.c.root)
    fails(errno.ENXIO, g.open, b"/tmp/fifo", WRONLY | abi.O_NONBLOCK)
    with pytest.raises(WouldBlock):
        g.open(b"/tmp/fifo")
    with pytest.raises(WouldBlock):
        g.open(b"/tmp/fifo")  # run again: still waiting, once
    writer = g.open(b"/tmp/fifo", WRONLY, 0, other)
    v.write(writer, b"message")
    v.release(writer)
    reader = g.open(b"/tmp/fifo")  # it was let in when the writer came
    assert v.read(reader, 99) == b"message"
    assert v.read(reader, 99) == b""
    v.release(reader)
    with pytest.raises(WouldBlock):
        g.open(b"/tmp/fifo")
    v.cancel_open(g.c)  # a signal came
    fails(errno.ENXIO, g.open, b"/tmp/fifo", WRONLY | abi.O_NONBLOCK, 0, other)
    both = g.open(b"/tmp/fifo", RDWR)
    blocks(both, abi.POLLIN, v.read, both, 1)
    assert v.poll(g.open(b"/tmp/fifo", RDONLY | abi.O_NONBLOCK)) == 0


def test_a_pipe_opened_by_its_link_in_proc_waits_for_nobody(g: Any, fails: Any) -> None:
    v = g.vfs
    reader, writer = v.pipe(g.c)
    v.write(writer, b"left behind")
    v.release(writer)
    again = v.open_location(g.c, reader.location, RDONLY)
    assert v.read(again, 99) == b"left behind"
    assert v.read(again, 99) == b""
    v.release(reader)
    v.release(again)
    writer = v.open_location(g.c, reader.location, WRONLY | abi.O_NONBLOCK)
    fails(errno.EPIPE, v.write, writer, b"x")


def test_devices(g: Any, fails: Any) -> None:
    v = g.vfs
    null, zero, full, random = (
        g.open(b"/dev/" + name, RDWR) for name in (b"null", b"zero", b"full", b"urandom")
    )
    assert (v.read(null, 5), v.read(zero, 3), v.read(full, 2), v.read(random, 4)) == (
        b"",
        bytes(3),
        bytes(2),
        b"rrrr",
    )
    assert (v.write(null, b"abc"), v.write(zero, b"abc"), v.write(random, b"abc")) == (3, 3, 3)
    fails(errno.ENOSPC, v.write, full, b"x")
    assert v.pread(zero, 3, 1000) == bytes(3)
    assert v.seek(null, 55, 0) == 0
    assert v.poll(null) & abi.POLLIN
    fails(errno.ENOTTY, v.ioctl, null, 0x5401, None)
    fails(errno.ENXIO, g.open, b"/dev/tty")  # until the kernel registers a driver
    assert v.stat(null).rdev == (1, 3)
    assert v.readlink(g.c, b"/dev/stdin") == b"/proc/self/fd/0"
    v.mknod(g.c, b"/tmp/sock", 0o140755)
    fails(errno.ENXIO, g.open, b"/tmp/sock")
    fails(errno.EINVAL, v.fsync, null)
    v.fsync(g.open(b"/etc/passwd"))
