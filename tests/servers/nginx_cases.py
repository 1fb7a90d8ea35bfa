"""nginx: wrk, ab, curl, a large download, held and vanishing clients."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from clients import asker, hold_many, vanish
from report import Report, output
from served import LOCAL, Served

PORT = 80
LARGE_MIB = 100
GET = b"GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMALL = b"hello from nginx\n"


def figure(pattern: str, text: str) -> str:
    """The number that a client printed."""
    found = re.search(pattern, text)
    assert found is not None, text[-400:]
    return found[1]


def wrk(url: str, *options: str, seconds: int = 10) -> str:
    """Requests over connections that stay."""
    said = output(["wrk", f"-d{seconds}s", "--timeout", "60s", *options, url], seconds=seconds + 60)
    assert "Non-2xx" not in said, said
    assert "Socket errors" not in said, said
    rate = figure(r"Requests/sec:\s+([\d.]+)", said)
    return f"{float(rate):.0f} requests/s"


def ab(url: str, requests: int, *options: str) -> str:
    """So many requests."""
    said = output(["ab", "-q", "-s", "300", "-n", str(requests), *options, url], seconds=3600)
    assert figure(r"Complete requests:\s+(\d+)", said) == str(requests), said
    assert figure(r"Failed requests:\s+(\d+)", said) == "0", said
    rate = figure(r"Requests per second:\s+([\d.]+)", said)
    return f"{float(rate):.0f} requests/s"


def download(url: str, expected: bytes) -> str:
    """A download by curl, compared."""
    with tempfile.NamedTemporaryFile() as file:
        said = output(["curl", "-sf", "-o", file.name, "-w", "%{speed_download}", url], seconds=300)
        with open(file.name, "rb") as got:
            assert hashlib.file_digest(got, "sha256").digest() == hashlib.sha256(expected).digest()
    return f"{float(said) / (1 << 20):.0f} MiB/s, the same bytes"


def run(report: Report) -> None:
    """Drive it."""
    large = os.urandom(1 << 20) * LARGE_MIB
    with tempfile.NamedTemporaryFile() as file:
        file.write(large)
        file.flush()
        Path(file.name).chmod(0o644)
        with Served("nginx", PORT, options=["-v", f"{file.name}:/large:ro"]) as server:
            _drive(report, server, large)
    with report.step("SIGTERM ends master and workers") as note:
        assert server.status == 0, server.errors()[-400:]
        note.found = "status 0"


def _drive(report: Report, server: Served, large: bytes) -> None:
    base = f"http://{LOCAL}:{server.port}"
    report.about = figure(r"(?i)server: nginx/(\S+)", output(["curl", "-sI", f"{base}/small"]))
    with report.step("curl: a page, HEAD, a range, a page that is not there, one not modified"):
        assert output(["curl", "-sf", f"{base}/small"]) == SMALL.decode()
        assert output(["curl", "-sf", "-r", "6-9", f"{base}/small"]) == "from"
        status = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}"]
        assert output([*status, f"{base}/none"]) == "404"
        tag = figure(r"(?i)etag: (\S+)", output(["curl", "-sI", f"{base}/small"]))
        assert output([*status, "-H", f"If-None-Match: {tag}", f"{base}/small"]) == "304"
    with report.step("keep-alive: ten requests, one connection"):
        words = [f"{base}/small"] * 10
        assert (
            output(["curl", "-sf", "-w", "%{num_connects}\n", *words]).split("\n")[1::2] == ["1"] + ["0"] * 9
        )
    with report.step("wrk, a file of 17 bytes, 16 connections") as note:
        note.found = wrk(f"{base}/small", "-t1", "-c16")
    with report.step("wrk, a file of 16 KiB, 16 connections") as note:
        note.found = wrk(f"{base}/medium", "-t1", "-c16")
    with report.step(f"a download of {LARGE_MIB} MiB") as note:
        note.found = download(f"{base}/large", large)
    with report.step("1000 connections held") as note:
        note.found = hold_many(server, asker(GET, SMALL))
    with report.step("clients that vanish") as note:
        note.found = vanish(server, asker(GET, SMALL), GET)
    with report.step("a download that is broken off, 20 times") as note:
        before = server.held()
        for _ in range(20):
            output(["sh", "-c", f"curl -sf {base}/large | head -c 1000000 | wc -c"])
        after = server.settled(before)
        assert after.guest_fds <= before.guest_fds, (before, after)
    report.leak(server, "connections kept", lambda n: ab(f"{base}/small", n, "-k", "-c", "50"))
    report.leak(server, "a connection for each", lambda n: ab(f"{base}/small", n, "-c", "50"))
