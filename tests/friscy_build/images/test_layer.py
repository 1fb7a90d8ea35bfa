"""Layers over each other: whiteouts, replacement, links, and paths that try to leave the root."""

from __future__ import annotations

import tarfile

import pytest
from image_archives import flatten, hardlink, listing, make_tar, member, raw_header, symlink

from lazyfs.errors import FormatError

BASE = make_tar(
    member("d/"),
    member("d/a", b"a"),
    member("d/b", b"b"),
    member("e/"),
    member("e/f/"),
    member("e/f/g", b"g"),
)


def test_plain_layers() -> None:
    tree = flatten(BASE, make_tar(member("d/a", b"new", mode=0o600, uid=5), member("d/", mode=0o700)))
    assert listing(tree) == {
        "/": "dir", "/d": "dir", "/d/a": b"new", "/d/b": b"b", "/e": "dir", "/e/f": "dir", "/e/f/g": b"g",
    }  # fmt: skip
    node, directory = tree.lookup(b"/d/a"), tree.lookup(b"/d")
    assert node is not None
    assert directory is not None
    assert (node.mode, node.uid, directory.mode) == (0o600, 5, 0o700)


def test_metadata_arrives() -> None:
    tree = flatten(make_tar(
        member(
            "f", b"1", mode=0o4711, uid=3_000_000, gid=7,
            pax_headers={"mtime": "12.000000345", "SCHILY.xattr.user.k": "v"},
        ),
        member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666),
        member("p", type=tarfile.FIFOTYPE),
        member("./", mode=0o711),
    ))  # fmt: skip
    node, null, pipe = tree.lookup(b"f"), tree.lookup(b"null"), tree.lookup(b"p")
    assert node is not None
    assert null is not None
    assert pipe is not None
    assert (node.mode, node.uid, node.gid, node.mtime_ns) == (0o4711, 3_000_000, 7, 12_000_000_345)
    assert node.xattrs == {b"user.k": b"v"}
    assert (null.kind, null.rdev, pipe.kind, tree.root.mode) == ("char", (1, 3), "fifo", 0o711)


def test_whiteouts_hide_lower_layers() -> None:
    tree = flatten(
        BASE, make_tar(member("d/.wh.a"), member("e/.wh.f"), member("d/.wh.missing"), member("no/.wh.x"))
    )
    assert listing(tree) == {"/": "dir", "/d": "dir", "/d/b": b"b", "/e": "dir"}


@pytest.mark.parametrize("order", [1, -1])
def test_whiteouts_spare_their_own_layer(order: int) -> None:
    members = [member("d/.wh.a"), member("d/a", b"own"), member("e/.wh.f"), member("e/f/new", b"own")][
        ::order
    ]
    assert listing(flatten(BASE, make_tar(*members))) == {
        "/": "dir", "/d": "dir", "/d/a": b"own", "/d/b": b"b", "/e": "dir", "/e/f": "dir", "/e/f/new": b"own",
    }  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_opaque_directories(order: int) -> None:
    members = [member("d/"), member("d/.wh..wh..opq"), member("d/own", b"1"), member("e/f/.wh..wh..opq")][
        ::order
    ]
    assert listing(flatten(BASE, make_tar(*members))) == {
        "/": "dir", "/d": "dir", "/d/own": b"1", "/e": "dir", "/e/f": "dir",
    }  # fmt: skip


def test_a_whiteout_hides_the_name_and_not_a_new_link_to_the_file() -> None:
    tree = flatten(BASE, make_tar(hardlink("kept", "d/a"), member("d/.wh.a")))
    assert listing(tree) == {
        "/": "dir", "/d": "dir", "/d/b": b"b", "/e": "dir", "/e/f": "dir", "/e/f/g": b"g", "/kept": b"a",
    }  # fmt: skip


def test_a_root_filesystem_has_no_whiteouts() -> None:
    tree = flatten(make_tar(member(".wh.a", b"1")), whiteouts=False)
    assert listing(tree) == {"/": "dir", "/.wh.a": b"1"}


