"""Layers: what two trees differ in, written as an archive and applied again, is the second tree."""

from __future__ import annotations

import io
import subprocess
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy_build.dockerfile.transfer import clone_tree
from friscy_build.images.layer import Layer
from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive
from friscy_build.layers.archive import LayerError, apply_layer, write_layer
from friscy_build.layers.capture import same_node
from friscy_build.layers.changes import changes
from lazyfs.tree import Content, Extent, Node, Tree


def shape(tree: Tree) -> list[tuple]:
    """All of a tree that a layer can say; hard links by the first name of their file."""
    first: dict[int, bytes] = {}
    found = []
    for path, node in tree.walk():
        data = node.content.read(0, node.content.length) if node.content is not None else b""
        found.append((
            path, node.kind, node.mode, node.uid, node.gid, node.mtime_ns, node.rdev, node.target,
            sorted(node.xattrs.items()), data, first.setdefault(id(node), path) if node.kind != "dir" else b"",
        ))  # fmt: skip
    return found


def there_and_back(old: Tree, new: Tree, place) -> Tree:
    path = place / "layer.tar"
    with open(path, "wb") as file:
        write_layer(old, new, file)
    result = clone_tree(old)
    apply_layer(result, path)
    return result


def example() -> Tree:
    tree = Tree()
    tree.add(
        b"/a/b/c", Node.file(b"text", 0o600, uid=3, gid=4, mtime_ns=1_234_567_890_123_456_789), parents=True
    )
    tree.add(b"/a/link", Node.symlink(b"b/c"))
    tree.add(b"/a/twin", Node.file(b"two names"))
    tree.link(b"/a/twin", b"/a/b/twin")
    tree.add(b"/old/x", Node.file(b"x"), parents=True)
    return tree


def test_what_docker_diff_would_say():
    old, new = example(), example()
    assert list(changes(old, new)) == []
    new.remove(b"/old")
    new.add(b"/new/deep", Node.directory(), parents=True)
    new.lookup(b"/a/b/c").mode = 0o644
    new.remove(b"/a/link")
    new.add(b"/a/link", Node.file(b"no link any more"))
    assert [str(each) for each in changes(old, new)] == [
        "C b'/a/b/c'", "C b'/a/link'", "A b'/new'", "A b'/new/deep'", "D b'/old'",
    ]  # fmt: skip


def test_a_layer_makes_the_new_tree(tmp_path):
    old, new = example(), example()
    new.root.mtime_ns = 5
    new.remove(b"/old")
    new.add(b"/old", Node.file(b"a file now"))
    new.remove(b"/a/b")
    new.add(b"/a/b/other", Node.file(b""), parents=True)
    node = Node.file(b"caps", 0o4755)
    node.xattrs = {b"security.capability": bytes(range(20)), b"user.x": b"\xff\n="}
    new.add(b"/a/caps", node)
    for kind in ("char", "block", "fifo"):
        new.add(b"/a/" + kind.encode(), Node(kind, 0o640, rdev=(0, 0) if kind == "fifo" else (8, 300)))
    new.add(b"/a/" + b"n" * 200 + b"/" + b"\xff\xc3\xa9", Node.file(b"odd name"), parents=True)
    new.add(b"/before", Node.file(b"1900", mtime_ns=-2_000_000_000_500_000_000))
    new.add(b"/huge-id", Node.file(b"", uid=4_000_000_000, gid=70_000_000))
    result = there_and_back(old, new, tmp_path)
    assert shape(result) == shape(new)
    assert list(changes(result, new)) == []


def test_a_new_name_of_an_old_file_stays_a_link_of_it(tmp_path):
    old = example()
    new = clone_tree(old)
    new.link(b"/old/x", b"/z")
    result = there_and_back(old, new, tmp_path)
    assert result.lookup(b"/z") is result.lookup(b"/old/x")
    with tarfile.open(tmp_path / "layer.tar") as archive:
        names = archive.getnames()
    assert names == ["old/x", "z"], "a hard link leads to a file of the same layer"


def test_a_sparse_file_stays_sparse_for_others_too(tmp_path):
    data = bytes(range(256)) * 16
    old, new = Tree(), Tree()
    length = 3 << 20
    read = lambda start, n: data[start : start + n]  # noqa: E731
    new.add(b"/f", Node.file(Content(length, [Extent(1 << 20, 4096, read), Extent(2 << 20, 100, read)])))
    new.add(b"/empty", Node.file(Content(1 << 20)))
    result = there_and_back(old, new, tmp_path)
    assert shape(result) == shape(new)
    assert [(e.offset, e.length) for e in result.lookup(b"/f").content.extents] == [
        (1 << 20, 4096),
        (2 << 20, 100),
    ]
    assert (tmp_path / "layer.tar").stat().st_size < 20_000
    subprocess.run(["tar", "-xf", tmp_path / "layer.tar", "-C", tmp_path], check=True)
    assert (tmp_path / "f").read_bytes() == new.lookup(b"/f").content.read(0, length)
    assert (tmp_path / "empty").stat().st_size == 1 << 20


def test_times_are_cut_and_sockets_left_out(tmp_path):
    new = example()
    new.add(b"/socket", Node("socket", 0o777))
    with open(tmp_path / "l", "wb") as file:
        write_layer(Tree(), new, file, lambda mtime_ns: min(mtime_ns, 10**18))
    result = Tree()
    apply_layer(result, tmp_path / "l")
    assert result.lookup(b"/a/b/c").mtime_ns == 10**18
    assert result.lookup(b"/socket") is None
    new.add(b"/.wh.x", Node.file(b""))
    with pytest.raises(LayerError, match="says that a file is gone"):
        write_layer(Tree(), new, io.BytesIO())


NAMES = st.sampled_from([b"a", b"b", b"c"])
FILES = st.builds(
    lambda data, mode, mtime: Node.file(data, mode, mtime_ns=mtime),
    st.sampled_from([b"", b"x", b"yy"]), st.sampled_from([0o644, 0o755]), st.sampled_from([0, 1]),
)  # fmt: skip
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "dir", "link", "move"]), st.lists(NAMES, min_size=1, max_size=3),
              st.lists(NAMES, min_size=1, max_size=3), FILES),
    max_size=12,
)  # fmt: skip


def change(tree: Tree, steps) -> None:
    for what, names, others, node in steps:
        path, other = b"/" + b"/".join(names), b"/" + b"/".join(others)
        if what == "add":
            tree.add(path, node, parents=True)
        elif what == "dir":
            tree.add(path, Node.directory(), parents=True)
        elif what == "remove":
            tree.remove(path)
        else:
            found = tree.lookup(path)
            if found is None or found.kind == "dir":
                continue
            if what == "move":
                tree.remove(path)
            tree.add(other, found, parents=True)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STEPS, STEPS)
def test_any_change_survives_its_layer(before, after):
    old = Tree()
    change(old, before)
    new = clone_tree(old)
    change(new, after)
    buffer = io.BytesIO()
    write_layer(old, new, buffer)
    buffer.seek(0)
    result = clone_tree(old)
    Layer(result, Spool()).apply(Archive(buffer, "layer"))
    assert [row[:-1] for row in shape(result)] == [row[:-1] for row in shape(new)]
    assert all(same_node(one, two) for (_, one), (_, two) in zip(result.walk(), new.walk(), strict=True))
