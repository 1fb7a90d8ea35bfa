"""examples/dockerfiles: what `doit examples` builds is declared whole, and the smallest is built and run here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rootfs import interpreter

from friscy.bundle import CHUNKS, INDEX, INTERPRETER
from friscy_build.bundle import describe, write_bundle
from friscy_build.cache import cache_dir
from friscy_build.config import load_config
from friscy_build.development import EXAMPLES
from friscy_build.dockerfile import build_image, build_inputs
from friscy_build.dockerfile.running import Runner
from friscy_build.images.source import load_image
from friscy_build.layers.cache import LayerCache
from lazyfs.index_writer import write_index

PLACE = Path(__file__).parents[2] / "examples" / "dockerfiles"


def test_all_are_declared():
    config = load_config(PLACE / "friscy.toml")
    assert config.bundles.keys() == EXAMPLES.keys()
    for bundle in config.bundles.values():
        inputs = build_inputs(bundle.dockerfile, bundle.context, named_contexts=bundle.contexts)
        assert all(config.sources(reference) for reference, _ in inputs.bases)


def test_busybox(tmp_path):
    config = load_config(PLACE / "friscy.toml")
    bundle = config.bundles["busybox"]
    image = build_image(
        bundle.dockerfile, bundle.context, runner=Runner(interpreter(), LayerCache(tmp_path)),
        resolve_base=lambda reference, _: load_image(config.sources(reference), cache=cache_dir()),
    )  # fmt: skip
    summary = write_index(image.tree, tmp_path / INDEX, tmp_path / CHUNKS, level=1)
    manifest = describe(
        name="busybox", config=image.config, image_digest=image.digest, origin="test", memory=1 << 28,
        index_digest=summary.index_digest.hex(), snapshot_at="none", tools={},
    )  # fmt: skip
    parts = {INDEX: tmp_path / INDEX, CHUNKS: tmp_path / CHUNKS, INTERPRETER: interpreter()}
    write_bundle(tmp_path / "bundle", manifest, parts)
    command = [sys.executable, "-m", "friscy.cli.main", "run", tmp_path / "bundle"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    assert done.stdout.startswith(EXAMPLES["busybox"][1])
