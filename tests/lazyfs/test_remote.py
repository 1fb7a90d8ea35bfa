"""Images read over a network: what is fetched, how often, and what happens when it fails."""

from __future__ import annotations

import errno
import importlib
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lazyfs.chunk_store import ChunkStore
from lazyfs.disk_cache import DiskCache
from lazyfs.errors import FormatError, LinuxError, RangesUnsupported, RemoteError
from lazyfs.fsspec_source import FsspecDirectory
from lazyfs.index import Index
from lazyfs.index_format import PAGE, SMALL_BYTES
from lazyfs.index_writer import write_index
from lazyfs.remote import FILL_WINDOW, WINDOW_LIMIT, Link, RemoteChunks, RemoteIndex, WholeIfNeeded
from lazyfs.split_source import SplitSource, local_split_source, piece_name, write_pieces
from lazyfs.tree import Node, Tree

FILES = 60
FILE_BYTES = SMALL_BYTES + 1000  # each a chunk of its own


def content(number: int) -> bytes:
    return random.Random(number).randbytes(FILE_BYTES)


class Counted:
    """A RemoteSource over bytes. fail: how many requests from now on fail; damage: a byte that comes changed."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.length, self.data = name, len(data), bytearray(data)
        self.requests: list[tuple[int, int]] = []
        self.fail = 0
        self.damage_once = -1

    def read(self, offset: int, length: int) -> bytes:
        return b"".join(self.stream(offset, [length]))

    def stream(self, offset: int, lengths: Iterable[int]) -> Iterator[bytes]:
        pieces = list(lengths)
        self.requests.append((offset, sum(pieces)))
        if self.fail:
            self.fail -= 1
            raise RemoteError(self.name, "unplugged")
        for nbytes in pieces:
            data = bytearray(self.data[offset : offset + nbytes])
            if offset <= self.damage_once < offset + nbytes:
                data[self.damage_once - offset] ^= 1
                self.damage_once = -1
            yield bytes(data)
            offset += nbytes

    def close(self) -> None:
        pass


class Image:
    def __init__(self, directory: Path) -> None:
        tree = Tree()
        for number in range(FILES):
            tree.add(b"/d/%03d" % number, Node.file(content(number)), parents=True)
        for number in range(20_000):
            tree.add(b"/many/%05d" % number, Node.file(b""), parents=True)
        self.summary = write_index(tree, directory / "i", directory / "c")
        self.index_bytes, self.chunk_bytes = (directory / "i").read_bytes(), (directory / "c").read_bytes()
        self.directory = directory


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return Image(tmp_path_factory.mktemp("image"))


class Opened:
    def __init__(
        self, image: Image, cache: DiskCache | None, prefetch: Iterable[tuple[int, int]] = ()
    ) -> None:
        self.said: list[str] = []
        self.link = Link(cache, self.said.append)
        self.pages, self.blob = Counted("far/i", image.index_bytes), Counted("far/c", image.chunk_bytes)
        self.index = RemoteIndex(
            self.pages, self.link, expected_digest=image.summary.index_digest, prefetch=prefetch
        )
        self.chunks = RemoteChunks(self.index, self.blob, self.link)

    def read(self, number: int) -> bytes:
        directory = self.index.lookup(self.index.root, b"d")
        return self.chunks.read(self.index.lookup(directory, b"%03d" % number), 0, FILE_BYTES)


@pytest.fixture(params=["cached", "uncached"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> DiskCache | None:
    return DiskCache(tmp_path / "cache") if request.param == "cached" else None


def test_everything_reads_as_it_does_from_files(image: Image, cache: DiskCache | None) -> None:
    for _ in range(2):
        far = Opened(image, cache)
        assert [far.read(number) for number in range(FILES)] == [content(number) for number in range(FILES)]
        far.index.verify()
    if cache is not None:
        assert (far.pages.requests, far.blob.requests) == ([], [])


def test_reading_in_a_row_takes_few_requests(image: Image, cache: DiskCache | None) -> None:
    far = Opened(image, cache)
    for number in range(FILES):
        far.read(number)
    assert len(far.blob.requests) < 10
    assert max(nbytes for _, nbytes in far.blob.requests) <= WINDOW_LIMIT
    scattered = Opened(image, None)
    scattered.read(40)
    scattered.read(3)
    assert len(scattered.blob.requests) == 2
    assert sum(nbytes for _, nbytes in scattered.blob.requests) <= 2 * (256 << 10)


def test_a_working_set_comes_with_one_request_each(image: Image, cache: DiskCache | None) -> None:
    local = Index(Counted("near", image.index_bytes))
    ino = local.lookup(local.lookup(local.root, b"d"), b"%03d" % 19)
    end = sum(local.chunk(local.extents(ino)[0][2])[:2])
    far = Opened(image, cache, [(0, 3), (local.touched()[-1], 1), (5, 2)])
    assert len(far.pages.requests) <= 2
    far.chunks.prefetch(end)
    assert [far.read(number) for number in range(20)] == [content(number) for number in range(20)]
    assert far.blob.requests == [(16, end - 16)]
    far.chunks.prefetch(end)  # it is all there, if something keeps it
    assert far.chunks._thread is not None
    far.chunks._thread.join()
    assert len(far.blob.requests) == (1 if cache is not None else 2)
    if cache is not None:
        again = Opened(image, cache, [(0, 3)])
        again.chunks.prefetch(end)
        again.read(7)
        assert (again.pages.requests, again.blob.requests) == ([], [])


def test_a_prefetch_that_fails_leaves_it_to_the_reader(image: Image, cache: DiskCache | None) -> None:
    far = Opened(image, cache)
    far.blob.fail = 1
    far.chunks.prefetch(1 << 30)
    assert far.read(5) == content(5)
    assert len(far.blob.requests) == 2


def filled(far: Opened, quiet: float = 0.0) -> None:
    """Fill in the background, to its end."""
    far.chunks.fill(far.chunks.filling(), quiet=quiet).join()


def test_filling_brings_the_rest_and_nothing_twice(image: Image, tmp_path: Path) -> None:
    far = Opened(image, DiskCache(tmp_path))
    far.read(30)
    far.index.lookup(far.index.lookup(far.index.root, b"many"), b"10000")
    for source in (far.pages, far.blob):
        source.requests.clear()
    filled(far)
    assert sum(nbytes for _, nbytes in far.blob.requests) <= len(image.chunk_bytes) - FILE_BYTES
    assert max(nbytes for _, nbytes in far.blob.requests) <= FILL_WINDOW
    assert len(far.pages.requests) <= len(image.index_bytes) // FILL_WINDOW + 1
    again = Opened(image, DiskCache(tmp_path))
    assert [again.read(number) for number in range(FILES)] == [content(number) for number in range(FILES)]
    again.index.verify()
    filled(again)
    assert (again.pages.requests, again.blob.requests) == ([], [])


def test_filling_waits_for_the_guest_and_ends_with_it(image: Image, tmp_path: Path) -> None:
    far = Opened(image, DiskCache(tmp_path))
    filling = far.chunks.fill(far.chunks.filling(), quiet=3600.0)
    assert far.read(7) == content(7)
    before = (list(far.pages.requests), list(far.blob.requests))
    far.chunks.close()
    filling.join(30)
    assert not filling.is_alive()
    assert (far.pages.requests, far.blob.requests) == before


def test_a_filling_that_fails_leaves_it_to_the_reader(image: Image, tmp_path: Path) -> None:
    far = Opened(image, DiskCache(tmp_path))
    far.pages.fail = 1
    filled(far)
    far.blob.fail = 1
    filled(far)
    far.blob.damage_once = 5000  # a bad moment: asked for once more
    filled(far)
    assert [far.read(number) for number in range(FILES)] == [content(number) for number in range(FILES)]


def test_a_failure_is_the_users_before_the_guest_runs_and_eio_after(image: Image) -> None:
    far = Opened(image, None)
    far.blob.fail = 1
    with pytest.raises(RemoteError, match="far/c: unplugged"):
        far.read(0)
    far.link.guest_runs = True
    far.blob.fail = 1
    with pytest.raises(LinuxError) as caught:
        far.read(0)
    assert caught.value.errno == errno.EIO
    assert far.said == ["far/c: unplugged: the guest gets EIO"]
    far.pages.fail = 1
    with pytest.raises(LinuxError):
        far.index.verify()
    assert far.read(0) == content(0)  # the next one finds the network again
    far.index.verify()


def test_a_bad_moment_passes_and_damage_does_not(image: Image, cache: DiskCache | None) -> None:
    far = Opened(image, cache)
    far.blob.damage_once = 5000
    far.pages.damage_once = PAGE * 2 + 5
    assert far.read(0) == content(0)
    far.index.verify()
    far = Opened(image, None)
    far.blob.data[5000] ^= 1
    far.pages.data[-5] ^= 1
    with pytest.raises(FormatError, match=r"far/c.*digest of chunk 0"):
        far.read(0)
    with pytest.raises(FormatError, match=r"far/i.*digest"):
        far.index.verify()
    far.pages.data[100] ^= 1
    with pytest.raises(FormatError, match="far/i"):
        RemoteIndex(far.pages, Link(None), expected_digest=image.summary.index_digest)


def test_every_changed_byte_of_the_header_and_the_first_pages_is_refused(image: Image) -> None:
    pages = Counted("far/i", image.index_bytes)
    for position in [*range(700), *range(PAGE, 3 * PAGE, 97)]:
        pages.data[position] ^= 1 << position % 8
        with pytest.raises(FormatError, match="far/i"):
            RemoteIndex(pages, Link(None), expected_digest=image.summary.index_digest).verify()
        pages.data[position] ^= 1 << position % 8


def test_damage_in_the_cache_is_fetched_again(image: Image, tmp_path: Path) -> None:
    cache = DiskCache(tmp_path)
    far = Opened(image, cache)
    far.read(0)
    far.index.verify()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = bytearray(path.read_bytes())
            data[-1] ^= 1
            path.write_bytes(data)
    far = Opened(image, cache)
    assert far.read(0) == content(0)
    far.index.verify()
    assert far.blob.requests
    assert far.pages.requests


def test_a_chunk_file_of_another_length_is_refused(image: Image) -> None:
    far = Opened(image, None)
    with pytest.raises(FormatError, match="bytes of chunks"):
        RemoteChunks(far.index, Counted("far/c", image.chunk_bytes[:-1]), far.link)


class WithoutRanges(Counted):
    def stream(self, offset: int, lengths: Iterable[int]) -> Iterator[bytes]:
        raise RangesUnsupported(self.name, "no ranges")
        yield b""


def test_a_server_without_ranges_is_read_whole_once(image: Image) -> None:
    fetched: list[str] = []

    def fetch() -> str:
        fetched.append("c")
        return str(image.directory / "c")

    far = Opened(image, None)
    source = WholeIfNeeded(WithoutRanges("far/c", image.chunk_bytes), fetch, far.said.append)
    chunks = RemoteChunks(far.index, source, far.link)
    assert [chunks.chunk(number) for number in (0, 9, 3)] == [far.chunks.chunk(n) for n in (0, 9, 3)]
    assert (fetched, len(far.said)) == (["c"], 1)
    source.close()


# Pieces


@pytest.mark.parametrize("piece_bytes", [PAGE, 300_001, 1 << 30])
def test_pieces_hold_what_the_file_held(image: Image, tmp_path: Path, piece_bytes: int) -> None:
    for name in ("i", "c"):
        count = write_pieces(image.directory / name, tmp_path / name, piece_bytes)
        assert count == -(-(image.directory / name).stat().st_size // piece_bytes)
    index = Index(local_split_source(tmp_path / "i", len(image.index_bytes), piece_bytes))
    store = ChunkStore(index, local_split_source(tmp_path / "c", len(image.chunk_bytes), piece_bytes))
    index.verify()
    far = Opened(image, None)
    assert [store.chunk(n) for n in range(index.chunks)] == [far.chunks.chunk(n) for n in range(index.chunks)]
    asked: list[str] = []

    def fetch(name: str, limit: int) -> bytes:
        asked.append(name)
        return (tmp_path / name).read_bytes()

    split = SplitSource("c", "far/c", len(image.chunk_bytes), piece_bytes, fetch)
    chunks = RemoteChunks(far.index, split, far.link)
    for number in range(10):
        assert chunks.chunk(number) == store.chunk(number)
    assert len(asked) == len(set(asked))


def test_pieces_that_are_missing_or_of_another_length(image: Image, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pieces of 0 bytes"):
        write_pieces(image.directory / "c", tmp_path / "c", 0)
    count = write_pieces(image.directory / "c", tmp_path / "c", 1 << 20)
    size = len(image.chunk_bytes)
    last = tmp_path / piece_name("c", count - 1)
    data = last.read_bytes()
    for content in (data[:-1], data + b"x", b""):
        last.write_bytes(content)
        with pytest.raises(FormatError, match=r"c\.pieces/.*a piece of"):
            local_split_source(tmp_path / "c", size, 1 << 20)
    last.unlink()
    with pytest.raises(FormatError, match="No such file"):
        local_split_source(tmp_path / "c", size, 1 << 20)


# fsspec


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_any_store_of_fsspec(image: Image, tmp_path: Path, scheme: str) -> None:
    fsspec: Any = importlib.import_module("fsspec")
    url = f"{scheme}://{tmp_path}/store"
    for name, data in (("i", image.index_bytes), ("c", image.chunk_bytes)):
        with (
            fsspec.open(f"{url}/{name}", "wb", auto_mkdir=True)
            if scheme == "file"
            else fsspec.open(f"{url}/{name}", "wb") as file
        ):
            file.write(data)
    directory = FsspecDirectory(url + "/")
    link = Link(DiskCache(tmp_path / "cache"))
    index = RemoteIndex(
        directory.source("i", len(image.index_bytes)), link, expected_digest=image.summary.index_digest
    )
    chunks = RemoteChunks(index, directory.source("c", len(image.chunk_bytes)), link)
    chunks.prefetch(1 << 20)
    directory_ino = index.lookup(index.root, b"d")
    for number in range(FILES):
        ino = index.lookup(directory_ino, b"%03d" % number)
        assert chunks.read(ino, 0, FILE_BYTES) == content(number)
    assert b"".join(directory.blocks("c")) == image.chunk_bytes
    with pytest.raises(RemoteError, match=r"nothing: not found"):
        directory.read_all("nothing", 10)
    with pytest.raises(RemoteError, match="asked for 100 bytes"):
        directory.source("i", len(image.index_bytes)).read(len(image.index_bytes) - 1, 100)


def test_a_store_that_fsspec_does_not_know() -> None:
    with pytest.raises(RemoteError, match="nosuch"):
        FsspecDirectory("nosuch://bucket/bundle")


def test_fsspec_may_not_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(RemoteError, match=r"not installed(.|\n)*pip install"):
        FsspecDirectory("s3://bucket/bundle")
