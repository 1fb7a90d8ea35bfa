"""Run a bundle under the profiler, and say what came of it."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, TextIO

from friscy.bundle import open_bundle
from friscy.cli.overlay import run_with_overlay
from friscy.cli.profiling.profile import Profile
from friscy.cli.profiling.report import facts, report
from friscy.run import program_of
from lazyfs.errors import UsageError

if TYPE_CHECKING:
    from friscy.run import Request


def run_profiled(
    request: Request, *, overlay: str | None, output: str | None, as_json: bool, top: int
) -> int:
    """Run `request`; the guest's exit status. The profile goes to stderr, or to the file `output`.

    UsageError: the host does not allow it, or `output` cannot be written.
    """
    with contextlib.ExitStack() as stack:
        file: TextIO = sys.stderr
        if output is not None:
            try:
                file = stack.enter_context(open(output, "w"))
            except OSError as error:
                raise UsageError(f"-o {output}: {error.strerror}") from error
        profile = Profile()
        request.profiler = profile
        status = run_with_overlay(request, overlay)
        if not profile.wall:
            return status  # it was not started, and that was said
        sys.stdout.flush()
        found = facts(profile, program_of(open_bundle(request.bundle), request).argv, status)
        text = json.dumps(found, indent=1) if as_json else "\n".join(report(found, top))
        print(text, file=file)
    return status
