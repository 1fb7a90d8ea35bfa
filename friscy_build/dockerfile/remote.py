"""What ADD fetches from elsewhere: files by HTTP, and git repositories.

A download is kept by its URL with what the server said of it, and asked for again with that: an unchanged file is not
sent twice. A download whose --checksum is known, and a commit that is named in full, are not asked for at all.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import new as new_hash
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path

from friscy_build.cache import file_digest, locked, replacing
from friscy_build.dockerfile.views import HostView
from friscy_build.images.progress import Progress, silent
from lazyfs.errors import FriscyError
from lazyfs.tree import Content, Node, Tree

TIMEOUT = 60.0
FILE_MODE = 0o600  # as BuildKit gives a download
_BLOCK = 1 << 20
_SUMS = {"sha256": 64, "sha384": 96, "sha512": 128}
_FILE_NAME = re.compile(r'filename="?([^";/]+)"?', re.IGNORECASE)
_SCP = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9.-]+:")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class RemoteSourceError(FriscyError):
    """What ADD names cannot be had, or is not what its checksum says."""


@dataclass(frozen=True)
class GitSource:
    """A repository, what of it (branch, tag, commit or "refs/..."; "" for its HEAD), and which directory."""

    url: str
    ref: str = ""
    directory: str = ""


def is_url(source: str) -> bool:
    """Whether ADD downloads `source` as a file."""
    return source.lower().startswith(("http://", "https://")) and git_source(source) is None


def is_remote(source: str) -> bool:
    """Whether ADD fetches `source` from elsewhere."""
    return is_url(source) or git_source(source) is not None


def git_source(source: str) -> GitSource | None:
    """The repository that `source` names: git@HOST:..., git://, ssh://, or http(s) whose path ends with .git."""
    remote, _, fragment = source.partition("#")
    ref, _, directory = fragment.partition(":")
    lower = remote.lower()
    if lower.startswith("github.com/"):
        remote = f"https://{remote}"
    elif lower.startswith(("http://", "https://")):
        parts = urllib.parse.urlsplit(remote)
        if not parts.path.rstrip("/").endswith(".git"):
            return None
        query = urllib.parse.parse_qs(parts.query)
        if query:
            remote = urllib.parse.urlunsplit(parts._replace(query=""))
            ref = ref or next((query[key][0] for key in ("ref", "tag", "branch") if key in query), "")
            directory = directory or query.get("subdir", [""])[0]
    elif not (lower.startswith(("git://", "ssh://")) or _SCP.match(remote)):
        return None
    return GitSource(remote, ref, directory.strip("/"))


@dataclass(frozen=True)
class Download:
    """A file that was fetched. name: what it is called where the destination is a directory."""

    name: str
    path: Path
    mtime_ns: int

    def node(self) -> Node:
        """The file as ADD puts it."""
        return Node.file(Content.of_file(self.path), FILE_MODE, mtime_ns=self.mtime_ns)


