"""Images made and handed over by the tools of others: buildah, umoci and skopeo fill a registry, podman saves."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from image_archives import FLAT, LAYERS, listing, write_layout
from registry_servers import docker_registry, push, push_as_it_is
from required_tools import require_tool

from friscy_build.config.load import image_sources
from friscy_build.images.image import BaseImage, ImageError
from friscy_build.images.pull import registry_image
from friscy_build.images.registry import Registries
from friscy_build.images.source import fetch, identity, load_image
from lazyfs.tree import Node

DOCKERFILE = """FROM scratch
COPY --chown=7:8 --chmod=2750 tree /srv
ADD archive.tar /unpacked/
ENV A=1
WORKDIR /srv
USER 7
CMD ["x"]
"""

Run = Callable[..., str]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs podman and buildah over a storage of the test's own, without overlay filesystems and runtimes."""
    storage = tmp_path / "storage.conf"
    storage.write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{tmp_path}/graph"\nrunroot = "{tmp_path}/run"\n'
    )
    (tmp_path / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(storage))
    monkeypatch.setenv("BUILDAH_ISOLATION", "chroot")
    monkeypatch.setenv("HOME", str(tmp_path))
    policy = ["--signature-policy", str(tmp_path / "policy.json")]

    def run(tool: str, command: str, *words: str) -> str:
        options = policy if command in ("from", "commit", "push", "build", "pull") else []
        done = subprocess.run(
            [require_tool(tool), command, *options, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def pulled(reference: str, cache: Path) -> BaseImage:
    return registry_image(reference, Registries(), cache)


def at(image: BaseImage, path: str) -> Node:
    node = image.tree.lookup(path.encode())
    assert node is not None, path
    return node


def facts(image: BaseImage, path: str) -> tuple[str, str, tuple[int, int]]:
    node = at(image, path)
    return node.kind, oct(node.mode), (node.uid, node.gid)


def test_buildah_fills_a_registry(registry: str, containers: Run, tmp_path: Path) -> None:
    """A Dockerfile built by buildah, two layers more by hand, pushed in three ways."""
    tree = tmp_path / "context" / "tree"
    (tree / "deep").mkdir(parents=True)
    (tree / "deep" / "file").write_bytes(b"file")
    (tree / "link").symlink_to("deep/file")
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "in").write_bytes(b"tar")
    subprocess.run(
        ["tar", "-C", tmp_path / "archive", "-cf", tmp_path / "context" / "archive.tar", "in"], check=True
    )
    (tmp_path / "context" / "Dockerfile").write_text(DOCKERFILE)
    containers(
        "buildah", "build", "-q", "--layers", "--arch=riscv64", "--format=oci", "-t", "localhost/app:v1",
        str(tmp_path / "context"),
    )  # fmt: skip
    for tag, *options in (
        ("oci", "--format=oci"), ("zstd", "--format=oci", "--compression-format=zstd"), ("docker", "--format=v2s2"),
    ):  # fmt: skip
        containers(
            "buildah", "push", "-q", "--tls-verify=false", *options, "localhost/app:v1",
            f"docker://{registry}/buildah:{tag}",
        )  # fmt: skip
        image = pulled(f"{registry}/buildah:{tag}", tmp_path / f"cache-{tag}")
        assert listing(image.tree) == {
            "/": "dir", "/srv": "dir", "/srv/deep": "dir", "/srv/deep/file": b"file", "/srv/link": "-> deep/file",
            "/unpacked": "dir", "/unpacked/in": b"tar",
        }  # fmt: skip
        assert facts(image, "/srv/deep/file") == ("file", "0o2750", (7, 8))
        config = image.config
        assert (config["Cmd"], config["WorkingDir"], config["User"]) == (["x"], "/srv", "7")
        assert "A=1" in config["Env"]


def test_whiteouts_of_buildah(registry: str, containers: Run, tmp_path: Path) -> None:
    """What is deleted between two commits is gone in the image that is pulled."""
    (tmp_path / "one").mkdir()
    for name in ("kept", "gone"):
        (tmp_path / "one" / name).write_text(name)
    containers("buildah", "from", "--name", "first", "--arch=riscv64", "scratch")
    containers("buildah", "add", "first", str(tmp_path / "one"), "/d")
    containers("buildah", "commit", "-q", "first", "localhost/first")
    containers("buildah", "from", "--name", "second", "localhost/first")
    place = Path(containers("buildah", "mount", "second"))
    (place / "d" / "gone").unlink()
    (place / "d" / "new").symlink_to("kept")
    os.chown(place / "d" / "kept", 5, 6)
    containers("buildah", "umount", "second")
    containers("buildah", "commit", "-q", "second", "localhost/second")
    containers(
        "buildah", "push", "-q", "--tls-verify=false", "localhost/second", f"docker://{registry}/whiteouts"
    )
    image = pulled(f"{registry}/whiteouts", tmp_path / "cache")
    assert listing(image.tree) == {"/": "dir", "/d": "dir", "/d/kept": b"kept", "/d/new": "-> kept"}
    assert facts(image, "/d/kept")[2] == (5, 6)


def test_umoci_fills_a_registry(registry: str, tmp_path: Path) -> None:
    """An image that umoci makes of a directory; skopeo brings it, umoci itself does not talk to registries."""
    layout, umoci = f"{tmp_path}/layout", require_tool("umoci")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").write_text("by umoci")
    for words in (
        ["init", "--layout", layout], ["new", "--image", f"{layout}:app"],
        ["config", "--image", f"{layout}:app", "--architecture", "riscv64", "--config.cmd", "x", "--config.user", "7"],
        ["insert", "--image", f"{layout}:app", str(tmp_path / "tree"), "/srv"],
        ["insert", "--image", f"{layout}:app", "--whiteout", "/srv/file"],
        ["insert", "--image", f"{layout}:app", str(tmp_path / "tree" / "file"), "/srv/again"],
    ):  # fmt: skip
        subprocess.run([umoci, *words], check=True)
    push(Path(layout), "app", f"{registry}/umoci:v1")
    image = pulled(f"{registry}/umoci:v1", tmp_path / "cache")
    assert listing(image.tree) == {"/": "dir", "/srv": "dir", "/srv/again": b"by umoci"}
    assert (image.config["Cmd"], image.config["User"]) == (["x"], "7")


def test_plain_layers(registry: str, tmp_path: Path) -> None:
    """Layers that are not compressed; skopeo would compress them, so they are put there as they are."""
    write_layout(tmp_path / "layout", LAYERS, tag="app")
    push_as_it_is(tmp_path / "layout", f"{registry}/plain:v1")
    image = pulled(f"{registry}/plain:v1", tmp_path / "cache")
    assert listing(image.tree) == FLAT


def test_podman_has_an_image(containers: Run, tmp_path: Path) -> None:
    """`podman:REF`: taken by its save, once for each image's digest."""
    write_layout(tmp_path / "layout", LAYERS, tag="app", config={"Cmd": ["y"]})
    containers("podman", "pull", "-q", "--arch=riscv64", f"oci:{tmp_path}/layout:app")
    containers("podman", "tag", containers("podman", "images", "-q"), "localhost/app:v1")
    chain = image_sources("podman:localhost/app:v1", tmp_path)
    fetch(chain, cache=tmp_path / "cache")
    image = load_image(chain, cache=tmp_path / "cache")
    assert listing(image.tree) == FLAT
    assert (image.config["Cmd"], image.origin) == (["y"], "podman:localhost/app:v1")
    before = identity(chain, tmp_path / "cache")
    containers("buildah", "from", "--name", "more", "localhost/app:v1")
    containers("buildah", "config", "--cmd", "z", "more")
    containers("buildah", "commit", "-q", "more", "localhost/app:v1")
    assert identity(chain, tmp_path / "cache") != before
    assert load_image(chain, cache=tmp_path / "cache").config["Cmd"] == ["z"]
    with pytest.raises(ImageError, match=r"podman image inspect: .*localhost/none"):
        load_image(image_sources("podman:localhost/none", tmp_path), cache=tmp_path / "cache")
