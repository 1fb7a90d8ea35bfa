"""The wasm engine: one configuration, compiled modules, and this user's cache of native code.

A `.cwasm` is native code, so it is only ever read from a directory that belongs to this user, written by
this user's own friscy; a bundle carries wasm alone. The key is the digest of the wasm and our configuration;
wasmtime itself refuses code of another version or for another processor, and then it is made anew.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import wasmtime
from wasmtime import _bindings as bindings

from friscy.machine.cache import cache_home, private_directory
from lazyfs.errors import FormatError

_CONFIG_VERSION = 2


def make_engine() -> wasmtime.Engine:
    """The engine all of friscy's modules are compiled for."""
    config = wasmtime.Config()
    config.wasm_relaxed_simd = True
    config.wasm_tail_call = True
    config.wasm_multi_value = True
    config.cranelift_opt_level = "speed"
    # wasmtime-py has no property for it: translated code tells which branches are seldom taken.
    bindings.wasmtime_config_wasm_branch_hinting_set(config.ptr(), True)
    return wasmtime.Engine(config)


def load_module(
    engine: wasmtime.Engine,
    digest: str,
    read_wasm: Callable[[], bytes],
    name: object,
    *,
    on_compile: Callable[[], None] | None = None,
) -> wasmtime.Module:
    """The module with this hex `digest`, from the native cache, else compiled from `read_wasm()`.

    name: the file the wasm comes from, for errors. on_compile: called before a compilation, which takes
    seconds where a cached load takes a millisecond.
    Raises FormatError where the wasm is not what the digest says or not a valid module.
    """
    module = cached_module(engine, digest)
    if module is not None:
        return module
    if on_compile:
        on_compile()
    wasm = read_wasm()
    from hashlib import sha256

    actual = sha256(wasm).hexdigest()
    if actual != digest:
        raise FormatError(name, None, f"content with sha256 {digest}", actual, hint="Build the bundle again.")
    try:
        return _compiled(engine, digest, wasm)
    except wasmtime.WasmtimeError as error:
        raise FormatError(name, None, "a valid wasm module", str(error).splitlines()[0]) from error


def load_text(engine: wasmtime.Engine, name: str, text: str) -> wasmtime.Module:
    """A module of our own, from its text; from the native cache where it is there."""
    from zlib import crc32

    key = f"{name}-{crc32(text.encode()):08x}"
    return cached_module(engine, key) or _compiled(engine, key, bytes(wasmtime.wat2wasm(text)))


def _compiled(engine: wasmtime.Engine, key: str, wasm: bytes) -> wasmtime.Module:
    """A module made now, and kept in the native cache under `key`."""
    module = wasmtime.Module(engine, wasm)
    cached = _cached(key)
    if cached is not None:
        _store(cached, bytes(module.serialize()))
    return module


def has_module(digest: str) -> bool:
    """Whether the native cache has the module with this hex `digest`; of whatever build of wasmtime."""
    cached = _cached(digest)
    return cached is not None and cached.exists()


def cached_module(engine: wasmtime.Engine, digest: str) -> wasmtime.Module | None:
    """The module with this hex `digest` from the native cache, None where it is not there."""
    cached = _cached(digest)
    if cached is None or not cached.exists():
        return None
    try:
        return wasmtime.Module.deserialize_file(engine, str(cached))
    except wasmtime.WasmtimeError:
        cached.unlink(missing_ok=True)  # written by another build of wasmtime: make it anew
        return None


def _cached(digest: str) -> Path | None:
    directory = private_directory(cache_home() / "native")
    return directory / f"{digest}-{sys.platform}-{_CONFIG_VERSION}.cwasm" if directory else None


def _store(path: Path, data: bytes) -> None:
    """Write `path` in one step, so that no reader ever sees half of it; a full disk only costs the cache."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
