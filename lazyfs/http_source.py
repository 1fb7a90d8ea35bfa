"""Blobs on a web server, read by range over kept-alive connections; the standard library only.

    directory = HttpDirectory("https://host/bundle/")
    directory.read_all("manifest.json", limit)
    source = directory.source("rootfs.chunks", length)      # a Source
    for piece in source.stream(offset, [n, m]): ...         # one request for pieces that lie together

A request that fails in a way that may pass (a broken connection, a time-out, 408, 429, 5xx) is made again, from
where it broke off. A blob that changes while it is read (its ETag, its date or its length) is refused.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from lazyfs.errors import RangesUnsupported, RemoteError

TIMEOUT: Final = 20.0  # seconds without a byte
DELAYS: Final = (0.1, 0.4, 1.6, 3.2)  # seconds before each further attempt
REDIRECTS: Final = 5
BLOCK: Final = 1 << 18
_AGAIN: Final = (408, 429, 500, 502, 503, 504)
_MOVED: Final = (301, 302, 303, 307, 308)
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class HttpDirectory:
    """What lies below a URL. A query string belongs to every request; user:password@ becomes Basic authorization.

    bytes_fetched, requests: what it cost so far. answered: whether there was an answer yet.
    delays: seconds before each further attempt. wait: how to sleep between them.
    """

    def __init__(
        self, url: str, *, timeout: float = TIMEOUT, wait: Callable[[float], object] = time.sleep
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RemoteError(url, "not an http:// or https:// address")
        self._authorization = ""
        if parts.username is not None:
            from base64 import b64encode

            secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._authorization = "Basic " + b64encode(secret).decode()
        path = parts.path if parts.path.endswith("/") else parts.path + "/"
        self._base = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path, fragment="")
        self.timeout, self.wait = timeout, wait
        self.delays: tuple[float, ...] = DELAYS
        self.bytes_fetched = self.requests = 0
        self.answered = False
        self._idle: dict[tuple[str, str], list[http.client.HTTPConnection]] = {}
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def url(self, name: str) -> str:
        """The address of a file, without the query, which may be a secret."""
        return urlunsplit(self._base._replace(path=self._base.path + name, query=""))

    def read_all(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes."""
        return b"".join(self.blocks(name, limit=limit))

    def blocks(self, name: str, *, limit: int | None = None) -> Iterator[bytes]:
        """A whole file, block by block; it is asked for in one request, and from where that broke off."""
        source = HttpSource(self, name, None)
        total = 0
        for block in source.whole():
            total += len(block)
            if limit is not None and total > limit:
                raise RemoteError(self.url(name), f"longer than {limit} bytes")
            yield block

    def source(self, name: str, length: int) -> HttpSource:
        """A file of known length, to be read by range."""
        return HttpSource(self, name, length)

    def close(self) -> None:
        """Close all connections that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.close()

    # Connections

    def open(self, url: SplitResult, headers: dict[str, str]) -> Response:
        """Send GET. OSError, HTTPException: it could not be sent or there was no answer."""
        key = (url.scheme, url.netloc)
        target = urlunsplit(("", "", url.path or "/", url.query, ""))
        headers = {"Accept-Encoding": "identity", "User-Agent": "friscy", **headers}
        if self._authorization and key == (self._base.scheme, self._base.netloc):
            headers["Authorization"] = self._authorization
        while True:
            with self._lock:
                waiting = self._idle.get(key)
                connection, fresh = (waiting.pop(), False) if waiting else (self._connect(url), True)
                self.requests += 1
            try:
                connection.request("GET", target, headers=headers)
                response = Response(self, key, connection, connection.getresponse())
                self.answered = True
                return response
            except (OSError, http.client.HTTPException):
                connection.close()
                if fresh:
                    raise
                # The server had closed a connection that was kept; that says nothing about the next one.

    def _connect(self, url: SplitResult) -> http.client.HTTPConnection:
        if url.scheme == "http":
            return http.client.HTTPConnection(url.hostname or "", url.port, timeout=self.timeout)
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return http.client.HTTPSConnection(
            url.hostname or "", url.port, timeout=self.timeout, context=self._tls
        )

    def give_back(self, key: tuple[str, str], connection: http.client.HTTPConnection) -> None:
        """Keep a connection for the next request."""
        with self._lock:
            self._idle.setdefault(key, []).append(connection)

    @property
    def base(self) -> SplitResult:
        """The directory's address, query included."""
        return self._base


class Response:
    """An answer whose body is still to be read; `done` gives the connection back, or closes it."""

    def __init__(
        self,
        directory: HttpDirectory,
        key: tuple[str, str],
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
    ) -> None:
        self._directory, self._key, self._connection, self._response = directory, key, connection, response
        self.status, self.reason = response.status, response.reason
        self._left = response.length if response.length is not None else 1  # unknown: until its end was seen

    def header(self, name: str) -> str | None:
        """A header's value."""
        return self._response.getheader(name)

    def read(self, n: int) -> bytes:
        """Up to `n` bytes of the body, none at its end. IncompleteRead: it broke off."""
        data = self._response.read(n)
        self._left -= len(data)
        self._directory.bytes_fetched += len(data)
        return data

    def done(self) -> None:
        """Nothing more is wanted of the body."""
        if (self._response.isclosed() or not self._left) and not self._response.will_close:
            self._response.close()
            self._directory.give_back(self._key, self._connection)
        else:
            self._connection.close()


