"""One COPY or ADD: which sources it means, where they go, and what becomes of archives."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from friscy_build.cache import cache_dir
from friscy_build.config.errors import nearest
from friscy_build.dockerfile import ast
from friscy_build.dockerfile.owner import ModeChange, resolve_owner
from friscy_build.dockerfile.patterns import PathRules, has_magic
from friscy_build.dockerfile.remote import Remotes, git_source, is_remote, is_url
from friscy_build.dockerfile.scope import Scope
from friscy_build.dockerfile.transfer import Options, Transfer
from friscy_build.dockerfile.views import (
    HostView,
    PathError,
    TreePath,
    TreeView,
    View,
    cleaned,
    glob,
    parse_path,
    resolve,
    show,
)
from friscy_build.images.compression import Decompressed
from friscy_build.images.layer import Layer
from friscy_build.images.spool import Spool
from friscy_build.images.tar import BLOCK, Archive
from lazyfs.errors import FormatError
from lazyfs.tree import Content, Node, Tree

HASH_BYTES = 1 << 20


@dataclass(frozen=True)
class SourceView:
    """Where a COPY reads.

    digest: of the whole tree, "" where only its files can tell; name: for messages; remotes: what ADD fetches with.
    """

    view: View
    name: str
    digest: str = ""
    remotes: Remotes | None = None

    @property
    def fetcher(self) -> Remotes:
        """What ADD fetches with."""
        return self.remotes or Remotes(cache_dir())


class CopyError(PathError):
    """What the instruction asks for cannot be done; `hint` is the next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def content_digest(content: Content) -> str:
    """SHA-256 of a file's data, in hex; of a file with holes, of where its data is too, without reading the holes."""
    digest = sha256()
    spans = [(extent.offset, extent.offset + extent.length) for extent in content.extents]
    runs = [list(span) for span in spans[:1]]
    for start, end in spans[1:]:
        if start == runs[-1][1]:
            runs[-1][1] = end
        else:
            runs.append([start, end])
    if content.length and runs != [[0, content.length]]:
        digest.update(repr((content.length, runs)).encode())
    for start, end in runs:
        for at in range(start, end, HASH_BYTES):
            digest.update(content.read(at, min(HASH_BYTES, end - at)))
    return digest.hexdigest()


def absolute(workdir: str, path: str) -> str:
    """`path` from `workdir`, as Docker cleans it: `..` takes a name away and ends at the root."""
    return posixpath.normpath(posixpath.join("/", workdir, path)).replace("//", "/")


