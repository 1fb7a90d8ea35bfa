"""OCI layouts: made here, and by umoci and skopeo; choice of image, damage, and what umoci itself unpacks."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import zstandard
from image_archives import FLAT, LAYERS, hardlink, listing, make_tar, member, symlink, write_layout
from required_tools import require_tool

from friscy_build.images.image import ImageError
from friscy_build.images.oci import oci_identity, oci_image
from friscy_build.images.reference import DEFAULT_INDEX
from friscy_build.images.spool import Spool
from lazyfs.errors import FormatError, FriscyError


def load(directory: Path, tag: str | None = None) -> Any:
    return oci_image(directory, tag, Spool())


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("", bytes), ("+gzip", gzip.compress), ("+zstd", zstandard.ZstdCompressor().compress)],
)
def test_layers_of_every_compression(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    write_layout(
        tmp_path, LAYERS, stored=[pack(each) for each in LAYERS],
        media_type=f"application/vnd.oci.image.layer.v1.tar{suffix}",
    )  # fmt: skip
    image = load(tmp_path)
    assert listing(image.tree) == FLAT
    assert image.config == {"Cmd": ["/hello"], "Env": ["A=1"]}
    assert image.digest == oci_identity(tmp_path, None)
    assert image.origin == f"oci:{tmp_path.name}:latest"


def test_docker_media_types_and_an_index_in_the_index(tmp_path: Path) -> None:
    ours = write_layout(tmp_path, LAYERS, media_type="application/vnd.docker.image.rootfs.diff.tar")
    other = write_layout(tmp_path, LAYERS[:1], architecture="amd64")
    for descriptor, architecture in [(ours, "riscv64"), (other, "amd64")]:
        del descriptor["annotations"]
        descriptor["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json"
        descriptor["platform"] = {"os": "linux", "architecture": architecture}
    note = {
        "digest": "sha256:" + "0" * 64,
        "size": 2,
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    absent = {**other, "digest": "sha256:" + "1" * 64, "platform": {"os": "linux", "architecture": "arm64"}}
    media_type = "application/vnd.docker.distribution.manifest.list.v2+json"
    nested = json.dumps({"mediaType": media_type, "manifests": [other, note, absent, ours]}).encode()
    digest = sha256(nested).hexdigest()
    (tmp_path / "blobs" / "sha256" / digest).write_bytes(nested)
    outer = {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(nested)}
    outer["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [outer]}))
    assert listing(load(tmp_path).tree) == FLAT
    assert listing(load(tmp_path, "v1").tree) == FLAT
    with pytest.raises(ImageError, match=r"no image is named 'v2'\n.*'v1'"):
        load(tmp_path, "v2")


def test_another_architecture_lists_what_is_there(tmp_path: Path) -> None:
    write_layout(tmp_path, LAYERS, architecture="amd64", tag="a")
    write_layout(tmp_path, LAYERS, architecture="arm64", tag="b")
    with pytest.raises(ImageError, match=r"no image for linux/riscv64; it has linux/amd64, linux/arm64"):
        load(tmp_path)


def test_several_images_need_a_tag(tmp_path: Path) -> None:
    write_layout(tmp_path, LAYERS, tag="app:one")
    write_layout(tmp_path, LAYERS[:1], tag="app:two")
    with pytest.raises(ImageError, match=r"several images.*\n.*'app:one', 'app:two'"):
        load(tmp_path)
    assert "/l" in listing(load(tmp_path, "app:one").tree)
    assert "/l" not in listing(load(tmp_path, f"{DEFAULT_INDEX}/library/app:two").tree)


@pytest.mark.parametrize("name", ["index.json", "manifest", "config", "layer"])
def test_damage_is_found(tmp_path: Path, name: str) -> None:
    descriptor = write_layout(tmp_path, LAYERS, stored=[gzip.compress(each) for each in LAYERS])
    blobs = tmp_path / "blobs" / "sha256"
    manifest = json.loads((blobs / descriptor["digest"][7:]).read_bytes())
    path = {
        "index.json": tmp_path / "index.json",
        "manifest": blobs / descriptor["digest"][7:],
        "config": blobs / manifest["config"]["digest"][7:],
        "layer": blobs / manifest["layers"][1]["digest"][7:],
    }[name]
    intact = path.read_bytes()
    chance = random.Random(3)
    for number in range(80):
        damaged = bytearray(intact)
        if number % 2:
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        else:
            del damaged[chance.randrange(len(damaged)) :]
        path.write_bytes(damaged)
        if name == "index.json":  # has no digest over it: an image may go by another name
            with suppress(FriscyError):
                assert listing(load(tmp_path).tree) == FLAT
        else:
            with pytest.raises(FormatError, match="expected"):
                load(tmp_path)
    path.unlink()
    with pytest.raises(FormatError):
        load(tmp_path)


@pytest.mark.parametrize("digest", ["sha256:../../../../etc/passwd", "md5:00", "sha256:" + "A" * 64, 7, None])
def test_digests_cannot_be_paths(tmp_path: Path, digest: object) -> None:
    descriptor = write_layout(tmp_path, LAYERS)
    (tmp_path / "index.json").write_text(json.dumps({"manifests": [{**descriptor, "digest": digest}]}))
    with pytest.raises(FormatError, match="digest"):
        load(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"manifests": [1]}', '{"manifests": {}}', "[" * 100_000]
)
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    write_layout(tmp_path, LAYERS)
    (tmp_path / "index.json").write_text(text)
    with pytest.raises(FormatError, match=tmp_path.name):
        load(tmp_path)


def test_a_layer_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    write_layout(tmp_path, LAYERS, media_type="application/vnd.oci.image.layer.v1.tar+encrypted")
    assert listing(load(tmp_path).tree) == FLAT  # the content decides
    shutil.rmtree(tmp_path)
    write_layout(tmp_path, LAYERS, media_type="application/vnd.in-toto+json")
    with pytest.raises(FormatError, match="in-toto"):
        load(tmp_path)


# Against umoci: it makes the layout, and unpacks it too.


def test_umoci_unpacks_the_same(tmp_path: Path) -> None:
    layout = f"{tmp_path}/layout"
    run = subprocess.run
    run([require_tool("umoci"), "init", "--layout", layout], check=True)
    run([require_tool("umoci"), "new", "--image", f"{layout}:app"], check=True)
    layers = [
        make_tar(
            member("usr/"), member("usr/lib/"), member("usr/lib/old", b"o"), symlink("lib", "usr/lib"),
            member("var/"), member("var/cache/"), member("var/cache/1", b"1"), member("a", b"first"),
            member("keep/"), member("keep/x", b"x"), member("file", b"f"), member("dir/"), member("dir/in", b"i"),
        ),
        make_tar(
            member("usr/"), member("usr/lib/"), member("usr/lib/new", b"n"), member("usr/lib/.wh.old"),
            member("var/"), member("var/cache/"), member("var/cache/.wh..wh..opq"), member("var/cache/2", b"2"),
            hardlink("again", "a"), member("file/"), member("file/now", b"d"), member("dir", b"now a file"),
        ),
        make_tar(
            member("keep/"), member("keep/y", b"y", mode=0o711), symlink("a", "keep/y"), member("lib/through", b"t"),
        ),
    ]  # fmt: skip
    for number, layer in enumerate(layers):
        (tmp_path / f"{number}.tar").write_bytes(layer)
        run(
            [
                require_tool("umoci"),
                "raw",
                "add-layer",
                "--image",
                f"{layout}:app",
                str(tmp_path / f"{number}.tar"),
            ],
            check=True,
        )
    settings = ["--architecture", "riscv64", "--os", "linux", "--config.cmd", "/a", "--config.env", "X=y z"]
    run([require_tool("umoci"), "config", "--image", f"{layout}:app", *settings], check=True)
    image = load(Path(layout), "app")
    assert image.config["Cmd"] == ["/a"]
    assert "X=y z" in image.config["Env"]

    run(
        [require_tool("umoci"), "unpack", "--rootless", "--image", f"{layout}:app", str(tmp_path / "out")],
        check=True,
    )
    root = tmp_path / "out" / "rootfs"
    expected: dict[str, Any] = {"/": "dir"}
    modes = {}
    for directory, directories, files in os.walk(root):
        for name in directories + files:
            path = Path(directory, name)
            status = path.lstat()
            key = f"/{path.relative_to(root)}"
            modes[key] = stat.S_IMODE(status.st_mode)
            if stat.S_ISLNK(status.st_mode):
                expected[key] = f"-> {os.readlink(path)}"
            else:
                expected[key] = "dir" if stat.S_ISDIR(status.st_mode) else path.read_bytes()
    assert listing(image.tree) == expected
    assert modes == {path.decode(): node.mode for path, node in image.tree.walk() if path != b"/"}
