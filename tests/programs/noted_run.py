"""`friscy run` that notes what its programs do, for `engine.command`.

python tests/programs/noted_run.py BUNDLE NAME PROGRAM [ARGUMENT...]      # NAME: of the bundle's root filesystem
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1] / "support"),
    str(Path(__file__).resolve().parents[2]),
]

import engine  # noqa: E402

from friscy.boot import Machine  # noqa: E402
from friscy.kernel.kernel import Kernel  # noqa: E402
from friscy.run import Request, run_bundle  # noqa: E402


class Notes:
    """Watches a run in a profiler's place."""

    def __init__(self, name: str) -> None:
        self._name = name

    def watch(self, machine: Machine) -> None:
        """See friscy.run.Profiler."""
        engine.watch(machine, self._name)

    @contextmanager
    def sampling(self, kernel: Kernel) -> Iterator[None]:
        """See friscy.run.Profiler."""
        yield
        engine.ended()
        engine.finish()


def main() -> int:
    """The command."""
    bundle, name, program, *args = sys.argv[1:]
    request = Request(bundle, entrypoint=program, args=args)
    request.engine = "aot" if engine.KIND == "translated" else "interpreter"
    request.profiler = Notes(name)
    return run_bundle(request)


if __name__ == "__main__":
    sys.exit(main())