class CopyJob:
    """One COPY or ADD, its words expanded."""

    def __init__(
        self,
        instruction: ast.Transfer,
        source: SourceView,
        scope: Scope,
        tree: Tree,
        workdir: str,
        made_ns: int,
        note: Callable[..., None],
    ) -> None:
        self.instruction, self.source, self.view, self.scope = instruction, source, source.view, scope
        self.tree, self.note = tree, note
        text = scope.word(instruction.destination)
        if not text:
            raise CopyError(f"the destination {instruction.destination} is empty")
        self.destination: TreePath = parse_path(absolute(workdir, text))
        self.parents = isinstance(instruction, ast.Copy) and instruction.parents
        self.into_directory = self.parents or posixpath.basename(text) in ("", ".", "..")
        self.transfer = Transfer(tree, self.options(made_ns), self.record)
        self.made_ns = made_ns
        note(
            instruction.keyword, source.digest, self.destination, key=(instruction.keyword, self.destination)
        )

    def options(self, made_ns: int) -> Options:
        instruction, word = self.instruction, self.scope.word
        chown, chmod = word(instruction.chown or ""), word(instruction.chmod or "")
        owner = resolve_owner(chown, self.tree) if chown else None
        try:
            mode = ModeChange(chmod) if chmod else None
        except ValueError as error:
            raise CopyError(f"--chmod: {error}", "write 0755 or u=rwX,go=rX") from None
        exclude = PathRules(word(each) for each in instruction.exclude) if instruction.exclude else None
        return Options(owner, mode, not instruction.link, exclude, made_ns)

    def record(self, path: TreePath, node: Node) -> None:
        """Make what was written part of the stage's digest."""
        key = (
            path, node.kind, node.mode, node.uid, node.gid, node.rdev, node.target, sorted(node.xattrs.items()),
            "" if node.content is None else content_digest(node.content),
        )  # fmt: skip
        self.note(node.mtime_ns, *key, key=key)

    def run(self) -> None:
        """Copy everything. Raises PathError, PatternError, OwnerError, ExpansionError, FormatError or OSError."""
        instruction = self.instruction
        sources = [self.scope.word(source) for source in instruction.sources]
        if len(sources) + len(instruction.heredocs) > 1 and not self.into_directory:
            hint = f"end it with a slash: {instruction.destination}/"
            raise CopyError("several sources need a directory as destination", hint)
        if isinstance(instruction, ast.Add):
            self.check_add(instruction, sources)
        for source in sources:
            if not (isinstance(instruction, ast.Add) and self.fetch(instruction, source)):
                self.copy_source(source)
        for heredoc in instruction.heredocs:
            text = self.scope.heredoc(heredoc.content) if heredoc.expand else heredoc.content
            node = Node.file(text.encode("utf-8", "surrogateescape"), mtime_ns=self.made_ns)
            self.copy_file(os.fsencode(heredoc.name), node, several=False)

    def check_add(self, instruction: ast.Add, sources: list[str]) -> None:
        remote = [source for source in sources if is_remote(source)]
        if instruction.checksum is not None and (len(sources) != 1 or not remote):
            raise CopyError("--checksum is for one download, no file of the context", "leave it out")
        if instruction.keep_git_dir and not any(map(git_source, remote)):
            raise CopyError("--keep-git-dir is for git repositories", "leave it out")

    def fetch(self, instruction: ast.Add, source: str) -> bool:
        """ADD of what is elsewhere; False where `source` is not."""
        checksum = self.scope.word(instruction.checksum) if instruction.checksum else None
        repository = git_source(source)
        if repository is not None:
            tree, commit = self.source.fetcher.repository(
                repository, keep_git_dir=instruction.keep_git_dir, checksum=checksum
            )
            self.note("git", commit)
            directory = self.transfer.make_directory(self.destination)
            self.transfer.put_contents(TreeView(tree), (), directory)
            return True
        if not is_url(source):
            return False
        download = self.source.fetcher.download(source, checksum)
        node = download.node()
        if instruction.unpack:
            self.put_archive(os.fsencode(download.path), source)
            return True
        if not download.name and self.into_directory:
            raise CopyError(f"{source} does not say what the file is called", "name it in the destination")
        self.copy_file(os.fsencode(download.name or "file"), node, several=False)
        return True

    def copy_source(self, source: str) -> None:
        if not source:
            raise CopyError("a source is empty", "does its variable have a value?")
        found = glob(self.view, source)
        pivot = self.pivot(source)
        for path in found:
            self.transfer.links.clear()  # each match is a copy of its own
            real = resolve(self.view, path)
            if real is not None:
                node = self.view.node(real)
                assert node is not None
                self.copy_node(path, real, node, pivot, several=len(found) > 1)
            elif has_magic(source):  # a link that leads nowhere is copied as the link it is
                parent = resolve(self.view, path[:-1])
                node = None if parent is None else self.view.node((*parent, path[-1]))
                if node is not None:
                    self.copy_file(path[-1], node, several=len(found) > 1)
            else:
                raise self.missing(path)

    def pivot(self, source: str) -> int:
        """With --parents, how many names in front are not kept: those before `/./`."""
        prefix, dot, _ = source.partition("/./")
        if not self.parents or not dot:
            return 0
        if "**" in prefix:
            raise CopyError("** before /./ leaves open which parents are kept")
        return len(cleaned(prefix.split("/")))

    def copy_node(self, path: TreePath, real: TreePath, node: Node, pivot: int, several: bool) -> None:
        transfer = self.transfer
        if self.parents:
            relative = path[pivot:]
            kept = relative if node.kind == "dir" else relative[:-1]
            if not transfer.kept(self.view, real, node, relative) and relative:
                return
            directory = transfer.make_directory(self.destination)
            for depth, name in enumerate(kept):
                above = resolve(self.view, path[: pivot + depth + 1])
                like = None if above is None else self.view.node(above)
                assert like is not None
                directory = transfer.enter(directory, name, like)
            if node.kind == "dir":
                transfer.put_contents(self.view, real, directory, relative)
            else:
                transfer.put(directory, path[-1], node)
        elif node.kind == "dir":
            directory = transfer.make_directory(self.destination)
            transfer.put_contents(self.view, real, directory)
        elif not self.unpack(real, node) and not transfer.excluded(path[-1:]):
            self.copy_file(path[-1], node, several)

    def copy_file(self, name: bytes, node: Node, several: bool) -> None:
        """One file to the destination, or under its own name into the destination directory."""
        transfer, destination = self.transfer, self.destination
        existing = resolve(TreeView(self.tree), destination) if transfer.options.follow else destination
        old = None if existing is None else TreeView(self.tree).node(existing)
        if self.into_directory or (old is not None and old.kind == "dir"):
            transfer.put(transfer.make_directory(destination), name, node)
            return
        if several:
            hint = f"end it with a slash: {self.instruction.destination}/"
            raise CopyError("several files match, and the destination is no directory", hint)
        if existing is not None and old is not None:
            destination = existing
        transfer.put(transfer.make_directory(destination[:-1]), destination[-1], node)

    def missing(self, path: TreePath) -> CopyError:
        """The error for a source that is not there: why, and what is."""
        where = self.source.name
        depth = next(n for n in range(1, len(path) + 1) if resolve(self.view, path[:n]) is None)
        parent, shown = resolve(self.view, path[: depth - 1]) or (), show(path[:depth])
        at = (*parent, path[depth - 1])
        link = self.view.node(at)
        if link is not None:
            target = link.target.decode("utf-8", "backslashreplace")
            return CopyError(f"{shown} in {where} is a symbolic link to {target}, which is not there")
        if isinstance(self.view, HostView) and os.path.lexists(self.view.host_path(at)):
            hint = "add an exception to it: !PATH"
            return CopyError(f"{shown} is left out of {where} by its .dockerignore", hint)
        above = self.view.node(parent)
        names = self.view.names(parent) if above is not None and above.kind == "dir" else []
        close = nearest(show(path[depth - 1 : depth]), [show((name,)) for name in names])
        return CopyError(f"no {show(path)} in {where}", close if close.startswith("did") else "")

    def unpack(self, real: TreePath, node: Node) -> bool:
        """ADD of a local tar archive: its content goes into the destination. False where it is none."""
        instruction = self.instruction
        if not isinstance(instruction, ast.Add) or instruction.unpack is False or node.kind != "file":
            return False
        if not isinstance(self.view, HostView) or not _is_archive(self.view.host_path(real)):
            return False
        self.put_archive(self.view.host_path(real), show(real))
        return True

    def put_archive(self, path: bytes, name: str) -> None:
        """The content of a tar archive into the destination."""
        unpacked = Tree()
        with open(path, "rb") as file:
            archive = Archive(Decompressed(file, name), name)
            Layer(unpacked, Spool(), whiteouts=False).apply(archive)
        directory = self.transfer.make_directory(self.destination)
        self.transfer.put_contents(TreeView(unpacked), (), directory)


def _is_archive(path: bytes) -> bool:
    """The file, decompressed if need be, starts with a tar header."""
    with open(path, "rb") as file:
        try:
            header = Decompressed(file, os.fsdecode(path)).read(BLOCK)
        except FormatError:
            return False
    if len(header) < BLOCK or not any(header):
        return False
    try:
        told = int(header[148:156].strip(b" \0") or b"-", 8)
    except ValueError:
        return False
    return told == sum(header[:148]) + sum(header[156:]) + 8 * 0x20
