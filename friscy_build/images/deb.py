"""Debian packages as files: the ar container, the control paragraph and the data archive (deb(5))."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from friscy_build.images.compression import Decompressed
from friscy_build.images.tar import Archive
from lazyfs.errors import FormatError

AR_MAGIC = b"!<arch>\n"
AR_HEADER_BYTES = 60
CONTROL_LIMIT = 4 << 20


class Deb:
    """An open .deb: `control` is its control file, `scripts` the other files of control.tar by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open(path, "rb")  # noqa: SIM115 - closed by close()
        try:
            self._members = dict(_ar_members(self._file, path))
            if self._part(b"debian-binary").read(2) != b"2.":
                raise FormatError(path, None, "a version 2 Debian package", "another version")
            files = self._control_files()
        except BaseException:
            self._file.close()
            raise
        self.control = files.pop("control", b"").decode("utf-8", "replace")
        self.scripts = files
        if not self.control:
            self._file.close()
            raise FormatError(path, None, "a control file", "none")

    def __enter__(self) -> Deb:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def data(self) -> Decompressed:
        """The decompressed data.tar, to be read before the next call."""
        return Decompressed(self._part(b"data.tar"), f"{self.path}: data.tar")

    def _control_files(self) -> dict[str, bytes]:
        stream = Decompressed(self._part(b"control.tar"), f"{self.path}: control.tar")
        found: dict[str, bytes] = {}
        for entry in Archive(stream, stream.name):
            name = entry.name.removeprefix(b"./").decode("utf-8", "surrogateescape")
            if entry.kind == "file" and entry.size <= CONTROL_LIMIT:
                found[name] = b"".join(data for _, data in entry.blocks())
        return found

    def _part(self, stem: bytes) -> BinaryIO:
        for name, (offset, size) in self._members.items():
            if name == stem or name.startswith(stem + b"."):
                return _Window(self._file, offset, size, self.path)  # type: ignore[return-value]
        raise FormatError(self.path, None, f"a member {stem.decode()}", b" ".join(self._members))


def parse_control(text: str) -> dict[str, str]:
    """The first paragraph of RFC-822-like `text` (deb822(5)); continuation lines stay joined by newlines."""
    fields: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if not line.strip():
            if fields:
                break
        elif line[0] in " \t":
            if last:
                fields[last] += "\n" + line
        elif not line.startswith("#"):
            last, _, value = line.partition(":")
            fields[last] = value.strip()
    return fields


def _ar_members(file: BinaryIO, path: Path) -> Iterator[tuple[bytes, tuple[int, int]]]:
    total = file.seek(0, 2)
    file.seek(0)
    if file.read(8) != AR_MAGIC:
        raise FormatError(path, 0, "a Debian package", "another file")
    offset = 8
    while offset < total:
        file.seek(offset)
        header = file.read(AR_HEADER_BYTES)
        digits = header[48:58].rstrip()
        if len(header) < AR_HEADER_BYTES or header[58:] != b"`\n" or not digits.isdigit():
            raise FormatError(path, offset, "an ar member header", header[:60])
        size = int(digits)
        if offset + AR_HEADER_BYTES + size > total:
            raise FormatError(path, offset, f"{size} bytes of member {header[:16]!r}", "the end of the file")
        yield header[:16].rstrip().removesuffix(b"/"), (offset + AR_HEADER_BYTES, size)
        offset += AR_HEADER_BYTES + size + (size & 1)


class _Window:
    """Bytes [start, start + size) of a file as a stream of their own."""

    def __init__(self, file: BinaryIO, start: int, size: int, name: object) -> None:
        self._file, self._at, self._end, self.name = file, start, start + size, name

    def read(self, size: int = -1, /) -> bytes:
        left = self._end - self._at
        self._file.seek(self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data
