"""friscy.lock through `friscy build`: builds of one lock give the same bytes, wherever and whenever they are made."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from debian_archive import SUITE, DebianArchive
from image_archives import LAYERS, make_tar, member, write_layout
from registry_servers import docker_registry, push

from friscy.bundle import CHUNKS, INDEX, open_bundle
from friscy_build.images.lock import Lock

PROJECT = """\
[bundle.app]
dockerfile = "Dockerfile"
snapshot = {{ at = "none" }}
[registry]
pull = true
[images.tools]
debian = {{ suite = "{suite}", packages = ["tool"], essential = false }}
"""
DOCKERFILE = (
    'FROM {host}/app:1\nCOPY --from=tools /usr/bin/tool /tool\nCOPY file /made/here/\nCMD ["/tool"]\n'
)


class Place:
    """A copy of the project with a cache of its own."""

    def __init__(self, root: Path, archive: DebianArchive) -> None:
        self.root = root
        self.env = {
            **os.environ, "FRISCY_CACHE": str(root.parent / f"{root.name}-cache"), "SOURCE_DATE_EPOCH": "1700000000",
            "FRISCY_DEBIAN_MIRROR": archive.uri, "FRISCY_DEBIAN_KEYRING": str(archive.keyring),
        }  # fmt: skip

    def build(self, *words: str, status: int = 0) -> str:
        command = [sys.executable, "-m", "friscy.cli.main", "build", *words]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == status, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout

    @property
    def lock(self) -> Path:
        return self.root / "friscy.lock"

    def rootfs(self) -> tuple[bytes, bytes]:
        bundle = open_bundle(self.root / "build" / "app")
        return bundle.read(INDEX), bundle.read(CHUNKS)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


def publish(directory: Path, host: str, layers: list[bytes]) -> None:
    write_layout(directory, layers, tag="app")
    push(directory, "app", f"{host}/app:1")


def test_two_builds_of_a_lock_are_equal(host: str, tmp_path: Path) -> None:
    publish(tmp_path / "first", host, LAYERS)
    archive = DebianArchive(tmp_path / "archive")
    archive.add("tool", member("./usr/bin/tool", b"one", mode=0o755))
    archive.publish()
    here = Place(tmp_path / "here", archive)
    here.root.mkdir()
    (here.root / "friscy.toml").write_text(PROJECT.format(suite=SUITE))
    (here.root / "Dockerfile").write_text(DOCKERFILE.format(host=host))
    (here.root / "file").write_text("of the project")
    here.build()
    lock = Lock.read(here.lock)
    assert list(lock.images) == [f"{host}/app:1"]
    assert [(each.name, each.version) for packages in lock.debian.values() for each in packages] == [
        ("tool", "1.0-1")
    ]
    assert ".  " not in here.build()

    # The tag moves on, and a checkout elsewhere has files of other times.
    publish(tmp_path / "second", host, [*LAYERS, make_tar(member("new", b"n"))])
    there = Place(tmp_path / "far" / "there", archive)
    there.root.mkdir(parents=True)
    for name in ("friscy.toml", "Dockerfile", "file", "friscy.lock"):
        shutil.copy(here.root / name, there.root / name)
        os.utime(there.root / name, (7, 7))
    there.build()
    assert there.rootfs() == here.rootfs()
    assert there.lock.read_bytes() == here.lock.read_bytes()
    digests = [open_bundle(place.root / "build" / "app").image_digest for place in (here, there)]
    assert digests[0] == digests[1]

    # A cache that is gone changes nothing.
    shutil.rmtree(here.env["FRISCY_CACHE"])
    shutil.rmtree(here.root / "build")
    here.build()
    assert there.rootfs() == here.rootfs()

    # Only --update takes what there is now.
    before = there.lock.read_text()
    there.build("--update", "app")
    assert there.lock.read_text() != before
    assert there.rootfs() != here.rootfs()
    assert ".  " not in there.build()
    there.lock.unlink()
    there.build()
    assert Lock.read(there.lock).images[f"{host}/app:1"] not in before


def test_a_lock_that_cannot_be_kept(host: str, tmp_path: Path) -> None:
    publish(tmp_path / "layout", host, LAYERS)
    archive = DebianArchive(tmp_path / "archive")
    archive.add("tool", member("./usr/bin/tool", b"one", mode=0o755))
    archive.publish()
    place = Place(tmp_path / "place", archive)
    place.root.mkdir()
    (place.root / "friscy.toml").write_text(
        f'[bundle.app]\nimage = "docker://{host}/app:1"\nsnapshot = {{ at = "none" }}\n'
    )
    wrong = Lock()
    wrong.images[f"{host}/app:1"] = "sha256:" + "1" * 64
    wrong.write(place.lock)
    told = place.build(status=2)
    assert re.search(
        rf"friscy\.lock pins {host}/app:1 to what its registry no longer has: .* sha256:1{{64}}\n.*--update",
        told,
    )
    place.lock.write_text("version = 1\n[[image]]\n")
    assert "friscy.lock: no 'digest'" in place.build(status=2)
    place.build("--update")
    assert json.dumps(Lock.read(place.lock).images[f"{host}/app:1"]) in place.lock.read_text()
