"""A bundle with what its runs wrote, as a tar archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from friscy.cli.exporting.archive import Output

if TYPE_CHECKING:
    from friscy_build.layers.kept import KeptOverlay


def write_with_overlay(kept: KeptOverlay, output: Output) -> list[bytes]:
    """Write all files, the kept changes among them; the paths that an archive cannot hold (sockets) are returned."""
    from friscy_build.layers.archive import write_entries
    from friscy_build.layers.changes import ADDED, Change

    found = [Change(ADDED, path, node) for path, node in kept.tree().walk()]
    write_entries(found, cast(BinaryIO, output), whiteouts=False)
    return [each.path for each in found if each.node is not None and each.node.kind == "socket"]
