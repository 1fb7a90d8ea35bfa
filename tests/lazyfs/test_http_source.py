"""Blobs over HTTP: ranges, kept connections, retries, redirections, and every answer that must be refused."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

import pytest

from benchmarks.range_server import Handler, RangeServer
from lazyfs.errors import RangesUnsupported, RemoteError
from lazyfs.http_source import DELAYS, HttpDirectory

DATA = random.Random(1).randbytes(1_000_000)


class Faulty(Handler):
    """Does what `faults` says, one for each request; then serves as it should."""

    faults: ClassVar[list[str]] = []
    connections = 0

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_GET(self) -> None:
        fault = type(self).faults.pop(0) if type(self).faults else ""
        if fault.isdigit():
            self.answer(int(fault), b"no", {"Location": "/moved/blob?x=1", "ETag": '"e"'})
        elif fault == "close":
            self.close_connection = True
        elif fault.startswith("range "):
            self.answer(206, b"x" * 10, {"Content-Range": fault[6:]})
        else:
            self.fault = fault
            super().do_GET()

    def size(self, path: str) -> int:
        return len(DATA) - (self.fault == "shorter")

    def read(self, path: str, start: int, end: int) -> bytes:
        return DATA[start:end]

    def etag(self, path: str, size: int) -> str:
        return {"another": '"two"', "none": ""}.get(self.fault, '"one"')

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        if getattr(self, "fault", "") == "gzip":
            headers["Content-Encoding"] = "gzip"
        super().answer(status, body, headers)

    def send_body(self, body: bytes) -> None:
        if getattr(self, "fault", "") == "half":
            body = body[: len(body) // 2]
            self.close_connection = True
        super().send_body(body)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[RangeServer, HttpDirectory, type[Faulty]]]]:
    """serve("503", "half", ...): a server that does these first, the directory to read from it, its handler."""
    with ExitStack() as stack:

        def start(*faults: str) -> tuple[RangeServer, HttpDirectory, type[Faulty]]:
            handler = type("TestedHandler", (Faulty,), {"faults": list(faults), "connections": 0})
            server = stack.enter_context(RangeServer(tmp_path, handler=handler))
            waited: list[float] = []
            directory = HttpDirectory(server.url, timeout=10, wait=waited.append)
            directory.waited = waited  # type: ignore[attr-defined]
            stack.callback(directory.close)
            return server, directory, handler

        yield start


Serve = Callable[..., tuple[RangeServer, HttpDirectory, type[Faulty]]]


def test_ranges_over_one_connection(serve: Serve) -> None:
    server, directory, handler = serve()
    source = directory.source("blob", len(DATA))
    for offset, n in ((0, 1), (0, len(DATA)), (len(DATA) - 1, 1), (123_456, 400_000)):
        assert source.read(offset, n) == DATA[offset : offset + n]
    assert b"".join(source.stream(10, [5, 0, 300_000, 1])) == DATA[10:300_016]
    assert handler.connections == 1
    assert len(server.requests) == directory.requests == 5
    assert directory.bytes_fetched == server.bytes_sent
    assert directory.read_all("blob", len(DATA)) == DATA
    with pytest.raises(RemoteError, match="bytes 1 to 1000001 of a blob of 1000000"):
        source.read(1, len(DATA))


@pytest.mark.parametrize("fault", ["503", "429", "500", "408", "close", "half"])
def test_what_may_pass_is_tried_again(serve: Serve, fault: str) -> None:
    server, directory, _ = serve(fault, fault)
    source = directory.source("blob", len(DATA))
    assert source.read(7, 600_000) == DATA[7:600_007]
    assert directory.waited  # type: ignore[attr-defined]
    if fault == "half":  # the second and third request ask for what is missing only
        starts = [int(asked.removeprefix("bytes=").partition("-")[0]) for _, asked in server.requests]
        assert starts == [7, 300_007, 450_007]


def test_a_failure_that_does_not_pass(serve: Serve) -> None:
    _, directory, _ = serve(*["503"] * 9)
    with pytest.raises(RemoteError, match="blob: 503"):
        directory.source("blob", len(DATA)).read(0, 10)
    assert directory.waited == list(DELAYS)  # type: ignore[attr-defined]


def test_nobody_listens(tmp_path: Path) -> None:
    with RangeServer(tmp_path) as server:
        url = server.url
    with pytest.raises(RemoteError, match="Connection refused"):
        HttpDirectory(url).read_all("blob", 10)
    with RangeServer(tmp_path) as server:
        (tmp_path / "blob").write_bytes(DATA)
        waited: list[float] = []
        directory = HttpDirectory(server.url, wait=waited.append)
        source = directory.source("blob", len(DATA))
        source.read(0, 10)
        directory.close()
    with pytest.raises(RemoteError, match="Connection refused"):
        source.read(0, 10)
    assert waited == list(DELAYS)  # it was there once


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        (["404"], "404"),
        (["403"], "403"),
        (["", "another"], "another blob than the bundle's"),
        (["shorter"], "expected 1000000 bytes, and the server has 999999"),
        (["416"], "shorter by now"),
        (["gzip"], "compressed"),
        (["range bytes 1-10/1000000"], "asked for bytes 0-9"),
        (["range bytes 0-9/999"], "the server has 999"),
        (["range "], "asked for bytes 0-9"),
        (["302"] * 6, "redirections"),
        (["304"], "304"),
    ],
)
def test_answers_that_are_refused(serve: Serve, faults: list[str], told: str) -> None:
    _, directory, _ = serve(*faults)
    source = directory.source("blob", len(DATA))
    if not faults[0]:
        assert source.read(0, 10) == DATA[:10]
    with pytest.raises(RemoteError, match=told):
        source.read(0, 10)


def test_a_redirection_is_followed(serve: Serve) -> None:
    server, directory, _ = serve("302", "307")
    assert directory.source("blob", len(DATA)).read(5, 5) == DATA[5:10]
    assert server.requests[-1][0] == "/moved/blob"


def test_a_server_without_ranges(serve: Serve) -> None:
    server, directory, _ = serve()
    server.ranges = False
    source = directory.source("blob", len(DATA))
    assert source.read(0, len(DATA)) == DATA
    with pytest.raises(RangesUnsupported):
        source.read(1, 10)
    assert b"".join(directory.blocks("blob")) == DATA


def test_a_limit_on_whole_files(serve: Serve) -> None:
    _, directory, _ = serve()
    with pytest.raises(RemoteError, match="longer than 100 bytes"):
        directory.read_all("blob", 100)


def test_the_query_and_the_password_stay_out_of_messages() -> None:
    directory = HttpDirectory("https://ann:secret@host.example/dir?token=hidden")
    assert directory.url("x") == "https://host.example/dir/x"
    assert directory.base.query == "token=hidden"
    for url in ("ftp://host/x", "http:///x"):
        with pytest.raises(RemoteError, match="not an http"):
            HttpDirectory(url)


def test_authorization_goes_to_its_own_host_only(tmp_path: Path) -> None:
    seen: list[tuple[str, str | None]] = []

    class Asked(Handler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Authorization")))
            if self.path.startswith("/here"):
                self.answer(302, b"", {"Location": other.url + "there"})
            else:
                self.answer(200, b"ok", {})

    with RangeServer(tmp_path, handler=Asked) as other, RangeServer(tmp_path, handler=Asked) as server:
        url = server.url.replace("//", "//ann:pass%20word@") + "here?q=1"
        assert HttpDirectory(url).read_all("f", 10) == b"ok"
    assert seen == [("/here/f?q=1", "Basic YW5uOnBhc3Mgd29yZA=="), ("/there", None)]
