"""A tree written out as a directory of the host, for tools that want files (qemu-user, a debugger)."""

from __future__ import annotations

import os
from pathlib import Path

from lazyfs.tree import Node, Tree

_COPY_BYTES = 1 << 20


def write_directory(tree: Tree, output: Path) -> None:
    """Write `tree` below `output`, which is made if need be; what is there is overwritten name by name.

    As an ordinary user can: owners, devices, set-id bits and extended attributes are left out. Nothing in the
    tree is followed, so no link in it leads a write outside.
    """
    output.mkdir(parents=True, exist_ok=True)
    _write_children(tree.root, os.fsencode(output), {})


def _write_children(directory: Node, path: bytes, written: dict[int, bytes]) -> None:
    for name, node in directory.children.items():
        target = path + b"/" + name
        if os.path.lexists(target) and (
            node.kind != "dir" or os.path.islink(target) or not os.path.isdir(target)
        ):
            os.unlink(target)
        if node.kind == "dir":
            os.makedirs(target, exist_ok=True)
            _write_children(node, target, written)
            os.chmod(target, (node.mode & 0o777) | 0o700)
        elif node.kind == "symlink":
            os.symlink(node.target, target)
        elif id(node) in written:
            os.link(written[id(node)], target)
        elif node.content is not None:
            with open(target, "wb") as file:
                for extent in node.content.extents:
                    for start in range(0, extent.length, _COPY_BYTES):
                        file.seek(extent.offset + start)
                        file.write(extent.read(start, min(_COPY_BYTES, extent.length - start)))
                file.truncate(node.content.length)
            os.chmod(target, (node.mode & 0o777) | 0o600)
            os.utime(target, ns=(node.mtime_ns, node.mtime_ns))
            written[id(node)] = target
