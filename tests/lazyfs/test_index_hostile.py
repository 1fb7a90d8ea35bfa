"""An index whose author meant harm: its digests are right, and what they vouch for is anything."""

from __future__ import annotations

import stat
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazyfs.chunk_store import open_chunks
from lazyfs.errors import FormatError, LinuxError
from lazyfs.index import open_index
from lazyfs.index_format import (
    DENTRY,
    DIGEST,
    DIGESTS_AT,
    EXTENT,
    FIELDS,
    INODE,
    PAGE,
    PREFIX,
    SECTION,
    SECTIONS,
    digest,
)
from lazyfs.index_writer import write_index
from lazyfs.inode import FsContext
from lazyfs.tree import Node, Tree
from lazyfs.vfs import Vfs

READ = 1 << 16
STEPS = 2000  # more than anything in the tree needs, and few enough to end

NUMBERS = st.sampled_from(
    [0, 1, 2, 3, 7, 255, 256, 4095, 65535, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 40, (1 << 64) - 1]
) | st.integers(0, (1 << 64) - 1)  # fmt: skip


def tree() -> Tree:
    made = Tree()
    for name in (b"/a", b"/d/b", b"/d/e/c"):
        made.add(name, Node.file(name * 50), parents=True)
    made.add(b"/link", Node.symlink(b"d/b"))
    made.add(
        b"/big", Node("file", 0o644, content=Node.file(bytes(200_000)).content, xattrs={b"user.x": b"y"})
    )
    made.link(b"/a", b"/d/again")
    return made


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("image")
    write_index(tree(), place / "r.index", place / "r.chunks")
    return place


def sealed(data: bytearray) -> bytes:
    """The index with all digests made anew: of the body pages, of the pages of those, of the header."""
    _, digest_pages, body_pages, _, _ = FIELDS.unpack_from(data, PREFIX.size)
    if not 0 < digest_pages + body_pages < len(data) // PAGE + 1:
        return bytes(data)
    for number in range(min(body_pages, len(data) // PAGE - 1 - digest_pages)):
        page = data[(1 + digest_pages + number) * PAGE :][:PAGE]
        data[PAGE + number * DIGEST : PAGE + (number + 1) * DIGEST] = digest(page)
    for number in range(digest_pages):
        at = DIGESTS_AT + number * DIGEST
        data[at : at + DIGEST] = digest(data[(1 + number) * PAGE : (2 + number) * PAGE])
    magic, version, page_bytes, _ = PREFIX.unpack_from(data)
    PREFIX.pack_into(data, 0, magic, version, page_bytes, digest(data[PREFIX.size : PAGE]))
    return bytes(data)


def places(data: bytes) -> list[tuple[int, int]]:
    """(offset, bytes) of every number that the tables and the header hold."""
    found = [(PREFIX.size + FIELDS.size + n * SECTION.size + at, n_bytes)
             for n in range(len(SECTIONS)) for at, n_bytes in ((0, 4), (8, 8))]  # fmt: skip
    found += [(PREFIX.size + at, nbytes) for at, nbytes in ((0, 8), (8, 4), (12, 4), (16, 4), (24, 8))]
    shapes = {
        "inodes": (
            INODE,
            [(at, 4) for at in (0, 4, 8, 12, 32, 36, 40, 44, 48, 52)] + [(16, 8), (24, 8), (56, 8)],
        ),
        "dentries": (DENTRY, [(0, 4), (4, 4), (8, 4), (12, 2), (14, 1)]),
        "extents": (EXTENT, [(0, 8), (8, 4), (12, 4), (16, 4)]),
        "chunks": (struct.Struct("64x"), [(0, 8), (8, 4), (12, 4), (16, 4), (32, 8)]),
    }
    for number, section in enumerate(SECTIONS):
        first, records = SECTION.unpack_from(data, PREFIX.size + FIELDS.size + number * SECTION.size)
        if section in shapes:
            record, fields = shapes[section]
            found += [(first * PAGE + r * record.size + at, n) for r in range(records) for at, n in fields]
        else:
            found += [(first * PAGE + at, 1) for at in range(records)]
    return found


def explore(place: Path) -> int:
    """Everything a guest would get to see, with a bound on each part; how many calls were answered."""
    index = open_index(place / "h.index")
    vfs = Vfs()
    vfs.attach_lower("r", index, open_chunks(place / "r.chunks", index))
    root = vfs.mount_root(vfs.new_overlay("r"))
    context = FsContext(root, root)
    pending, answered = [b"/"], 0
    while pending and answered < STEPS:
        path = pending.pop()
        try:
            status = vfs.stat_path(context, path, follow=False)
            answered += 1
            if stat.S_ISLNK(status.mode):
                vfs.readlink(context, path)
            elif stat.S_ISREG(status.mode):
                file = vfs.open(context, path, 0)
                for offset in (0, max(status.size - 10, 0), 1 << 40):
                    assert len(vfs.pread(file, READ, offset)) <= READ
                vfs.release(file)
            elif stat.S_ISDIR(status.mode) and path.count(b"/") < 8:
                directory = vfs.open(context, path, 0o200000)
                for *_, name in vfs.getdents(directory)[:50]:
                    if name not in (b".", b".."):
                        pending.append(path.rstrip(b"/") + b"/" + name)
                vfs.release(directory)
            for name in vfs.listxattr(context, path)[:20]:
                vfs.getxattr(context, path, name)
        except (LinuxError, FormatError):
            answered += 1
    return answered


@settings(max_examples=250, derandomize=True, deadline=None)
@given(data=st.data())
def test_a_sealed_index_may_say_anything(image: Path, data: st.DataObject) -> None:
    index = bytearray((image / "r.index").read_bytes())
    numbers = places(bytes(index))
    for _ in range(data.draw(st.integers(1, 4))):
        offset, nbytes = data.draw(st.sampled_from(numbers))
        value = data.draw(NUMBERS) & ((1 << 8 * nbytes) - 1)
        index[offset : offset + nbytes] = value.to_bytes(nbytes, "little")
    (image / "h.index").write_bytes(sealed(index))
    with suppress(FormatError):  # the header itself makes no sense
        assert explore(image) <= STEPS + 1


def test_what_is_whole_is_read(image: Path) -> None:
    (image / "h.index").write_bytes(sealed(bytearray((image / "r.index").read_bytes())))
    assert (image / "h.index").read_bytes() == (image / "r.index").read_bytes()
    assert explore(image) == 9
