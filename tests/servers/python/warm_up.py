"""What the translator is to know of servers.py: each server, and a client of it."""

import http.client
import socket
import ssl
import subprocess
import sys

ADDRESS = "127.0.0.1", 7000
LINES = [b"hello %d\n" % number for number in range(50)]


def connected():
    while True:
        try:
            return socket.create_connection(ADDRESS)
        except ConnectionRefusedError:
            pass


def converse(sock):
    with sock, sock.makefile("rb") as file:
        sock.sendall(b"".join(LINES))
        for line in LINES:
            assert file.readline() == line[:-1][::-1] + b"\n"
        for line in LINES:
            sock.sendall(line)
            file.readline()


def ask_pages():
    connected().close()
    for _ in range(10):
        client = http.client.HTTPConnection(*ADDRESS)
        for _ in range(3):
            client.request("GET", "/path")
            assert client.getresponse().read() == b"htap/"
        client.close()


def ask_by_tls():
    context = ssl.create_default_context(cafile="localhost.pem")
    for _ in range(3):
        converse(context.wrap_socket(connected(), server_hostname="localhost"))


def several():
    for _ in range(3):
        converse(connected())


for kind, ask in [("asyncio", several), ("threads", several), ("http", ask_pages), ("tls", ask_by_tls)]:
    if kind in sys.argv[1:]:
        with subprocess.Popen([sys.executable, "servers.py", kind]) as server:
            ask()
            server.terminate()
