"""HTTP servers of nodejs and of Go's standard library."""

from __future__ import annotations

import hashlib
import os
import tempfile

from clients import VANISHED, asker, hold_many, vanish
from nginx_cases import ab, wrk
from report import REQUESTS, Report, output
from served import LOCAL, Served

PORT = 8000
POST_MIB = 8


def _drive(report: Report, server: Served, name: str) -> None:
    base = f"http://{LOCAL}:{server.port}"
    get = b"GET /you HTTP/1.1\r\nHost: localhost\r\n\r\n"
    ask = asker(get, f"hello you from {name}\n".encode())
    with report.step("curl: a page; ten requests on one connection"):
        assert output(["curl", "-sf", f"{base}/you"]) == f"hello you from {name}\n"
        got = output(["curl", "-sf", "-w", "%{num_connects}\n", *[f"{base}/you"] * 10]).split("\n")
        assert got[1::2] == ["1"] + ["0"] * 9, got
    with (
        report.step(f"curl: a POST of {POST_MIB} MiB, chunked") as note,
        tempfile.NamedTemporaryFile() as file,
    ):
        body = os.urandom(POST_MIB << 20)
        file.write(body)
        file.flush()
        words = ["-H", "Transfer-Encoding: chunked", "-T", file.name, "-X", "POST"]
        assert output(["curl", "-sf", *words, f"{base}/"]) == hashlib.sha256(body).hexdigest()
    with report.step("wrk, 16 connections") as note:
        note.found = wrk(f"{base}/you", "-t1", "-c16")
    with report.step("1000 connections held") as note:
        note.found = hold_many(server, ask)
    with report.step("clients that vanish") as note:
        note.found = vanish(server, ask, get, VANISHED)
    report.leak(server, "connections kept", lambda n: ab(f"{base}/you", n, "-k", "-c", "50"))
    report.leak(server, "a connection for each", lambda n: ab(f"{base}/you", n, "-c", "50"), REQUESTS // 4)


def run_node(report: Report) -> None:
    """Drive node's."""
    with Served("node", PORT) as server:
        report.about = output(["curl", "-sf", f"http://{LOCAL}:{server.port}/version"]).split()[1]
        _drive(report, server, "node")
    with report.step("SIGTERM, which it handles") as note:
        assert server.status == 0, server.errors()[-400:]
        note.found = "status 0"


def run_go(report: Report) -> None:
    """Drive Go's."""
    with Served("go", PORT) as server:
        report.about = output(["go", "version"]).split()[2]
        with report.step("the network's interfaces, as net.Interfaces finds them"):
            lines = output(["curl", "-sf", f"http://{LOCAL}:{server.port}/interfaces"]).splitlines()
            assert lines == ["lo true 127.0.0.1/8", "eth0 true 10.0.2.15/24"], lines
        _drive(report, server, "go")
    with report.step("SIGTERM ends it") as note:
        assert server.status == 143, server.status
        note.found = "status 143"
