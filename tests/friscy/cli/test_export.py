"""friscy export: what comes out is the image, to our own readers, to tar, umoci and skopeo."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from required_tools import require_tool

from friscy.bundle import CHUNKS, INDEX, INTERPRETER
from friscy_build.bundle import describe, write_bundle
from friscy_build.images.docker_archive import docker_archive_image
from friscy_build.images.oci import oci_image
from friscy_build.images.source import tar_image
from friscy_build.images.spool import Spool
from lazyfs.index_writer import write_index
from lazyfs.tree import Content, Extent, Node, Tree

Friscy = Callable[..., tuple[int, str, str]]
TIME = 1_700_000_000_123_456_789


def full_tree() -> Tree:
    """Every kind of node, and what is awkward in a tar."""
    tree = Tree(Node.directory(0o751, mtime_ns=TIME))
    tree.add(
        b"/" + b"long" * 30 + b"/" + b"name" * 30, Node.file(b"far", mtime_ns=-1_500_000_000), parents=True
    )
    tree.add(
        b"/bin/su", Node.file(b"\x7fELF" * 1000, 0o4755, uid=3_000_000, gid=5, mtime_ns=TIME), parents=True
    )
    tree.link(b"/bin/su", b"/a-link")
    tree.add(b"/to", Node.symlink(b"bin/\xff su", mtime_ns=TIME))
    tree.add(b"/na\xc3\xafve \xff\n", Node.file(b"", mtime_ns=1))
    tree.add(b"/dev/null", Node("char", 0o666, rdev=(1, 3)), parents=True)
    tree.add(b"/dev/disk", Node("block", 0o660, gid=6, rdev=(8, 300)))
    tree.add(b"/fifo", Node("fifo", 0o600))
    tree.add(b"/tmp", Node.directory(0o1777))
    data = bytes(range(1, 251)) * 12
    holes = Content(3_000_000, [Extent(2_000_000, 3000, lambda start, n: data[start : start + n])])
    tree.add(b"/holes", Node.file(holes))
    capable = Node.file(b"x")
    capable.xattrs = {b"security.capability": bytes(range(20)) + b"\xff", b"user.text": "ü = 1\n".encode()}
    tree.add(b"/capable", capable)
    return tree


def bundle_of(tree: Tree, directory: Path) -> Path:
    parts = {name: directory / name for name in (INDEX, CHUNKS, INTERPRETER)}
    summary = write_index(tree, parts[INDEX], parts[CHUNKS])
    parts[INTERPRETER].write_bytes(b"\0asm\x01\0\0\0")
    manifest = describe(
        name="full", config={"Cmd": ["/bin/su"], "Env": ["A=ü"], "User": "5"}, image_digest="sha256:" + "0" * 64,
        origin="test", index_digest=summary.index_digest.hex(), memory=1 << 30, snapshot_at="none", tools={},
    )  # fmt: skip
    write_bundle(directory / "bundle", manifest, parts)
    return directory / "bundle"


def facts(tree: Tree) -> dict[bytes, Any]:
    """All that a node is, by path; the same inode has the same number."""
    numbers: dict[int, int] = {}
    return {
        path: (
            node.kind, node.mode, node.uid, node.gid, node.mtime_ns, node.rdev, node.target, node.xattrs,
            node.content and node.content.read(0, node.content.length), numbers.setdefault(id(node), len(numbers)),
        )
        for path, node in tree.walk()
    }  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle_of(full_tree(), tmp_path_factory.mktemp("bundle"))


def test_a_tar_holds_all(bundle: Path, tmp_path: Path, friscy: Friscy) -> None:
    out = tmp_path / "out.tar"
    assert friscy("export", bundle, "--tar", out) == (0, "", "")
    assert facts(tar_image(out, Spool()).tree) == facts(full_tree())
    assert friscy("export", bundle, "--tar", tmp_path / "again.tar")[0] == 0
    assert (tmp_path / "again.tar").read_bytes() == out.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["again.tar", "out.tar"]
    listed = subprocess.run(["tar", "-tf", out], check=True, capture_output=True).stdout
    assert len(listed.splitlines()) == len(facts(full_tree()))


def test_a_tar_on_stdout(bundle: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "friscy.cli.main", "export", str(bundle), "--tar", "-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert archive.getmember("bin/su").mode == 0o4755
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_a_layout_holds_all(bundle: Path, tmp_path: Path, friscy: Friscy) -> None:
    assert friscy("export", bundle, "--oci", tmp_path / "image", "--tag", "v1") == (0, "", "")
    image = oci_image(tmp_path / "image", "v1", Spool())
    assert facts(image.tree) == facts(full_tree())
    assert image.config == {"Cmd": ["/bin/su"], "Env": ["A=ü"], "User": "5"}
    assert friscy("export", bundle, "--oci", tmp_path / "again", "--tag", "v1")[0] == 0
    run = subprocess.run(
        ["diff", "-r", tmp_path / "image", tmp_path / "again"], capture_output=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, b"")


def test_skopeo_takes_the_layout(bundle: Path, tmp_path: Path, friscy: Friscy) -> None:
    friscy("export", bundle, "--oci", tmp_path / "image")
    skopeo = [require_tool("skopeo"), "--insecure-policy", "--override-arch", "riscv64"]
    copy = ["copy", "-q", f"oci:{tmp_path}/image:latest", f"docker-archive:{tmp_path}/saved.tar:app:1"]
    subprocess.run([*skopeo, *copy], check=True)
    image = docker_archive_image(tmp_path / "saved.tar", "app:1", Spool())
    assert facts(image.tree) == facts(full_tree())
    told = subprocess.run(
        [*skopeo, "inspect", f"oci:{tmp_path}/image:latest"], check=True, capture_output=True
    ).stdout
    assert (json.loads(told)["Architecture"], json.loads(told)["Env"]) == ("riscv64", ["A=ü"])


def test_umoci_unpacks_the_layout(made_bundle: Path, tmp_path: Path, friscy: Friscy) -> None:
    friscy("export", made_bundle, "--oci", tmp_path / "image")
    subprocess.run(
        [
            require_tool("umoci"),
            "unpack",
            "--rootless",
            "--image",
            f"{tmp_path}/image:latest",
            tmp_path / "out",
        ],
        check=True,
    )
    root = tmp_path / "out" / "rootfs"
    assert (root / "usr/bin/tool").read_bytes() == bytes(range(256)) * 800
    assert (root / "usr/bin/copy").stat().st_ino == (root / "usr/bin/linked").stat().st_ino
    assert os.readlink(root / "bin") == "usr/bin"
    assert os.listdir(os.fsencode(root / "home/sam")) == [b"red\x1b[31m\xff"]


def test_what_cannot_be_exported(tmp_path: Path, friscy: Friscy) -> None:
    tree = Tree()
    tree.add(b"/run/\xffsocket", Node("socket", 0o600), parents=True)
    tree.add(b"/run/.wh.x", Node.file(b""))
    bundle = bundle_of(tree, tmp_path)
    status, _, err = friscy("export", bundle, "--tar", tmp_path / "out.tar")
    assert (status, err) == (0, "friscy: left out, a socket: '/run/\\udcffsocket'\n")
    assert [path for path, _ in tar_image(tmp_path / "out.tar", Spool()).tree.walk()] == [
        b"/",
        b"/run",
        b"/run/.wh.x",
    ]
    status, _, err = friscy("export", bundle, "--oci", tmp_path / "image")
    assert status == 2
    assert ".wh.x" in err
    assert not (tmp_path / "image").exists()


def test_nothing_is_overwritten_or_left_half(
    made_bundle: Path, own_bundle: Path, tmp_path: Path, friscy: Friscy
) -> None:
    (tmp_path / "there").mkdir()
    assert friscy("export", made_bundle, "--oci", tmp_path / "there")[0] == 0
    status, _, err = friscy("export", made_bundle, "--oci", tmp_path / "there")
    assert status == 2
    assert "is there already" in err
    before = sorted(os.listdir(tmp_path))
    chunks = bytearray((own_bundle / CHUNKS).read_bytes())
    chunks[-5] ^= 1
    (own_bundle / CHUNKS).write_bytes(chunks)
    assert friscy("export", own_bundle, "--tar", tmp_path / "x.tar")[0] == 2
    assert friscy("export", own_bundle, "--oci", tmp_path / "x")[0] == 2
    assert sorted(os.listdir(tmp_path)) == before
    assert friscy("export", made_bundle, "--tar", tmp_path / "none" / "x.tar")[0] == 2
    assert friscy("export", made_bundle)[0] == 2
    assert "--oci" in friscy("export", made_bundle, "--tar", "x.tar", "--tag", "t")[2]
