"""Run the benchmarks, all or the named ones, and write one page about their results.

python -m benchmarks.run [--list] [NAME ...]      the same: friscy bench, doit bench
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from difflib import get_close_matches
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "build" / "bench" / "report.html"


def benchmarks() -> dict[str, str]:
    """Name -> what it measures: the modules here that have a `main()`, and the first line of their docstrings."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        tree = ast.parse(path.read_bytes(), str(path))
        functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        if "main" in functions and path != Path(__file__).resolve() and path.name != "report.py":
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def run(names: list[str]) -> list[str]:
    """Run benchmarks one after the other, each in a process of its own; return those that failed."""
    failed = []
    for name in names:
        print(f"\n{name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=HERE.parent).returncode:
            failed.append(name)
    return failed


def main() -> int:
    """The command; returns its exit status: 2 for an unknown name, 1 where a benchmark failed."""
    parser = argparse.ArgumentParser(prog="friscy bench", description="Run friscy's benchmarks.")
    parser.add_argument("names", metavar="NAME", nargs="*", help="benchmarks to run; all by default")
    parser.add_argument("--list", action="store_true", help="list the benchmarks and stop")
    options = parser.parse_args()
    known = benchmarks()
    if options.list:
        for name, about in known.items():
            print(f"{name:<20} {about}")
        return 0
    for name in options.names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            print(f"error: no benchmark {name!r}\n  {meant}", file=sys.stderr)
            return 2
    failed = run(options.names or list(known))
    page = subprocess.run([sys.executable, "-m", "benchmarks.report", str(PAGE)], cwd=HERE.parent)
    if failed:
        print(f"\nerror: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed or page.returncode else 0


if __name__ == "__main__":
    raise SystemExit(main())
