"""Servers of Python's standard library on port 7000: `asyncio`, `threads`, `http`, `tls`; or `ask HOST PORT` by TLS.

The first four give back each line reversed (http: the path).
"""

import asyncio
import http.server
import socket
import socketserver
import ssl
import sys

PORT = 7000
CERTIFICATE, KEY = "localhost.pem", "localhost.key"


async def converse(reader, writer):
    try:
        while line := await reader.readline():
            writer.write(line[:-1][::-1] + b"\n")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def serve_asyncio(context=None):
    server = await asyncio.start_server(converse, "", PORT, backlog=2000, ssl=context)
    async with server:
        await server.serve_forever()


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    return context


class Lines(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            for line in self.rfile:
                self.wfile.write(line[:-1][::-1] + b"\n")
        except ConnectionError:
            pass


class Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address, request_queue_size, daemon_threads = True, 2000, True


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.path[::-1].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if not self.close_connection:
            self.send_header(
                "Connection", "keep-alive"
            )  # ab, a client of HTTP/1.0, waits for the end otherwise
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ask(host, port):
    context = ssl.create_default_context(cafile=CERTIFICATE)
    with (
        socket.create_connection((host, int(port))) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        secure.sendall(b"from the guest\n")
        print(secure.version(), secure.makefile("rb").readline().decode(), end="", flush=True)


match sys.argv[1:]:
    case ["asyncio"]:
        asyncio.run(serve_asyncio())
    case ["tls"]:
        asyncio.run(serve_asyncio(tls_context()))
    case ["threads"]:
        Threads(("", PORT), Lines).serve_forever()
    case ["http"]:
        http.server.ThreadingHTTPServer(("", PORT), Pages).serve_forever()
    case ["ask", host, port]:
        ask(host, port)
