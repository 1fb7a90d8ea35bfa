"""A directory that keeps what a bundle's runs write: `friscy run --overlay DIR`.

    upper.tar       the changes against the bundle's root filesystem, as an uncompressed OCI layer
    overlay.json    {"format": "friscy-overlay", "version": 1, "index": DIGEST}: which root filesystem that is
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from friscy_build.cache import replacing
from friscy_build.dockerfile.transfer import clone_tree
from friscy_build.layers.archive import apply_layer, write_layer
from friscy_build.layers.capture import captured
from friscy_build.layers.changes import Change, changes
from friscy_build.layers.fill import fill
from friscy_build.layers.index_tree import IndexLower
from lazyfs.errors import FormatError, UsageError
from lazyfs.overlay import OverlayFs
from lazyfs.tree import Tree

if TYPE_CHECKING:
    from friscy.bundle import Bundle
    from friscy.kernel.kernel import Kernel
    from lazyfs.vfs import Vfs

FORMAT, VERSION = "friscy-overlay", 1
LAYER, NOTE = "upper.tar", "overlay.json"


class KeptOverlay:
    """The overlay in `directory` over the root filesystem of `bundle`.

    UsageError: it belongs to another one. It is empty where there is none yet.
    """

    def __init__(self, directory: str | os.PathLike[str], bundle: Bundle) -> None:
        self.directory, self.bundle = Path(directory), bundle
        self.layer, self.note = self.directory / LAYER, self.directory / NOTE
        self._lower: IndexLower | None = None
        self.check()

    def check(self) -> None:
        """See the class."""
        if self.directory.exists() and not self.directory.is_dir():
            raise UsageError(f"{self.directory}: not a directory")
        if not self.note.exists():
            if self.directory.exists() and any(self.directory.iterdir()) and not self.layer.exists():
                known = {LAYER, NOTE, ".lock"}
                if any(each.name not in known for each in self.directory.iterdir()):
                    raise UsageError(
                        f"{self.directory}: neither empty nor an overlay", hint="name a new directory"
                    )
            return
        try:
            facts = json.loads(self.note.read_bytes())
            kind, version, digest = facts["format"], facts["version"], facts["index"]
        except (ValueError, KeyError, TypeError):
            raise FormatError(self.note, None, "the description of an overlay", "something else") from None
        if (kind, version) != (FORMAT, VERSION):
            raise FormatError(self.note, None, f"{FORMAT} version {VERSION}", f"{kind} version {version}")
        if digest != self.bundle.index_digest.hex():
            raise UsageError(
                f"{self.directory}: the overlay of another root filesystem than {self.bundle.directory}'s",
                hint="a bundle that was built anew needs a new overlay; "
                "`friscy commit` makes a bundle of an old one's changes",
            )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was kept yet."""
        return not self.note.exists()

    @contextmanager
    def held(self) -> Iterator[KeptOverlay]:
        """Keep others from using it. UsageError: another run does."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.directory / ".lock", "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"{self.directory}: in use by another run") from None
            yield self

    def lower(self) -> IndexLower:
        """The bundle's own files."""
        if self._lower is None:
            self._lower = IndexLower(*self.bundle.open_rootfs())
        return self._lower

    def tree(self) -> Tree:
        """The bundle's files with the changes."""
        tree = clone_tree(self.lower().tree)
        if not self.is_empty:
            apply_layer(tree, self.layer)
        return tree

    def changes(self) -> Iterator[Change]:
        """What differs from the bundle's files."""
        return changes(self.lower().tree, self.tree())

    def fill(self, vfs: Vfs, fs: OverlayFs) -> None:
        """Put the changes into a new machine's root filesystem."""
        if not self.is_empty:
            fill(vfs, fs, self.changes())

    def save(self, kernel: Kernel) -> None:
        """Keep what the machine, which rests, has changed in its root filesystem."""
        fs = kernel.vfs.state.mounts[0].fs
        assert isinstance(fs, OverlayFs)
        lower = self.lower()
        now = captured(kernel.vfs, fs, lower)
        with replacing(self.layer) as file:
            write_layer(lower.tree, now, file)
            file.flush()
            os.fsync(file.fileno())
        with replacing(self.note) as file:
            facts = {"format": FORMAT, "version": VERSION, "index": self.bundle.index_digest.hex()}
            file.write(json.dumps(facts).encode() + b"\n")