def test_kinds_replace_each_other() -> None:
    upper = make_tar(member("d", b"file"), member("e/f/g/"), member("e/f/g/h", b"h"))
    assert listing(flatten(BASE, upper)) == {
        "/": "dir", "/d": b"file", "/e": "dir", "/e/f": "dir", "/e/f/g": "dir", "/e/f/g/h": b"h",
    }  # fmt: skip
    upper = make_tar(symlink("d", "e"), member("e/f/g", b"file"))
    assert listing(flatten(BASE, upper, BASE))["/d"] == "dir"


def test_hard_links_share_an_inode() -> None:
    tree = flatten(BASE, make_tar(hardlink("x", "d/a"), hardlink("y", "./x", mode=0o640)))
    assert tree.lookup(b"x") is tree.lookup(b"y") is tree.lookup(b"d/a")
    node = tree.lookup(b"d/a")
    assert node is not None
    assert node.mode == 0o640
    tree = flatten(BASE, make_tar(symlink("l", "d/a"), hardlink("m", "l")))
    assert listing(tree)["/m"] == "-> d/a"  # of the link itself, as link(2) does


def test_parents_are_looked_up_inside_the_root() -> None:
    base = make_tar(
        member("usr/"), member("usr/lib/"), symlink("lib", "usr/lib"), symlink("abs", "/usr/lib"),
        symlink("up", "../../../usr"), symlink("chain", "abs"), symlink("hang", "/not/there"),
    )  # fmt: skip
    upper = make_tar(
        member("lib/1", b"1"), member("abs/2", b"2"), member("up/lib/3", b"3"), member("chain/4", b"4"),
        member("hang/5", b"5"), hardlink("six", "chain/4"),
    )  # fmt: skip
    found = listing(flatten(base, upper))
    assert [found[f"/usr/lib/{n}"] for n in (1, 2, 3, 4)] == [b"1", b"2", b"3", b"4"]
    assert found["/not/there/5"] == b"5"
    assert found["/six"] == b"4"
    assert found["/lib"] == "-> usr/lib"


def test_an_entry_replaces_a_link_instead_of_following_it() -> None:
    base = make_tar(
        member("etc/"), member("etc/passwd", b"kept"), symlink("p", "etc/passwd"), symlink("dir", "etc")
    )
    found = listing(flatten(base, make_tar(member("p", b"new"), member("dir/"), member("dir/x", b"x"))))
    assert (found["/etc/passwd"], found["/p"], found["/dir"], found["/dir/x"]) == (
        b"kept",
        b"new",
        "dir",
        b"x",
    )


def test_packages_keep_links_to_directories() -> None:
    base = make_tar(member("usr/"), member("usr/lib/"), symlink("lib", "usr/lib"))
    found = listing(flatten(base, make_tar(member("lib/"), member("lib/x", b"x")), through_links=True))
    assert (found["/lib"], found["/usr/lib/x"]) == ("-> usr/lib", b"x")


def test_absolute_names_are_inside_the_root() -> None:
    header = raw_header(b"//etc/./passwd", b"%011o\0" % 2) + b"hi".ljust(512, b"\0")
    assert listing(flatten(header + bytes(1024))) == {"/": "dir", "/etc": "dir", "/etc/passwd": b"hi"}


@pytest.mark.parametrize(
    "layer",
    [
        make_tar(member("../x", b"1")),
        make_tar(member("d/../../x", b"1")),
        make_tar(member("d/..", b"1")),
        make_tar(member("n" * 300, b"1")),
        make_tar(member("d/" * 2100 + "x")),
        make_tar(hardlink("x", "../../etc/passwd")),
        make_tar(hardlink("x", "/etc/passwd")),
        make_tar(hardlink("x", "d")),
        make_tar(hardlink("x", "later"), member("later", b"1")),
        make_tar(symlink("loop", "loop"), member("loop/x", b"1")),
        make_tar(member("d/a/below", b"1")),
        make_tar(symlink("x", "")),
        make_tar(symlink("x", "t" * 5000)),
        make_tar(member("d/.wh...")),
        make_tar(member("d/.wh.")),
        make_tar(member("./", b"", type=tarfile.REGTYPE)),
    ],
)
def test_hostile_entries_are_refused_by_name_and_place(layer: bytes) -> None:
    with pytest.raises(FormatError, match=r"layer2\.tar: byte \d+: .*entry '"):
        flatten(BASE, layer)
