"""code.bin, field by field, for its writer and its reader: which translated code a bundle has. docs/formats/bundle.md

    PREFIX, header (msgpack, `nbytes` long), entries (u32 for each function of each module, in order)

The digest in the prefix covers the header, and the header has that of the entries: so a start reads and checks the
header alone, and the entries are read when this user's image of the code map is made from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Any

import msgpack

from friscy.machine.layout import GUEST_START, PAGE, WINDOW_END
from lazyfs.errors import FormatError
from lazyfs.index_format import digest

MAGIC = b"FRISCODE"
VERSION = 1
PREFIX = Struct("<8sII32s")  # magic, version, bytes of the header, its digest
ENTRY_BYTES = 4

_AGAIN = "build the bundle again: `doit bundle`"


class ImageRow:
    """A file of the image that has translated code, and where its pages must lie for that.

    inodes: the equal files it stands for, by number in the index. low, high: the guest addresses it takes.
    segments: (start, end, offset in the file) of its code.
    """

    __slots__ = ("high", "inodes", "low", "path", "segments")

    def __init__(
        self, inodes: list[int], path: str, low: int, high: int, segments: list[tuple[int, int, int]]
    ) -> None:
        self.inodes, self.path, self.low, self.high, self.segments = inodes, path, low, high, segments


class ModuleRow:
    """A wasm module. image: number of the image it is of. name: of the bundle's file. count: its functions.

    first: the table slot of its first function; it follows from what stands before.
    """

    __slots__ = ("count", "first", "image", "name")

    def __init__(self, image: int, name: str, count: int, first: int = 0) -> None:
        self.image, self.name, self.count, self.first = image, name, count, first


class CodeFile:
    """The content of code.bin but for the entries. identity: tells it from every other, entries included."""

    __slots__ = ("entries_at", "entries_digest", "identity", "images", "modules", "path")

    def __init__(
        self, path: str, images: list[ImageRow], modules: list[ModuleRow], entries_digest: bytes, identity: str,
        entries_at: int,
    ) -> None:  # fmt: skip
        self.path, self.images, self.modules = path, images, modules
        self.entries_digest, self.identity, self.entries_at = entries_digest, identity, entries_at

    @property
    def nslots(self) -> int:
        """How many table slots the modules take, the first one (the interpreter's) included."""
        last = self.modules[-1] if self.modules else ModuleRow(0, "", 0, 1)
        return last.first + last.count

    def entries(self) -> list[memoryview]:
        """The pcs of each module's functions. FormatError: they are not what the header says."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.entries_at)
                data = file.read()
        except OSError as error:
            raise FormatError(self.path, None, "a readable file", error.strerror, hint=_AGAIN) from error
        if digest(data) != self.entries_digest:
            raise FormatError(
                self.path, self.entries_at, f"entries with digest {self.entries_digest.hex()}", digest(data).hex(),
                hint=_AGAIN,
            )  # fmt: skip
        pcs = memoryview(data).cast("I")
        found = [pcs[module.first - 1 : module.first - 1 + module.count] for module in self.modules]
        for module, listed in zip(self.modules, found, strict=True):
            segments = self.images[module.image].segments
            for pc in listed:
                if pc % 2 or not any(start <= pc < end for start, end, _ in segments):
                    raise FormatError(
                        self.path, None, f"entries in the code of {module.name}", hex(pc), hint=_AGAIN
                    )
        return found


def encode(images: Iterable[ImageRow], modules: Iterable[tuple[ModuleRow, Iterable[int]]]) -> bytes:
    """The bytes of code.bin. modules: each with the pcs of its functions, in the order of its table segment."""
    rows, entries = [], bytearray()
    for module, pcs in modules:
        listed = [int(pc) for pc in pcs]
        entries += b"".join(pc.to_bytes(ENTRY_BYTES, "little") for pc in listed)
        rows.append([module.image, module.name, len(listed)])
    header = {
        "images": [[image.inodes, image.path, image.low, image.high, image.segments] for image in images],
        "modules": rows,
        "entries": digest(entries),
    }
    packed: bytes = msgpack.packb(header)
    return PREFIX.pack(MAGIC, VERSION, len(packed), digest(packed)) + packed + entries


def read_code_file(path: str, nbytes: int) -> CodeFile:
    """Read and check the header of the code.bin at `path`, `nbytes` long. FormatError: it is damaged."""

    def bad(offset: int | None, expected: str, got: object) -> FormatError:
        return FormatError(path, offset, expected, got, hint=_AGAIN)

    try:
        with open(path, "rb") as file:
            prefix = file.read(PREFIX.size)
            if len(prefix) < PREFIX.size:
                raise bad(0, f"{PREFIX.size} bytes", len(prefix))
            magic, version, length, told = PREFIX.unpack(prefix)
            packed = file.read(length)
    except OSError as error:
        raise bad(None, "a readable file", error.strerror) from error
    if magic != MAGIC:
        raise bad(0, repr(MAGIC), repr(magic))
    if version != VERSION:
        raise bad(8, f"version {VERSION}", version)
    actual = digest(packed)
    if len(packed) != length or actual != told:
        raise bad(16, f"a header with digest {told.hex()}", actual.hex())
    try:
        header: dict[str, Any] = msgpack.unpackb(packed)
        images = [_image(row) for row in header["images"]]
        modules = [ModuleRow(int(image), str(name), int(count)) for image, name, count in header["modules"]]
        entries_digest = bytes(header["entries"])
    except (ValueError, KeyError, TypeError, msgpack.UnpackException) as error:
        raise bad(PREFIX.size, "a header of this version", error) from error
    slot = 1
    for module in modules:
        if not 0 <= module.image < len(images) or module.count < 0:
            raise bad(
                None,
                f"an image and a count of functions for {module.name}",
                f"{module.image}, {module.count}",
            )
        module.first = slot
        slot += module.count
    entries_at = PREFIX.size + length
    if entries_at + (slot - 1) * ENTRY_BYTES != nbytes:
        raise bad(None, f"{entries_at + (slot - 1) * ENTRY_BYTES} bytes", nbytes)
    return CodeFile(path, images, modules, entries_digest, actual.hex(), entries_at)


def _image(row: list[Any]) -> ImageRow:
    inodes, path, low, high, segments = row
    image = ImageRow(
        [int(ino) for ino in inodes],
        str(path),
        int(low),
        int(high),
        [(int(a), int(b), int(o)) for a, b, o in segments],
    )
    if not GUEST_START <= image.low < image.high <= WINDOW_END or (image.low | image.high) % PAGE:
        raise ValueError(f"{image.path} at [{image.low:#x}, {image.high:#x})")
    if not all(image.low <= start < end <= image.high for start, end, _ in image.segments):
        raise ValueError(f"the segments of {image.path}")
    return image
