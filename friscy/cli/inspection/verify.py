"""Check every byte of a bundle, the outer digests first, then what they cover."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from friscy.bundle import CHUNKS, INDEX, INTERPRETER, MANIFEST, SNAPSHOT, Bundle, open_bundle
from friscy.cli.inspection.rootfs import open_rootfs, walk
from friscy.cli.inspection.snapshot import snapshot_facts
from lazyfs.errors import FormatError

Check = tuple[str, int, str]  # file, bytes, what was found to be right


def verify(directory: str) -> Iterator[Check]:
    """Check the bundle in `directory` file by file. The first damage ends it, as FormatError or BundleError."""
    bundle = open_bundle(directory)
    yield MANIFEST, bundle.manifest_bytes, f"checksum, {len(bundle.files)} files of the right size"
    bundle.verify()
    yield from _rootfs(bundle)
    yield INTERPRETER, bundle.files[INTERPRETER].size, _interpreter(bundle)
    if bundle.has(SNAPSHOT):
        facts = snapshot_facts(Path(bundle.path(SNAPSHOT)), bundle)
        yield (
            SNAPSHOT,
            bundle.files[SNAPSHOT].size,
            f"digests, {len(facts['sections'])} sections, saved state",
        )
    for name in sorted(bundle.files.keys() - {INDEX, CHUNKS, INTERPRETER, SNAPSHOT}):
        yield name, bundle.files[name].size, "digest"


def _rootfs(bundle: Bundle) -> Iterator[Check]:
    index, store = open_rootfs(bundle)
    try:
        index.verify()
        names = 0
        for path, ino, mode in walk(index):
            names += 1
            index.xattrs(ino)
            if S_ISLNK(mode):
                index.readlink(ino)
            elif S_ISREG(mode):
                size = index.inode(ino)[4]
                position = 0
                for offset, length, chunk, start in index.extents(ino):
                    if offset < position or offset + length > size or start + length > index.chunk(chunk)[2]:
                        raise FormatError(
                            index.name, None, f"extents inside {path!r}", f"one at byte {offset}"
                        )
                    position = offset + length
        yield INDEX, bundle.files[INDEX].size, f"digest of every page, {names:,} names"
        for number in range(index.chunks):
            store.chunk(number)
        yield CHUNKS, bundle.files[CHUNKS].size, f"digests, {index.chunks:,} chunks unpacked"
    finally:
        store.close()
        index.close()


def _interpreter(bundle: Bundle) -> str:
    import wasmtime

    path = bundle.path(INTERPRETER)
    from friscy.machine.engine import make_engine

    try:
        wasmtime.Module.validate(make_engine(), bundle.read(INTERPRETER))
    except wasmtime.WasmtimeError as error:
        raise FormatError(path, None, "a valid wasm module", str(error).splitlines()[0]) from error
    return "digest, valid WebAssembly"
