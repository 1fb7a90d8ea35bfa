"""The files of a bundle's image: looked up as the guest would, listed as `ls -l` does."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from friscy.bundle import Bundle
from friscy.cli.inspection.rootfs import open_rootfs
from friscy.cli.inspection.text import columns, safe
from lazyfs.abi import O_RDONLY
from lazyfs.errors import LinuxError, UsageError
from lazyfs.inode import FsContext, Location
from lazyfs.vfs import Vfs

_BLOCK = 1 << 20
_KINDS = {
    stat.S_IFDIR: "dir",
    stat.S_IFREG: "file",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


class ImageFiles:
    """The root filesystem of `bundle` as it is before anything runs; nothing is mounted on it."""

    def __init__(self, bundle: Bundle) -> None:
        self._vfs = Vfs()
        self._vfs.attach_lower("rootfs", *open_rootfs(bundle))
        root = self._vfs.mount_root(self._vfs.new_overlay("rootfs"))
        self._context = FsContext(root, root)
        self._where = bundle.directory
        self._users, self._groups = self._names("/etc/passwd"), self._names("/etc/group")

    def entries(self, path: str) -> list[dict[str, Any]]:
        """What `ls -l` shows for `path`: a directory's entries by name, or the one file."""
        location = self._find(path, follow=path.endswith("/"))
        if not stat.S_ISDIR(location.inode.mode):
            return [self._entry(location, path)]
        try:
            inode = location.inode
            names = sorted(name for name, _, _ in inode.fs.entries(self._vfs, inode))
            found = [self._vfs.lookup(self._context, name, start=location, follow=False) for name in names]
        except LinuxError as error:
            raise self._error(path, error) from None
        return [self._entry(each, os.fsdecode(name)) for each, name in zip(found, names, strict=True)]

    def content(self, path: str) -> Iterator[bytes]:
        """The bytes of a regular file, links followed. UsageError: it is none."""
        location = self._find(path, follow=True)
        if not stat.S_ISREG(location.inode.mode):
            raise UsageError(f"{self._where}: {path} is not a regular file")
        return self._blocks(location)

    def _blocks(self, location: Location) -> Iterator[bytes]:
        file = self._vfs.open_location(self._context, location, O_RDONLY)
        while block := self._vfs.read(file, _BLOCK):
            yield block
        self._vfs.release(file)

    def _find(self, path: str, *, follow: bool) -> Location:
        try:
            return self._vfs.lookup(self._context, os.fsencode(path) or b"/", follow=follow)
        except LinuxError as error:
            raise self._error(path, error) from None

    def _error(self, path: str, error: LinuxError) -> UsageError:
        return UsageError(f"{self._where}: {path}: {os.strerror(error.errno)}")

    def _entry(self, location: Location, name: str) -> dict[str, Any]:
        about = self._vfs.stat(location)
        entry: dict[str, Any] = {
            "name": name,
            "type": _KINDS[stat.S_IFMT(about.mode)],
            "mode": f"{stat.S_IMODE(about.mode):04o}",
            "links": about.nlink,
            "uid": about.uid,
            "gid": about.gid,
            "user": self._users.get(about.uid),
            "group": self._groups.get(about.gid),
            "size": about.size,
            "mtime_ns": about.mtime_ns,
        }
        if entry["type"] == "symlink":
            entry["target"] = os.fsdecode(location.inode.fs.readlink(self._vfs, location.inode))
        elif entry["type"] in ("char", "block"):
            entry["device"] = list(about.rdev)
        xattrs = location.inode.fs.get_xattrs(self._vfs, location.inode)
        if xattrs:
            entry["xattrs"] = {os.fsdecode(key): value.hex() for key, value in xattrs.items()}
        return entry

    def _names(self, path: str) -> dict[int, str]:
        """Number -> name, from the image's own passwd or group file."""
        try:
            text = b"".join(self.content(path)).decode(errors="replace")
        except UsageError:
            return {}
        names: dict[int, str] = {}
        for line in text.splitlines():
            fields = line.split(":")
            if len(fields) > 2 and fields[2].isdecimal():
                names.setdefault(int(fields[2]), fields[0])
        return names


def listing(entries: list[dict[str, Any]]) -> list[str]:
    """Entries as the lines of `ls -l`."""
    kinds = {kind: bits for bits, kind in _KINDS.items()}
    rows = []
    for entry in entries:
        size = ", ".join(map(str, entry["device"])) if "device" in entry else str(entry["size"])
        name = safe(entry["name"]) + (f" -> {safe(entry['target'])}" if "target" in entry else "")
        rows.append((
            stat.filemode(kinds[entry["type"]] | int(entry["mode"], 8)) + ("+" if "xattrs" in entry else ""),
            str(entry["links"]), safe(entry["user"] or str(entry["uid"])), safe(entry["group"] or str(entry["gid"])),
            size, _date(entry["mtime_ns"]), name,
        ))  # fmt: skip
    return columns(rows, "<><<><<", " ") or ["(empty)"]


def _date(mtime_ns: int) -> str:
    try:
        return f"{datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return f"@{mtime_ns // 1_000_000_000}"
