"""xz, zstd, gzip and tar, of Debian, on the same data as under qemu-riscv64: the same bytes, and back again."""

from __future__ import annotations

import pytest
from guest import Pair
from rootfs import Rootfs

# Text that repeats itself now and then, and noise.
NOISE = bytes((n * 2654435761 >> 13) & 255 for n in range(60_000))
DATA = b"".join(b"%d: %s\n" % (n * 7919 % 1000, b"word" * (n % 9)) for n in range(8_000)) + NOISE


@pytest.mark.parametrize(
    ("program", "suffix", "levels"),
    [
        ("/usr/bin/gzip", "gz", ["-1n", "-6n", "-9n"]),
        ("/usr/bin/xz", "xz", ["-T1 -0", "-T1 -6"]),
        (
            "/usr/bin/zstd",
            "zst",
            ["-q --single-thread --no-asyncio -1", "-q --single-thread --no-asyncio -12"],
        ),
    ],
)
def test_round_trip(programs: Rootfs, program: str, suffix: str, levels: list[str]) -> None:
    for level in levels:
        pair = Pair(programs, {"data": DATA})
        pair.check(program, *level.split(), "-k", "data")
        options = level.split()[:-1]
        pair.check(program, *options, "-t", f"data.{suffix}")
        pair.check(program, *options, "-d", "-c", f"data.{suffix}")
        pair.check(program, *options, "-d", "-f", f"data.{suffix}")
        assert pair.files["data"][1] == DATA
    broken = Pair(programs, {f"data.{suffix}": b"not compressed"})
    broken.check(program, *options, "-d", f"data.{suffix}", status=1)


def test_tar(programs: Rootfs) -> None:
    """GNU tar: long names, links, sparse files, modes."""
    long = "/".join(["directory" * 9] * 3)
    pair = Pair(programs, {"tree/file": DATA, f"tree/{long}/file": b"deep", "tree/script": b"#!/bin/sh\n"})
    pair.check("/usr/bin/ln", "tree/file", "tree/hard")
    pair.check("/usr/bin/ln", "-s", "file", "tree/soft")
    pair.check("/usr/bin/truncate", "-s", "3M", "tree/sparse")
    options = ["--sort=name", "--mtime=@1000000000", "--owner=0", "--group=0", "--numeric-owner"]
    pair.check("/usr/bin/tar", *options, "-cf", "t.tar", "tree")
    pair.check(
        "/usr/bin/tar",
        *options,
        "--format=posix",
        "--pax-option=delete=atime,delete=ctime",
        "-cf",
        "p.tar",
        "tree",
    )
    pair.check("/usr/bin/tar", "-tvf", "t.tar")
    pair.check("/usr/bin/mkdir", "out")
    pair.check("/usr/bin/tar", "-xpf", "p.tar", "-C", "out")
    pair.check("/usr/bin/tar", "-df", "t.tar", status=1)  # times differ
    pair.check("/usr/bin/tar", "-xf", "tree/file", status=2)


def test_coreutils(programs: Rootfs) -> None:
    pair = Pair(programs, {"data": DATA, "tree/a": b"a\n", "tree/b": b"b\n"})
    pair.check("/usr/bin/sha512sum", "data", "tree/a", "missing", status=1)
    pair.check("/usr/bin/b2sum", "data")
    pair.check("/usr/bin/cksum", "-a", "crc", "data")
    pair.check("/usr/bin/sort", "-n", "-k1,1", "-s", "--parallel=1", "data", "-o", "sorted")
    pair.check("/usr/bin/sort", "-R", "--random-source=data", "tree/a", "tree/b")
    pair.check("/usr/bin/split", "-n", "3", "-d", "data", "part")
    pair.check("/usr/bin/comm", "tree/a", "tree/b")
    pair.check("/usr/bin/join", "tree/a", "tree/b")
    pair.check("/usr/bin/cp", "-a", "--sparse=always", "tree", "copy")
    pair.check("/usr/bin/mv", "-n", "copy", "tree/moved")
    pair.check("/usr/bin/ls", "-1RQ", "--color=always")
    pair.check("/usr/bin/rm", "-rf", "tree/moved")
    pair.check("/usr/bin/stat", "-c", "%n %a %F %s %h", "tree", "data")
    pair.check("/usr/bin/od", "-c", "-N", "200", "data")
    pair.check("/usr/bin/numfmt", "--to=iec", "123456789", "1000")
    pair.check("/usr/bin/date", "-u", "-d", "2024-02-29 +1 year", "+%F %A %s")
    pair.check("/usr/bin/printf", "%b %q %5.3f\\n", "a\\tb", "it's", "2.71828")
    pair.check("/usr/bin/grep", "-obP", "(?<=: )(word){3}$", "data")
    pair.check("/usr/bin/sed", "-E", "s/([0-9]+): (.*)/\\2=\\1/;10q", "data")
    pair.check("/usr/bin/find", "tree/a", "tree/b", "-type", "f", "-printf", "%p %m %s %l\\n")
    pair.check("/usr/bin/diff", "-r", "tree/a", "tree/b", status=1)
    pair.check(
        "/usr/bin/bash",
        "-c",
        "a=(1 2 3); declare -A m=([x]=1); echo ${a[@]:1} ${m[x]} $((2**40)) {a..e} ${a[0]@Q}",
    )
    pair.check(
        "/usr/bin/bash",
        "-c",
        "[[ abc =~ ^a(.)c$ ]] && printf '%(%Y)T %s\\n' 0 ${BASH_REMATCH[1]}; exit 5",
        status=5,
    )
    pair.check("/usr/bin/dash", "-c", "f() { return 3; }; f; echo $?; read x <data; echo $x")
