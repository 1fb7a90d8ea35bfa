"""A web application on the standard library: GET /NAME greets."""

import sys
from wsgiref.simple_server import make_server


def application(environ, start_response):
    """WSGI."""
    name = environ["PATH_INFO"].strip("/") or "world"
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"hello, {name}\n".encode()]


def main():
    """Serve; `greet --once NAME` answers one request on standard output instead."""
    if sys.argv[1:2] == ["--once"]:
        environ = {"PATH_INFO": f"/{sys.argv[2]}"}
        sys.stdout.write(b"".join(application(environ, lambda *_: None)).decode())
        return
    with make_server("", 8000, application) as server:
        server.serve_forever()
