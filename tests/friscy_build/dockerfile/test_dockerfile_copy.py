"""COPY and ADD: where things land, whose they are, and what cannot leave the context."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import tarfile

import pytest
import zstandard
from dockerfile_project import MTIME_NS, content, listing

from friscy_build.dockerfile import DockerfileError
from lazyfs.tree import Node

FILES = ["a.txt", "b.txt", "c.md", "dir/x", "dir/sub/y.txt", "dir/sub/z"]


@pytest.fixture
def files(project):
    for name in FILES:
        project.write(name, name)
    return project


def copy(project, *instructions: str, **options):
    return project.build("FROM base\n" + "\n".join(instructions) + "\n", **options)


@pytest.mark.parametrize(
    ("instruction", "paths"),
    [
        ("COPY a.txt /", ["/a.txt"]),
        ("COPY a.txt /new", ["/new"]),
        ("COPY a.txt /new/", ["/new", "/new/a.txt"]),
        ("COPY a.txt /deep/er/new", ["/deep", "/deep/er", "/deep/er/new"]),
        ("COPY a.txt /usr", ["/usr/a.txt"]),
        ("COPY a.txt .", ["/a.txt"]),
        ("COPY a.txt x/..", ["/a.txt"]),
        ("COPY ../a.txt dir/../../b.txt none/../c.md /x/", ["/x", "/x/a.txt", "/x/b.txt", "/x/c.md"]),
        ("COPY ../*.txt /x/", ["/x", "/x/a.txt", "/x/b.txt"]),
        ("COPY a.txt /../../x", ["/x"]),
        ("COPY /a.txt ./dir/../b.txt /d/", ["/d", "/d/a.txt", "/d/b.txt"]),
        ("COPY dir /d", ["/d", "/d/sub", "/d/sub/y.txt", "/d/sub/z", "/d/x"]),
        ("COPY dir/ /d/", ["/d", "/d/sub", "/d/sub/y.txt", "/d/sub/z", "/d/x"]),
        ("COPY dir a.txt /d/", ["/d", "/d/a.txt", "/d/sub", "/d/sub/y.txt", "/d/sub/z", "/d/x"]),
        ("COPY *.txt /d/", ["/d", "/d/a.txt", "/d/b.txt"]),
        ("COPY ?.[m-z]d /d", ["/d"]),
        ("COPY dir/s*/z /d/", ["/d", "/d/z"]),
        ("COPY dir/* /d/", ["/d", "/d/x", "/d/y.txt", "/d/z"]),
        ("COPY **/*.txt /d/", ["/d", "/d/a.txt", "/d/b.txt", "/d/y.txt"]),
        ("COPY nothing* /d/", []),
        ("COPY nothing* a.txt /d/", ["/d", "/d/a.txt"]),
        ("COPY a.txt /bin/a", ["/usr/bin/a"]),
        ("COPY dir/sub /bin", ["/usr/bin/y.txt", "/usr/bin/z"]),
        ("COPY --exclude=*.txt . /d", ["/d", "/d/Dockerfile", "/d/c.md", "/d/dir", "/d/dir/sub", "/d/dir/sub/y.txt",
                                       "/d/dir/sub/z", "/d/dir/x"]),
        ("COPY --exclude=**/*.txt --exclude=x dir /d", ["/d", "/d/sub", "/d/sub/z"]),
        ("COPY --exclude=sub --exclude=!sub/z dir /d", ["/d", "/d/sub", "/d/sub/z", "/d/x"]),
        ("COPY --exclude=a* *.txt /d/", ["/d", "/d/b.txt"]),
        ("COPY --parents a.txt dir/sub/z /d", ["/d", "/d/a.txt", "/d/dir", "/d/dir/sub", "/d/dir/sub/z"]),
        ("COPY --parents dir/./sub/*.txt /d", ["/d", "/d/sub", "/d/sub/y.txt"]),
        ("COPY --parents **/z /d/", ["/d", "/d/dir", "/d/dir/sub", "/d/dir/sub/z"]),
        ("COPY --parents dir/sub /d", ["/d", "/d/dir", "/d/dir/sub", "/d/dir/sub/y.txt", "/d/dir/sub/z"]),
        ("ADD a.txt dir /d/", ["/d", "/d/a.txt", "/d/sub", "/d/sub/y.txt", "/d/sub/z", "/d/x"]),
    ],
)  # fmt: skip
def test_where_copies_land(files, instruction, paths):
    destination = instruction.rsplit(" ", 1)[1]
    if destination.endswith("/") and not paths:
        assert listing(copy(files, instruction)) == {}
    else:
        assert sorted(listing(copy(files, instruction))) == paths


def test_relative_to_the_working_directory(files):
    image = copy(files, "ENV D=sub", "WORKDIR /app", "COPY a.txt $D/", "WORKDIR x", 'COPY ["b.txt", "."]')
    assert sorted(listing(image)) == ["/app", "/app/sub", "/app/sub/a.txt", "/app/x", "/app/x/b.txt"]


def test_modes_times_and_content_are_kept(project):
    project.write("tool", "#!/bin/sh\n", 0o4755)
    project.write("dir/secret", "s", 0o600)
    os.chmod(project.root / "dir", 0o700)
    os.utime(project.root / "dir", ns=(1, MTIME_NS - 5))
    image = copy(project, "COPY tool dir /d/", "COPY . /all")
    assert listing(image, "/d") == {
        "/d": "dir 755 0:0", "/d/tool": "file 4755 0:0", "/d/secret": "file 600 0:0",
    }  # fmt: skip
    assert listing(image, "/all/dir")["/all/dir"] == "dir 700 0:0"
    assert image.tree.lookup(b"/all/dir").mtime_ns == MTIME_NS - 5
    assert image.tree.lookup(b"/d/tool").mtime_ns == MTIME_NS
    assert image.tree.lookup(b"/d").mtime_ns == 0
    assert content(image, "/d/tool") == b"#!/bin/sh\n"


def test_time_of_what_has_no_source(project):
    image = copy(project, "WORKDIR /w", "COPY <<F /w/f", "F", epoch_ns=1234567890 * 10**9)
    assert image.tree.lookup(b"/w").mtime_ns == 1234567890 * 10**9
    assert image.tree.lookup(b"/w/f").mtime_ns == 1234567890 * 10**9


@pytest.mark.parametrize(
    ("owner", "ids"),
    [("daemon", "1:2"), ("daemon:staff", "1:50"), ("7", "7:7"), ("7:8", "7:8"), ("root:50", "0:50"), (":staff", "0:50"),
     ("$U:$G", "1:50"), ("daemon:", "1:2")],
)  # fmt: skip
def test_chown(files, owner, ids):
    image = copy(files, "ENV U=daemon G=staff", f"COPY --chown={owner} dir /new/d")
    assert listing(image)["/new"] == f"dir 755 {ids}"
    assert listing(image)["/new/d/sub/z"] == f"file 644 {ids}"


@pytest.mark.parametrize(
    ("owner", "message"),
    [
        ("demon", "no user 'demon' in /etc/passwd of the image\n  did you mean 'daemon'"),
        ("0:stuff", "no group 'stuff' in /etc/group of the image\n  did you mean 'staff'"),
        ("odd", "no user 'odd'"),
        ("99999999999999999999999", "user id 99999999999999999999999 is above"),
        (":", "names neither"),
    ],
)
def test_chown_to_nobody(files, owner, message):
    with pytest.raises(DockerfileError, match=message):
        copy(files, f"COPY --chown={owner} a.txt /")
    with pytest.raises(DockerfileError, match="the image, which has no /etc/passwd"):
        files.build("FROM scratch\nCOPY --chown=me a.txt /\n")


@pytest.mark.parametrize(
    ("mode", "file", "directory"),
    [
        ("0750", "750", "750"), ("4711", "4711", "4711"), ("u=rwX,go=rX", "644", "755"), ("a+x", "755", "755"),
        ("go-rwx", "600", "700"), ("+t,u+s", "5644", "5755"), ("o=u", "646", "757"), ("u-w+x", "544", "555"),
        ("=", "0", "0"), ("$M", "600", "600"),
    ],
)  # fmt: skip
def test_chmod(files, mode, file, directory):
    image = copy(files, "ENV M=600", f"COPY --chmod={mode} dir /d")
    assert listing(image)["/d/x"] == f"file {file} 0:0"
    assert listing(image)["/d/sub"] == f"dir {directory} 0:0"
    assert listing(image)["/d"] == "dir 755 0:0"


@pytest.mark.parametrize("mode", ["999", "rwx", "u+q", "07777777", "u=rw,"])
def test_what_is_no_mode(files, mode):
    with pytest.raises(DockerfileError, match="is no mode\n  write 0755"):
        copy(files, f"COPY --chmod={mode} a.txt /")


def test_copy_from_a_stage_keeps_owners_links_and_attributes(files):
    linked = Node.file(b"data", 0o640, uid=3, gid=4, mtime_ns=9)
    linked.xattrs = {b"user.x": b"1"}
    files.base_files = {
        b"/t/one": linked, b"/t/two": linked, b"/t/link": Node.symlink(b"/t/one"),
        b"/t/null": Node("char", 0o666, rdev=(1, 3)),
    }  # fmt: skip
    image = files.build("FROM base AS s\nFROM scratch\nCOPY --from=s /t /u\nCOPY --from=s /t/link /v\n")
    assert listing(image) == {
        "/u": "dir 755 0:0", "/u/link": "-> /t/one", "/u/null": "char 666 0:0", "/u/one": "file 640 3:4",
        "/u/two": "file 640 3:4", "/v": "file 640 3:4",
    }  # fmt: skip
    one, two = image.tree.lookup(b"/u/one"), image.tree.lookup(b"/u/two")
    assert one is two
    assert one is not linked
    assert (one.xattrs, one.mtime_ns) == ({b"user.x": b"1"}, 9)
    assert image.tree.lookup(b"/u/null").rdev == (1, 3)


def test_copy_from_an_image_and_a_named_context(files, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").write_text("named")
    image = files.build(
        "FROM base\nCOPY --from=tool:1 /etc/group /g\nCOPY --from=here file /f\n",
        named_contexts={"here": tmp_path / "other"},
    )
    assert files.asked == [("base", "linux/riscv64"), ("tool:1", "linux/riscv64")]
    assert content(image, "/f") == b"named"
    assert "/g" in listing(image)


def test_heredocs(project):
    image = copy(project, "ENV N=1", "COPY --chmod=755 <<a.sh <<'b' /d/", "n=$N \"$N\" \\$N '$N'", "a.sh", "$N", "b",
                 "COPY <<x /etc/file", "x")  # fmt: skip
    assert content(image, "/d/a.sh") == b"n=1 \"1\" $N '1'\n"
    assert content(image, "/d/b") == b"$N\n"
    assert content(image, "/etc/file") == b""
    assert listing(image)["/d/a.sh"] == "file 755 0:0"


def test_replacing_what_is_there(files):
    image = copy(
        files, "COPY a.txt /x", "COPY b.txt /x", "COPY dir /d", "COPY c.md /d/x", "COPY --chmod=700 dir /d"
    )
    assert content(image, "/x") == b"b.txt"
    assert content(image, "/d/x") == b"dir/x"
    assert listing(image)["/d/sub"] == "dir 700 0:0"


def test_links_of_the_destination(files):
    files.base_files = {b"/real/f": Node.file(b"old"), b"/ln": Node.symlink(b"real"), b"/lf": Node.symlink(b"/real/f"),
                        b"/up": Node.symlink(b"../../../real"), b"/gone": Node.symlink(b"nowhere")}  # fmt: skip
    image = copy(files, "COPY a.txt /ln/", "COPY b.txt /lf", "COPY c.md /up/")
    assert {path for path in listing(image) if path.startswith("/real/")} == {
        "/real/a.txt",
        "/real/c.md",
        "/real/f",
    }
    assert content(image, "/real/f") == b"b.txt"
    assert image.tree.lookup(b"/lf").kind == "symlink"
    with pytest.raises(DockerfileError, match=r"/gone is a symbolic link to nowhere, which is not there"):
        copy(files, "COPY a.txt /gone/")
    linked = copy(files, "COPY --link a.txt /ln/x")
    assert listing(linked, "/ln") == {"/ln": "dir 755 0:0", "/ln/x": "file 644 0:0"}


def test_a_directory_of_the_source_onto_a_link_of_the_image(project):
    project.write("root/bin/tool", "t", 0o755)
    image = copy(project, "COPY root /")
    assert listing(image)["/usr/bin/tool"] == "file 755 0:0"
    project.write("root/etc/passwd/x")
    with pytest.raises(
        DockerfileError, match="/etc/passwd is a file in the image, the source is a directory"
    ):
        copy(project, "COPY root /")


def test_symbolic_links_of_the_context(project):
    project.write("d/real", "r")
    os.symlink("real", project.root / "d/in")
    os.symlink("../d/in", project.root / "d/far")
    os.symlink("d", project.root / "dirlink")
    os.symlink("/etc/passwd", project.root / "d/abs")
    image = copy(project, "COPY d /all", "COPY d/far /one", "COPY dirlink /dir", "COPY dirlink/real /two")
    assert content(image, "/one") == content(image, "/two") == b"r"
    assert listing(image, "/all") == {
        "/all": "dir 755 0:0", "/all/abs": "-> /etc/passwd", "/all/far": "-> ../d/in", "/all/in": "-> real",
        "/all/real": "file 644 0:0",
    }  # fmt: skip
    assert "/dir/real" in listing(image)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("../outside", "no outside in the build context"),
        ("d/../../outside", "no outside in the build context"),
        ("abs", "abs is a symbolic link out of the build context, to "),
        ("up", "up leads outside|leads outside"),
        ("updir/outside", "leads outside"),
        ("up*", "leads outside"),
        ("loop", "more than 40 symbolic links"),
        ("dangling", "dangling in the build context is a symbolic link to nowhere, which is not there"),
        ("d/real/x", "no d/real/x in the build context"),
        ("reel", "no reel in the build context"),
        ("ignored/below", "ignored is left out of the build context by its .dockerignore"),
        ("d/reel", "no d/reel in the build context\n  did you mean 'real'"),
        ("", "an empty path"),
        ("$NONE", "a source is empty"),
        ("[a", "is not closed"),
    ],
)
def test_what_cannot_be_copied(project, source, message):
    outside = project.root.parent / "outside"
    outside.write_text("secret")
    project.write("d/real")
    os.symlink(outside, project.root / "abs")
    os.symlink("../outside", project.root / "up")
    os.symlink("..", project.root / "updir")
    os.symlink("loop", project.root / "loop")
    os.symlink("nowhere", project.root / "dangling")
    project.write("ignored/below")
    project.write(".dockerignore", "ignored")
    text = f'COPY ["{source}", "/x"]'
    with pytest.raises(DockerfileError, match=message) as caught:
        copy(project, text)
    assert caught.value.line == 2


def test_a_dangling_link_that_matches_stays_a_link(project):
    os.symlink("nowhere", project.root / "dangling")
    assert listing(copy(project, "COPY dang* /x/")) == {"/x": "dir 755 0:0", "/x/dangling": "-> nowhere"}


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        (
            "COPY a.txt b.txt /d",
            "several sources need a directory as destination\n  end it with a slash: /d/",
        ),
        ("COPY *.txt /d", "several files match, and the destination is no directory"),
        ("COPY a.txt $NONE", "destination \\$NONE is empty"),
        ("COPY a.txt /etc/passwd/x", "/etc/passwd is no directory in the image"),
        ("COPY dir /etc/passwd", "/etc/passwd is no directory in the image"),
        ("COPY --from=base /nope /x", "no nope in image base"),
        ("ADD --checksum=sha256:0 a.txt /x", "--checksum is for one download"),
        ("ADD --checksum=sha256:0 https://example.org/x /x", "expected sha256: and 64 hex digits"),
        ("ADD --keep-git-dir a.txt /x", "--keep-git-dir is for git"),
        ("COPY --parents a/**/./b /x", "leaves open"),
    ],
)
def test_refused_copies(files, instruction, message):
    with pytest.raises(DockerfileError, match=message):
        copy(files, instruction)


def test_a_file_over_a_directory(files):
    files.write("over/sub", "file")
    with pytest.raises(DockerfileError, match="/d/sub is a directory in the image, the source is a file"):
        copy(files, "COPY dir /d", "COPY over /d")


def test_sockets_are_left_out_and_fifos_kept(project, monkeypatch):
    monkeypatch.chdir(project.root)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        os.mkfifo("fifo")
        os.chmod("fifo", 0o600)
        assert listing(copy(project, "COPY . /d", "COPY fifo /f"), "/f") == {"/f": "fifo 600 0:0"}
        assert "/d/socket" not in listing(copy(project, "COPY . /d"))


def test_names_that_are_no_text(project):
    name = os.fsencode(project.root) + b"/d/\xff\n"
    os.mkdir(project.root / "d")
    with open(name, "wb") as file:
        file.write(b"x")
    image = copy(project, "COPY d/* /d/")
    assert image.tree.lookup(b"/d/\xff\n") is not None


# .dockerignore


def test_dockerignore(files):
    files.write(".dockerignore", "# mine\n*.txt\n!b.txt\ndir/sub\n!dir/sub/z\n.dockerignore\nDockerfile\n")
    image = copy(files, "COPY . /d")
    assert sorted(listing(image)) == [
        "/d",
        "/d/b.txt",
        "/d/c.md",
        "/d/dir",
        "/d/dir/sub",
        "/d/dir/sub/z",
        "/d/dir/x",
    ]
    with pytest.raises(DockerfileError, match=r"a.txt is left out of the build context by its .dockerignore"):
        copy(files, "COPY a.txt /d")
    assert sorted(listing(copy(files, "COPY *.txt /d/"))) == ["/d", "/d/b.txt"]


def test_dockerignore_beside_the_dockerfile_wins(files):
    files.write(".dockerignore", "*")
    files.write("Dockerfile.dockerignore", "dir\nDocker*\n.docker*\n")
    assert sorted(listing(copy(files, "COPY . /d"))) == ["/d", "/d/a.txt", "/d/b.txt", "/d/c.md"]


def test_everything_ignored_but_one(files):
    files.write(".dockerignore", "**\n!dir/sub/y.txt\n")
    assert sorted(listing(copy(files, "COPY . /d"))) == ["/d", "/d/dir", "/d/dir/sub", "/d/dir/sub/y.txt"]


def test_wrong_dockerignore(files):
    files.write(".dockerignore", "ok\n[a\n")
    with pytest.raises(DockerfileError, match=r"\.dockerignore: '\[a': '\[' is not closed"):
        copy(files, "COPY . /")


# ADD of archives


def tar_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind in (
            ("top/", tarfile.DIRTYPE),
            ("top/file", tarfile.REGTYPE),
            ("top/link", tarfile.SYMTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.uid, info.gid, info.mtime = kind, 0o750, 5, 6, 77
            info.linkname = "file" if kind == tarfile.SYMTYPE else ""
            info.size = 3 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"abc"))
        info = tarfile.TarInfo("top/hard")
        info.type, info.linkname = tarfile.LNKTYPE, "top/file"
        info.mode, info.uid, info.gid = 0o750, 5, 6
        archive.addfile(info)
    return buffer.getvalue()


PACKERS = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("packer", PACKERS)
def test_add_unpacks_local_archives_whatever_their_name(project, packer):
    project.write("archive", PACKERS[packer](tar_bytes()))
    image = copy(project, "ADD archive /d/e")
    assert listing(image) == {
        "/d": "dir 755 0:0", "/d/e": "dir 755 0:0", "/d/e/top": "dir 750 5:6", "/d/e/top/file": "file 750 5:6",
        "/d/e/top/hard": "file 750 5:6", "/d/e/top/link": "-> file",
    }  # fmt: skip
    assert content(image, "/d/e/top/file") == b"abc"
    assert image.tree.lookup(b"/d/e/top/file") is image.tree.lookup(b"/d/e/top/hard")
    assert image.tree.lookup(b"/d/e/top").mtime_ns == 77 * 10**9


def test_add_with_options(project):
    project.write("a.tar.gz", gzip.compress(tar_bytes()))
    assert listing(copy(project, "ADD --chown=1:2 a.tar.gz /d"))["/d/top/file"] == "file 750 1:2"
    assert listing(copy(project, "ADD --unpack=false a.tar.gz /d/")) == {
        "/d": "dir 755 0:0",
        "/d/a.tar.gz": "file 644 0:0",
    }
    assert "/d" in listing(copy(project, "COPY a.tar.gz /d"))


def test_add_of_what_is_no_archive(project):
    for name, data in {"text.gz": gzip.compress(b"x" * 2000), "zeros": bytes(10240), "fake.tar": b"x" * 600,
                       "broken.gz": b"\x1f\x8b\x08junk"}.items():  # fmt: skip
        project.write(name, data)
        assert listing(copy(project, f"ADD {name} /d/"), f"/d/{name}") == {f"/d/{name}": "file 644 0:0"}


def test_add_of_damaged_archives(project):
    data = tar_bytes()
    project.write("cut.tar", data[:1100])
    with pytest.raises(DockerfileError, match=r"Dockerfile:2: ADD cut.tar /d: cut.tar: byte"):
        copy(project, "ADD cut.tar /d")
    project.write("cut.tgz", gzip.compress(data)[:-20])
    with pytest.raises(DockerfileError, match=r"cut.tgz: expected intact gzip data"):
        copy(project, "ADD cut.tgz /d")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../escape"))
    project.write("evil.tar", buffer.getvalue())
    with pytest.raises(DockerfileError, match="a path inside the root"):
        copy(project, "ADD evil.tar /d")
