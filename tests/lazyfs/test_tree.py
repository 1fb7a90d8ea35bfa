"""The tree that layers are flattened into."""

from __future__ import annotations

from pathlib import Path

import pytest

from lazyfs.tree import Content, Extent, Node, Tree, TreeError


def names(tree: Tree) -> list[bytes]:
    return [path for path, _ in tree.walk()]


def test_adding_replacing_and_removing() -> None:
    tree = Tree()
    tree.add(b"/usr/bin/a", Node.file(b"1"), parents=True)
    tree.add(b"./usr//lib", Node.symlink(b"bin"))
    assert names(tree) == [b"/", b"/usr", b"/usr/bin", b"/usr/bin/a", b"/usr/lib"]
    tree.add(b"usr/bin", Node.directory(0o700, uid=5))  # attributes of the new, children of the old
    node = tree.lookup(b"/usr/bin")
    assert node is not None
    assert (node.mode, node.uid, list(node.children)) == (0o700, 5, [b"a"])
    tree.add(b"/usr/bin", Node.file(b"now a file"))
    assert names(tree) == [b"/", b"/usr", b"/usr/bin", b"/usr/lib"]
    tree.add(b"/usr/lib/below", Node.file(b""), parents=True)  # the symlink is not followed but replaced
    assert tree.lookup(b"/usr/lib/below") is not None
    assert tree.remove(b"/usr/lib")
    assert not tree.remove(b"/usr/lib")
    assert not tree.remove(b"/usr/bin/x")
    assert tree.clear(b"/usr")
    assert not tree.clear(b"/none")
    assert names(tree) == [b"/", b"/usr"]
    tree.add(b"/", Node.directory(0o711))
    assert (tree.root.mode, list(tree.root.children)) == (0o711, [b"usr"])


def test_hard_links_share_the_node() -> None:
    tree = Tree()
    tree.add(b"/a", Node.file(b"1"))
    tree.link(b"/a", b"/d/b", parents=True)
    assert tree.lookup(b"/a") is tree.lookup(b"/d/b")
    tree.remove(b"/a")
    assert tree.lookup(b"/d/b") is not None
    tree.add(b"/d/b", tree.lookup(b"/d/b"))  # type: ignore[arg-type]
    with pytest.raises(TreeError, match="missing"):
        tree.link(b"/a", b"/c")
    with pytest.raises(TreeError, match="no file"):
        tree.link(b"/d", b"/c")


@pytest.mark.parametrize("path", [b"../x", b"/a/../../x", b"/" + b"n" * 256, b"/a\0b"])
def test_paths_stay_inside(path: bytes) -> None:
    with pytest.raises(TreeError):
        Tree().add(path, Node.file(b""), parents=True)


def test_what_does_not_fit_is_refused() -> None:
    tree = Tree()
    with pytest.raises(TreeError, match="not a directory"):
        tree.add(b"/a/b", Node.file(b""))
    with pytest.raises(TreeError, match="root"):
        tree.add(b"/", Node.file(b""))
    with pytest.raises(TreeError, match="root"):
        tree.remove(b"/")
    with pytest.raises(TreeError, match="kind"):
        Node("door", 0)


def test_content_with_holes_and_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    content = Content.of_file(path, 2, 5)
    assert (content.length, content.read(1, 3), content.read(4, 99)) == (5, b"345", b"6")
    whole = Content.of_file(path)
    sparse = Content(
        30, [Extent(20, 10, whole.extents[0].read), Extent(2, 3, lambda start, n: b"abc"[start : start + n])]
    )
    assert sparse.read(0, 30) == b"\0\0abc" + bytes(15) + b"0123456789"
    assert sparse.read(3, 18) == b"bc" + bytes(15) + b"0"
    path.write_bytes(b"0")
    with pytest.raises(OSError, match="short"):
        whole.read(0, 10)
    for extents in ([Extent(0, 5, whole.read), Extent(4, 5, whole.read)], [Extent(28, 3, whole.read)]):
        with pytest.raises(ValueError, match="extent"):
            Content(30, extents)
