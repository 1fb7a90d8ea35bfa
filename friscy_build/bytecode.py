"""Compile the Python library of a Debian image, as its packages' scripts would: with the image's own Python.

Without bytecode every start compiles what it imports, which costs a guest seconds. The image's CPython runs in our
machine, several of them side by side; what they wrote is kept in the cache, by the identity of the image.
"""

from __future__ import annotations

import io
import os
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from friscy.bundle import CHUNKS, INDEX, INTERPRETER
from friscy_build.cache import replacing
from friscy_build.images.image import BaseImage
from friscy_build.images.layer import Layer
from friscy_build.images.progress import Progress, silent
from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive
from lazyfs.errors import FriscyError, LinuxError
from lazyfs.tree import Node, Tree

RECIPE = 2  # of the files made from the same image; part of the image's identity
WORKERS = 4
MEMORY = 512 << 20
_LIBRARY = re.compile(
    rb"/usr/lib/(python3\.\d+)/(?!(?:test|idlelib|lib2to3|turtledemo|pydoc_data)/)(.+/)?[^/]+\.py"
)
_SHARED = re.compile(rb"/usr/lib/python3/dist-packages/.+\.py")

# The guest's side of it: what py_compile does, without its imports, which would have to be compiled each time.
# A file that is no Python of this version is passed over.
_PROGRAM = """
import _frozen_importlib_external as importer, posix, sys
for name in sys.argv[1:]:
    status = posix.stat(name)
    with open(name, "rb") as file:
        source = file.read()
    try:
        code = compile(source, name, "exec", dont_inherit=True, optimize=-1)
    except (SyntaxError, ValueError):
        continue
    target = importer.cache_from_source(name)
    try:
        posix.mkdir(target.rpartition("/")[0])
    except FileExistsError:
        pass
    with open(target, "wb") as file:
        file.write(importer._code_to_timestamp_pyc(code, int(status.st_mtime), len(source)))
"""


class BytecodeError(FriscyError):
    """The image's own Python could not compile its library in our machine."""


def add_bytecode(image: BaseImage, interpreter: Path, cache: Path, progress: Progress = silent) -> None:
    """Put `__pycache__` files beside the library of the Python in `image`; its digest becomes another one.

    interpreter: our interpreter module. Nothing happens where the image has no Python. BytecodeError.
    """
    python, names = find_library(image.tree)
    if not names:
        return
    key = sha256(f"{image.digest} bytecode {RECIPE}".encode()).hexdigest()
    kept = cache / "debian" / "bytecode" / f"{key[:32]}.tar"
    made = _recall(kept)
    if made is None:
        made = _pack(image.tree, compile_library(image.tree, python, names, interpreter, cache, progress))
        with replacing(kept) as file:
            file.write(sha256(made).digest() + made)
    Layer(image.tree, Spool(cache / "tmp"), whiteouts=False, through_links=True).apply(
        Archive(io.BytesIO(made), kept)
    )
    image.digest = f"sha256:{key}"


def find_library(tree: Tree) -> tuple[str, list[str]]:
    """The path of the image's newest Python 3, and its library's source files that have no bytecode yet."""
    versions: dict[str, list[str]] = {}
    shared: list[str] = []
    for path, node in tree.walk():
        if not path.endswith(b".py") or not _is_source(tree, path, node):
            continue
        if match := _LIBRARY.fullmatch(path):
            versions.setdefault(match[1].decode(), []).append(os.fsdecode(path))
        elif _SHARED.fullmatch(path):
            shared.append(os.fsdecode(path))
    present = [name for name in versions if tree.lookup(f"/usr/bin/{name}".encode()) is not None]
    if not present:
        return "", []
    newest = max(present, key=lambda name: int(name.rpartition(".")[2]))
    names = [
        each for each in versions[newest] + shared if tree.lookup(os.fsencode(_cached(each, newest))) is None
    ]
    return f"/usr/bin/{newest}", names


def _is_source(tree: Tree, path: bytes, node: Node | None) -> bool:
    """Whether `path` is a file, or a link to one (sitecustomize.py, which every start imports, lies in /etc)."""
    if node is not None and node.kind == "symlink":
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), node.target))
        node = tree.lookup(path)
    return node is not None and node.kind == "file"


