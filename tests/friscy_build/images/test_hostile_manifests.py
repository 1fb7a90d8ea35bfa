"""Manifests, indexes and configurations of images that say anything, under right digests: refused, or an image."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_archives import LAYERS, write_layout

from friscy_build.images.docker_archive import docker_archive_image
from friscy_build.images.image import BaseImage, ImageError
from friscy_build.images.oci import oci_image
from friscy_build.images.spool import Spool
from lazyfs.errors import FormatError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from([
        "sha256:" + "0" * 64, "sha256:../../x", "sha512:" + "1" * 128, "md5:0", "linux", "riscv64", "../../etc/passwd",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.layer.nondistributable.v1.tar", "\ud800", "a" * 5000,
    ]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def changed(document: Any, data: st.DataObject) -> Any:
    """The JSON document with one part replaced, removed or doubled."""
    document = deepcopy(document)
    at, places = [document], []
    while at:
        part = at.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else []
        places += [(part, key) for key in keys]
        at += [part[key] for key in keys]
    part, key = data.draw(st.sampled_from(places))
    how = data.draw(st.sampled_from(["replace", "replace", "remove", "double"]))
    if how == "replace":
        part[key] = data.draw(VALUES)
    elif how == "remove":
        del part[key]
    elif isinstance(part, list):
        part.append(part[key])
    else:
        part[key] = [part[key], part[key]]
    return document


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("layout")
    write_layout(place, LAYERS, tag="app")
    return place


def read(place: Path, digest: str) -> Any:
    return json.loads((place / "blobs" / digest.replace(":", "/")).read_bytes())


def put(place: Path, document: Any) -> dict[str, Any]:
    """A descriptor of the document, which is put among the blobs."""
    text = json.dumps(document).encode()
    digest = sha256(text).hexdigest()
    (place / "blobs" / "sha256" / digest).write_bytes(text)
    return {"digest": f"sha256:{digest}", "size": len(text)}


@settings(max_examples=150, derandomize=True, deadline=None)
@given(data=st.data())
def test_any_documents_give_an_image_or_are_refused(layout: Path, data: st.DataObject) -> None:
    top = json.loads((layout / "index.json").read_bytes())
    (entry,) = top["manifests"]
    manifest = read(layout, entry["digest"])
    config = read(layout, manifest["config"]["digest"])
    which = data.draw(st.sampled_from(["config", "manifest", "index"]))
    if which == "config":
        config = changed(config, data)
        manifest["config"] |= put(layout, config)
    elif which == "manifest":
        manifest = changed(manifest, data)
    top["manifests"] = [{**entry, **put(layout, manifest)}]
    if which == "index":
        top = changed(top, data)
    copy = layout.parent / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    (copy / "blobs").symlink_to(layout / "blobs")
    (copy / "oci-layout").write_bytes((layout / "oci-layout").read_bytes())
    (copy / "index.json").write_text(json.dumps(top))
    with suppress(FormatError, ImageError):
        usable(oci_image(copy, None, Spool(layout.parent)))


def usable(image: BaseImage) -> None:
    """What a build does with an image's configuration works, whatever it says."""
    from friscy_build.bundle import describe

    manifest = describe(
        name="x", config=image.config, image_digest=image.digest, origin="test", memory=1 << 28,
        index_digest="0" * 64, snapshot_at="none", tools={},
    )  # fmt: skip
    assert json.dumps(manifest)


def test_the_same_through_docker_s_archive(tmp_path: Path) -> None:
    """An archive of the old form whose manifest.json is something else."""
    import tarfile

    for text in ("[]", "{}", "[1]", '[{"Config": 1}]', '[{"Config": "../../x", "Layers": []}]', "[" * 50_000):
        path = tmp_path / "archive.tar"
        (tmp_path / "manifest.json").write_text(text)
        with tarfile.open(path, "w") as archive:
            archive.add(tmp_path / "manifest.json", "manifest.json")
        with pytest.raises((FormatError, ImageError)):
            docker_archive_image(path, None, Spool(tmp_path))
