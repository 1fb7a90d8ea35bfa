"""Where translation jobs run: processes of this machine, or a Dask cluster that friscy.toml names."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from friscy_build.aot.jobs import default_workers
from lazyfs.errors import FriscyError, UsageError

_DASK = "dask://"
_SECONDS = 20  # to reach a cluster


@contextmanager
def executor(where: str | None) -> Iterator[Executor]:
    """An executor for `[build] executor`: None or "processes", or "dask://HOST:PORT". FriscyError: it is not there."""
    if where is None or not where.startswith(_DASK):
        # Not forked: this process has run guests, and their engine has threads.
        with ProcessPoolExecutor(default_workers(), multiprocessing.get_context("spawn")) as pool:
            yield pool
        return
    address = where.removeprefix(_DASK)
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise UsageError(
            f"[build] executor = {where!r} needs {error.name}, which is not installed",
            hint="pip install 'friscy[dask]'",
        ) from error
    try:
        client = distributed.Client(f"tcp://{address}", timeout=_SECONDS, set_as_default=False)
    except OSError as error:
        raise FriscyError(
            f"no Dask cluster at {address}: {error}", hint="Start one: dask scheduler, dask worker."
        ) from error
    with client, client.get_executor(pure=False) as jobs:
        yield jobs
