"""Layers made to harm: each is refused by name, or what comes out of it is an ordinary tree."""

from __future__ import annotations

import errno
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_archives import flatten, hardlink, listing, make_tar, member, pax, raw_header, symlink

from friscy_build.images import layer as layers
from friscy_build.images.layer import Layer
from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive
from lazyfs.errors import FormatError, FriscyError
from lazyfs.index import open_index
from lazyfs.index_writer import write_index
from lazyfs.tree import Node, Tree


def apply(data: bytes, tree: Tree | None = None) -> Tree:
    tree = tree or Tree()
    Layer(tree, Spool()).apply(Archive(io.BytesIO(data), "layer.tar"))
    return tree


def sparse_of(size: int) -> bytes:
    """A file that says it has `size` bytes and stores none."""
    records = pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"big"),
                  (b"GNU.sparse.realsize", str(size).encode()))  # fmt: skip
    return records + raw_header(b"big", b"%011o\0" % 512) + b"0\n".ljust(512, b"\0") + bytes(1024)


def test_nesting_through_links_ends():
    steps = [member("a/" * 1500)]
    for number in range(4):
        steps += [symlink(f"l{number}", ("a/" * 1500)[:-1] if number == 0 else f"l{number - 1}/{'b/' * 700}"[:-1]),
                  member(f"l{number}/{'b/' * 700}")]  # fmt: skip
    with pytest.raises(FormatError, match=r"at most 2048 directories in each other .*entry 'l0/b/b"):
        flatten(make_tar(*steps))


def test_a_deep_directory_can_be_hidden():
    tree = apply(make_tar(member("top/" + "d/" * 2000)))
    apply(make_tar(member(".wh.top")), tree)
    assert tree.root.children == {}
    tree = apply(make_tar(member("top/" + "d/" * 2000)))
    apply(make_tar(member("top/.wh..wh..opq"), member("top/new", b"1")), tree)
    assert list(tree.root.children[b"top"].children) == [b"new"]


def test_sizes_are_bounded(monkeypatch):
    assert apply(sparse_of(1 << 44)).lookup(b"/big").content.length == 1 << 44
    with pytest.raises(FormatError, match=r"files of at most 17592186044416 bytes.*entry 'big'"):
        apply(sparse_of((1 << 44) + 1))
    monkeypatch.setattr(layers, "CONTENT_LIMIT", 1000)
    with pytest.raises(FormatError, match=r"byte 2048: .*entry 'c'.*1200 in all"):
        apply(make_tar(member("a", bytes(400)), member("b", bytes(400)), member("c", bytes(400))))
    monkeypatch.setattr(layers, "ENTRY_LIMIT", 3)
    with pytest.raises(FormatError, match=r"at most 3 entries in a layer .*entry 'x3'"):
        apply(make_tar(*(member(f"x{n}") for n in range(5))))


def test_a_full_disk_is_said():
    class Full(Spool):
        def store(self, size, blocks):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(FriscyError, match=r"no room for 'f' of layer\.tar, 3 bytes"):
        Layer(Tree(), Full()).apply(Archive(io.BytesIO(make_tar(member("f", b"123"))), "layer.tar"))


def test_devices_are_only_nodes():
    null = member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
    disk = member("disk", type=tarfile.BLKTYPE, devmajor=8, devminor=0)
    tree = apply(make_tar(null, disk))
    assert [(node.kind, node.rdev) for _, node in tree.walk()][1:] == [("block", (8, 0)), ("char", (1, 3))]


def test_the_root_cannot_be_hidden():
    tree = apply(make_tar(member("f", b"x")))
    for name in (".wh.", ".wh..", ".wh..."):
        with pytest.raises(FormatError, match="the name of a hidden file"):
            apply(make_tar(member(name)), tree)
    apply(make_tar(member(".wh..wh..opq")), tree)
    assert (tree.root.kind, tree.root.children) == ("dir", {})


