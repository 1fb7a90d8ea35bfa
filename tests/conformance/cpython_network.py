"""CPython's own tests of sockets, TLS, event loops and talking processes; all but the choice is cpython.py's.

Its code is translated: these tests give their other ends seconds, for megabytes of TLS or a few starts of Python.
"""

from __future__ import annotations

import cpython
from cpython import statuses as statuses
from runner import Job
from translated import translated

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


# What the translator is to know of Python.
_WARM_UP = (
    "test_asyncio.test_ssl.TestSSL.test_start_tls_client_reg_proto_1", "test_asyncio.test_streams.StreamTests",
    "test_ssl.SimpleBackgroundTests", "test_multiprocessing_spawn.test_manager.WithManagerTestRemoteManager",
    "test_multiprocessing_spawn.test_processes.WithProcessesTestQueue.test_get",
)  # fmt: skip


def jobs() -> list[Job]:
    """A job for each group."""
    warm_up = [cpython.job("warm up", ["run", name], seconds=SECONDS) for name in _WARM_UP]
    bundle = str(translated(cpython.rootfs(), warm_up))
    return [job._replace(bundle=bundle) for job in cpython.jobs(MODULES, _group, SECONDS)]