class Remotes:
    """Fetches into `cache`; `progress` is told of the bytes. epoch_ns: the time of all files; None: their own."""

    def __init__(self, cache: Path, progress: Progress = silent, epoch_ns: int | None = None) -> None:
        self.cache, self.progress, self.epoch_ns = cache / "downloads", progress, epoch_ns

    # Files.

    def download(self, url: str, checksum: str | None = None) -> Download:
        """The file at `url`. checksum: "sha256:..." or None. RemoteSourceError."""
        algorithm, told = _checksum(checksum) if checksum else ("", "")
        key = sha256(f"{url}\n{checksum or ''}".encode()).hexdigest()[:48]
        path, note = self.cache / f"{key}.data", self.cache / f"{key}.json"
        with locked(self.cache / "locks" / key):
            known = _known(path, note)
            if not known or not checksum:
                known = self._fetch(url, path, note, known)
            if checksum and _digest(path, algorithm) != told:
                got = f"{algorithm}:{_digest(path, algorithm)}"
                note.unlink(missing_ok=True)
                raise RemoteSourceError(
                    f"{url} is not what --checksum says: {got}", hint=f"expected {checksum}"
                )
        mtime_ns = _modified(known.get("last-modified", "")) if self.epoch_ns is None else self.epoch_ns
        return Download(_name(url, known.get("content-disposition", "")), path, mtime_ns)

    def _fetch(self, url: str, path: Path, note: Path, known: dict[str, str]) -> dict[str, str]:
        request = urllib.request.Request(url, headers={"User-Agent": "friscy", "Accept-Encoding": "identity"})
        if known.get("etag"):
            request.add_header("If-None-Match", known["etag"])
        elif known.get("last-modified"):
            request.add_header("If-Modified-Since", known["last-modified"])
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                total = int(answer.headers.get("Content-Length") or 0)
                done = 0
                with replacing(path) as file:
                    while block := answer.read(_BLOCK):
                        file.write(block)
                        done += len(block)
                        self.progress(f"ADD {url[:60]}", done, total)
                    if total and done != total:
                        raise RemoteSourceError(f"{url}: ended after {done} of {total} bytes")
                facts = {
                    name: str(answer.headers.get(name) or "")
                    for name in ("etag", "last-modified", "content-disposition")
                }
        except urllib.error.HTTPError as error:
            if error.code == 304:
                return known
            raise RemoteSourceError(f"{url}: the server says {error.code} {error.reason}") from None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise RemoteSourceError(f"{url}: cannot be fetched: {reason}") from None
        facts["digest"] = file_digest(path)
        with replacing(note) as file:
            file.write(json.dumps(facts).encode())
        return facts

    # Repositories.

    def repository(
        self, source: GitSource, *, keep_git_dir: bool = False, checksum: str | None = None
    ) -> tuple[Tree, str]:
        """The files of a repository (or of a directory in it) and the commit they are of. RemoteSourceError.

        Every file has the commit's time, or the build's. checksum: the commit that it must be, or how that begins.
        """
        place = self.cache / "git" / sha256(source.url.encode()).hexdigest()[:48]
        with locked(place):
            if not (place / "HEAD").exists():
                _git("init", "--quiet", "--bare", str(place))
            commit = self._commit(place, source)
            if checksum and not commit.startswith(checksum.lower()):
                raise RemoteSourceError(f"{source.url}: {source.ref or 'HEAD'} is {commit}, not {checksum}")
            with tempfile.TemporaryDirectory(dir=self.cache, prefix=".checkout.") as temporary:
                return self._files(place, source, commit, Path(temporary) / "files", keep_git_dir), commit

    def _commit(self, place: Path, source: GitSource) -> str:
        """The commit that the source means, its objects here."""
        ref = source.ref or "HEAD"
        if _COMMIT.fullmatch(ref) and _git("-C", str(place), "cat-file", "-t", ref, check=False) == "commit":
            return ref
        self.progress(f"ADD {source.url[:60]}", 0, 0)
        target = "refs/friscy/fetched"
        fetch = ("-C", str(place), "fetch", "--quiet", "--no-tags", "--force", "--depth=1", "--", source.url)
        for candidate in (ref, f"refs/tags/{ref}", f"refs/heads/{ref}"):
            try:
                _git(*fetch, f"{candidate}:{target}")
                return _git("-C", str(place), "rev-parse", f"{target}^{{commit}}")
            except RemoteSourceError as error:
                failure = error
        if re.fullmatch(r"[0-9a-f]{7,64}", ref):  # a server need not give a commit by its name: ask for all
            everything = ("+refs/heads/*:refs/friscy/heads/*", "+refs/tags/*:refs/friscy/tags/*")
            _git(*(word for word in fetch if word != "--depth=1"), *everything)
            return _git("-C", str(place), "rev-parse", "--verify", f"{ref}^{{commit}}")
        raise failure

    def _files(self, place: Path, source: GitSource, commit: str, files: Path, keep_git_dir: bool) -> Tree:
        _git("init", "--quiet", str(files))
        inside, inner = ("-C", str(files)), files / ".git"
        (inner / "objects" / "info" / "alternates").write_text(f"{place / 'objects'}\n")
        if (place / "shallow").exists():  # which commits have parents that are not here
            shutil.copy(place / "shallow", inner / "shallow")
        _git(*inside, "remote", "add", "origin", source.url)
        _git(*inside, "-c", "core.autocrlf=false", "checkout", "--quiet", "--detach", commit)
        if (files / ".gitmodules").exists():
            _git(*inside, "submodule", "update", "--quiet", "--init", "--recursive", "--depth=1")
        seconds = int(_git(*inside, "log", "-1", "--format=%ct", commit))
        if keep_git_dir:
            _git(*inside, "repack", "-a", "-d", "--quiet")
            (inner / "objects" / "info" / "alternates").unlink()
        root = files
        for name in filter(None, source.directory.split("/")):
            root /= name
            if name in (".", "..") or root.is_symlink() or not root.is_dir():
                raise RemoteSourceError(f"{source.url}: no directory {source.directory} in {commit[:12]}")
        mtime_ns = seconds * 10**9 if self.epoch_ns is None else self.epoch_ns
        return _read(root, mtime_ns, keep_git_dir and root == files)


