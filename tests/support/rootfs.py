"""Debian root filesystems for the program tests: a bundle for friscy and the same files unpacked for qemu-user.

They are made once for each choice of packages and kept in the user's cache, whose content decides what is made anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from functools import cache
from hashlib import sha256
from pathlib import Path

from required_tools import require_tool

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
from lazyfs.tree import Node, Tree

HOME = cache_dir() / "tests"
DAY = 86400  # seconds

# Modules of Python that the tests import: the packages' scripts would have compiled the whole library.
COMPILED = (
    "asyncio base64 bz2 cmath code compileall configparser csv ctypes dataclasses datetime decimal difflib "
    "email.parser faulthandler fractions glob gzip hashlib hmac html io json linecache lzma mmap pickle pprint random "
    "resource rlcompleter secrets select shlex shutil site socket sqlite3 statistics string struct subprocess "
    "tarfile tempfile textwrap threading tomllib traceback unittest.mock urllib.parse uuid xml.etree.ElementTree "
    "zipfile zoneinfo"
)
TREE_CODE = ("friscy_build/images", "lazyfs/tree.py", "lazyfs/index_writer.py", "lazyfs/index_format.py")

# What each root filesystem holds besides Debian's essential packages. busybox and busybox-static exclude each other.
PACKAGES = {
    "programs": (
        "python3", "tzdata", "busybox", "lua5.4", "sqlite3", "perl", "gawk", "bc", "dc", "jq", "xz-utils", "zstd",
        "musl", "make",
    ),
    "tools": ("git", "make", "gawk", "xz-utils", "zstd", "perl", "ruby", "nodejs", "fzf"),
    "testsuite": ("python3", "libpython3.13-testsuite", "tzdata"),
    "runtimes": ("php8.4-cli", "guile-3.0", "tcl8.6", "swi-prolog-core", "sbcl", "erlang-base", "ripgrep"),
    "screen": ("vim", "less", "htop", "tmux", "python3", "procps", "bsdutils"),
    "gcc": ("gcc", "libc6-dev"),
    "static": ("busybox-static",),
    "network": ("iproute2", "python3"),
    "musl": ("musl-dev",),  # headers and objects to link with, no programs
    "libraries": ("libc6", "musl"),  # C's two, for programs that are added
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
                if time.time() - old.stat().st_mtime > DAY:  # another checkout may be at work with a newer one
                    old.unlink()
            with replacing(module) as file:
                file.write(wasm)
    return module


@cache
def debian(name: str, *added: tuple[str, bytes]) -> Rootfs:
    """The root filesystem `name` of PACKAGES, fetched and unpacked if it is not there as it should be.

    added: (path, content) of programs beside the packages'; as part of the image they are translated like those.
    """
    module = interpreter()
    request = Request("trixie", PACKAGES[name], essential=name not in ("static", "musl", "libraries"))
    with locked(HOME):
        selection = select(request, cache_dir())
        place = HOME / "+".join([name, *(Path(path).name for path, _ in added)])
        key_file = place / "key"
        digests = [f"{path} {sha256(content).hexdigest()}" for path, content in added]
        tree_key = "\n".join([selection.digest, code_digest(*TREE_CODE), COMPILED, *digests])
        key = "\n".join([tree_key, module.name, code_digest("friscy/bundle.py", "friscy_build/bundle.py")])
        known = key_file.read_text() if key_file.exists() else ""
        if known != key:
            key_file.unlink(missing_ok=True)
            if not known.startswith(tree_key):
                _unpack(selection, place, added)
            _bundle(name, place, module, selection)
            key_file.write_text(key)
    return Rootfs(place)


def _unpack(selection: Selection, place: Path, added: tuple[tuple[str, bytes], ...]) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    tree = unpack(selection, Spool(cache_dir() / "tmp"))
    for path, content in added:
        tree.add(os.fsencode(path), Node.file(content, 0o755), parents=True)
    files = place / "files"
    write_directory(tree, files)
    if (files / "usr/bin/python3").exists():
        compile_python(tree, files)
    write_index(tree, place / INDEX, place / CHUNKS)


def compile_python(tree: Tree, files: Path, modules: str = COMPILED) -> None:
    """Let the Python of `tree`, written to `files`, write its bytecode under qemu, and put it into the tree too."""
    qemu = require_tool("qemu-riscv64")
    source = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    command = [qemu, "-L", str(files), str(files / "usr/bin/python3"), "-c", source, *modules.split()]
    subprocess.run(command, env={"LANG": "C.UTF-8"}, check=True, timeout=300)
    found = list(files.rglob("usr/lib/python3*/**/*.pyc"))
    assert found
    for path in found:
        node = Node.file(path.read_bytes(), mtime_ns=path.stat().st_mtime_ns)
        tree.add(b"/" + os.fsencode(path.relative_to(files)), node, parents=True)


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
