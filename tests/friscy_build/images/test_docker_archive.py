"""Archives of `docker save`, of both forms, made here and by skopeo."""

from __future__ import annotations

import io
import json
import random
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest
from image_archives import FLAT, LAYERS, listing, make_tar, member, symlink, write_layout
from required_tools import require_tool

from friscy_build.images.docker_archive import docker_archive_image
from friscy_build.images.image import ImageError
from friscy_build.images.reference import DEFAULT_INDEX
from friscy_build.images.spool import Spool
from lazyfs.errors import FormatError, FriscyError


def saved(*, architecture: str = "riscv64", tag: str = "app:v1", linked: bool = False) -> bytes:
    """The older form: a configuration named by its digest, and a directory for each layer."""
    diff_ids = [f"sha256:{sha256(each).hexdigest()}" for each in LAYERS]
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["x"]},
            "rootfs": {"diff_ids": diff_ids},
        }
    ).encode()
    name = f"{sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [tag], "Layers": ["one/layer.tar", "two/layer.tar"]}]
    last = [symlink("two/layer.tar", "../three/layer.tar"), member("three/layer.tar", LAYERS[1])]
    return make_tar(
        member(name, config),
        member("one/layer.tar", LAYERS[0]),
        *(last if linked else [member("two/layer.tar", LAYERS[1])]),
        member("manifest.json", json.dumps(manifest).encode()),
    )


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("tag", [None, "app:v1", f"{DEFAULT_INDEX}/library/app:v1"])
def test_older_form(tmp_path: Path, linked: bool, tag: str | None) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(saved(linked=linked))
    image = docker_archive_image(path, tag, Spool())
    assert listing(image.tree) == FLAT
    assert (image.config, image.origin) == ({"Cmd": ["x"]}, "docker-archive:a.tar:app:v1")


def test_layout_inside(tmp_path: Path) -> None:
    write_layout(tmp_path / "layout", LAYERS)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "layout", ".")
    assert listing(docker_archive_image(tmp_path / "a.tar.gz", None, Spool()).tree) == FLAT


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(saved(architecture="amd64"))
    with pytest.raises(ImageError, match=r"it has linux/amd64"):
        docker_archive_image(path, None, Spool())
    with pytest.raises(ImageError, match=r"named 'other'\n.*app:v1"):
        docker_archive_image(path, "other", Spool())
    path.write_bytes(make_tar(member("something", b"else")))
    with pytest.raises(FormatError, match="OCI image layout"):
        docker_archive_image(path, None, Spool())


def test_skopeo_archives(tmp_path: Path) -> None:
    write_layout(tmp_path / "layout", LAYERS)
    for kind, name in [("docker-archive", "docker.tar"), ("oci-archive", "oci.tar")]:
        target = f"{kind}:{tmp_path / name}:app:v1"
        copy = [require_tool("skopeo"), "--insecure-policy", "--override-arch", "riscv64", "copy", "-q"]
        subprocess.run([*copy, f"oci:{tmp_path / 'layout'}:latest", target], check=True)
        image = docker_archive_image(tmp_path / name, "app:v1", Spool())
        assert listing(image.tree) == FLAT
        assert image.config["Cmd"] == ["/hello"]


def test_truncation_and_bit_flips(tmp_path: Path) -> None:
    data = saved()
    path = tmp_path / "a.tar"
    for size in range(0, len(data) - 512, 511):
        path.write_bytes(data[:size])
        with pytest.raises(FormatError, match=r"a\.tar"):
            docker_archive_image(path, None, Spool())
    chance = random.Random(4)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        manifest = archive.getmember("manifest.json").offset_data
    for _ in range(200):
        damaged = bytearray(data)
        at = chance.randrange(len(data))
        damaged[at] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            assert (
                listing(docker_archive_image(path, None, Spool()).tree) == FLAT
            )  # padding, or a name's case
        except FriscyError:
            assert at < manifest + 1024
