"""`friscy run` with Debian's programs: what a user of `docker run` expects of streams, statuses and mounts."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from rootfs import Rootfs


def friscy(rootfs: Rootfs, *words: str, stdin: bytes = b"") -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `friscy run`. words: options, program, arguments."""
    program = next(at for at, word in enumerate(words) if word == "--")
    options, argv = words[:program], words[program + 1 :]
    command = [sys.executable, "-m", "friscy.cli.main", "run", str(rootfs.bundle), *options]
    done = subprocess.run(
        [*command, "--entrypoint", argv[0], "--", *argv[1:]], input=stdin, capture_output=True, timeout=100
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_streams_and_status(programs: Rootfs) -> None:
    source = "import sys; print(sys.argv, sys.stdin.read()); print('err', file=sys.stderr); sys.exit(5)"
    outcome = friscy(programs, "--", "python3", "-c", source, "a", "-b", stdin=b"input")
    assert outcome == (5, "['-c', 'a', '-b'] input\n", "err\n")
    assert friscy(programs, "--", "sh", "-c", "kill -9 $$")[0] == 137


def test_options(programs: Rootfs) -> None:
    assert friscy(programs, "-u", "nobody", "--", "id", "-un") == (0, "nobody\n", "")
    assert friscy(programs, "-w", "/usr/lib/../share", "--", "pwd") == (0, "/usr/share\n", "")
    status, output, _ = friscy(programs, "-e", "A=b=c", "-e", "PATH=/usr/bin", "--", "env")
    assert status == 0
    assert {"A=b=c", "PATH=/usr/bin", "HOME=/root"} <= set(output.splitlines())


def test_what_cannot_start(programs: Rootfs) -> None:
    status, _, error = friscy(programs, "--", "nothing-like-it")
    assert (status, "nothing-like-it" in error) == (127, True)
    status, _, error = friscy(programs, "--", "/etc/passwd")
    assert (status, "/etc/passwd" in error) == (126, True)


def test_mount(programs: Rootfs, tmp_path: Path) -> None:
    """A database that the guest makes in a granted directory is there on the host, and `:ro` is read-only."""
    query = "create table t(x); insert into t values (42), (43); select sum(x) from t"
    outcome = friscy(programs, "-v", f"{tmp_path}:/data", "-w", "/data", "--", "sqlite3", "x.db", query)
    assert outcome == (0, "85\n", "")
    with sqlite3.connect(tmp_path / "x.db") as database:
        assert database.execute("select * from t").fetchall() == [(42,), (43,)]
        database.execute("insert into t values (1)")
    database.close()
    readonly = ("-v", f"{tmp_path}:/data:ro", "-w", "/data", "--", "sqlite3", "x.db")
    assert friscy(programs, *readonly, "select count(*) from t") == (0, "3\n", "")
    status, _, error = friscy(programs, *readonly, "delete from t")
    assert (status, "readonly" in error) == (8, True)


def test_closed_pipe(programs: Rootfs) -> None:
    """A reader that goes away ends the guest with SIGPIPE."""
    command = [sys.executable, "-m", "friscy.cli.main", "run", str(programs.bundle), "--entrypoint", "yes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"y\n"
        process.stdout.close()
        assert process.wait(60) == 141
