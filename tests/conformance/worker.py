"""A process that runs guest programs on friscy, one fresh machine for each line of JSON it is sent.

    {"argv": [...], "env": {...}, "cwd": "/tmp", "bundle": "/a/bundle", "mounts": {"/opt/ltp": "/host"},
     "links": {"/bin/sh": "busybox"}, "seconds": 20, "output": "/a/file"}

answers {"status": 0, "log": [...]}; status is null where the program did not end in time. What goes wrong on our
side is {"error": "the traceback"}. Standard output and error of the program go to `output`.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import threading
import traceback
from functools import cache
from typing import Any

from friscy.boot import Machine, Program, root_context
from friscy.bundle import open_bundle
from friscy.kernel.kernel import Kernel
from friscy.kernel.namespace import HostMount, directory
from friscy.kernel.terminal.console import Console


@cache
def machine(bundle: str) -> Machine:
    """The engine and the files of a bundle, opened once."""
    return Machine(open_bundle(bundle))


def _prepare(kernel: Kernel, job: dict[str, Any]) -> None:
    context = root_context(kernel)
    for path, target in job.get("links", {}).items():
        kernel.vfs.symlink(context, os.fsencode(target), os.fsencode(path))
    tmp = directory(kernel, context, b"/tmp")
    kernel.vfs.mount(tmp, kernel.vfs.new_tmpfs(mode=0o1777), source=b"tmpfs")


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run one program to its end or to its time limit."""
    log: list[str] = []
    source = os.open(os.devnull, os.O_RDONLY)
    output = os.open(job["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
    mounts = [HostMount(host, os.fsencode(guest), True) for guest, host in job.get("mounts", {}).items()]
    made = machine(job["bundle"])
    kernel = made.kernel(Console((source, output, output)), mounts=mounts)
    kernel.log = log.append
    try:
        _prepare(kernel, job)
        made.start(kernel, Program(job["argv"], job["env"], job["cwd"], "0"))
        timer = threading.Timer(job["seconds"], kernel.stop)
        timer.start()
        try:
            status = kernel.run()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            return {"status": status, "log": log, "peak_kib": peak}
        finally:
            timer.cancel()
    finally:
        kernel.spaces.clear()
        kernel.maps.clear()
        os.close(source)
        os.close(output)
        gc.collect()  # the memory of a guest is part of a cycle, and not a small one


def main() -> None:
    """Answer line by line until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            answer = run(json.loads(line))
        except Exception:
            answer = {"error": traceback.format_exc()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
