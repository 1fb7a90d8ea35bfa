"""ADD of what is elsewhere: URLs from a server on loopback, repositories from a real git."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from dockerfile_project import content, listing

from friscy_build.dockerfile import DockerfileError
from friscy_build.dockerfile.remote import GitSource, git_source, is_url

MODIFIED = "Tue, 15 Nov 1994 12:45:26 GMT"
MODIFIED_NS = 784903526 * 10**9


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.log: Counter[str] = Counter()
        self.broken = False

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        data = self.server.files.get(self.path.partition("?")[0])
        if data is None:
            self.send_error(404)
            return
        etag = f'"{hashlib.sha1(data).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self.server.log["unchanged"] += 1
            self.send_response(304)
            self.end_headers()
            return
        self.server.log["sent"] += 1
        self.send_response(200)
        for name, value in {
            "ETag": etag,
            "Last-Modified": MODIFIED,
            **self.server.headers.get(self.path, {}),
        }.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) + self.server.broken))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server():
    with Server() as each:
        thread = threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield each
        each.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FRISCY_CACHE", str(tmp_path / "cache"))


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        info = tarfile.TarInfo("inside")
        info.size, info.mtime = 2, 7
        file.addfile(info, io.BytesIO(b"in"))
    return buffer.getvalue()


def test_a_download(project, server):
    server.files = {"/dir/some%20file": b"data", "/a.tar.gz": archive(), "/named": b"n"}
    server.headers["/named"] = {"Content-Disposition": 'attachment; filename="called.txt"'}
    image = project.build(
        f"""FROM b
ARG HOST={server.url("")}
ADD $HOST/dir/some%20file /d/
ADD --chown=daemon --chmod=755 $HOST/dir/some%20file /bin/tool
ADD $HOST/a.tar.gz $HOST/named /d/
ADD --unpack $HOST/a.tar.gz /unpacked
"""
    )
    assert listing(image, "/d") == {
        "/d": "dir 755 0:0", "/d/a.tar.gz": "file 600 0:0", "/d/called.txt": "file 600 0:0",
        "/d/some file": "file 600 0:0",
    }  # fmt: skip
    assert content(image, "/d/some file") == b"data"
    assert image.tree.lookup(b"/d/some file").mtime_ns == MODIFIED_NS
    assert listing(image, "/usr/bin/tool") == {"/usr/bin/tool": "file 755 1:2"}
    assert content(image, "/unpacked/inside") == b"in"
    assert server.log == {"sent": 3, "unchanged": 2}


def test_a_changed_file_is_fetched_again(project, server):
    server.files["/f"] = b"one"
    text = f"FROM b\nADD {server.url('/f?v=1')} /f\n"
    first = project.build(text)
    assert project.build(text).digest == first.digest
    assert server.log == {"sent": 1, "unchanged": 1}
    server.files["/f"] = b"two"
    second = project.build(text)
    assert content(second, "/f") == b"two"
    assert second.digest != first.digest


def test_a_checksum(project, server):
    server.files["/f"] = b"data"
    digest = hashlib.sha256(b"data").hexdigest()
    text = f"FROM b\nADD --checksum=sha256:{digest} {server.url('/f')} /f\n"
    project.build(text)
    server.files.clear()
    assert content(project.build(text), "/f") == b"data", "what is known need not be asked for"
    server.files["/f"] = b"other"
    wrong = hashlib.sha256(b"wrong").hexdigest()
    with pytest.raises(
        DockerfileError, match=r"is not what --checksum says: sha256:d9298a1.*\n  expected sha256:"
    ):
        project.build(f"FROM b\nADD --checksum=sha256:{wrong} {server.url('/f')} /f\n")


def test_failures_say_why(project, server):
    with pytest.raises(DockerfileError, match=r"Dockerfile:2: ADD .*/none: the server says 404"):
        project.build(f"FROM b\nADD {server.url('/none')} /f\n")
    server.files["/"] = b"x"
    with pytest.raises(DockerfileError, match="does not say what the file is called"):
        project.build(f"FROM b\nADD {server.url('/')} /d/\n")
    server.files["/cut"] = b"x"
    server.broken = True
    with pytest.raises(DockerfileError, match=r"cut: (ended after 1 of 2|cannot be fetched)"):
        project.build(f"FROM b\nADD {server.url('/cut')} /f\n")
    with pytest.raises(DockerfileError, match="cannot be fetched"):
        project.build("FROM b\nADD http://127.0.0.1:1/x /f\n")


SOURCES = [
    ("https://h/a/b.git", GitSource("https://h/a/b.git")),
    ("https://h/a/b.git#main:dir/sub", GitSource("https://h/a/b.git", "main", "dir/sub")),
    ("https://h/a/b.git#:/dir", GitSource("https://h/a/b.git", "", "dir")),
    ("https://h/a/b.git?ref=v1&subdir=x", GitSource("https://h/a/b.git", "v1", "x")),
    ("git@h:a/b#v1", GitSource("git@h:a/b", "v1")),
    ("ssh://git@h:22/a", GitSource("ssh://git@h:22/a")),
    ("git://h/a", GitSource("git://h/a")),
    ("github.com/a/b", GitSource("https://github.com/a/b")),
    ("https://h/a.git.txt", None),
    ("https://h/a/b#x.git", None),
    ("dir/git@x", None),
    ("a.git", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "source"), SOURCES)
def test_what_names_a_repository(text, source):
    assert git_source(text) == source
    assert is_url(text) == (source is None and text.startswith("http"))


def git(directory, *words: str) -> str:
    env = {
        **os.environ, "GIT_AUTHOR_DATE": "1600000000 +0000", "GIT_COMMITTER_DATE": "1600000000 +0000",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }  # fmt: skip
    settings = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", *settings, "-C", directory, *words], env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository that git takes https://example.org/r.git for."""
    place = tmp_path / "r"
    (place / "sub").mkdir(parents=True)
    git(place, "init", "-q")
    (place / "tool").write_text("v1")
    (place / "tool").chmod(0o755)
    (place / "sub" / "f").write_text("f")
    (place / "link").symlink_to("tool")
    git(place, "add", ".")
    git(place, "commit", "-qm", "one")
    git(place, "tag", "v1")
    (place / "tool").write_text("v2")
    git(place, "commit", "-qam", "two")
    git(place, "checkout", "-qb", "side")
    (place / "tool").write_text("side")
    git(place, "commit", "-qam", "three")
    git(place, "checkout", "-q", "main")
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "file://{place}"]\n\tinsteadOf = https://example.org/r.git\n')
    monkeypatch.setenv("HOME", str(home))
    return place


