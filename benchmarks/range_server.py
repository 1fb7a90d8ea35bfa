"""A web server on loopback with ranges, ETags, and, to measure by, a bandwidth and a latency.

    with RangeServer(directory, bytes_per_second=3e6, latency=0.05) as server:
        server.url, server.bytes_sent, server.requests
"""

from __future__ import annotations

import os
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")
_PIECE = 16384


class RangeServer:
    """Serves the files of `directory`. The bandwidth is that of the link: connections share it.

    requests: (path, range or "") in order. ranges: whether it honours Range.
    """

    def __init__(
        self,
        directory: Path,
        *,
        bytes_per_second: float = 0,
        latency: float = 0,
        handler: type[Handler] | None = None,
    ) -> None:
        self.directory, self.bytes_per_second, self.latency = directory, bytes_per_second, latency
        self.ranges = True
        self.bytes_sent = 0
        self.requests: list[tuple[str, str]] = []
        self._link_free_at = 0.0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler or Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # readers may go at any time
        self._server.owner = self  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Its address, with a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> RangeServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def forget(self) -> None:
        """Count from zero again."""
        self.bytes_sent = 0
        self.requests = []

    def transmit(self, nbytes: int) -> None:
        """Wait as long as the link takes for `nbytes`, and count them."""
        with self._lock:
            self.bytes_sent += nbytes
            if not self.bytes_per_second:
                return
            now = time.monotonic()
            self._link_free_at = max(self._link_free_at, now) + nbytes / self.bytes_per_second
            left = self._link_free_at - now
        time.sleep(left)


class Handler(BaseHTTPRequestHandler):
    """GET of files, whole or a range. Subclasses answer some requests otherwise."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def owner(self) -> RangeServer:
        """The server."""
        found: RangeServer = self.server.owner  # type: ignore[attr-defined]
        return found

    def do_GET(self) -> None:
        """Answer one request."""
        path = unquote(urlsplit(self.path).path)
        self.owner.requests.append((path, self.headers.get("Range", "")))
        if self.owner.latency:
            time.sleep(self.owner.latency)
        try:
            size = self.size(path)
        except OSError:
            self.answer(404, b"", {})
            return
        headers = {"ETag": self.etag(path, size), "Accept-Ranges": "bytes"}
        asked = _RANGE.fullmatch(self.headers.get("Range", "")) if self.owner.ranges else None
        if self.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
            asked = None
        if asked is None:
            self.answer(200, self.read(path, 0, size), headers)
            return
        start, end = int(asked[1]), min(int(asked[2]) + 1, size)
        if start >= size:
            self.answer(416, b"", {"Content-Range": f"bytes */{size}"})
            return
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        self.answer(206, self.read(path, start, end), headers)

    def size(self, path: str) -> int:
        """The length of what is at a path. OSError: there is nothing."""
        return (self.owner.directory / path.lstrip("/")).stat().st_size

    def read(self, path: str, start: int, end: int) -> bytes:
        """The bytes [start, end) of what is at a path."""
        with open(self.owner.directory / path.lstrip("/"), "rb") as file:
            return os.pread(file.fileno(), end - start, start)

    def etag(self, path: str, size: int) -> str:
        """The version of what is at a path."""
        return f'"{size}"'

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send a whole answer at the link's speed."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.send_body(body)

    def send_body(self, body: bytes) -> None:
        """Send the bytes of an answer."""
        try:
            for start in range(0, len(body), _PIECE):
                piece = body[start : start + _PIECE]
                self.owner.transmit(len(piece))
                self.wfile.write(piece)
        except OSError:
            self.close_connection = True  # the reader has heard enough

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
