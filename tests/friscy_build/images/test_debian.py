"""The Debian source: over an archive of our own for every kind of trouble, and over the machine's mirror."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import md5
from pathlib import Path

import pytest
from debian_archive import SUITE, DebianArchive
from image_archives import listing, member, symlink
from required_tools import require_tool

from friscy_build.cache import cache_dir
from friscy_build.images import debian
from friscy_build.images.apt_sources import add_sources, sources_identity
from friscy_build.images.deb import Deb
from friscy_build.images.debian import Request, debian_image, recalled, select
from friscy_build.images.directory import write_directory
from friscy_build.images.image import BaseImage, ImageError
from lazyfs.errors import FormatError
from lazyfs.tree import Tree


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> DebianArchive:
    made = DebianArchive(tmp_path_factory.mktemp("archive"))
    made.add("base", member("./etc/"), member("./etc/base.conf", b"b"), Essential="yes")
    made.add(
        "tool", member("./usr/"), member("./usr/bin/"), member("./usr/bin/tool", b"#!", mode=0o755),
        member("./lib/"), member("./lib/tool.so", b"so"), member("./etc/tool.conf", b"conf"),
        member("./usr/share/doc/tool/copyright", b"free"), member("./usr/share/doc/tool/README", b"long"),
        member("./usr/share/man/man1/tool.1", b"man"), member("./.wh.kept", b""),
        scripts={
            "conffiles": b"/etc/tool.conf\n",
            "postinst": b"#!/bin/sh\nupdate-alternatives --install /bin/t t /usr/bin/tool 10 \\\n"
            b"  --slave /usr/share/man/t.1 t.1 /usr/share/man/man1/tool.1\n",
        },
        Depends="library (>= 1)", Recommends="extra", Multi_Arch="same",
    )  # fmt: skip
    made.add("library", member("./usr/lib/library.so", b"l" * 1000), symlink("./usr/lib/l.so", "library.so"))
    made.add("extra", member("./usr/share/extra", b"e"))
    made.add("broken", member("./x", b""), Depends="never-there (>= 2)")
    made.publish()
    return made


@pytest.fixture(autouse=True)
def _environment(archive: DebianArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRISCY_DEBIAN_MIRROR", archive.uri)
    monkeypatch.setenv("FRISCY_DEBIAN_KEYRING", str(archive.keyring))


@pytest.fixture
def republished(archive: DebianArchive) -> Iterator[None]:
    """Put the archive right again after a test that broke it."""
    contents = {path: path.read_bytes() for path in (archive.root / "pool").iterdir()}
    yield
    for path, data in contents.items():
        path.write_bytes(data)
    archive.publish()


TOOL = Request(SUITE, ("tool",), essential=False)


def test_packages_become_a_tree(tmp_path: Path) -> None:
    image = debian_image(TOOL, cache=tmp_path)
    found = listing(image.tree)
    assert found["/usr/bin/tool"] == b"#!"
    assert (found["/lib"], found["/usr/lib/tool.so"]) == ("-> usr/lib", b"so")
    assert (found["/usr/lib/library.so"], found["/usr/lib/l.so"]) == (b"l" * 1000, "-> library.so")
    assert "/usr/share/extra" not in found
    assert "/etc/base.conf" not in found
    assert found["/usr/share/doc/tool/copyright"] == b"free"
    assert "/usr/share/doc/tool/README" not in found
    assert "/usr/share/man/man1" not in found
    assert found["/.wh.kept"] == b""
    assert (found["/usr/bin/t"], found["/etc/alternatives/t"]) == (
        "-> /etc/alternatives/t",
        "-> /usr/bin/tool",
    )
    assert "/etc/alternatives/t.1" not in found  # its target was left out
    assert found["/etc/passwd"].startswith(b"root:x:0:0:")
    temporary = image.tree.lookup(b"/tmp")
    assert temporary is not None
    assert temporary.mode == 0o1777
    assert image.config == {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}


def test_dpkg_knows_the_packages(tmp_path: Path) -> None:
    write_directory(debian_image(TOOL, cache=tmp_path / "cache").tree, tmp_path / "root")
    admin = f"--admindir={tmp_path}/root/var/lib/dpkg"
    shown = subprocess.run(
        ["dpkg-query", admin, "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}${Conffiles}\n"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert shown.split("\n")[0] == "library 1.0-1 ii "
    assert f"tool 1.0-1 ii  /etc/tool.conf {md5(b'conf').hexdigest()}" in shown
    files = subprocess.run(
        ["dpkg-query", admin, "-L", "tool:riscv64"], check=True, capture_output=True, text=True
    ).stdout
    assert files.splitlines()[:4] == ["/.", "/usr", "/usr/bin", "/usr/bin/tool"]


def test_essential_and_recommended_packages(tmp_path: Path) -> None:
    found = listing(debian_image(Request(SUITE, ("tool",), recommends=True), cache=tmp_path).tree)
    assert (found["/etc/base.conf"], found["/usr/share/extra"]) == (b"b", b"e")


def test_identity_is_that_of_the_packages(tmp_path: Path) -> None:
    first = select(TOOL, tmp_path / "a")
    again = select(Request(SUITE, ("library", "tool"), essential=False), tmp_path / "b")
    other = select(Request(SUITE, ("library",), essential=False), tmp_path / "a")
    assert first.digest == again.digest != other.digest
    assert [each.name for each in first.packages] == ["library", "tool"]
    assert recalled(TOOL, tmp_path / "a") == first.digest
    assert recalled(TOOL, tmp_path / "none") == ""


def test_a_second_build_needs_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = debian_image(TOOL, cache=tmp_path)
    monkeypatch.setattr(debian, "Apt", None)
    second = debian_image(TOOL, cache=tmp_path)
    assert (second.digest, listing(second.tree)) == (first.digest, listing(first.tree))


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:50] + b"!" + data[51:], None])
def test_damaged_downloads_are_fetched_again(tmp_path: Path, damage: object) -> None:
    first = select(TOOL, tmp_path)
    path = first.archives / first.packages[1].file
    if callable(damage):
        path.write_bytes(damage(path.read_bytes()))
    else:
        path.unlink()
    assert recalled(TOOL, tmp_path) == first.digest
    assert select(TOOL, tmp_path).digest == first.digest
    assert listing(debian_image(TOOL, cache=tmp_path).tree)["/usr/bin/tool"] == b"#!"


def test_a_damaged_record_is_not_trusted(tmp_path: Path) -> None:
    first = select(TOOL, tmp_path)
    (record,) = (tmp_path / "debian" / "selected").iterdir()
    for data in (b"", b"[]", b"{}", b'[{"name": 1}]', record.read_bytes()[:-5]):
        record.write_bytes(data)
        assert recalled(TOOL, tmp_path) == ""
        assert select(TOOL, tmp_path).digest == first.digest


def test_parallel_builds_wait_for_each_other(tmp_path: Path) -> None:
    requests = [TOOL, Request(SUITE, ("extra",), essential=False), TOOL, Request(SUITE, ("library",))]
    with ThreadPoolExecutor(4) as pool:
        chosen = list(pool.map(lambda request: select(request, tmp_path), requests))
    assert chosen[0].digest == chosen[2].digest


@pytest.mark.usefixtures("republished")
def test_a_newer_package_comes_with_a_refresh(tmp_path: Path, archive: DebianArchive) -> None:
    first = select(TOOL, tmp_path)
    text = archive.packages["library"]
    archive.add("library", member("./usr/lib/library.so", b"new"))
    archive.publish()
    assert select(TOOL, tmp_path).digest == first.digest
    second = select(TOOL, tmp_path, refresh=True)
    assert second.digest != first.digest
    archive.packages["library"] = text


# Trouble.


def test_no_such_package_suggests_others(tmp_path: Path) -> None:
    with pytest.raises(
        ImageError, match=r"test \(main\) has no package libary for riscv64\n.*did you mean library\?"
    ):
        select(Request(SUITE, ("libary",)), tmp_path)


def test_no_such_version(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"no version 9\.9 of tool"):
        select(Request(SUITE, ("tool=9.9",)), tmp_path)


def test_unmet_dependencies_are_shown(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="broken : Depends: never-there"):
        select(Request(SUITE, ("broken",)), tmp_path)


def test_a_key_that_did_not_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = DebianArchive(tmp_path / "other")
    monkeypatch.setenv("FRISCY_DEBIAN_KEYRING", str(other.keyring))
    with pytest.raises(ImageError, match="signature cannot be verified"):
        select(TOOL, tmp_path / "cache")
    assert recalled(TOOL, tmp_path / "cache") == ""


def test_a_key_block_is_a_keyring(
    tmp_path: Path, archive: DebianArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = archive._gpg("--armor", "--export").decode()
    monkeypatch.setenv("FRISCY_DEBIAN_KEYRING", block)
    assert len(select(TOOL, tmp_path).packages) == 2


@pytest.mark.usefixtures("republished")
def test_an_unsigned_archive(tmp_path: Path, archive: DebianArchive) -> None:
    archive.publish(sign=False)
    with pytest.raises(ImageError, match="signature cannot be verified"):
        select(TOOL, tmp_path)


@pytest.mark.usefixtures("republished")
def test_lists_that_the_signature_does_not_cover(tmp_path: Path, archive: DebianArchive) -> None:
    lists = archive.root / "dists" / SUITE / "main" / "binary-riscv64" / "Packages"
    lists.write_bytes(lists.read_bytes().replace(b"Version: 1.0-1", b"Version: 1.0-2"))
    with pytest.raises(ImageError):
        select(TOOL, tmp_path)


@pytest.mark.usefixtures("republished")
def test_a_package_that_the_list_does_not_describe(tmp_path: Path, archive: DebianArchive) -> None:
    path = archive.root / "pool" / "tool_1.0-1_riscv64.deb"
    path.write_bytes(path.read_bytes()[:-4] + b"evil")
    with pytest.raises(ImageError):
        select(TOOL, tmp_path)
    assert recalled(TOOL, tmp_path) == ""


def test_an_unreachable_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apt.conf").write_text('Acquire::Retries "0";')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    monkeypatch.setenv("FRISCY_DEBIAN_MIRROR", "http://127.0.0.1:9/debian")
    with pytest.raises(ImageError, match=r"127\.0\.0\.1:9/debian cannot be reached"):
        select(TOOL, tmp_path)


def test_a_mirror_without_the_suite(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="nowhere"):
        select(Request("nowhere", ("tool",)), tmp_path)


def test_no_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match=r"apt-get is not on this machine(.|\n)*docker-archive"):
        select(TOOL, tmp_path)


def test_damaged_packages_are_refused(archive: DebianArchive, tmp_path: Path) -> None:
    data = (archive.root / "pool" / "library_1.0-1_riscv64.deb").read_bytes()
    path = tmp_path / "p.deb"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        with Deb(path) as deb:
            stream = deb.data()
            while stream.read(4096):
                pass

    read(data)
    for size in range(0, len(data) - 1, 3):
        with pytest.raises(FormatError, match=r"p\.deb"):
            read(data[:size])
    chance = random.Random(5)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        with suppress(FormatError):
            read(bytes(damaged))  # dates and owners of ar mean nothing


# The real one.


def real_tree(packages: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.delenv("FRISCY_DEBIAN_MIRROR")
    monkeypatch.delenv("FRISCY_DEBIAN_KEYRING")
    return debian_image(Request("trixie", packages, essential=False), cache=cache_dir()).tree


def test_programs_of_the_real_archive_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_directory(real_tree(("hello", "gawk"), monkeypatch), tmp_path)
    root = os.fspath(tmp_path)

    def run(*command: str) -> str:
        program = [require_tool("qemu-riscv64"), "-L", root, root + command[0], *command[1:]]
        return subprocess.run(program, check=True, capture_output=True, text=True).stdout

    assert run("/usr/bin/hello") == "Hello, world!\n"
    assert run("/usr/bin/gawk", "BEGIN { print 6 * 7 }") == "42\n"
    assert os.readlink(tmp_path / "usr/bin/awk") == "/etc/alternatives/awk"
    assert (tmp_path / "lib/ld-linux-riscv64-lp64d.so.1").exists()


def test_a_real_static_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = real_tree(("busybox-static",), monkeypatch)
    node = tree.lookup(b"/usr/bin/busybox")
    assert node is not None
    assert node.content is not None
    assert node.content.read(0, 4) == b"\x7fELF"
    assert tree.lookup(b"/lib/ld-linux-riscv64-lp64d.so.1") is None


def test_sources_of_the_archive(tmp_path, monkeypatch):
    """The image's own apt is told where its packages came from, and what proves them."""
    request = Request(SUITE, ("tool",), ("main", "contrib"))
    (tmp_path / "key.gpg").write_bytes(b"a keyring")
    monkeypatch.setenv("FRISCY_DEBIAN_KEYRING", str(tmp_path / "key.gpg"))
    found = []
    for host in ("one.example.org", "two.example.org"):
        monkeypatch.setenv("FRISCY_DEBIAN_MIRROR", f"http://{host}/debian")
        image = BaseImage(Tree(), {}, "sha256:0", "test")
        add_sources(image, request)
        found.append((image.digest, sources_identity(request)))
        content = image.tree.lookup(b"/etc/apt/sources.list.d/debian.sources").content
        text = content.read(0, content.length).decode()
        assert f"URIs: http://{host}/debian\nSuites: {SUITE}\nComponents: main contrib\n" in text
        signed_by = re.search("Signed-By: (.*)", text)[1]
        assert image.tree.lookup(signed_by.encode()).content.read(0, 100) == b"a keyring"
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]
    monkeypatch.setenv("FRISCY_DEBIAN_MIRROR", "file:///archive")
    with pytest.raises(ImageError, match="a guest cannot get packages from there"):
        add_sources(image, request)
