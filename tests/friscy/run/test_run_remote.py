"""Bundles behind URLs: the same answers as from a directory, little fetched, and clear words when that fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from run_support import environment

from benchmarks.range_server import Handler, RangeServer
from friscy.bundle import open_bundle
from friscy_build.bundle import encode_manifest
from friscy_build.split import main as split_main
from friscy_build.split import split_bundle
from friscy_build.working_set import trace_start
from lazyfs.errors import FormatError, FriscyError, UsageError

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """run("run", url, ...): friscy with an empty cache of its own; FRISCY_CACHE is tmp_path/cache."""

    def call(*words: object, **env: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "friscy.cli.main", *map(str, words)],
            stdin=subprocess.DEVNULL,
            env={**environment(), "FRISCY_CACHE": str(tmp_path / "cache"), **env},
            capture_output=True,
            timeout=60,
        )

    return call


@pytest.fixture
def bundle(entry_bundle: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(entry_bundle, tmp_path / "served"))


@pytest.fixture
def server(bundle: Path) -> Iterator[RangeServer]:
    with RangeServer(bundle) as running:
        yield running


def test_a_working_set_is_in_the_manifest(entry_bundle: Path) -> None:
    opened = open_bundle(entry_bundle)
    sets = opened.working_sets
    assert set(sets) == {"start", "snapshot"}
    assert (
        16 <= sets["snapshot"].chunk_bytes < sets["start"].chunk_bytes <= opened.files["rootfs.chunks"].size
    )
    assert sets["start"].pages[0][0] == 0


def test_a_trace_is_the_same_each_time(bundle: Path) -> None:
    (first, second), index = (
        (trace_start(bundle, "entry") for _ in range(2)),
        open_bundle(bundle).open_rootfs()[0],
    )
    assert first.working_sets == second.working_sets
    assert (first.before.pages, first.resumed.pages) == (second.before.pages, second.resumed.pages)
    lib = index.lookup(index.root, b"lib")
    libc = index.lookup(lib, b"libc.so.6")
    assert {ino for ino, _ in first.before.touched} >= {
        libc,
        index.lookup(lib, b"ld-linux-riscv64-lp64d.so.1"),
    }
    assert libc not in {ino for ino, _ in first.resumed.touched}
    fresh, nothing = trace_start(bundle, "none").working_sets
    assert fresh[: len(first.before.touched)] == first.before.touched
    assert nothing == []


@pytest.mark.parametrize("how", [[], ["--no-snapshot"]])
def test_the_same_answers(run: Run, server: RangeServer, bundle: Path, how: list[str]) -> None:
    words = [*how, "--", "args", "one", "two"]
    expected = run("run", bundle, *words)
    assert expected.returncode == 0
    remote = run("run", server.url, *words)
    assert (remote.returncode, remote.stdout, remote.stderr) == (0, expected.stdout, b"")
    first = server.bytes_sent
    server.forget()
    again = run("run", server.url.rstrip("/"), *words)
    assert (again.returncode, again.stdout) == (0, expected.stdout)
    assert [path for path, _ in server.requests] == ["/manifest.json"]  # the rest is cached
    assert first > 20 * server.bytes_sent


def test_a_working_set_comes_with_few_requests(run: Run, server: RangeServer) -> None:
    assert run("run", "--no-snapshot", server.url).returncode == 0
    chunk_requests = [asked for path, asked in server.requests if path == "/rootfs.chunks"]
    assert len(chunk_requests) == 1
    assert len(server.requests) <= 6
    server.forget()
    assert (
        run("run", server.url, "--entrypoint", "/nowhere", FRISCY_CACHE=str(server.directory)).returncode
        == 127
    )
    first = next(asked for path, asked in server.requests if path == "/rootfs.chunks")
    assert first != chunk_requests[0]  # another program: what it reads is not known


def test_other_stores(run: Run, bundle: Path) -> None:
    done = run("run", f"file://{bundle}", "--", "args", "x")
    assert (done.returncode, done.stdout) == (0, run("run", bundle, "--", "args", "x").stdout)
    done = run("run", "file:///nowhere/at/all")
    assert (done.returncode, b"not found" in done.stderr) == (2, True), done.stderr
    done = run("run", "nosuch://host/bundle")
    assert (done.returncode, done.stderr.count(b"Traceback")) == (2, 0)


def test_a_server_without_ranges(run: Run, server: RangeServer, bundle: Path) -> None:
    server.ranges = False
    done = run("run", server.url, "--no-snapshot", "--", "args", "x")
    assert done.returncode == 0
    assert done.stdout == run("run", bundle, "--", "args", "x").stdout
    assert b"does not send ranges" in done.stderr
    chunks = [path for path, _ in server.requests if path == "/rootfs.chunks"]
    assert len(chunks) <= 3  # asked for a range, then whole; never chunk by chunk


@pytest.mark.parametrize("command", [["inspect"], ["inspect", "--verify"], ["inspect", "--json"]])
def test_inspect(run: Run, server: RangeServer, bundle: Path, command: list[str]) -> None:
    done = run(command[0], server.url, *command[1:])
    assert (done.returncode, done.stderr) == (0, b"")
    assert (
        run("inspect", server.url, "--cat", "/etc/group").stdout
        == run("inspect", bundle, "--cat", "/etc/group").stdout
    )


def test_nobody_there(run: Run, server: RangeServer) -> None:
    done = run("run", server.url + "nothing/here")
    assert done.returncode == 2
    assert b"manifest.json: 404" in done.stderr
    assert done.stderr.count(b"\n") == 2
    with RangeServer(server.directory) as other:
        url = other.url
    done = run("run", url)
    assert (done.returncode, b"Connection refused" in done.stderr) == (2, True)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "name", ["manifest.json", "rootfs.idx", "rootfs.chunks", "snapshot.bin", "interpreter.wasm"]
)
def test_a_damaged_file_is_refused_and_not_kept(
    run: Run, server: RangeServer, bundle: Path, name: str
) -> None:
    good = (bundle / name).read_bytes()
    for damaged in (bytes(byte ^ 1 for byte in good), good[:-1], good + b"x"):
        (bundle / name).write_bytes(damaged)
        done = run("run", server.url, "--no-snapshot") if name != "snapshot.bin" else run("run", server.url)
        assert done.returncode == 2, done.stderr
        assert name.encode() in done.stderr
        assert b"Traceback" not in done.stderr
    (bundle / name).write_bytes(good)
    assert run("run", server.url).returncode == 0


def test_a_file_that_changes_while_it_is_read(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRISCY_CACHE", str(tmp_path / "cache"))

    class Changing(Handler):
        def etag(self, path: str, size: int) -> str:
            return f'"{len(self.owner.requests) if path == "/rootfs.chunks" else 0}"'

    with RangeServer(bundle, handler=Changing) as server:
        remote = open_bundle(server.url)
        index, chunks = remote.open_rootfs()
        chunks.chunk(0)
        with pytest.raises(FriscyError, match="another blob than the bundle's"):
            chunks.chunk(index.chunks - 1)


def test_the_network_fails_while_the_guest_runs(run: Run, bundle: Path) -> None:
    """Before, it is the user's problem; after, the guest's read gets EIO, a line says so, and the machine lives on."""

    class Gone(Handler):
        allowed = 0

        def do_GET(self) -> None:
            if self.path == "/rootfs.chunks":
                if not type(self).allowed:
                    self.answer(410, b"", {})
                    return
                type(self).allowed -= 1
            super().do_GET()

    manifest = json.loads((bundle / "manifest.json").read_bytes())
    del manifest["crc32"], manifest["rootfs"]["working_sets"]
    (bundle / "manifest.json").write_bytes(encode_manifest(manifest))
    show = ("--", "show", "/lib/libc.so.6")
    with RangeServer(bundle, handler=Gone) as server:
        done = run("run", server.url, *show)
        assert (done.returncode, b"rootfs.chunks: 410" in done.stderr) == (2, True), done.stderr
        Gone.allowed = 1  # /etc/passwd
        done = run("run", server.url, *show)
        told = done.stderr.decode()
        assert (done.returncode, "Input/output error" in told) == (5, True), told
        assert "rootfs.chunks: 410 Gone: the guest gets EIO" in told
        Gone.allowed = 100
        assert run("run", server.url, *show).stdout.startswith(b"\x7fELF")


def test_split_form(run: Run, bundle: Path, tmp_path: Path) -> None:
    split = tmp_path / "split"
    assert split_main([str(bundle), str(split), "--piece", "64KiB"]) == 0
    assert not (split / "rootfs.chunks").exists()
    assert len(list((split / "rootfs.chunks.pieces").iterdir())) > 4
    expected = run("run", bundle, "--", "args", "x")
    assert run("run", split, "--", "args", "x").stdout == expected.stdout
    open_bundle(split).verify()
    with RangeServer(split) as server:
        server.ranges = False
        done = run("run", server.url, "--no-snapshot", "--", "args", "x")
        assert (done.returncode, done.stdout, done.stderr) == (0, expected.stdout, b"")
        assert {asked for _, asked in server.requests if "pieces" in _} <= {""}
        (split / "rootfs.chunks.pieces" / "00000000").write_bytes(b"short")
        done = run("run", server.url, "--no-snapshot", FRISCY_CACHE=str(tmp_path / "other"))
        assert (done.returncode, b"00000000" in done.stderr) == (2, True)
    with pytest.raises(FormatError):
        open_bundle(split).verify()
    with pytest.raises(UsageError, match="there already"):
        split_bundle(bundle, split)
    with pytest.raises(FriscyError):
        split_bundle(split, tmp_path / "again")


def test_the_limit_of_the_cache(run: Run, server: RangeServer, tmp_path: Path) -> None:
    assert run("run", server.url, FRISCY_CACHE_LIMIT="100K").returncode == 0
    files = [path for path in (tmp_path / "cache" / "remote").rglob("*") if path.is_file()]
    # The snapshot and the interpreter of the run that goes on stay, whatever the limit.
    assert sum(path.stat().st_size for path in files if not path.name.endswith("-whole")) <= 100 << 10
    done = run("run", server.url, FRISCY_CACHE_LIMIT="lots")
    assert (done.returncode, b"FRISCY_CACHE_LIMIT=lots" in done.stderr) == (2, True)


def test_without_a_cache(run: Run, server: RangeServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("run", server.url, "--", "args", "x", FRISCY_CACHE=str(tmp_path / "file"))
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("how", [[], ["--no-snapshot"]])
def test_what_was_pulled_runs_offline(run: Run, bundle: Path, how: list[str]) -> None:
    with RangeServer(bundle) as server:
        url = server.url
        pulled = run("pull", url)
        assert (pulled.returncode, b"the bundle is here" in pulled.stderr) == (0, True)
        server.forget()
        assert run("pull", url).returncode == 0
        assert [path for path, _ in server.requests] == ["/manifest.json"]
    offline = run("run", url, *how, "--", "args", "one")
    assert offline.returncode == 0
    assert offline.stdout == run("run", bundle, "--", "args", "one").stdout
    assert b"Connection refused: going on with the copy of 2" in offline.stderr
    assert offline.stderr.count(b"\n") == 1


def test_what_can_not_be_pulled(run: Run, bundle: Path, tmp_path: Path) -> None:
    done = run("pull", bundle)
    assert (done.returncode, b"on this machine already" in done.stderr) == (2, True)
    with RangeServer(bundle) as server:
        done = run("pull", server.url, FRISCY_CACHE_LIMIT="1000")
        assert (done.returncode, b"FRISCY_CACHE_LIMIT" in done.stderr) == (2, True)
        url = server.url
    assert run("run", url).returncode == 2  # there is nothing but a manifest


def test_a_manifest_that_is_gone_is_not_taken_from_the_copy(
    run: Run, server: RangeServer, bundle: Path
) -> None:
    assert run("run", server.url).returncode == 0
    (bundle / "manifest.json").unlink()
    done = run("run", server.url)
    assert (done.returncode, b"manifest.json: 404" in done.stderr) == (2, True)
