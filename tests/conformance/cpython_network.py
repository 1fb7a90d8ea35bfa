"""CPython's own tests of sockets, TLS, event loops and talking processes; all but the choice is cpython.py's."""

from __future__ import annotations

import cpython
from cpython import statuses as statuses
from runner import Job

MODULES = ("test_socket", "test_asyncio", "test_ssl", "test_multiprocessing_spawn")
ABOUT = {"suite": "CPython 3.13, Debian trixie: " + " ".join(MODULES)}
SECONDS = 1800


def _group(test: str) -> str:
    """A module of a package (test_asyncio.test_events), else the classes of one first letter (test_socket.B).

    To import these modules takes longer than most classes.
    """
    module, _, case = test.rpartition(".")[0].rpartition(".")
    return module if "." in module else f"{module}.{case[0]}"


def jobs() -> list[Job]:
    """A job for each group."""
    return cpython.jobs(MODULES, _group, SECONDS)
