"""Debian's tools that live on processes and threads: git, make, compressors in pipelines, Perl, Ruby, Node, Go.

What they print is in tools/NAME.expected: of processes, git, perl and node recorded on Linux (with the guest's
architecture where that is printed), of tools and ruby written by friscy and read by a person.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from guest import run
from rootfs import Rootfs, debian

PLACE = Path(__file__).parent / "tools"
CASES = {
    "processes": ("/usr/bin/bash", "processes.sh"),
    "tools": ("/usr/bin/bash", "tools.sh"),
    "git": ("/usr/bin/bash", "git.sh"),
    "perl": ("/usr/bin/perl", "tour.pl"),
    "ruby": ("/usr/bin/ruby", "tour.rb"),
    "node": ("/usr/bin/node", "tour.js"),  # V8's generated code lies outside the code window
    "node --jitless": ("/usr/bin/node", "--jitless", "tour.js"),
}


@pytest.fixture(scope="module")
def tools() -> Rootfs:
    return debian("tools")


@pytest.mark.parametrize("case", CASES)
def test_tool(tools: Rootfs, case: str) -> None:
    argv = CASES[case]
    script = PLACE / argv[-1]
    outcome = run(tools, argv, files={script.name: (0o100644, script.read_bytes())})
    got = outcome.stdout.decode() + f"status {outcome.status}\n"
    expected = (PLACE / f"{case.split()[0]}.expected").read_text()
    assert got.splitlines() == expected.splitlines(), outcome.stderr.decode()


def test_go(tools: Rootfs) -> None:
    """A Go program: goroutines on several threads, the garbage collector, a large input."""
    lines = "".join(f"line {n} of the input\n" for n in range(20_000)).encode()
    outcome = run(tools, ("/usr/bin/fzf", "--exact", "--filter", "1999"), stdin=lines)
    expected = sorted(f"line {n} of the input" for n in range(20_000) if "1999" in str(n))
    assert (outcome.status, sorted(outcome.stdout.decode().splitlines())) == (0, expected), outcome.stderr


def test_dpkg(tools: Rootfs) -> None:
    path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    listed = run(tools, ("/usr/bin/dpkg-query", "-W", "-f", "${Package} ${Status}\n"), env=path)
    assert "git install ok installed" in listed.stdout.decode().splitlines()
    outcome = run(tools, ("/usr/bin/dpkg", "--audit"), env=path)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, b"", b"")
    # The certificates' trigger is pending: hundreds of files are linked and hashed by openssl.
    outcome = run(tools, ("/usr/bin/dpkg", "--configure", "-a"), env=path)
    assert outcome.status == 0, outcome
    assert outcome.stdout.startswith(b"Processing triggers for ca-certificates")
    assert b", 0 removed; done.\n" in outcome.stdout
