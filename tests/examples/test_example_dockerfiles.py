"""examples/dockerfiles: every one is built and run, but for nginx, which takes minutes: `doit examples:nginx`.

What its Dockerfile does is done here with an archive of one small package (`test_apt_in_a_run`).
"""

from __future__ import annotations

import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from debian_archive import SUITE, DebianArchive
from image_archives import member
from rootfs import compile_python, interpreter

from friscy.bundle import CHUNKS, INDEX, INTERPRETER
from friscy_build.bundle import describe, write_bundle
from friscy_build.cache import cache_dir
from friscy_build.config import load_config
from friscy_build.development import EXAMPLE_INPUT, EXAMPLES
from friscy_build.dockerfile import build_image, build_inputs
from friscy_build.dockerfile.report import LineReport
from friscy_build.dockerfile.running import Runner
from friscy_build.images.apt_sources import add_sources
from friscy_build.images.debian import Request
from friscy_build.images.directory import write_directory
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


def base(config, reference, place):
    """The image that the example's friscy.toml declares; a Python's bytecode is made by qemu, which is quicker."""
    image = load_image(config.sources(reference), cache=cache_dir())
    if reference == "python":
        write_directory(image.tree, place / "python")
        compile_python(
            image.tree, place / "python", "pip._internal.commands.install zipfile wsgiref.simple_server"
        )
    return image


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "nginx"])
def test_it_builds_and_runs(name, tmp_path):
    config = load_config(PLACE / "friscy.toml")
    bundle = config.bundles[name]
    image = build_image(
        bundle.dockerfile, bundle.context, args=bundle.args, named_contexts=bundle.contexts,
        runner=Runner(interpreter(), LayerCache(tmp_path), network=config.build.network),
        resolve_base=lambda reference, _: base(config, reference, tmp_path),
    )  # fmt: skip
    said = run(image, tmp_path, *EXAMPLES[name][0])
    assert said.startswith(EXAMPLES[name][1])


def run(image, place, *arguments):
    """What the image's program says, without a word of ours."""
    summary = write_index(image.tree, place / INDEX, place / CHUNKS, level=1)
    manifest = describe(
        name="example", config=image.config, image_digest=image.digest, origin="test", memory=1 << 30,
        index_digest=summary.index_digest.hex(), snapshot_at="none", tools={},
    )  # fmt: skip
    parts = {INDEX: place / INDEX, CHUNKS: place / CHUNKS, INTERPRETER: interpreter()}
    write_bundle(place / "bundle", manifest, parts)
    command = [sys.executable, "-m", "friscy.cli.main", "run", place / "bundle", "--", *arguments]
    done = subprocess.run(command, input=EXAMPLE_INPUT, capture_output=True, text=True, timeout=300)
    messages = [line for line in done.stderr.splitlines() if "io_uring" not in line]
    assert messages == []
    return done.stdout


@pytest.fixture
def archive(tmp_path):
    """A Debian archive of two packages with scripts, served on loopback; its URL and keyring."""
    made = DebianArchive(tmp_path / "archive")
    script = b"#!/bin/sh\necho 'greetings from a package of '$(dpkg --print-architecture)\ncat /etc/greeter\n"
    made.add("greeter", member("./usr/bin/greeter", script, mode=0o755), Depends="greeter-data",
             scripts={"postinst": b"#!/bin/sh\nset -e\necho configured $1 > /etc/greeter\n"})  # fmt: skip
    made.add("greeter-data", member("./usr/share/greeter/"), member("./usr/share/greeter/data", b"data"))
    made.publish()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "archive"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", made.keyring
        server.shutdown()
        thread.join()


def test_apt_in_a_run(archive, tmp_path, monkeypatch):
    url, keyring = archive
    config = load_config(PLACE / "friscy.toml")
    line = config.bundles["nginx"].dockerfile.read_text().split("\n")[2]
    assert line == "RUN apt-get update && apt-get install -y --no-install-recommends nginx"
    debian = config.sources("debian:trixie-slim")[0].debian
    plain = SimpleNamespace(path=None, debian=debian.model_copy(update={"sources": False}))
    image = load_image([plain], cache=cache_dir())
    monkeypatch.setenv("FRISCY_DEBIAN_MIRROR", url)
    monkeypatch.setenv("FRISCY_DEBIAN_KEYRING", str(keyring))
    add_sources(image, Request(SUITE, debian.packages))
    (tmp_path / "Dockerfile").write_text(
        "FROM debian:trixie-slim\n"
        "RUN sed -i s/127.0.0.1/host.docker.internal/ /etc/apt/sources.list.d/debian.sources\n"
        f"{line.replace('nginx', 'greeter')}\n"
        'CMD ["greeter"]\n'
    )
    lines = []
    built = build_image(
        tmp_path / "Dockerfile", tmp_path, resolve_base=lambda reference, _: image,
        runner=Runner(interpreter(), LayerCache(tmp_path), network=[f"localhost:{url.rpartition(':')[2]}"]),
        report=LineReport(lines.append),
    )  # fmt: skip
    assert any("Setting up greeter (1.0-1)" in line for line in lines), "\n".join(lines)
    assert run(built, tmp_path) == "greetings from a package of riscv64\nconfigured configure\n"
    cache = built.tree.lookup(b"/var/cache/apt")
    assert [name for name in cache.children if name.endswith(b".bin")] == []
    assert built.tree.lookup(b"/var/cache/apt/archives").children.keys() == {b"lock", b"partial"}
