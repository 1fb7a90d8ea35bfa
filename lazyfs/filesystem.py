"""What a filesystem implements below the VFS. The VFS has checked names, permissions and existence already."""

from __future__ import annotations

from lazyfs.plain import Plain


class FileSystem(Plain):
    """One filesystem instance; `device` is its minor number in st_dev."""

    device: int
