"""Images of a docker or podman of this machine: what they save, kept by the image's digest."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from image_archives import FLAT, LAYERS, listing
from test_docker_archive import saved

from friscy_build.config.load import image_sources
from friscy_build.images.image import ImageError
from friscy_build.images.source import fetch, identity, load_image

# What the programs answer: `image inspect` with a digest, `save` with an archive.
PROGRAM = """#!/bin/sh
echo "$@" >> {log}
case "$1 $2" in
"image inspect") [ "$5" = app:v1 ] || {{ echo "Error: No such image: $5" >&2; exit 1; }}; cat {place}/id;;
"save "*) cat {place}/archive;;
esac
"""


class Engine:
    def __init__(self, place: Path) -> None:
        self.place, self.log = place, place / "log"
        for name in ("docker", "podman"):
            (place / name).write_text(PROGRAM.format(log=self.log, place=place))
            (place / name).chmod(0o755)

    def has(self, archive: bytes) -> None:
        (self.place / "archive").write_bytes(archive)
        digest = sha256(archive).hexdigest()
        (self.place / "id").write_text(f"sha256:{digest}\n")

    def saves(self) -> int:
        return self.log.read_text().count("save ")


@pytest.fixture
def engine(tmp_path, monkeypatch):
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    return Engine(place)


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_an_image_of_the_machine(engine, tmp_path, name):
    engine.has(saved())
    chain = image_sources(f"{name}:app:v1", tmp_path)
    fetch(chain, cache=tmp_path / "cache")
    image = load_image(chain, cache=tmp_path / "cache")
    assert listing(image.tree) == FLAT
    assert (image.config, image.origin) == ({"Cmd": ["x"]}, f"{name}:app:v1")
    load_image(chain, cache=tmp_path / "cache")
    assert engine.saves() == 1
    before = identity(chain, tmp_path / "cache")
    engine.has(saved(linked=True))
    assert identity(chain, tmp_path / "cache") != before
    assert len(LAYERS) == 2
    load_image(chain, cache=tmp_path / "cache")
    assert engine.saves() == 2


def test_what_is_wrong_is_said(engine, tmp_path, monkeypatch):
    with pytest.raises(ImageError, match="docker image inspect: Error: No such image: other"):
        load_image(image_sources("docker:other", tmp_path), cache=tmp_path)
    engine.has(saved(architecture="amd64"))
    with pytest.raises(ImageError, match="linux/amd64"):
        load_image(image_sources("docker:app:v1", tmp_path), cache=tmp_path)
    (engine.place / "id").write_text("what?\n")
    with pytest.raises(ImageError, match="no image's digest"):
        load_image(image_sources("docker:app:v1", tmp_path), cache=tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match="podman is not installed\n  name another source"):
        load_image(image_sources("podman:app:v1", tmp_path), cache=tmp_path)