def test_a_repository(project, repository):
    url = "https://example.org/r.git"
    old = git(repository, "rev-parse", "v1")
    image = project.build(
        f"""FROM b
ADD {url} /main
ADD --chown=daemon {url}#v1 /v1/
ADD {url}#side:sub /side
ADD {url}#{old[:12]} /old
ADD --checksum={old[:10]} {url}#v1 /checked
ADD --keep-git-dir=true {url} /with
"""
    )
    assert listing(image, "/main") == {
        "/main": "dir 755 0:0", "/main/tool": "file 755 0:0", "/main/link": "-> tool", "/main/sub": "dir 755 0:0",
        "/main/sub/f": "file 644 0:0",
    }  # fmt: skip
    assert [content(image, f"/{name}/tool") for name in ("main", "v1", "old", "checked", "with")] == [
        b"v2", b"v1", b"v1", b"v1", b"v2",
    ]  # fmt: skip
    assert listing(image, "/v1/tool") == {"/v1/tool": "file 755 1:2"}
    assert sorted(listing(image, "/side")) == ["/side", "/side/f"]
    assert image.tree.lookup(b"/main/tool").mtime_ns == 1_600_000_000 * 10**9
    assert content(image, "/with/.git/HEAD").decode().strip() == git(repository, "rev-parse", "main")
    with pytest.raises(DockerfileError, match=r"v1 is [0-9a-f]{40}, not abcdef"):
        project.build(f"FROM b\nADD --checksum=abcdef {url}#v1 /x\n")
    with pytest.raises(DockerfileError, match="no directory nowhere in"):
        project.build(f"FROM b\nADD {url}#main:nowhere /x\n")
    with pytest.raises(DockerfileError, match="git fetch: "):
        project.build(f"FROM b\nADD {url}#missing /x\n")


def test_a_full_commit_is_not_asked_for_again(project, repository):
    commit = git(repository, "rev-parse", "main")
    text = f"FROM b\nADD https://example.org/r.git#{commit} /x\n"
    first = project.build(text)
    repository.rename(repository.with_name("gone"))
    assert project.build(text).digest == first.digest
