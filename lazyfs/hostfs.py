"""A granted host directory: `-v HOST:GUEST`."""

from __future__ import annotations

from lazyfs.filesystem import FileSystem


class HostFs(FileSystem):
    """The host directory attached to the VFS as `grant`."""

    grant: str = ""