class HttpSource:
    """A blob below an HttpDirectory: a Source. length None: not known, `whole` is all that can be asked for."""

    def __init__(self, directory: HttpDirectory, name: str, length: int | None) -> None:
        self.directory, self.name = directory, directory.url(name)
        self.length = -1 if length is None else length
        base = directory.base
        self._url = base._replace(path=base.path + name)
        self._version: str | None = None  # ETag, or else the date, of the first answer
        self._etag = ""

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read. RemoteError: it cannot be had."""
        return b"".join(self.stream(offset, [length]))

    def stream(self, offset: int, lengths: Iterable[int]) -> Iterator[bytes]:
        """The consecutive pieces of these lengths from `offset` on, as they arrive, with one request."""
        pieces = list(lengths)
        end = offset + sum(pieces)
        if not 0 <= offset <= end <= self.length:
            raise RemoteError(self.name, f"bytes {offset} to {end} of a blob of {self.length}")
        body = self._body(offset, end)
        buffer = bytearray()
        for nbytes in pieces:
            while len(buffer) < nbytes:
                buffer += next(body)
            yield bytes(buffer[:nbytes])
            del buffer[:nbytes]
        body.close()

    def whole(self) -> Iterator[bytes]:
        """All of the blob, whatever its length."""
        return self._body(0, None)

    def close(self) -> None:
        """See Source.close; the connections are the directory's."""

    def _body(self, start: int, end: int | None) -> Generator[bytes, None, None]:
        """The bytes [start, end); a failure that may pass is waited out, and only what is missing asked for again."""
        attempt = 0
        while end is None or start < end:
            try:
                response = self._request(start, end)
                try:
                    if end is None and (told := response.header("Content-Length")) is not None:
                        end = self.length = int(told)
                    while end is None or start < end:
                        data = response.read(BLOCK if end is None else min(BLOCK, end - start))
                        if not data and end is None:
                            return
                        if not data:
                            raise http.client.IncompleteRead(b"", (end or 0) - start)
                        start, attempt = start + len(data), 0
                        yield data
                finally:
                    response.done()
            except (OSError, http.client.HTTPException, _Passing) as error:
                if attempt >= len(self.directory.delays) or (end is None and start) or self._is_final(error):
                    hint = "Is the server there? What was fetched so far is kept."
                    raise RemoteError(self.name, _said(error), hint=hint) from error
                self.directory.wait(self.directory.delays[attempt])
                attempt += 1

    def _is_final(self, error: BaseException) -> bool:
        """A wrong certificate; or a host that was never there, so that the address may be wrong."""
        unknown = isinstance(error, ConnectionRefusedError | socket.gaierror)
        return isinstance(error, ssl.SSLCertVerificationError) or (unknown and not self.directory.answered)

    def _request(self, start: int, end: int | None) -> Response:
        headers = {}
        if end is not None:
            headers["Range"] = f"bytes={start}-{end - 1}"
            if self._etag:
                headers["If-Range"] = self._etag
        url = self._url
        for _ in range(REDIRECTS + 1):
            response = self.directory.open(url, headers)
            if response.status not in _MOVED:
                break
            target = urlsplit(urljoin(urlunsplit(url), response.header("Location") or ""))
            response.done()
            if target.scheme not in ("http", "https") or (url.scheme, target.scheme) == ("https", "http"):
                raise RemoteError(self.name, f"redirected to {target.scheme}://, which is refused")
            url = target
        else:
            raise RemoteError(self.name, f"more than {REDIRECTS} redirections")
        try:
            self._check(response, start, end)
        except BaseException:
            response.done()
            raise
        return response

    def _check(self, response: Response, start: int, end: int | None) -> None:
        status = response.status
        if status in _AGAIN:
            raise _Passing(f"{status} {response.reason}")
        if status == 416:
            raise self._changed("it is shorter by now")
        if status not in (200, 206) or (status == 206 and end is None):
            raise RemoteError(self.name, f"{status} {response.reason}", hint=_HINTS.get(status, ""))
        if response.header("Content-Encoding") not in (None, "identity"):
            raise RemoteError(self.name, "compressed on the way, though that was not asked for")
        version = response.header("ETag") or response.header("Last-Modified") or ""
        if self._version is None:
            self._version = version
            # A weak ETag (W/) does not vouch for bytes, so it is no use in If-Range.
            self._etag = version if version.startswith('"') else ""
        elif version != self._version:
            raise self._changed(f"it was {self._version}, and is {version} by now")
        if end is None:
            return
        if status == 200:
            self._check_length(response.header("Content-Length"))
            if start or end != self.length:
                raise RangesUnsupported(self.name, "the server does not send ranges")
            return
        told = _CONTENT_RANGE.fullmatch(response.header("Content-Range") or "")
        if told is None or (int(told[1]), int(told[2])) != (start, end - 1):
            raise RemoteError(
                self.name, f"asked for bytes {start}-{end - 1}, got {response.header('Content-Range')}"
            )
        self._check_length(told[3])

    def _check_length(self, told: str | None) -> None:
        if told is not None and int(told) != self.length:
            raise self._changed(f"expected {self.length} bytes, and the server has {told}")

    def _changed(self, what: str) -> RemoteError:
        return RemoteError(
            self.name, f"another blob than the bundle's: {what}", hint="Run again: it was replaced."
        )


class _Passing(Exception):
    """An answer that may be another one in a moment."""


_HINTS = {
    401: "Give user and password in the address: https://USER:PASSWORD@HOST/...",
    403: "The server refuses it: is the address whole, with its query?",
    404: "The address is that of the directory with manifest.json in it.",
}


def _said(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
