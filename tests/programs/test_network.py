"""Guests that talk with this machine: published ports, outbound rules, names, TLS."""

from __future__ import annotations

import http.server
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from network_guest import NetworkGuest
from rootfs import Rootfs

from friscy.kernel.events.epoll_set import Epoll
from friscy.kernel.net import resolver
from friscy.kernel.net.inet_socket import network
from friscy.kernel.net.policy import Policy
from friscy.kernel.state import Process
from lazyfs.errors import UsageError

SOURCES = Path(__file__).parent / "network"
CERTIFICATE, KEY = SOURCES / "server.pem", SOURCES / "server.key"
LOCAL = "127.0.0.1"


def python(script: str, *arguments: str) -> list[str]:
    return ["/usr/bin/python3", "-c", script, *arguments]


def source(name: str) -> str:
    return (SOURCES / name).read_text()


@contextmanager
def one_connection(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server of this machine that serves one connection; its port."""
    with socket.create_server((LOCAL, 0)) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(60)


def _epoll(process: Process) -> Epoll | None:
    files = (descriptor.file for descriptor in process.files.slots.values())
    return next((file for file in files if isinstance(file, Epoll)), None)


def test_an_asyncio_server_and_clients_of_every_kind(programs: Rootfs) -> None:
    policy = Policy(publish=[f"{LOCAL}:0:7000"])
    with NetworkGuest(programs, python(source("asyncio_server.py")), policy) as guest:
        assert guest.line() == b"ready\n"
        where = LOCAL, guest.ports[0]
        clients = [socket.create_connection(where) for _ in range(60)]
        for number, client in enumerate(clients):
            client.sendall(b"client %d\n" % number)
        for number, client in enumerate(clients):
            expected = (b"client %d" % number)[::-1] + b"\n"
            assert client.makefile("rb").readline() == expected
        epoll = next(each for each in map(_epoll, guest.kernel.state.processes.values()) if each is not None)
        assert len(epoll.interests) > len(clients)
        assert len(epoll.due()) < 10  # who has nothing to say is not looked at
        for number, client in enumerate(clients):
            if number % 3 == 0:  # vanishes
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif number % 3 == 1:
                client.shutdown(socket.SHUT_WR)
                assert client.recv(1) == b""
            client.close()
        large = b"x" * 60_000 + b"\n"
        with socket.create_connection(where) as client:
            client.sendall(large)
            assert client.makefile("rb").readline() == large
        for _ in range(100):
            with socket.create_connection(where) as client:
                client.sendall(b"abc\n")
                assert client.recv(4) == b"cba\n"
        with socket.create_connection(where) as client:
            client.sendall(b"stop\n")
            assert client.recv(1) == b""
    assert (guest.status, guest.output) == (0, b"connections 162 left over 0\n")
    assert not guest.kernel.network.links
    assert not network(guest.kernel).tcp


def test_nothing_answers_before_the_guest_listens_and_after(programs: Rootfs) -> None:
    script = "import socket; input(); s = socket.create_server(('', 80)); print('up', flush=True); input(); s.close()"
    script += "; print('down', flush=True); input()"
    with NetworkGuest(programs, python(script), Policy(publish=[f"{LOCAL}:0:80"])) as guest:
        where = LOCAL, guest.ports[0]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(where)
        guest.say(b"\n")
        assert guest.line() == b"up\n"
        socket.create_connection(where).close()
        guest.say(b"\n")
        assert guest.line() == b"down\n"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(where)
        guest.say(b"\n")
    assert guest.status == 0


def test_a_published_udp_port(programs: Rootfs) -> None:
    script = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', 53)); print('ready', flush=True)\n"
    script += "for _ in range(2): data, who = s.recvfrom(100); s.sendto(data.upper(), who)"
    with NetworkGuest(programs, python(script), Policy(publish=[f"{LOCAL}:0:53/udp"])) as guest:
        assert guest.line() == b"ready\n"
        for word in (b"one", b"two"):
            with socket.socket(type=socket.SOCK_DGRAM) as client:
                client.settimeout(60)
                client.sendto(word, (LOCAL, guest.ports[0]))
                assert client.recv(100) == word.upper()
    assert guest.status == 0


def test_a_port_that_is_taken_is_said_at_the_start(programs: Rootfs) -> None:
    with socket.create_server((LOCAL, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot publish {LOCAL}:{port}:80/tcp"):
            NetworkGuest(programs, ["/bin/true"], Policy(publish=[f"{LOCAL}:{port}:80"]))


class _Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"page " + self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_outbound_goes_where_it_was_granted_and_nowhere_else(programs: Rootfs) -> None:
    script = """
import sys, urllib.request
for port in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(f"http://host.docker.internal:{port}/x", timeout=60).read())
    except OSError as error:
        print(error.reason)
