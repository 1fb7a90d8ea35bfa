"""The guest functions behind places in code: their names, and what of them is translated.

names = Naming(bundle)
names.translated("modules/0123.wasm", 40)       # whose code a module's function 40 is
names.at(ino, 0x1234)                           # what the file with this inode number has at that offset
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from io import BytesIO

from elftools.elf.elffile import ELFFile

from friscy.bundle import CODE, INTERPRETER, Bundle
from friscy.kernel import elf
from friscy.kernel.memory.areas import PLACE_START
from friscy.machine.code_file import CodeFile, read_code_file
from friscy_build.aot.discover import Functions
from friscy_build.aot.image import CodeImage
from friscy_build.aot.runtime import IMPORTS
from friscy_build.translation.owners import exports, owners
from friscy_build.translation.placing import Files
from lazyfs.errors import FormatError


class Named:
    """A guest function, or code that belongs to none. address: where it begins; equal where both are the same."""

    __slots__ = ("address", "name", "path")

    def __init__(self, path: str, name: str, address: int) -> None:
        self.path, self.name, self.address = path, name, address

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and (self.path, self.address) == (other.path, other.address)

    def __hash__(self) -> int:
        return hash((self.path, self.address))


class File:
    """An ELF file of the image. base: where it is looked at, which for one with translated code is its place."""

    def __init__(self, data: bytes, base: int, path: str, entries: set[int]) -> None:
        self.path, self.entries = path, entries
        self._image = CodeImage(data, base, name=path)
        self._functions = Functions(self._image, entries)
        self._covered: dict[int, set[int]] = {}
        self._stubs = [
            (
                section["sh_addr"] + self._image.bias,
                section["sh_addr"] + self._image.bias + section["sh_size"],
            )
            for section in ELFFile(BytesIO(data)).iter_sections()
            if section.name.startswith(".plt")
        ]
        self._segments = [
            (segment.offset, segment.filesz, segment.vaddr + self._image.bias)
            for segment in self._image.parsed.load
            if segment.flags & elf.PF_X
        ]

    def address(self, offset: int) -> int | None:
        """Where the code at `offset` in the file lies; None: it is not in a segment with code."""
        for start, nbytes, address in self._segments:
            if start <= offset < start + nbytes:
                return address + offset - start
        return None

    def function(self, pc: int) -> Named:
        """The function that has `pc`. One without a name, as of stripped files, is shown with the symbol before it."""
        for start, end in self._stubs:
            if start <= pc < end:
                return Named(self.path, "(PLT: calls of other files)", start)
        found = self._functions.enclosing(pc)
        start = found.start if found is not None else self._before(pc)
        symbol = self._image.by_address.get(start)
        if symbol is not None:
            return Named(self.path, symbol.name.partition("@")[0], start)
        before = self._image.by_address.get(self._before(start))
        where = f" after {before.name.partition('@')[0]}" if before is not None else ""
        return Named(self.path, f"{start:#x}{where}", start)

    def _before(self, pc: int) -> int:
        """The last named address up to `pc`; itself where there is none."""
        at = bisect_right(self._named, pc) - 1
        return self._named[at] if at >= 0 else pc

    @cached_property
    def _named(self) -> list[int]:
        return sorted(self._image.by_address)

    def end(self, named: Named) -> int:
        """Where a function that `function` gave ends."""
        found = self._functions.function(named.address)
        return found.end if found is not None else named.address + 2

    def is_entered(self, named: Named) -> bool:
        """Whether any of the function's code can be called translated."""
        end = self.end(named)
        return any(named.address <= entry < end for entry in self.entries)

    def is_translated(self, named: Named, pc: int) -> bool:
        """Whether the translation of the function has the instruction at `pc`."""
        covered = self._covered.get(named.address)
        if covered is None:
            end = self.end(named)
            own = {entry for entry in self.entries if named.address <= entry < end}
            graphs = self._functions.graphs(own, own)
            covered = {at for graph in graphs for block in graph.blocks.values() for at, _ in block.code}
            self._covered[named.address] = covered
        return pc in covered


class Naming:
    """Names the code of a bundle's files."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle, self._files = bundle, Files.of(bundle)
        self._code: CodeFile | None = None
        if bundle.has(CODE):
            self._code = read_code_file(bundle.path(CODE), bundle.files[CODE].size)
        self._opened: dict[int, File | None] = {}
        self._owners: dict[str, dict[int, list[int]]] = {}

    def close(self) -> None:
        self._files.close()

    @cached_property
    def _paths(self) -> dict[int, str]:
        return dict(self._files.walk())

    @cached_property
    def _entries(self) -> list[list[int]]:
        """The entries of each module of code.bin."""
        return [list(pcs) for pcs in self._code.entries()] if self._code is not None else []

    @cached_property
    def _images(self) -> dict[int, int]:
        """Inode number -> number of its image in code.bin."""
        rows = self._code.images if self._code is not None else []
        return {ino: number for number, row in enumerate(rows) for ino in row.inodes}

    @cached_property
    def engine_exports(self) -> dict[int, str]:
        """What the interpreter's module exports, by function index."""
        return exports(self._bundle.read(INTERPRETER))

    def translated(self, module: str, index: int) -> Named | None:
        """The guest function that has function `index` of `module`; None: it is one that the module's others share."""
        assert self._code is not None
        known = self._owners.get(module)
        if known is None:
            known = self._owners[module] = owners(self._bundle.read(module), len(IMPORTS))
        if index not in known:
            return None
        number = next(k for k, row in enumerate(self._code.modules) if row.name == module)
        pc = self._entries[number][known[index][0]]
        file = self.file(self._code.images[self._code.modules[number].image].inodes[0])
        assert file is not None, "it was translated"
        return file.function(pc)

    def path(self, ino: int) -> str:
        """The first path of a file of the image."""
        return self._paths.get(ino, f"inode {ino}")

    def file(self, ino: int) -> File | None:
        """A file of the image; None where it is no ELF file that the kernel loads."""
        if ino not in self._opened:
            self._opened[ino] = self._open(ino)
        return self._opened[ino]

    def _open(self, ino: int) -> File | None:
        number = self._images.get(ino)
        base, entries, path = PLACE_START, set[int](), self.path(ino)
        if self._code is not None and number is not None:
            row = self._code.images[number]
            base, path = row.low, row.path
            modules = zip(self._code.modules, self._entries, strict=True)
            entries = {pc for module, pcs in modules if module.image == number for pc in pcs}
        try:
            return File(self._files.read(ino), base, path, entries)
        except (FormatError, ValueError):
            return None
