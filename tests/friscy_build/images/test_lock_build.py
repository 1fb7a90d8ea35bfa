"""friscy.lock through `friscy build`: builds of one lock give the same bytes, wherever and whenever they are made."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from built import busybox
from debian_archive import SUITE, DebianArchive
from image_archives import LAYERS, make_tar, member, symlink, write_layout
from registry_servers import docker_registry, push

from friscy.bundle import CHUNKS, CODE, INDEX, INTERPRETER, SNAPSHOT
from friscy_build.images.lock import Lock

PROJECT = """\
[bundle.app]
dockerfile = "Dockerfile"
snapshot = {{ at = "entry" }}
[bundle.waiting]
dockerfile = "Dockerfile"
target = "waiting"
snapshot = {{ at = "stdin" }}
[registry]
pull = true
[images.tools]
debian = {{ suite = "{suite}", packages = ["tool"], essential = false }}
"""
DOCKERFILE = """\
FROM {host}/app:1 AS base
COPY --from=tools /usr/bin/tool /tool
COPY file /made/here/
ARG SOURCE_DATE_EPOCH
RUN busybox mkdir /run && echo $SOURCE_DATE_EPOCH > /run/epoch && busybox ln /run/epoch /run/again && busybox rm /d/b
RUN ["busybox", "--install", "-s", "/bin"]
RUN for n in 3 1 2; do touch -h /made/$n; done; ln -s x /made/link; chown 7:8 /made/1; : $$ $(date +%N)
FROM base AS waiting
CMD ["sh", "-c", "date +%s; head -c 9 /dev/urandom | base64; (sleep 3; date) & sleep 1; read word; echo $word"]
FROM base
CMD ["cat", "/made/here/file"]
"""


class Place:
    """A copy of the project with a cache of its own."""

    def __init__(self, root: Path, archive: DebianArchive) -> None:
        self.root = root
        self.env = {
            **os.environ,
            "FRISCY_CACHE": str(root.parent / f"{root.name}-cache"),
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

    def run(self) -> str:
        command = [sys.executable, "-m", "friscy.cli.main", "run", "build/app"]
        return subprocess.run(
            command, cwd=self.root, env=self.env, text=True, capture_output=True, check=True
        ).stdout

    def type(self, text: bytes) -> list[str]:
        """The lines that the bundle `waiting` shows on a terminal on which `text` is typed."""
        ours, guest = os.openpty()
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            command = [sys.executable, "-m", "friscy.cli.main", "run", "build/waiting"]
            with subprocess.Popen(
                command, cwd=self.root, env=self.env, stdin=guest, stdout=guest, stderr=guest
            ) as process:
                os.close(guest)
                shown = terminal.read(4096)
                os.write(ours, text)
                with suppress(OSError):  # the end of a terminal
                    while data := terminal.read(4096):
                        shown += data
            assert process.returncode == 0, shown
        return shown.decode().splitlines()

    @property
    def lock(self) -> Path:
        return self.root / "friscy.lock"

    def bundle(self, name: str = "app") -> dict[str, bytes]:
        """Every file of a bundle."""
        built = self.root / "build" / name
        return {
            str(path.relative_to(built)): path.read_bytes() for path in built.rglob("*") if path.is_file()
        }


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


def assert_equal(here: Place, there: Place) -> None:
    """Byte for byte; says which files are not."""
    for bundle in ("app", "waiting"):
        ours, theirs = here.bundle(bundle), there.bundle(bundle)
        assert SNAPSHOT in ours
        assert [name for name in ours | theirs if ours.get(name) != theirs.get(name)] == []


def publish(directory: Path, host: str, layers: list[bytes]) -> None:
    write_layout(directory, layers, tag="app")
    push(directory, "app", f"{host}/app:1")


def test_two_builds_of_a_lock_are_equal(host: str, tmp_path: Path) -> None:
    program = busybox().tree.lookup(b"/usr/bin/busybox")
    assert program is not None
    assert program.content is not None
    data = program.content.read(0, program.content.length)
    layers = [*LAYERS, make_tar(member("bin/busybox", data, mode=0o755), symlink("bin/sh", "busybox"))]
    publish(tmp_path / "first", host, layers)
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
    assert lock.times.keys() == {"app", "waiting"}
    assert [(each.name, each.version) for packages in lock.debian.values() for each in packages] == [
        ("tool", "1.0-1")
    ]
    assert ".  " not in here.build()

    # The tag moves on, and a checkout elsewhere has files of other times and a cache of its own.
    publish(tmp_path / "second", host, [*layers, make_tar(member("new", b"n"))])
    there = Place(tmp_path / "far" / "there", archive)
    there.root.mkdir(parents=True)
    for name in ("friscy.toml", "Dockerfile", "file", "friscy.lock"):
        shutil.copy(here.root / name, there.root / name)
        os.utime(there.root / name, (7, 7))
    there.build()
    assert {INTERPRETER, "manifest.json", CHUNKS, INDEX, SNAPSHOT, CODE} < here.bundle().keys()
    assert any(name.startswith("modules/") for name in here.bundle())
    assert_equal(here, there)
    assert there.lock.read_bytes() == here.lock.read_bytes()
    assert here.run() == there.run() == "of the project"
    shown = here.type(b"typed\n")
    assert shown == there.type(b"typed\n")
    assert 0 <= int(shown[0]) - lock.times["waiting"] < 2, "the time of the build, whenever that is"
    assert shown[-1] == "typed"

    # Only --update takes what there is now.
    before = there.lock.read_text()
    there.build("--update", "app")
    assert there.lock.read_text() != before
    assert there.bundle() != here.bundle()
    assert ".  " not in there.build("app")
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
    place.lock.write_text("version = 2\n[[image]]\n")
    assert "friscy.lock: no 'digest'" in place.build(status=2)
    place.build("--update")
    assert json.dumps(Lock.read(place.lock).images[f"{host}/app:1"]) in place.lock.read_text()
