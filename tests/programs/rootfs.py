"""Debian root filesystems for the program tests: a bundle for friscy and the same files unpacked for qemu-user.

They are made once for each choice of packages and kept in the user's cache, whose content decides what is made anew.
"""

from __future__ import annotations

import shutil
from functools import cache
from hashlib import sha256
from pathlib import Path

from friscy.bundle import CHUNKS, INDEX, INTERPRETER
from friscy_build.bundle import describe, write_bundle
from friscy_build.cache import cache_dir, locked, replacing
from friscy_build.fingerprint import code_digest, version
from friscy_build.images.debian import Request, Selection, select, unpack
from friscy_build.images.directory import write_directory
from friscy_build.images.spool import Spool
from friscy_build.steps import INTERPRETER_CODE
from lazyfs.index import open_index
from lazyfs.index_writer import write_index

HOME = cache_dir() / "tests"

TREE_CODE = ("friscy_build/images", "lazyfs/tree.py", "lazyfs/index_writer.py", "lazyfs/index_format.py")

# What each root filesystem holds besides Debian's essential packages. busybox and busybox-static exclude each other.
PACKAGES = {
    "programs": (
        "python3", "tzdata", "busybox", "lua5.4", "sqlite3", "perl", "gawk", "bc", "dc", "jq", "xz-utils", "zstd",
        "musl",
    ),
    "testsuite": ("python3", "libpython3.13-testsuite", "tzdata"),
    "static": ("busybox-static",),
}  # fmt: skip


class Rootfs:
    """bundle: a friscy bundle without entry point. files: the same tree as host files."""

    def __init__(self, place: Path) -> None:
        self.bundle, self.files = place / "bundle", place / "files"


def interpreter() -> Path:
    """The interpreter module of this checkout."""
    key = sha256("\n".join([code_digest(*INTERPRETER_CODE), version("llvmlite")]).encode()).hexdigest()
    place = HOME / "interpreter"
    with locked(place):
        module = place / f"{key[:32]}.wasm"
        if not module.exists():
            from friscy_build.interpreter.build import build_interpreter

            wasm = build_interpreter()
            for old in place.glob("*.wasm"):
                old.unlink()
            with replacing(module) as file:
                file.write(wasm)
    return module


@cache
def debian(name: str) -> Rootfs:
    """The root filesystem `name` of PACKAGES, fetched and unpacked if it is not there as it should be."""
    module = interpreter()
    request = Request("trixie", PACKAGES[name], essential=name != "static")
    with locked(HOME):
        selection = select(request, cache_dir())
        place, key_file = HOME / name, HOME / name / "key"
        tree_key = "\n".join([selection.digest, code_digest(*TREE_CODE)])
        key = "\n".join([tree_key, module.name, code_digest("friscy/bundle.py", "friscy_build/bundle.py")])
        known = key_file.read_text() if key_file.exists() else ""
        if known != key:
            key_file.unlink(missing_ok=True)
            if not known.startswith(tree_key):
                _unpack(selection, place)
            _bundle(name, place, module, selection)
            key_file.write_text(key)
    return Rootfs(place)


def _unpack(selection: Selection, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    tree = unpack(selection, Spool(cache_dir() / "tmp"))
    write_index(tree, place / INDEX, place / CHUNKS)
    write_directory(tree, place / "files")


def _bundle(name: str, place: Path, module: Path, selection: Selection) -> None:
    manifest = describe(
        name=name,
        config={"Cmd": ["true"]},
        image_digest=selection.digest,
        origin=f"debian packages of the {name} tests",
        index_digest=open_index(place / INDEX).digest.hex(),
        memory=1 << 30,
        snapshot_at="none",
        tools={},
    )
    write_bundle(
        place / "bundle", manifest, {INDEX: place / INDEX, CHUNKS: place / CHUNKS, INTERPRETER: module}
    )
