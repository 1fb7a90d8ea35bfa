"""What `open_beneath` opens, and that it stays below its directory; with openat2(2) and without."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lazyfs.beneath import open_beneath, open_by_steps

_READ = os.O_RDONLY | os.O_NOFOLLOW
_LOOK = os.O_PATH | os.O_NOFOLLOW
Opener = Callable[[int, bytes, int], int]


@pytest.fixture(params=[open_beneath, open_by_steps])
def opener(request: pytest.FixtureRequest) -> Opener:
    found: Opener = request.param
    return found


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "secret").write_bytes(b"secret")
    inside = tmp_path / "inside"
    (inside / "a" / "b").mkdir(parents=True)
    (inside / "a" / "b" / "file").write_bytes(b"data")
    (inside / "a" / "out").symlink_to(tmp_path)
    (inside / "a" / "link").symlink_to("b/file")
    fd = os.open(inside, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize("path", [b"a/b/file", b"a/b/../b/file"])
def test_what_is_there_is_opened(path: bytes, opener: Opener, directory: int) -> None:
    fd = opener(directory, path, _READ)
    assert os.read(fd, 9) == b"data"
    os.close(fd)


def test_the_directory_itself(opener: Opener, directory: int) -> None:
    fd = opener(directory, b".", _READ)
    assert os.path.samestat(os.fstat(fd), os.fstat(directory))
    os.close(fd)


def test_a_link_can_be_looked_at(opener: Opener, directory: int) -> None:
    fd = opener(directory, b"a/link", _LOOK)
    assert os.readlink(b"", dir_fd=fd) == b"b/file"
    os.close(fd)


@pytest.mark.parametrize(
    ("path", "number"),
    [
        (b"a/none", errno.ENOENT),
        (b"none/b", errno.ENOENT),
        (b"a/b/file/x", errno.ENOTDIR),
        (b"a/link", errno.ELOOP),
        (b"a/out", errno.ELOOP),
        (b"a/out/secret", errno.ENOTDIR),
    ],
)
def test_what_cannot_be_opened(path: bytes, number: int, opener: Opener, directory: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=os.strerror(number)):
        opener(directory, path, _READ)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_path_longer_than_one_call_takes(opener: Opener, tmp_path: Path) -> None:
    top = here = os.open(tmp_path, os.O_RDONLY)
    name = b"d" * 250
    for _ in range(20):
        os.mkdir(name, dir_fd=here)
        here = os.open(name, os.O_RDONLY, dir_fd=here)
    expected = os.fstat(here)
    fd = opener(top, b"/".join([name] * 20), _READ)
    assert os.path.samestat(os.fstat(fd), expected)