NAMES = st.lists(
    st.sampled_from(["a", "b", "l", "..", ".", "/", ".wh.a", ".wh..wh..opq", ".wh.", "\udcff", "n" * 260]),
    min_size=1, max_size=5,
).map("/".join)  # fmt: skip
ENTRIES = st.one_of(
    st.builds(lambda name, data: member(name, data), NAMES, st.sampled_from([b"", b"x", b"yy"])),
    st.builds(lambda name: member(f"{name}/"), NAMES),
    st.builds(symlink, NAMES, NAMES),
    st.builds(hardlink, NAMES, NAMES),
    st.builds(
        lambda name, kind, number: member(name, type=kind, devmajor=number, devminor=number),
        NAMES, st.sampled_from([tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]), st.sampled_from([0, 5, 2**20]),
    ),
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.lists(ENTRIES, max_size=8), min_size=1, max_size=3))
def test_any_layers_give_a_tree_or_are_refused(stack):
    tree = Tree()
    for entries in stack:
        refused = None
        try:
            apply(make_tar(*entries), tree)
        except FormatError as error:
            refused = str(error)
        if refused is not None:
            assert "entry '" in refused or "name without NUL" in refused
            return
    seen: set[int] = set()
    for path, node in tree.walk():
        assert len(path) < 20_000
        for name in node.children:
            assert name not in (b"", b".", b"..")
            assert b"/" not in name
            assert len(name) <= 255
        if node.kind == "dir":
            assert id(node) not in seen, "directories have one name"
            seen.add(id(node))
        else:
            assert not node.children


def test_what_came_of_it_can_be_a_bundle(tmp_path):
    tree = apply(make_tar(member("d/" * 300 + "f", b"deep"), symlink("up", "../../../../etc/passwd")))
    tree.add(b"/odd\xff\n", Node.file(b"1"))
    write_index(tree, tmp_path / "i", tmp_path / "c")
    index = open_index(tmp_path / "i")
    assert index.readlink(index.lookup(index.root, b"up")) == b"../../../../etc/passwd"
    assert index.lookup(index.root, b"odd\xff\n")


def test_of_duplicates_the_last_one_counts():
    """As with tar: also where the kind changes, and what was below a directory goes with it."""
    tree = apply(make_tar(
        member("a", b"first"), member("a", b"second", mode=0o600), member("d/"), member("d/in", b"1"),
        hardlink("h", "a"), member("a", b"third"), symlink("d", "a"), member("x", b"1"), member("x/"),
        member("x/y", b"2"), member("./x//y", b"3"), member("/x/./y", b"4"),
    ))  # fmt: skip
    assert listing(tree) == {
        "/": "dir",
        "/a": b"third",
        "/d": "-> a",
        "/h": b"second",
        "/x": "dir",
        "/x/y": b"4",
    }


NAMES = [
    b"\xff\xfe", b"latin-\xe9", b"new\nline", b"bell\x07\x1b[31m", "\u202etxt.exe".encode(), b" ", b"-rf", b"a" * 255,
    "e\u0301".encode(), "\u00e9".encode(), b"\xed\xa0\x80", b"...",
]  # fmt: skip


@pytest.mark.parametrize("form", ["ustar", "pax"])
def test_names_of_any_bytes_are_kept_as_they_are(form, tmp_path):
    """A name is bytes, equal only to itself; nothing is normalized, and a bundle of them reads back."""
    parts = []
    for name in NAMES:
        head = pax((b"path", name)) if form == "pax" or len(name) > 100 else b""
        parts.append(head + raw_header(b"x" if head else name, b"%011o\0" % 1) + b"1".ljust(512, b"\0"))
    tree = apply(b"".join(parts) + bytes(1024))
    assert sorted(tree.root.children) == sorted(NAMES)
    write_index(tree, tmp_path / "i", tmp_path / "c")
    index = open_index(tmp_path / "i")
    assert sorted(name for name, *_ in index.entries(index.root)) == sorted(NAMES)
