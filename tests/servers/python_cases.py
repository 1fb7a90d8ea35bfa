"""Python's own servers: asyncio, socketserver with threads, http.server, TLS to the guest and from it."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

from clients import asker, connect, hold_many, vanish
from nginx_cases import ab, wrk
from report import Report, output
from served import BUNDLES, LOCAL, ROOT, Served

PORT = 7000
LINE, BACK = b"hello\n", b"olleh\n"
_HERE = Path(__file__).resolve().parent / "python"
CERTIFICATE, KEY = _HERE / "localhost.pem", _HERE / "localhost.key"
_THREADS = 200


def _lines(server: Served, count: int) -> str:
    """So many lines over ten connections, a hundred on the way in each."""
    clients = [connect(server) for _ in range(10)]
    files = [client.makefile("rb") for client in clients]
    for _ in range(count // 1000):
        for client in clients:
            client.sendall(LINE * 100)
        for file in files:
            for _ in range(100):
                assert file.readline() == BACK
    for client, file in zip(clients, files, strict=True):
        file.close()
        client.close()
    return "each line came back"


def run(report: Report) -> None:
    """Drive them."""
    words = ["run", str(BUNDLES / "python"), "--entrypoint", "python3", "--", "--version"]
    report.about = output([sys.executable, "-m", "friscy.cli.main", *words]).split()[-1]
    with Served("python", PORT, ["asyncio"]) as server:
        with report.step("asyncio: 1000 connections held") as note:
            note.found = hold_many(server, asker(LINE, BACK))
        with report.step("asyncio: clients that vanish") as note:
            note.found = vanish(server, asker(LINE, BACK), LINE)
        with (
            report.step("asyncio: a client that shuts down its side gets the rest"),
            connect(server) as client,
        ):
            client.sendall(LINE * 1000)
            client.shutdown(socket.SHUT_WR)
            assert client.makefile("rb").read() == BACK * 1000
        report.leak(server, "asyncio", lambda n: _lines(server, n))
    with report.step("asyncio: SIGTERM ends it") as note:
        assert server.status == 143, server.status
        note.found = "status 143"
    with Served("python", PORT, ["threads"]) as server:
        with report.step(f"socketserver: {_THREADS} connections held, a thread for each") as note:
            note.found = hold_many(server, asker(LINE, BACK), _THREADS)
        with report.step("socketserver: clients that vanish") as note:
            note.found = vanish(server, asker(LINE, BACK), LINE, 50)
    with Served("python", PORT, ["http"]) as server:
        url = f"http://{LOCAL}:{server.port}/path"
        with report.step("http.server: curl, wrk with 4 connections") as note:
            assert output(["curl", "-sf", url]) == "htap/"
            note.found = wrk(url, "-t1", "-c4", seconds=5)
        with report.step("http.server: ab, a connection and a thread for each request") as note:
            note.found = ab(url, 1000, "-c", "4")
        report.leak(server, "http.server", lambda n: ab(url, n, "-k", "-c", "4"))
    _tls(report)


def _tls(report: Report) -> None:
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    with Served("python", PORT, ["tls"]) as server:
        with report.step("ssl: the guest serves TLS 1.3 to Python and to openssl s_client"):
            with connect(server) as plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
                assert secure.version() == "TLSv1.3"
                secure.sendall(LINE * 5000)
                file = secure.makefile("rb")
                assert all(file.readline() == BACK for _ in range(5000))
            said = output(
                ["openssl", "s_client", "-connect", f"{LOCAL}:{server.port}", "-servername", "localhost", "-CAfile",
                 str(CERTIFICATE), "-verify_return_error", "-quiet", "-no_ign_eof"], stdin="hello\nQ\n",
            )  # fmt: skip
            assert "olleh" in said or said == "", said
        with report.step("ssl: 100 handshakes one after another"):
            for _ in range(100):
                with (
                    connect(server) as plain,
                    context.wrap_socket(plain, server_hostname="localhost") as secure,
                ):
                    secure.sendall(LINE)
                    assert secure.recv(100) == BACK
        with report.step("ssl: a certificate for another name is refused"):
            try:
                with connect(server) as plain, context.wrap_socket(plain, server_hostname="example.org"):
                    raise AssertionError("it was taken")
            except ssl.SSLCertVerificationError:
                pass
    with report.step("ssl: the guest asks a TLS server of the host") as note:
        note.found = _ask_host()


def _ask_host() -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    with socket.create_server((LOCAL, 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            plain, _ = listener.accept()
            with context.wrap_socket(plain, server_side=True) as secure:
                secure.sendall(secure.recv(100).upper())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        words = ["run", str(BUNDLES / "python"), "--net", f"localhost:{port}", "--"]
        done = subprocess.run(
            [sys.executable, "-m", "friscy.cli.main", *words, "ask", "host.docker.internal", str(port)],
            capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, env={"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        thread.join(60)
    assert done.stderr == "TLSv1.3 FROM THE GUEST\n", done
    return "TLSv1.3"
