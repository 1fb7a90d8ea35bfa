"""friscy inspect: what is in a bundle."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from friscy.bundle import open_bundle
from lazyfs.errors import UsageError

EPILOG = """\
Without PATH it shows the bundle: what runs, its files, the root filesystem, the snapshot. With PATH it shows what
the image has there, as `ls -l` does; a symbolic link in the last place is followed where the path ends with /.
Sizes are bytes, times are UTC.

examples:
  friscy inspect build/python
  friscy inspect build/python /etc /usr/bin/python3
  friscy inspect build/python --cat /etc/os-release
  friscy inspect build/python --json | jq .rootfs.stored_bytes
  friscy inspect build/python --verify          check every byte; status 2 at the first damage
  friscy inspect build/python --code PyLong_FromLong    how a function was translated
  friscy inspect --syscalls                     the system calls friscy knows, and their gaps"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", nargs="?", help="a bundle directory")
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files and directories of the image")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--html", action="store_true", help="with --code: an HTML page")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--cat", action="store_true", help="write the content of the files PATH to stdout")
    what.add_argument("--verify", action="store_true", help="check every byte of the bundle")
    what.add_argument(
        "--code", metavar="SYMBOL", help="show a translated function: guest assembly, LLVM IR, WebAssembly"
    )
    what.add_argument("--syscalls", action="store_true", help="list the system calls and how far each goes")


def run(options: argparse.Namespace) -> int:
    if options.syscalls:
        return _syscalls(options)
    if options.bundle is None:
        raise UsageError(
            "inspect needs a bundle", hint="friscy inspect BUNDLE, as in: friscy inspect build/python"
        )
    if options.code:
        return _code(options)
    if options.cat:
        return _cat(options)
    if options.verify:
        return _verify(options)
    return _paths(options) if options.paths else _bundle(options)


def _bundle(options: argparse.Namespace) -> int:
    from friscy.cli.inspection.bundle import bundle_facts

    facts = bundle_facts(open_bundle(options.bundle))
    if options.json:
        return _print_json(facts)
    from friscy.cli.inspection.report import report

    _print_lines(report(facts))
    return 0


def _paths(options: argparse.Namespace) -> int:
    from friscy.cli.inspection.files import ImageFiles, listing

    image = ImageFiles(open_bundle(options.bundle))
    shown = [(path, image.entries(path)) for path in options.paths]
    if options.json:
        return _print_json([entry for _, entries in shown for entry in entries])
    for number, (path, entries) in enumerate(shown):
        if len(shown) > 1:
            _print_lines([*([""] if number else []), f"{path}:"])
        _print_lines(listing(entries))
    return 0


def _cat(options: argparse.Namespace) -> int:
    from friscy.cli.inspection.files import ImageFiles

    if options.json or not options.paths:
        raise UsageError("--cat takes files of the image, and no --json")
    image = ImageFiles(open_bundle(options.bundle))
    for path in options.paths:
        for block in image.content(path):
            sys.stdout.buffer.write(block)
    sys.stdout.buffer.flush()
    return 0


def _verify(options: argparse.Namespace) -> int:
    from friscy.cli.inspection.verify import verify

    if options.paths:
        raise UsageError("--verify checks the whole bundle: it takes no PATH")
    checks = []
    for name, nbytes, what in verify(options.bundle):
        checks.append({"file": name, "bytes": nbytes, "checked": what})
        if not options.json:
            print(f"{name:<18}{nbytes:>13,}  ok: {what}", flush=True)
    return _print_json({"ok": True, "files": checks}) if options.json else 0


def _code(options: argparse.Namespace) -> int:
    import shutil

    try:
        from friscy_build.translation.explain import explain
    except ImportError as error:
        raise UsageError(
            f"--code needs {error.name}, which is not installed", hint="pip install friscy"
        ) from error
    if options.paths:
        raise UsageError("--code looks in all files with translated code: it takes no PATH")
    found = explain(open_bundle(options.bundle), options.code)
    if options.html:
        print("".join(each.page() for each in found), end="")
    elif options.json:
        from dataclasses import asdict

        return _print_json([asdict(each) for each in found])
    else:
        columns = shutil.get_terminal_size((160, 0)).columns
        for each in found:
            _print_lines([*each.text(columns), ""])
    return 0


def _syscalls(options: argparse.Namespace) -> int:
    from friscy.cli.inspection.syscalls import syscall_facts, syscall_lines

    if options.bundle is not None:
        raise UsageError("--syscalls is about friscy itself: it takes no bundle")
    facts = syscall_facts()
    if options.json:
        return _print_json(facts)
    _print_lines(syscall_lines(facts))
    return 0


def _print_json(value: Any) -> int:
    import json

    print(json.dumps(value, indent=2))  # ASCII: names that are not UTF-8 pass as lone surrogates
    return 0


def _print_lines(lines: list[str]) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    print("\n".join(lines).encode(encoding, "backslashreplace").decode(encoding))
