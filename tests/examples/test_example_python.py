"""examples/python/app.py gives the answer that every machine must give."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

APP = Path(__file__).parents[2] / "examples/python/app.py"


def test_the_answer(golden):
    app = runpy.run_path(str(APP))
    golden(Path(__file__).parent / "python_answer.txt", app["answer"](app["DATA"].read_text("utf-8")) + "\n")


def test_the_program_says_where_it_ran():
    command = [sys.executable, "-X", "utf8", str(APP)]
    out = subprocess.run(command, capture_output=True, check=True, text=True, encoding="utf-8").stdout
    assert out.startswith((Path(__file__).parent / "python_answer.txt").read_text("utf-8"))
    version = ".".join(map(str, sys.version_info[:3]))
    assert f" ms by Python {version} (cpython) on Linux " in out.splitlines()[-1]
