"""Apply a layer's tar archive to a tree as containerd and Docker do.

- The parent of an entry is looked up with symbolic links followed, inside the root: an absolute link or ".."
  ends at the root, as in a chroot. The entry itself replaces what its name holds, link or not; only a
  directory over a directory keeps its children. Missing parents are made (0755, root).
- `.wh.NAME` hides NAME of the layers below, `.wh..wh..opq` hides all they have in its directory; what this
  same layer holds stays, in whatever order it comes (OCI image specification, "Whiteouts").
- A hard link names a file of this or a lower layer that is already there; its header's owner, mode and time
  go to that file. A name that leads outside ("..") is refused: no tool writes one.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive, Entry
from lazyfs.errors import FormatError, FriscyError
from lazyfs.tree import NAME_MAX, Content, Node, Tree

WHITEOUT = b".wh."
WHITEOUT_META = b".wh..wh."
OPAQUE = b".wh..wh..opq"
LINK_LIMIT = 40  # as Linux has it
PATH_MAX = 4096
# What one layer may hold: more than any image needs, and less than fills a machine's memory or a path.
ENTRY_LIMIT = 2_000_000
DEPTH_LIMIT = PATH_MAX // 2
FILE_LIMIT = 1 << 44  # bytes, holes included: what ext4 has at most
CONTENT_LIMIT = 1 << 37  # bytes of all files together, holes left out


Times = Callable[[int], int]
"""From one mtime_ns to another."""


def as_they_are(mtime_ns: int) -> int:
    """The Times that change nothing."""
    return mtime_ns


class Layer:
    """The state of one archive's application to `tree`.

    whiteouts: False for an archive that is a plain root filesystem, where `.wh.` means nothing.
    through_links: an entry of a directory keeps a symbolic link to a directory that is in its place, as dpkg
        does (a package may ship /lib/x where /lib is a link); layers replace it.
    times: the mtime_ns of a node, for what the archive has.
    """

    def __init__(
        self,
        tree: Tree,
        spool: Spool,
        *,
        whiteouts: bool = True,
        through_links: bool = False,
        times: Times = as_they_are,
    ) -> None:
        self.tree, self.spool = tree, spool
        self.whiteouts, self.through_links, self.times = whiteouts, through_links, times
        # The names this layer put there, so that its whiteouts spare them: (id of the directory, name). The
        # directories are kept, so that an id stays unique.
        self._own: dict[tuple[int, bytes], Node] = {}
        self._entries = self._content = 0

    def apply(self, archive: Archive) -> list[bytes]:
        """Put every entry in its place; the names (no leading slash) in the archive's order.

        FormatError names the archive, the entry and its offset.
        """
        names = []
        for entry in archive:
            self._entries += 1
            if self._entries > ENTRY_LIMIT:
                raise self._bad(entry, f"at most {ENTRY_LIMIT} entries in a layer", "more")
            entry.mtime_ns = self.times(entry.mtime_ns)
            parts = self._parts(entry, entry.name)
            if not parts:
                self._root(entry, archive)
            elif self.whiteouts and parts[-1].startswith(WHITEOUT):
                self._whiteout(entry, parts)
            else:
                self._place(entry, parts)
            names.append(b"/".join(parts))
        return names

    def _place(self, entry: Entry, parts: list[bytes]) -> None:
        parent = self._directory(entry, parts[:-1])
        name = parts[-1]
        old = parent.children.get(name)
        if entry.kind == "hardlink":
            node = self._link_target(entry)
            _set_metadata(node, entry)
        else:
            if entry.kind == "dir" and old is not None and old.kind == "symlink" and self.through_links:
                target = self._follow(entry, parts)
                if target is not None and target.kind == "dir":
                    return
            node = self._node(entry)
            if node.kind == "dir" and old is not None and old.kind == "dir":
                # The same directory with new attributes: whoever holds the old node must see them.
                _set_metadata(old, entry)
                old.xattrs = node.xattrs
                node = old
        self._put(parent, name, node)

    def _put(self, directory: Node, name: bytes, node: Node) -> Node:
        directory.children[name] = node
        self._own[id(directory), name] = directory
        return node

    def _node(self, entry: Entry) -> Node:
        kind = entry.kind
        content = self._store(entry) if kind == "file" else None
        if kind == "symlink" and (not entry.link or len(entry.link) >= PATH_MAX):
            raise self._bad(entry, "the target of a symbolic link", f"{len(entry.link)} bytes")
        return Node(
            kind, 0o777 if kind == "symlink" else entry.mode, uid=entry.uid, gid=entry.gid,
            mtime_ns=entry.mtime_ns, rdev=(entry.major, entry.minor), xattrs=entry.xattrs,
            target=entry.link if kind == "symlink" else b"", content=content,
        )  # fmt: skip

    def _store(self, entry: Entry) -> Content:
        """The entry's content, kept in the spool."""
        nbytes = sum(length for _, length in entry.extents())
        self._content += nbytes
        if entry.size > FILE_LIMIT or self._content > CONTENT_LIMIT:
            expected = f"files of at most {FILE_LIMIT} bytes, and {CONTENT_LIMIT} bytes of content in a layer"
            raise self._bad(entry, expected, f"{entry.size} bytes, {self._content} in all")
        try:
            return self.spool.store(entry.size, entry.blocks())
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            what = f"{entry.shown[:200]!r} of {entry._archive.name}"
            raise FriscyError(
                f"the disk of the cache is full: no room for {what}, {nbytes} bytes",
                hint="make room, or point FRISCY_CACHE to another disk",
            ) from error

    def _root(self, entry: Entry, archive: Archive) -> None:
        if entry.kind != "dir":
            raise self._bad(entry, "a directory for the root", entry.kind)
        _set_metadata(self.tree.root, entry)
        self.tree.root.xattrs = dict(entry.xattrs)

    def _whiteout(self, entry: Entry, parts: list[bytes]) -> None:
        directory = self._lookup(entry, parts[:-1])
        if directory is None or directory.kind != "dir":
            return
        if parts[-1] == OPAQUE:
            for name in list(directory.children):
                self._hide(directory, name)
        elif not parts[-1].startswith(WHITEOUT_META):  # the others are notes of AUFS to itself
            hidden = parts[-1][len(WHITEOUT) :]
            if hidden in (b"", b".", b".."):
                raise self._bad(entry, "the name of a hidden file", entry.shown)
            self._hide(directory, hidden)

    def _hide(self, directory: Node, name: bytes) -> None:
        """Remove what lower layers put at `name`, and keep what is this layer's own."""
        if name not in directory.children:
            return
        found = [(directory, name)]
        for parent, each in found:  # grows while it is walked: directories before what is in them
            child = parent.children[each]
            if child.kind == "dir":
                found += [(child, below) for below in child.children]
        for parent, each in reversed(found):
            if (id(parent), each) not in self._own and not parent.children[each].children:
                del parent.children[each]

    def _link_target(self, entry: Entry) -> Node:
        parts = self._parts(entry, entry.link)
        parent = self._lookup(entry, parts[:-1]) if parts else None
        node = parent.children.get(parts[-1]) if parent is not None and parent.kind == "dir" else None
        if node is None or node.kind == "dir":
            what = "a directory" if node else "nothing there"
            raise self._bad(entry, f"a hard link to an earlier file, not {entry.link[:200]!r}", what)
        return node

    # Paths.

    def _parts(self, entry: Entry, path: bytes) -> list[bytes]:
        parts = [part for part in path.split(b"/") if part not in (b"", b".")]
        if len(path) >= PATH_MAX or any(part == b".." or len(part) > NAME_MAX for part in parts):
            raise self._bad(entry, "a path inside the root", path.decode("utf-8", "backslashreplace")[:200])
        return parts

    def _directory(self, entry: Entry, parts: list[bytes]) -> Node:
        """The directory at `parts`, links followed; made where there is nothing."""
        node = self._follow(entry, parts, make=True)
        if node is None or node.kind != "dir":
            raise self._bad(entry, "a directory as parent", "a file")
        return node

    def _lookup(self, entry: Entry, parts: list[bytes]) -> Node | None:
        """The node at `parts` with links followed, the last one too, or None."""
        return self._follow(entry, parts)

    def _follow(self, entry: Entry, parts: list[bytes], make: bool = False) -> Node | None:
        """Resolve `parts` inside the root as a chroot would. make: missing directories are made."""
        stack = [self.tree.root]
        pending = parts[::-1]
        links = 0
        while pending:
            name = pending.pop()
            if name == b"..":
                if len(stack) > 1:
                    stack.pop()
                continue
            child = stack[-1].children.get(name) if stack[-1].kind == "dir" else None
            if child is None:
                if not make or stack[-1].kind != "dir":
                    return None
                child = self._put(stack[-1], name, Node.directory())
            if child.kind == "symlink":
                links += 1
                if links > LINK_LIMIT:
                    raise self._bad(entry, f"at most {LINK_LIMIT} symbolic links in a path", "more")
                if child.target.startswith(b"/"):
                    del stack[1:]
                pending += [part for part in child.target.split(b"/") if part not in (b"", b".")][::-1]
            else:
                stack.append(child)
                if len(stack) > DEPTH_LIMIT:
                    raise self._bad(entry, f"at most {DEPTH_LIMIT} directories in each other", "more")
        return stack[-1]

    def _bad(self, entry: Entry, expected: str, got: object) -> FormatError:
        return entry._archive.bad(entry.offset, f"{expected} (entry {entry.shown[:200]!r})", got)


def _set_metadata(node: Node, entry: Entry) -> None:
    node.uid, node.gid, node.mtime_ns = entry.uid, entry.gid, entry.mtime_ns
    if node.kind != "symlink":
        node.mode = entry.mode
