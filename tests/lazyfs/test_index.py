"""The index and chunk formats: what was written is read back, and nothing damaged is believed."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazyfs.chunk_store import ChunkStore, open_chunks
from lazyfs.errors import FormatError
from lazyfs.index import Index, open_index
from lazyfs.index_format import CHUNK_BYTES, CHUNK_HEADER, PACK_BYTES, PAGE, SMALL_BYTES
from lazyfs.index_writer import IndexSummary, write_index
from lazyfs.tree import Content, Extent, Node, Tree, TreeError

NOISE = random.Random(7).randbytes(1 << 16)


def noise(n: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(n)


def build(tree: Tree, directory: Path, **options: object) -> tuple[Index, ChunkStore, IndexSummary]:
    summary = write_index(tree, directory / "r.index", directory / "r.chunks", **options)  # type: ignore[arg-type]
    index = open_index(directory / "r.index", expected_digest=summary.index_digest)
    return index, open_chunks(directory / "r.chunks", index), summary


def find(index: Index, path: bytes) -> int:
    ino = index.root
    for name in path.strip(b"/").split(b"/"):
        ino = index.lookup(ino, name) if name else ino
        assert ino, path
    return ino


def whole(index: Index, chunks: ChunkStore, path: bytes) -> bytes:
    ino = find(index, path)
    return chunks.read(ino, 0, index.inode(ino)[4])


def sample() -> Tree:
    tree = Tree(Node("dir", 0o755, uid=1, gid=2, mtime_ns=3))
    tree.add(b"/bin/tool", Node("file", 0o4755, content=Content.of_bytes(b"#!" + NOISE[:3000]),
                                xattrs={b"security.capability": b"\1\0", b"user.k": b""}), parents=True)  # fmt: skip
    tree.link(b"/bin/tool", b"/bin/alias")
    tree.add(b"/bin/link", Node.symlink(b"../bin/tool", uid=9, gid=8, mtime_ns=-5))
    tree.add(b"/dev", Node.directory())
    tree.add(b"/dev/null", Node("char", 0o666, rdev=(1, 3)))
    tree.add(b"/dev/disk", Node("block", 0o660, rdev=(259, 70000), gid=6))
    tree.add(b"/dev/fifo", Node("fifo", 0o600))
    tree.add(b"/dev/sock", Node("socket", 0o777))
    tree.add(b"/empty", Node.file(b""))
    tree.add(b"/" + b"n" * 255, Node.file(b"long name", mtime_ns=1_700_000_000_123_456_789))
    return tree


def test_every_kind_of_node_comes_back(tmp_path: Path) -> None:
    index, chunks, summary = build(sample(), tmp_path)
    mode, uid, gid, nlink, _, mtime_ns, *_ = index.inode(index.root)
    assert (mode, uid, gid, nlink, mtime_ns) == (stat.S_IFDIR | 0o755, 1, 2, 4, 3)
    assert find(index, b"bin/tool") == find(index, b"bin/alias")
    tool = index.inode(find(index, b"bin/tool"))
    assert (tool[0], tool[3], tool[4]) == (stat.S_IFREG | 0o4755, 2, 3002)
    assert whole(index, chunks, b"bin/alias") == b"#!" + NOISE[:3000]
    assert index.xattrs(find(index, b"bin/tool")) == {b"security.capability": b"\1\0", b"user.k": b""}
    assert index.xattrs(find(index, b"empty")) == {}
    assert index.readlink(find(index, b"bin/link")) == b"../bin/tool"
    assert index.inode(find(index, b"bin/link"))[5] == -5
    assert index.inode(find(index, b"dev/disk"))[6:8] == (259, 70000)
    kinds = {name: kind for name, _, kind in index.entries(find(index, b"dev"))}
    assert kinds == {b"null": 2, b"disk": 6, b"fifo": 1, b"sock": 12}
    assert whole(index, chunks, b"empty") == b""
    assert index.inode(find(index, b"n" * 255))[5] == 1_700_000_000_123_456_789
    assert index.lookup(index.root, b"absent") == 0
    assert summary.inodes == 11
    assert summary.data_bytes == 3002 + 9


def test_the_same_tree_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    first, second = build(sample(), tmp_path / "1")[2], build(sample(), tmp_path / "2")[2]
    assert first == second
    for name in ("r.index", "r.chunks"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_large_files_are_cut_and_equal_data_is_stored_once(tmp_path: Path) -> None:
    tree = Tree()
    big = noise(3 * CHUNK_BYTES + 1000)
    tree.add(b"/big", Node.file(big))
    tree.add(b"/copy", Node.file(big))
    tree.add(b"/small", Node.file(NOISE[:100]))
    tree.add(b"/twin", Node.file(NOISE[:100]))
    index, chunks, _ = build(tree, tmp_path)
    assert whole(index, chunks, b"big") == whole(index, chunks, b"copy") == big
    assert index.chunks == 4  # three pieces, and one chunk for the tail and the small file
    assert index.extents(find(index, b"small")) == index.extents(find(index, b"twin"))
    ino = find(index, b"big")
    for offset in (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 77, len(big) - 10):
        assert chunks.read(ino, offset, 10) == big[offset : offset + 10]


def test_holes_cost_nothing_and_are_known(tmp_path: Path) -> None:
    tree = Tree()
    data = noise(5000)
    content = Content(1 << 40, [Extent(1 << 30, 5000, lambda start, n: data[start : start + n])])
    tree.add(b"/sparse", Node.file(content))
    tree.add(b"/zeros", Node.file(bytes(4 * CHUNK_BYTES)))
    index, chunks, summary = build(tree, tmp_path)
    ino = find(index, b"sparse")
    assert summary.stored_bytes < 6000
    assert chunks.data_ranges(ino) == [(1 << 30, (1 << 30) + 5000)]
    assert chunks.data_ranges(find(index, b"zeros")) == []
    assert chunks.read(ino, (1 << 30) - 3, 6) == b"\0\0\0" + data[:3]
    assert chunks.read(ino, (1 << 30) + 4999, 3) == data[4999:] + b"\0\0"
    assert chunks.read(ino, 1 << 39, 10) == bytes(10)


def test_working_sets_lie_first_and_each_ends_with_a_chunk(tmp_path: Path) -> None:
    tree = Tree()
    for number in range(40):
        tree.add(b"/f%02d" % number, Node.file(noise(20_000, number)))
    big = noise(3 * CHUNK_BYTES, 99)
    tree.add(b"/g", Node.file(big))
    plain, _, _ = build(tree, tmp_path)
    ino = {name: find(plain, name) for name in (b"f30", b"f31", b"f05", b"g")}
    first = [
        (ino[b"f30"], 0),
        (ino[b"f31"], 0),
        (ino[b"g"], 2),
        (ino[b"f05"], 0),
        (0, 0),
        (999, 0),
        (ino[b"g"], 9),
    ]
    second = [(ino[b"f30"], 0), (ino[b"g"], 0)]
    index, chunks, summary = build(tree, tmp_path, working_sets=[first, second, []])
    ends = summary.working_set_ends
    assert ends[0] < ends[1] == ends[2]
    starts = [index.chunk(number)[0] for number in range(index.chunks)]
    assert set(ends) <= set(starts)

    def chunk_of(name: bytes, block: int = 0) -> int:
        return index.extents(find(index, name))[block][2]

    # In the order of first touch: the small files do not wait for others to share their chunk with.
    assert (chunk_of(b"f30"), chunk_of(b"f31"), chunk_of(b"g", 2), chunk_of(b"f05")) == (0, 0, 1, 2)
    assert starts[chunk_of(b"f05") + 1] == ends[0]
    assert starts[chunk_of(b"g", 0)] == ends[0]
    assert starts[chunk_of(b"f00")] == ends[1]
    assert whole(index, chunks, b"g") == big
    assert [whole(index, chunks, b"f%02d" % number) for number in range(40)] == [
        noise(20_000, number) for number in range(40)
    ]
    assert index.inodes == plain.inodes


def test_the_order_decides_where_data_lies(tmp_path: Path) -> None:
    tree = Tree()
    for number in range(40):
        tree.add(b"/f%02d" % number, Node.file(noise(SMALL_BYTES // 2, number)))
    index, chunks, _ = build(tree, tmp_path, order=[b"/f39", b"f07", b"/absent"])
    first = {index.extents(find(index, name))[0][2] for name in (b"f39", b"f07")}
    assert first == {0}
    assert index.chunks == -(-40 * (SMALL_BYTES // 2) // PACK_BYTES)
    for number in range(40):
        assert whole(index, chunks, b"f%02d" % number) == noise(SMALL_BYTES // 2, number)


def test_progress_reaches_the_total(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    tree = Tree()
    tree.add(b"/a", Node.file(noise(CHUNK_BYTES + 5)))
    tree.add(b"/b", Node.file(b"12345"))
    build(tree, tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (CHUNK_BYTES + 10, CHUNK_BYTES + 10)


def test_a_failing_provider_leaves_nothing_behind(tmp_path: Path) -> None:
    build(sample(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for data in (b"short", b""):
        tree = sample()
        tree.add(b"/z", Node.file(Content(100, [Extent(0, 100, lambda start, n, data=data: data)])))
        with pytest.raises(TreeError, match="/z"):
            write_index(tree, tmp_path / "r.index", tmp_path / "r.chunks")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_cannot_be_an_index_is_refused(tmp_path: Path) -> None:
    tree = Tree()
    tree.add(b"/f", Node.file(b"", uid=1 << 32))
    with pytest.raises(TreeError, match="/f"):
        build(tree, tmp_path)
    tree = Tree()
    directory = Node.directory()
    tree.add(b"/one", directory)
    tree.add(b"/two", directory)
    with pytest.raises(TreeError, match="/one"):
        build(tree, tmp_path)


def read_all(index: Index, chunks: ChunkStore) -> list[object]:
    """Everything an index says, through every accessor."""
    found: list[object] = []
    pending = [index.root]
    for ino in pending:
        record = index.inode(ino)
        found += [ino, record, index.xattrs(ino)]
        kind = stat.S_IFMT(record[0])
        if kind == stat.S_IFDIR:
            for name, below, _ in index.entries(ino):
                found.append((name, index.lookup(ino, name)))
                if below not in pending:
                    pending.append(below)
        elif kind == stat.S_IFLNK:
            found.append(index.readlink(ino))
        elif kind == stat.S_IFREG:
            found.append(chunks.read(ino, 0, record[4]))
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, list[object]]:
    """The bytes of a small index and of its chunk file, and what they say."""
    directory = tmp_path_factory.mktemp("small")
    tree = Tree()
    tree.add(b"/dir/file", Node("file", 0o644, content=Content.of_bytes(b"some text " * 30),
                                xattrs={b"user.x": b"y"}), parents=True)  # fmt: skip
    tree.add(b"/dir/noise", Node.file(NOISE[: SMALL_BYTES // 200]))
    tree.add(b"/link", Node.symlink(b"dir/file"))
    index, chunks, _ = build(tree, directory)
    said = read_all(index, chunks)
    return (directory / "r.index").read_bytes(), (directory / "r.chunks").read_bytes(), said


class BytesSource:
    """A source in memory, so that hundred thousands of damaged files need no disk."""

    def __init__(self, name: str, data: bytes | bytearray) -> None:
        self.name, self.data, self.length = name, data, len(data)

    def read(self, offset: int, length: int) -> bytes:
        data = self.data[offset : offset + length]
        if len(data) != length:
            raise FormatError(self.name, offset, f"{length} bytes", len(data))
        return bytes(data)

    def close(self) -> None:
        pass


def everything(index_bytes: bytes, chunk_bytes: bytes) -> list[object]:
    index = Index(BytesSource("i", index_bytes))
    chunks = ChunkStore(index, BytesSource("c", chunk_bytes))
    said = read_all(index, chunks)
    index.verify()
    return said


def refused(index_bytes: bytes, chunk_bytes: bytes) -> None:
    with pytest.raises(FormatError):
        everything(index_bytes, chunk_bytes)


def flipped(data: bytes, position: int, bit: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :]


def test_every_flipped_bit_of_an_index_is_refused(small: tuple[bytes, bytes, list[object]]) -> None:
    index, chunks, said = small
    assert everything(index, chunks) == said
    damaged = bytearray(index)
    for position in range(len(index)):
        damaged[position] ^= 1 << position * 5 % 8
        try:
            # The one page that matters, which is what keeps this test fast.
            reader = Index(BytesSource("i", damaged))
            if position >= PAGE:
                reader.page(position // PAGE)
        except FormatError:
            pass
        else:
            pytest.fail(f"byte {position} was changed unnoticed")
        damaged[position] = index[position]
    for position in (
        0,
        9,
        13,
        17,
        50,
        60,
        70,
        130,
        5000,
        *range(PAGE, len(index), PAGE // 2),
        len(index) - 1,
    ):
        for bit in range(8):
            refused(flipped(index, position, bit), chunks)


def test_every_flipped_bit_of_a_chunk_file_is_refused(small: tuple[bytes, bytes, list[object]]) -> None:
    index, chunks, _ = small
    for position in range(len(chunks)):
        for bit in range(8):
            refused(index, flipped(chunks, position, bit))


def test_every_truncation_is_refused(small: tuple[bytes, bytes, list[object]], tmp_path: Path) -> None:
    index, chunks, _ = small
    for length in range(len(chunks)):
        refused(index, chunks[:length])
    for length in [*range(600), *range(600, len(index), 61), len(index) - 1]:
        refused(index[:length], chunks)
    refused(index + b"\0", chunks)
    refused(index, chunks + b"\0")
    refused(chunks, index)
    # The same on disk, where the error names the file.
    for name, data in (("r.index", index[:-1]), ("r.chunks", chunks[:-1])):
        (tmp_path / "r.index").write_bytes(index)
        (tmp_path / "r.chunks").write_bytes(chunks)
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FormatError, match=name):
            open_chunks(tmp_path / "r.chunks", open_index(tmp_path / "r.index"))


def test_a_file_cut_while_it_is_open_is_an_error_not_a_crash(
    small: tuple[bytes, bytes, list[object]], tmp_path: Path
) -> None:
    (tmp_path / "r.index").write_bytes(small[0])
    (tmp_path / "r.chunks").write_bytes(small[1])
    index = open_index(tmp_path / "r.index")
    chunks = open_chunks(tmp_path / "r.chunks", index)
    os.truncate(tmp_path / "r.index", PAGE)
    with pytest.raises(FormatError, match=r"r\.index.*byte"):
        index.inode(1)
    (tmp_path / "r.index").write_bytes(small[0])
    ino = find(index, b"dir/file")
    os.truncate(tmp_path / "r.chunks", len(CHUNK_HEADER))
    with pytest.raises(FormatError, match=r"r\.chunks"):
        chunks.read(ino, 0, 10)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "directory"),
        (lambda path: path.write_bytes(b""), "truncated"),
        (lambda path: path.write_bytes(b"x" * PAGE), "LAZYFSIX"),
    ],
)
def test_other_things_than_an_index(tmp_path: Path, make: Callable[[Path], object], says: str) -> None:
    path = tmp_path / "it"
    make(path)
    with pytest.raises(FormatError, match=says):
        open_index(path)


def test_another_index_than_the_expected_is_refused(tmp_path: Path) -> None:
    build(sample(), tmp_path)
    with pytest.raises(FormatError, match="digest"):
        open_index(tmp_path / "r.index", expected_digest=bytes(32))


def test_the_cache_stays_within_its_bound(tmp_path: Path) -> None:
    tree = Tree()
    for number in range(8):
        tree.add(b"/f%d" % number, Node.file(noise(CHUNK_BYTES, number)))
    index, _, _ = build(tree, tmp_path)
    chunks = open_chunks(tmp_path / "r.chunks", index, cache_bytes=3 * CHUNK_BYTES)
    for _ in range(2):
        for number in range(8):
            assert whole(index, chunks, b"f%d" % number) == noise(CHUNK_BYTES, number)
            assert chunks.cached_bytes <= 3 * CHUNK_BYTES


def test_a_large_index_opens_without_reading_it(tmp_path: Path) -> None:
    tree = Tree()
    for number in range(20000):
        tree.add(b"/%03d/%05d" % (number % 200, number), Node.file(b"%d" % (number % 50)), parents=True)
    summary = build(tree, tmp_path)[2]
    reads: list[tuple[int, int]] = []
    data = (tmp_path / "r.index").read_bytes()

    class Counting(BytesSource):
        def read(self, offset: int, length: int) -> bytes:
            reads.append((offset, length))
            return super().read(offset, length)

    index = Index(Counting("r.index", data))
    assert reads == [(0, PAGE)]
    for number in (0, 1, 12345, 19999):
        ino = find(index, b"%03d/%05d" % (number % 200, number))
        assert index.inode(ino)[4] == len(b"%d" % (number % 50))
    assert len(reads) * PAGE < summary.index_bytes / 3


names = st.binary(min_size=1, max_size=6).filter(lambda name: b"/" not in name and b"\0" not in name)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    names=st.sets(names.filter(lambda name: name not in (b".", b"..")), max_size=40),
    others=st.lists(names, max_size=10),
)
def test_lookup_finds_exactly_the_names(
    names: set[bytes], others: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    tree = Tree()
    for name in names:
        tree.add(b"/" + name, Node.file(name))
    index, chunks, _ = build(tree, tmp_path_factory.mktemp("names"))
    assert [name for name, _, _ in index.entries(index.root)] == sorted(names)
    for name in names:
        assert whole(index, chunks, name) == name
    for name in others:
        assert bool(index.lookup(index.root, name)) == (name in names)
