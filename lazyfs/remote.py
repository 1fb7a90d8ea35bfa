"""An image that is read over a network: what is missing is fetched, verified, and kept on disk by digest.

Requests are few and large: `prefetch` brings a working set with one request for each run of index pages and one for
the chunks, other index pages come in blocks, and chunks that are read one after the other in growing windows.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

from lazyfs.chunk_store import CACHE_BYTES, ChunkStore
from lazyfs.disk_cache import DiskCache
from lazyfs.errors import FormatError, LinuxError, RangesUnsupported, RemoteError
from lazyfs.index import Index
from lazyfs.index_format import CHUNK_LIMIT, PAGE, PREFIX, digest
from lazyfs.source import FileSource, Source

PAGES_AT_ONCE: Final = 8  # index pages around a missing one: 128 KiB
PAGES_BETWEEN: Final = 8  # a gap of wanted pages that costs less than another request
WINDOW: Final = 256 << 10  # bytes of chunks behind a missing one
WINDOW_LIMIT: Final = 4 << 20  # ... where chunks are read in a row
FILL_WINDOW: Final = 1 << 20  # bytes that a request of the filling asks for
QUIET: Final = 5.0  # seconds without a request of the guest's before the rest of the image is fetched

Pages = list[tuple[int, int]]  # first page, number of pages
Place = tuple[int, int, int, bytes]  # a chunk's number, its offset and length in the chunk file, its digest


class RemoteSource(Source, Protocol):
    """A Source whose requests cost time. read and stream raise RemoteError too."""

    def stream(self, offset: int, lengths: Iterable[int]) -> Iterator[bytes]:
        """The consecutive pieces of these lengths from `offset` on, as they arrive."""


class Link:
    """What the index and the chunks of one remote image share: the cache, and what a failure means.

    While the guest runs (`guest_runs`) a failure is logged and the guest's system call gets EIO; else it is the user's.
    """

    def __init__(self, cache: DiskCache | None, log: Callable[[str], None] = lambda message: None) -> None:
        self.cache, self.log, self.guest_runs = cache, log, False

    def failure(self, error: RemoteError) -> Exception:
        """What to raise for `error`."""
        if not self.guest_runs:
            return error
        self.log(f"{error.url}: {error.problem}: the guest gets EIO")
        return LinuxError(errno.EIO)


class RemoteIndex(Index):
    """An Index over a RemoteSource. prefetch: pages that are fetched at once where the first of them is missing."""

    def __init__(
        self,
        source: RemoteSource,
        link: Link,
        *,
        expected_digest: bytes,
        prefetch: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._link, self._expected = link, expected_digest
        self._unverified: dict[int, bytes] = {}
        self._loading = threading.RLock()  # a page may need a digest page
        self._wanted: Pages = [(first, count) for first, count in prefetch]
        super().__init__(source, expected_digest=expected_digest)

    def _read_header(self) -> bytes:
        cache = self._link.cache
        key = f"{self._expected.hex()}-header"
        if cache is not None:
            try:
                with open(cache.path(key), "rb") as file:
                    header = file.read()
                if len(header) == PAGE and digest(header[PREFIX.size :]) == self._expected:
                    return header
            except OSError:
                pass
        header = self._fetch(0)
        if cache is not None and digest(header[PREFIX.size :]) == self._expected:
            cache.put_file(key, [header])
        return header

    def _load(self, number: int) -> bytes:
        with self._loading:
            return self._pages.get(number) or super()._load(number)

    def _read_page(self, number: int, expected: bytes) -> bytes:
        page = self._unverified.pop(number, None)
        if page is not None and digest(page) == expected:
            self._keep(expected, page)
            return page
        cache = self._link.cache
        page = None if cache is None else cache.get(expected)
        if page is None:
            page = self._fetch(number)
            if digest(page) != expected:  # once more: what was prefetched may have come from a bad moment
                page = self._get(number, 1)
            if digest(page) != expected:
                raise FormatError(
                    self.name, number * PAGE, "the page's digest", "another: the file is damaged"
                )
            self._keep(expected, page)
        return page

    def _keep(self, expected: bytes, page: bytes) -> None:
        if self._link.cache is not None:
            self._link.cache.put(expected, page)

    def _fetch(self, number: int) -> bytes:
        """A page, not verified yet; others that are likely to be wanted come with it."""
        total = self.source.length // PAGE
        wanted = _coalesced(self._wanted, total)
        self._wanted = []
        if not any(first <= number < first + count for first, count in wanted):
            start = number - number % PAGES_AT_ONCE
            wanted.append((start, min(PAGES_AT_ONCE, total - start)))
        for first, count in wanted:
            data = self._get(first, count)
            for position in range(count):
                self._unverified[first + position] = data[position * PAGE : (position + 1) * PAGE]
        return self._unverified.pop(number)

    def bring(self, first: int, count: int) -> int:
        """Put the pages [first, first + count) into the cache, those that are not there; the bytes fetched.

        They are not kept in memory. RemoteError, FormatError.
        """
        cache = self._link.cache
        assert cache is not None
        with self._loading:
            numbers = range(max(first, 1), min(first + count, self.source.length // PAGE))
            missing = [number for number in numbers if not cache.has(self.digest_of(number))]
            if not missing:
                return 0
            start, count = missing[0], missing[-1] + 1 - missing[0]
        data = self.source.read(start * PAGE, count * PAGE)
        for number in missing:
            page = data[(number - start) * PAGE : (number - start + 1) * PAGE]
            if digest(page) != self.digest_of(number):
                raise FormatError(
                    self.name, number * PAGE, "the page's digest", "another: the file is damaged"
                )
            cache.put(self.digest_of(number), page)
        return len(data)

    def _get(self, first: int, count: int) -> bytes:
        try:
            return self.source.read(first * PAGE, count * PAGE)
        except RemoteError as error:
            raise self._link.failure(error) from error


def _coalesced(pages: Pages, total: int) -> Pages:
    """Runs of pages inside the file, those with small gaps joined."""
    joined: Pages = []
    for first, count in sorted(pages):
        count = min(count, total - first)
        if first < 0 or count < 1:
            continue
        if joined and first <= sum(joined[-1]) + PAGES_BETWEEN:
            start, before = joined[-1]
            joined[-1] = (start, max(first + count - start, before))
        else:
            joined.append((first, count))
    return joined


class RemoteChunks(ChunkStore):
    """A ChunkStore over a RemoteSource."""

    source: RemoteSource

    def __init__(
        self, index: Index, source: RemoteSource, link: Link, *, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._link = link
        self._changed = threading.Condition()
        self._coming: set[int] = set()  # numbers of the chunks that the prefetch will bring
        self._ready: dict[int, bytes] = {}  # and of those it brought, where no cache keeps them
        self._thread: threading.Thread | None = None
        self._closed = False
        self._quiet_since = -1  # how often when it had been quiet for long enough to fill
        self._asked = 0  # how often a chunk had to be fetched for the guest
        self._next, self._window = -1, WINDOW  # the chunk behind the last window
        super().__init__(index, source, cache_bytes=cache_bytes)

    def _check_header(self) -> None:
        """Not worth a request: all that is read of the file has a digest in the index."""

    def _stored(self, number: int, offset: int, nbytes: int, expected: bytes) -> bytes:
        if self._thread is not None:
            with self._changed:
                while number in self._coming:
                    self._changed.wait()
        stored = self._ready.pop(number, None)
        if stored is None and self._link.cache is not None:
            stored = self._link.cache.get(expected)
        if stored is not None:
            return stored
        self._asked += 1
        try:
            for got, data in self._arriving(self._window_from(number)):
                if got == number:
                    stored = data
                elif self._link.cache is None:
                    self._ready[got] = data
        except RemoteError as error:
            if stored is None:
                raise self._link.failure(error) from error
        assert stored is not None
        return stored

    def _window_from(self, number: int) -> list[Place]:
        """`number` and the chunks behind it that are fetched along."""
        self._window = min(self._window * 2, WINDOW_LIMIT) if number == self._next else WINDOW
        places = [(number, *self._place(number))]
        total = places[0][2]
        while (number := number + 1) < self.index.chunks and total < self._window:
            offset, nbytes, expected = self._place(number)
            total += nbytes
            if offset != sum(places[-1][1:3]) or total > self._window or self._has(number, expected):
                break
            places.append((number, offset, nbytes, expected))
        self._next = places[-1][0] + 1
        return places

    def _place(self, number: int) -> tuple[int, int, bytes]:
        offset, nbytes, _, _, expected = self.index.chunk(number)
        if nbytes > CHUNK_LIMIT:
            raise FormatError(self.index.name, None, f"chunks up to {CHUNK_LIMIT} bytes", f"chunk {number}")
        return offset, nbytes, expected

    def _has(self, number: int, expected: bytes) -> bool:
        cache = self._link.cache
        return number in self._ready or number in self._coming or (cache is not None and cache.has(expected))

    def _arriving(self, places: list[Place]) -> Iterator[tuple[int, bytes]]:
        """Fetch chunks that lie one behind the other with one request; each is verified, and cached, as it comes."""
        pieces = self.source.stream(places[0][1], [nbytes for _, _, nbytes, _ in places])
        for (number, offset, nbytes, expected), data in zip(places, pieces, strict=True):
            if digest(data) != expected:
                data = self.source.read(offset, nbytes)  # once more, for a bad moment on the way
                if digest(data) != expected:
                    raise FormatError(
                        self.source.name, offset, f"the digest of chunk {number}", "another: it is damaged"
                    )
            if self._link.cache is not None:
                self._link.cache.put(expected, data)
            yield number, data

    # Prefetch

    def prefetch(self, end: int) -> None:
        """Start to fetch the chunks that lie before byte `end` of the chunk file, those that are not cached."""
        places: list[Place] = []
        for number in range(self.index.chunks):
            offset, nbytes, expected = self._place(number)
            if offset + nbytes > end:
                break
            if not self._has(number, expected):
                places.append((number, offset, nbytes, expected))
        if not places:
            return
        with self._changed:
            self._coming.update(place[0] for place in places)
        self._thread = threading.Thread(target=self._bring, args=(places,), daemon=True)
        self._thread.start()

    def _bring(self, places: list[Place]) -> None:
        """The prefetch thread. What it cannot bring, whoever needs it will ask for, and get the error."""
        cache = self._link.cache
        try:
            for run in _runs(places):
                for (number, data), place in zip(self._arriving(run), run, strict=True):
                    with self._changed:
                        if self._closed:
                            return
                        if cache is None or not cache.has(place[3]):
                            self._ready[number] = data
                        self._coming.discard(number)
                        self._changed.notify_all()
        except (RemoteError, FormatError, OSError):
            pass
        finally:
            with self._changed:
                self._coming.difference_update(place[0] for place in places)
                self._changed.notify_all()

    # Filling

    def missing(self) -> Iterator[list[Place]]:
        """The chunks that are neither cached nor on their way, in windows that one request brings each."""
        window: list[Place] = []
        for number in range(self.index.chunks):
            offset, nbytes, expected = self._place(number)
            follows = bool(window) and offset == sum(window[-1][1:3])
            wanted = not self._has(number, expected)
            if window and not (wanted and follows and offset + nbytes - window[0][1] <= FILL_WINDOW):
                yield window
                window = []
            if wanted:
                window.append((number, offset, nbytes, expected))
        if window:
            yield window

    def bring(self, window: list[Place]) -> int:
        """Put a window of `missing` into the cache; the bytes fetched. RemoteError, FormatError."""
        with self._changed:
            window = [place for place in window if not self._has(place[0], place[3])]
            self._coming.update(place[0] for place in window)
        try:
            for run in _runs(window):
                for number, _ in self._arriving(run):
                    with self._changed:
                        self._coming.discard(number)
                        self._changed.notify_all()
        finally:
            with self._changed:
                self._coming.difference_update(place[0] for place in window)
                self._changed.notify_all()
        return sum(place[2] for place in window)

    def filling(self) -> Iterator[Callable[[], int]]:
        """Steps that bring all that is missing of the image into the cache; each gives the bytes it fetched.

        They raise RemoteError and FormatError.
        """
        index = self.index
        assert isinstance(index, RemoteIndex)
        yield from (partial(index.bring, *run) for run in _page_runs(index))
        yield from (partial(self.bring, window) for window in self.missing())

    def fill(self, steps: Iterable[Callable[[], int]], *, quiet: float = QUIET) -> threading.Thread:
        """Start to take steps (`filling`, and what else there is to fetch) while the guest asks for nothing.

        quiet: seconds without a request of the guest's before it begins. It takes half of the time, and ends
        without a word where something fails. The thread that does it.
        """
        filling = threading.Thread(target=self._fill, args=(steps, quiet), daemon=True)
        with self._changed:
            self._thread = self._thread or filling  # whoever reads looks at what is coming from now on
        filling.start()
        return filling

    def _fill(self, steps: Iterable[Callable[[], int]], quiet: float) -> None:
        import time

        prefetch = self._thread
        if prefetch is not None and prefetch is not threading.current_thread():
            prefetch.join()
        with suppress(RemoteError, FormatError, OSError, ValueError):
            for step in steps:
                if not self._is_quiet(quiet):
                    return
                began = time.monotonic()
                if step():
                    with self._changed:
                        self._changed.wait_for(lambda: self._closed, min(time.monotonic() - began, quiet))

    def _is_quiet(self, seconds: float) -> bool:
        """Wait until the guest has asked for nothing for so long; False: it is over."""
        with self._changed:
            while not self._closed and self._quiet_since != self._asked:
                asked = self._asked
                if not self._changed.wait_for(lambda: self._closed, seconds) and self._asked == asked:
                    self._quiet_since = asked
            return not self._closed

    def close(self) -> None:
        """See ChunkStore.close. A prefetch ends with the chunk it is at."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        super().close()