def _read(root: Path, mtime_ns: int, keep_git_dir: bool) -> Tree:
    """All below `root`, contents in memory or left where they lie until the directory goes."""
    view = HostView(root)
    tree = Tree(Node.directory(mtime_ns=mtime_ns))
    pending: list[tuple[tuple[bytes, ...], Node]] = [((), tree.root)]
    while pending:
        path, directory = pending.pop()
        for name in view.names(path):
            if name == b".git" and not keep_git_dir:
                continue
            node = view.node((*path, name))
            if node is None:
                continue
            node.mtime_ns = mtime_ns
            if node.content is not None:
                node.content = Content.of_bytes(node.content.read(0, node.content.length))
                node.mode = 0o755 if node.mode & 0o100 else 0o644
            elif node.kind == "dir":
                node.mode = 0o755
                pending.append(((*path, name), node))
            directory.children[name] = node
    return tree


def _git(*words: str, check: bool = True) -> str:
    """What git prints. RemoteSourceError: it failed, or is not there."""
    git = shutil.which("git")
    if git is None:
        raise RemoteSourceError("ADD of a repository needs git, which is not installed")
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
    }  # fmt: skip
    command: Sequence[str] = (
        git,
        "-c",
        "protocol.ext.allow=never",
        "-c",
        "advice.detachedHead=false",
        *words,
    )
    done = subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0 and check:
        said = done.stderr.strip().splitlines()
        verb = next(
            word for at, word in enumerate(words) if word[0] != "-" and words[at - 1] not in ("-C", "-c")
        )
        raise RemoteSourceError(f"git {verb}: {said[-1] if said else 'failed'}")
    return done.stdout.strip()


def _known(path: Path, note: Path) -> dict[str, str]:
    """What is known of a download that is there, whole."""
    try:
        facts: dict[str, str] = json.loads(note.read_bytes())
        return facts if file_digest(path) == facts["digest"] else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _checksum(text: str) -> tuple[str, str]:
    algorithm, _, value = text.partition(":")
    if len(value) != _SUMS.get(algorithm) or value.strip("0123456789abcdef"):
        raise RemoteSourceError(f"--checksum={text}: expected sha256: and 64 hex digits")
    return algorithm, value


def _digest(path: Path, algorithm: str) -> str:
    digest = new_hash(algorithm)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _modified(text: str) -> int:
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 10**9
    except ValueError:
        return 0


def _name(url: str, disposition: str) -> str:
    match = _FILE_NAME.search(disposition)
    name = match[1] if match else urllib.parse.unquote(posixpath.basename(urllib.parse.urlsplit(url).path))
    return "" if name in (".", "..") or "/" in name or "\0" in name else name
