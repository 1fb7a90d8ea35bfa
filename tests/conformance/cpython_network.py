"""CPython's own tests of sockets, TLS, event loops and talking processes; all but the choice is cpython.py's."""

from __future__ import annotations

import cpython
from cpython import statuses as statuses
from runner import Job

MODULES = ("test_socket", "test_asyncio", "test_ssl", "test_multiprocessing_spawn")
ABOUT = {"suite": "CPython 3.13, Debian trixie: " + " ".join(MODULES)}
SECONDS = 1800


def _group(test: str) -> str:
    """A module of test_asyncio, the classes of one first letter of test_socket and test_ssl, else a class.

    To import these modules takes longer than most classes; those of multiprocessing are slow themselves.
    """
    name = test.rpartition(".")[0]
    module, _, case = name.rpartition(".")
    if module.startswith("test_asyncio."):
        return module
    return name if "." in module else f"{module}.{case[0]}"


def jobs() -> list[Job]:
    """A job for each group."""
    return cpython.jobs(MODULES, _group, SECONDS)