def compile_library(
    tree: Tree, python: str, names: Sequence[str], interpreter: Path, cache: Path, progress: Progress = silent
) -> dict[str, bytes]:
    """The bytecode of the source files `names`, by the path it goes to."""
    from friscy.boot import Machine
    from friscy.bundle import open_bundle
    from friscy_build.bundle import describe, write_bundle
    from lazyfs.index_writer import write_index

    def size(name: str) -> int:
        node = tree.lookup(os.fsencode(name))
        return node.content.length if node is not None and node.content is not None else 0

    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".bytecode.") as temporary:
        place = Path(temporary)
        summary = write_index(tree, place / INDEX, place / CHUNKS)
        manifest = describe(
            name="bytecode", config={}, image_digest="", origin="", index_digest=summary.index_digest.hex(),
            memory=MEMORY, snapshot_at="none", tools={},
        )  # fmt: skip
        parts = {INDEX: place / INDEX, CHUNKS: place / CHUNKS, INTERPRETER: interpreter}
        write_bundle(place / "bundle", manifest, parts)
        Machine(open_bundle(place / "bundle"))  # compiles our interpreter here, and not in every worker
        # Little pieces, the largest files first, so that all workers end together.
        ordered = sorted(names, key=size, reverse=True)
        pieces = [ordered[at::32] for at in range(min(32, len(ordered)))]
        total, done = sum(map(size, names)), 0
        found: dict[str, bytes] = {}
        workers = min(WORKERS, os.cpu_count() or 1, len(pieces))
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            running = {pool.submit(compile_piece, place / "bundle", python, piece): piece for piece in pieces}
            progress("compiling Python's library", 0, total)
            try:
                for future in as_completed(running):
                    found.update(future.result())
                    done += sum(map(size, running[future]))
                    progress("compiling Python's library", done, total)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return found


def compile_piece(bundle: Path, python: str, names: Sequence[str]) -> dict[str, bytes]:
    """Run the guest's Python over some files, in this process."""
    from friscy.boot import Machine, Program, root_context
    from friscy.bundle import open_bundle
    from friscy.kernel.terminal.console import Console

    machine = Machine(open_bundle(bundle))
    console = Console.detached()
    kernel = machine.kernel(console)
    # The hash seed decides the order of sets in the bytecode.
    program = Program([python, "-E", "-S", "-c", _PROGRAM, *names], {"PYTHONHASHSEED": "0"}, "/", "")
    machine.start(kernel, program)
    status = kernel.run()
    if status != 0:
        said = b"".join(data for _, data in console.transcript or []).decode("utf-8", "replace")
        raise BytecodeError(
            f"the image's {python} ended with status {status} while it compiled its library\n{said}"
        )
    context = root_context(kernel)
    version = python.rpartition("/")[2]
    found = {}
    for name in names:
        path = _cached(name, version)
        try:
            file = kernel.vfs.open(context, os.fsencode(path), os.O_RDONLY)
        except LinuxError:
            continue  # not Python that this version understands
        data = bytearray()
        while part := kernel.vfs.read(file, 1 << 16):
            data += part
        kernel.vfs.release(file)
        found[path] = bytes(data)
    return found


def _cached(name: str, version: str) -> str:
    """Where CPython looks for the bytecode of a source file; version: `python3.13`."""
    directory, _, base = name.rpartition("/")
    tag = version.removeprefix("python").replace(".", "")
    return f"{directory}/__pycache__/{base.removesuffix('.py')}.cpython-{tag}.pyc"


def _pack(tree: Tree, found: dict[str, bytes]) -> bytes:
    """A tar of the files, each with the time of its source."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(found):
            directory, _, base = path.rpartition("/__pycache__/")
            source = tree.lookup(os.fsencode(f"{directory}/{base.partition('.')[0]}.py"))
            info = tarfile.TarInfo(path[1:])
            info.size, info.mode = len(found[path]), 0o644
            info.mtime = source.mtime_ns // 1_000_000_000 if source is not None else 0
            archive.addfile(info, io.BytesIO(found[path]))
    return buffer.getvalue()


def _recall(kept: Path) -> bytes | None:
    try:
        data = kept.read_bytes()
    except OSError:
        return None
    return data[32:] if sha256(data[32:]).digest() == data[:32] else None
