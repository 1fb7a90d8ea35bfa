"""A bundle's translated code as the machine wants it: its native code from this user's cache, made where it is missing.

What is not compiled yet is left to the interpreter while a thread compiles it, so that a first run waits for nothing;
`compile_all` is for those who want to wait: a build, and whoever asks for `--engine aot`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from friscy.bundle import CODE
from friscy.machine.aot import Code, Image, Library, Module, map_file
from friscy.machine.code_file import CodeFile, read_code_file
from friscy.machine.engine import cached_module, has_module, load_module
from lazyfs.errors import FormatError, FriscyError

if TYPE_CHECKING:
    from queue import SimpleQueue

    import wasmtime

    from friscy.bundle import Bundle
    from friscy.machine.space import Space

    Placed = list[tuple[bytes, int, int]]


class BundleCode:
    """The translated code of an open bundle; spaces share `library`.

    placed: (content key, low, high) of the files that must lie where they were translated for.
    Raises FormatError where code.bin is damaged.
    """

    def __init__(self, bundle: Bundle, engine: wasmtime.Engine) -> None:
        self._bundle, self._engine = bundle, engine
        self.file: CodeFile = read_code_file(bundle.path(CODE), bundle.files[CODE].size)
        images = [
            Image(
                [bundle.index_digest + ino.to_bytes(4, "little") for ino in image.inodes],
                image.path,
                image.low,
                image.high,
                image.segments,
            )
            for image in self.file.images
        ]
        self.placed: Placed = [(key, image.low, image.high) for image in images for key in image.identities]
        self.names: dict[Module, str] = {}
        for row in self.file.modules:
            if row.name not in bundle.files:
                raise FormatError(bundle.path(CODE), None, f"{row.name} among the bundle's files", "none")
            sha256 = bundle.files[row.name].sha256
            load, exists = partial(cached_module, engine, sha256), partial(has_module, sha256)
            read = partial(bundle.read, row.name)
            self.names[Module(images[row.image], row.first, row.count, load, exists, read)] = row.name
        self._notify: Callable[[], None] = lambda: None
        self._log: Callable[[str], None] = lambda message: None
        self._queue: SimpleQueue[Image] | None = None
        self.library = Library(images, self.names, self._map, self._want)

    def watcher(self, space: Space) -> Code:
        """The code of a new space."""
        return Code(space, self.library)

    def serve(self, notify: Callable[[], None], log: Callable[[str], None]) -> None:
        """Have `notify` called, from another thread, when more is compiled, and `log` when something is wrong."""
        self._notify, self._log = notify, log

    def _map(self, library: Library) -> int:
        return map_file(library, self.file.identity, self.file.entries)

    def compile_all(self, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Compile what is missing. FormatError: a module is damaged."""
        missing = [module for module in self.library.modules if not module.exists()]
        for done, module in enumerate(missing):
            progress(done, len(missing))
            self._compile(module)
        progress(len(missing), len(missing))

    def _compile(self, module: Module) -> None:
        name = self.names[module]
        bundle = self._bundle
        module.compiled = load_module(
            self._engine, bundle.files[name].sha256, partial(bundle.read, name), bundle.location(name)
        )

    def _want(self, image: Image) -> None:
        """Have the modules of `image` compiled by and by."""
        if self._queue is None:
            import threading
            from queue import SimpleQueue

            self._queue = SimpleQueue()
            threading.Thread(
                target=self._work, args=(self._queue,), name="friscy compiler", daemon=True
            ).start()
        self._queue.put(image)

    def _work(self, queue: SimpleQueue[Image]) -> None:
        while True:
            image = queue.get()
            try:
                for module in image.modules:
                    if not module.exists():
                        self._compile(module)
            except FriscyError as error:  # the program runs on without
                self._log(str(error))
            else:
                self._notify()