"""
    with http.server.ThreadingHTTPServer((LOCAL, 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        with NetworkGuest(programs, python(script, str(port), "1"), Policy([f"localhost:{port}"])) as guest:
            pass
        server.shutdown()
    assert guest.output == b"b'page /x'\n[Errno 101] Network is unreachable\n"
    assert guest.log == [
        "network: host.docker.internal (127.0.0.1) port 1/tcp is not granted: allow it with "
        '--net host.docker.internal:1 or outbound = ["host.docker.internal:1"]'
    ]


def test_a_refused_and_a_broken_connection_outside(programs: Rootfs) -> None:
    script = """
import socket, sys
for port in sys.argv[1:]:
    s = socket.socket()
    try:
        s.connect(("10.0.2.2", int(port)))
        print(s.recv(10))
        s.recv(10)
    except OSError as error:
        print(error.strerror)
"""

    def reset(connection: socket.socket) -> None:
        connection.sendall(b"hello")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.socket() as unused:
        unused.bind((LOCAL, 0))
        closed = str(unused.getsockname()[1])
        with (
            one_connection(reset) as port,
            NetworkGuest(programs, python(script, closed, str(port)), Policy(["127.0.0.1"])) as guest,
        ):
            pass
    assert guest.output in (
        b"Connection refused\nb'hello'\nConnection reset by peer\n",
        b"Connection refused\nConnection reset by peer\n",  # the reset was quicker than the guest
    )


def test_nobody_answers_for_too_long(programs: Rootfs) -> None:
    script = """
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
try:
    s.connect(("10.0.2.2", int(sys.argv[1])))
except OSError as error:
    print(error.strerror)
s.setblocking(False)
print(s.connect_ex(("10.0.2.2", int(sys.argv[1]))) == 115)
"""
    with socket.create_server((LOCAL, 0), backlog=0) as full, socket.socket() as waiting:
        waiting.connect(full.getsockname())  # Linux lets nobody else in until it is accepted
        port = str(full.getsockname()[1])
        with NetworkGuest(programs, python(script, port), Policy(["127.0.0.1"])) as guest:
            pass
    assert guest.output == b"Connection timed out\nTrue\n"


def _answer_lines(connection: socket.socket) -> None:
    """The server of reading.py."""
    for line in connection.makefile("rb"):
        words = line.split()
        if b"send" in words:
            connection.sendall(b"0123456789" * (int(words[1]) // 10) + b"abcdefghi"[: int(words[1]) % 10])
        if b"end" in words:
            connection.shutdown(socket.SHUT_WR)
        if b"reset" in words:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return


def test_what_comes_from_outside_is_read_as_on_this_machine(programs: Rootfs) -> None:
    class Lines(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def finish_request(self, request: object, client_address: object) -> None:
            assert isinstance(request, socket.socket)
            with suppress(ConnectionError):
                _answer_lines(request)

        def shutdown_request(self, request: object) -> None:
            assert isinstance(request, socket.socket)
            request.close()

    with Lines((LOCAL, 0), socketserver.BaseRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = str(server.server_address[1])
        command = [sys.executable, SOURCES / "reading.py", LOCAL, port]
        native = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
        words = python(source("reading.py"), "10.0.2.2", port)
        with NetworkGuest(programs, words, Policy(["127.0.0.1"])) as guest:
            pass
        server.shutdown()
    assert guest.output.decode().splitlines() == native.decode().splitlines()


def test_what_the_guest_sends_from_a_file_or_a_pipe_arrives_once(programs: Rootfs) -> None:
    script = """