def _page_runs(index: Index) -> Iterator[tuple[int, int]]:
    """The pages of an index, as (first, number of pages) that one request brings each."""
    count = FILL_WINDOW // PAGE
    return ((first, count) for first in range(0, index.source.length // PAGE, count))


def _runs(places: list[Place]) -> Iterator[list[Place]]:
    """Chunks in runs that lie one behind the other in the file."""
    run: list[Place] = []
    for place in places:
        if run and place[1] != run[-1][1] + run[-1][2]:
            yield run
            run = []
        run.append(place)
    if run:
        yield run


class WholeIfNeeded:
    """A RemoteSource over one whose server may not know ranges: then the whole blob is fetched, once.

    fetch: brings the blob to this machine, and gives its path.
    """

    def __init__(self, source: RemoteSource, fetch: Callable[[], str], log: Callable[[str], None]) -> None:
        self._source, self._fetch, self._log = source, fetch, log
        self._local: FileSource | None = None
        self._lock = threading.Lock()
        self.name, self.length = source.name, source.length

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read."""
        if self._local is None:
            try:
                return self._source.read(offset, length)
            except RangesUnsupported:
                self._fetch_whole()
        assert self._local is not None
        return self._local.read(offset, length)

    def stream(self, offset: int, lengths: Iterable[int]) -> Iterator[bytes]:
        """See RemoteSource.stream."""
        pieces = list(lengths)
        if self._local is None:
            try:
                yield from self._source.stream(
                    offset, pieces
                )  # it fails before its first piece, or not at all
                return
            except RangesUnsupported:
                self._fetch_whole()
        assert self._local is not None
        for nbytes in pieces:
            yield self._local.read(offset, nbytes)
            offset += nbytes

    def _fetch_whole(self) -> None:
        with self._lock:
            if self._local is None:
                self._log(f"{self.name}: the server does not send ranges, so all of it is fetched")
                self._local = FileSource(self._fetch())

    def close(self) -> None:
        """See Source.close."""
        self._source.close()
        if self._local is not None:
            self._local.close()
