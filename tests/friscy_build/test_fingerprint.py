"""What is up to date: the files an artefact is made from are those whose digest is looked at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from friscy_build.aot.strings import COMPILED
from friscy_build.fingerprint import ROOT
from friscy_build.steps import INTERPRETER_CODE

IMPORTED = """
import sys
import friscy_build.interpreter.build
print(*(module.__file__ for module in [*sys.modules.values()] if getattr(module, "__file__", None)), sep="\\n")
"""


def test_all_that_the_interpreter_is_made_from_is_looked_at() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], capture_output=True, cwd=ROOT, text=True, check=True
    )
    known = [ROOT / part for part in INTERPRETER_CODE]
    # Not all below ROOT is ours: a venv may be.
    packages = [ROOT / name for name in ("lazyfs", "friscy", "snapshot", "friscy_build")]
    files = [path for path in map(Path, done.stdout.splitlines()) if any(map(path.is_relative_to, packages))]
    assert files
    for path in (COMPILED, *files):
        if path.name != "__init__.py":
            assert any(path.is_relative_to(part) for part in known), path