import os, select, socket, sys
data = b"".join(i.to_bytes(4) * 256 for i in range(1 << 14))
file = os.memfd_create("data")
os.write(file, data)
def push(move):
    with socket.create_connection(("10.0.2.2", int(sys.argv[1]))) as s:
        s.setblocking(False)
        sent = waits = 0
        while sent < len(data):
            try:
                sent += move(s.fileno(), sent)
            except BlockingIOError:
                if not waits:
                    print("full", flush=True)
                waits += 1
                select.select([], [s], [])
push(lambda fd, sent: os.sendfile(fd, file, sent, len(data) - sent))
os.lseek(file, 0, 0)
push(lambda fd, sent: os.sendfile(fd, file, None, len(data) - sent))
reader, writer = os.pipe()
if os.fork() == 0:
    for at in range(0, len(data), 50000):
        os.write(writer, data[at:at + 50000])
    os._exit(0)
push(lambda fd, sent: os.splice(reader, fd, len(data) - sent))
"""
    expected = b"".join(number.to_bytes(4, "big") * 256 for number in range(1 << 14))
    with socket.create_server((LOCAL, 0)) as listener:
        port = str(listener.getsockname()[1])
        with NetworkGuest(programs, python(script, port), Policy(["127.0.0.1"])) as guest:
            for _ in range(3):
                connection, _ = listener.accept()
                with connection:
                    assert guest.line() == b"full\n"
                    arrived = b"".join(iter(partial(connection.recv, 1 << 16), b""))
                    assert arrived == expected
    assert guest.status == 0


def test_names_are_looked_up_by_the_host_and_only_those_granted(
    programs: Rootfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"a.test": [bytes((198, 51, 100, 7))], "rebound.test": [bytes((127, 0, 0, 1))]}
    asked: list[str | bytes] = []

    def ask(what: str | bytes) -> resolver.Found:
        asked.append(what)
        return known.get(what) if isinstance(what, str) else None

    monkeypatch.setattr(resolver, "_ask_host", ask)
    script = """
import socket
for name in ("a.test", "A.TEST.", "none.test", "secret.example", "localhost", "friscy"):
    try:
        print(name, sorted({a[4][0] for a in socket.getaddrinfo(name, 80, socket.AF_INET)}))
    except OSError as error:
        print(name, error.strerror)
for address in ("198.51.100.7", "198.51.100.8", "127.0.0.1"):
    try:
        s = socket.socket(type=socket.SOCK_DGRAM); s.connect((address, 9)); print("allowed")
    except OSError as error:
        print(error.strerror)
try:
    socket.create_connection((socket.gethostbyname("rebound.test"), 1))
except OSError as error:
    print(error.strerror)
"""
    with NetworkGuest(programs, python(script), Policy(["*.test"])) as guest:
        pass
    assert guest.output.decode().splitlines() == [
        "a.test ['198.51.100.7']",
        "A.TEST. ['198.51.100.7']",
        "none.test Name or service not known",
        "secret.example Temporary failure in name resolution",
        "localhost ['127.0.0.1']",
        "friscy ['10.0.2.15']",
        "allowed",
        "Network is unreachable",
        "allowed",  # the guest's own loopback
        "Connection refused",
    ]
    assert set(asked) == {"a.test", "none.test", "rebound.test"}


def _one_line(path: Path) -> bytes:
    return path.read_bytes().replace(b"\n", b"|") + b"\n"


def test_tls_from_the_guest(programs: Rootfs) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.sendall(secure.recv(100).upper())

    with one_connection(serve) as port:
        argv = python(source("tls.py"), "client", str(port))
        with NetworkGuest(programs, argv, Policy([f"localhost:{port}"])) as guest:
            guest.say(_one_line(CERTIFICATE) + _one_line(KEY))
    assert guest.output == b"TLSv1.3 b'FROM THE GUEST\\n'\n"


def test_tls_to_the_guest(programs: Rootfs) -> None:
    with NetworkGuest(
        programs, python(source("tls.py"), "server"), Policy(publish=[f"{LOCAL}:0:7443"])
    ) as guest:
        guest.say(_one_line(CERTIFICATE) + _one_line(KEY))
        assert guest.line() == b"ready\n"
        context = ssl.create_default_context(cafile=str(CERTIFICATE))
        plain = socket.create_connection((LOCAL, guest.ports[0]))
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(b"to the guest")
            assert secure.recv(100) == b"TO THE GUEST"
    assert guest.status == 0
