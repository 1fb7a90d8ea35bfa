"""friscy commit: make a bundle of a bundle and what its runs wrote."""

from __future__ import annotations

import argparse

from lazyfs.errors import UsageError

EPILOG = """\
The new bundle has the files of the old one with the changes that `friscy run --overlay DIR` kept in DIR, the same
configuration but for --change, and its snapshot at the same place. Translated code is not taken along.

examples:
  friscy run --overlay work build/python --entrypoint /bin/sh -- -c 'echo hello > /greeting'
  friscy commit build/python build/greeting --overlay work
  friscy commit build/python build/greeting --overlay work --change 'CMD ["cat", "/greeting"]' --change 'ENV A=1'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle that was run")
    parser.add_argument("output", metavar="NEW", help="the bundle directory to write")
    parser.add_argument(
        "--overlay", metavar="DIR", required=True, help="where `friscy run --overlay` kept the changes"
    )
    parser.add_argument(
        "-c", "--change", metavar="INSTRUCTION", action="append", default=[],
        help="a Dockerfile instruction for the configuration, such as 'CMD [\"sh\"]'",
    )  # fmt: skip
    parser.add_argument(
        "--snapshot", choices=("entry", "stdin", "none"), help="where the new bundle's machine is saved"
    )


def run(options: argparse.Namespace) -> int:
    try:
        from friscy_build.commit import commit
    except ImportError as error:
        raise UsageError(
            f"commit needs {error.name}, which is not installed", hint="pip install friscy"
        ) from error
    commit(options.bundle, options.overlay, options.output, options.change, options.snapshot)
    return 0
