"""friscy.lock: the file, and packages that it pins over an archive that goes on."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from debian_archive import SUITE, DebianArchive
from image_archives import listing, member

from friscy_build.config.errors import ConfigError
from friscy_build.images import debian
from friscy_build.images.apt import Package, archive_name
from friscy_build.images.debian import Request, debian_image, select
from friscy_build.images.image import ImageError
from friscy_build.images.lock import Lock

REQUEST = Request(SUITE, ("tool",), essential=False)


def example() -> Lock:
    lock = Lock()
    lock.times = {"b": 1_700_000_001, "a": 0}
    lock.images["localhost:5000/b:1"] = "sha256:" + "b" * 64
    lock.images["localhost:5000/a:1"] = "sha512:" + "a" * 128
    packages = [("zz", "1:2.0~rc1+b1", "riscv64"), ("a-b+c", "1_0", "all")]
    lock.debian[Request("trixie", ("zz", "a=1"), ("main", "contrib"), True, False)] = tuple(
        Package(
            name,
            version.replace("_", "-"),
            kind,
            7,
            "c" * 64,
            archive_name(name, version.replace("_", "-"), kind),
        )
        for name, version, kind in packages
    )
    return lock


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path, lock = tmp_path / "friscy.lock", example()
    lock.write(path)
    again = Lock.read(path)
    assert vars(again) == vars(lock)
    assert again.text() == lock.text() == path.read_text()
    before = path.stat().st_ino
    again.write(path)
    assert path.stat().st_ino == before, "a file that says the same is left alone"
    empty = Lock.read(tmp_path / "none")
    assert vars(empty) == vars(Lock())
    assert lock.image("localhost:5000/b:1") == "sha256:" + "b" * 64
    assert lock.image("localhost:5000/b") is None


def test_no_damage_is_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "friscy.lock"
    intact = example().text().encode()
    chance = random.Random(5)
    for number in range(300):
        damaged = bytearray(intact)
        if number % 3 == 0:
            del damaged[chance.randrange(len(damaged)) :]
        else:
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        with suppress(ConfigError):
            Lock.read(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version = 2", "version = 1", "version 1, and this friscy reads version 2"),
        ("2023-11-14T22:13:21Z", "2023-11-14T22:13:21", "times.b: expected a date and time in UTC"),
        ("2023-11-14T22:13:21Z", '"now"', "times.b: expected a date and time in UTC"),
        ("1970-01-01", "1969-01-01", "times.a: expected a date and time in UTC"),
        ("[times]", "[[times]]", "times: expected a table"),
        ('"sha512:', '"sha1:', "digest"),
        ('name = "zz"', 'name = "../z"', "name"),
        ('version = "1-0"', 'version = "1 0; x"', "version"),
        ("size = 7", "size = -7", "size of zz"),
        ("recommends = true", 'recommends = "yes"', "recommends: expected true or false"),
        ("essential = false\n", "", "no 'essential'"),
        ("[[image]]", "[image]", "not valid TOML"),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = example().text()
    assert old in text
    (tmp_path / "friscy.lock").write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=rf"friscy\.lock: .*{message}[^\n]*\n.*friscy build --update"):
        Lock.read(tmp_path / "friscy.lock")


# Packages.


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DebianArchive:
    made = DebianArchive(tmp_path / "archive")
    made.add("tool", member("./usr/bin/tool", b"one"), Version="1:2.0~rc1+b1", Depends="library")
    made.add("library", member("./usr/lib/library.so", b"l"))
    made.publish()
    monkeypatch.setenv("FRISCY_DEBIAN_MIRROR", made.uri)
    monkeypatch.setenv("FRISCY_DEBIAN_KEYRING", str(made.keyring))
    return made


def test_pinned_packages_come_from_the_archive_or_the_cache(
    archive: DebianArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned = select(REQUEST, tmp_path / "a").packages
    assert [each.file for each in pinned] == [
        archive_name(each.name, each.version, each.architecture) for each in pinned
    ]
    assert {each.version for each in pinned} == {"1:2.0~rc1+b1", "1.0-1"}
    first = debian_image(REQUEST, cache=tmp_path / "a")
    second = debian_image(REQUEST, cache=tmp_path / "b", pinned=pinned)
    assert (first.digest, listing(first.tree)) == (second.digest, listing(second.tree))
    monkeypatch.setattr(debian, "Apt", None)
    assert debian_image(REQUEST, cache=tmp_path / "b", pinned=pinned).digest == first.digest


def test_a_newer_version_is_not_taken(archive: DebianArchive, tmp_path: Path) -> None:
    pinned = select(REQUEST, tmp_path / "a").packages
    old = archive.packages["tool"]
    (archive.root / "pool" / "tool_1.0-1_riscv64.deb").rename(archive.root / "pool" / "old.deb")
    archive.add("tool", member("./usr/bin/tool", b"two"), Version="1:2.0", Depends="library")
    archive.packages["old tool"] = old.replace("pool/tool_1.0-1_riscv64.deb", "pool/old.deb")
    archive.publish()
    assert listing(debian_image(REQUEST, cache=tmp_path / "b").tree)["/usr/bin/tool"] == b"two"
    assert listing(debian_image(REQUEST, cache=tmp_path / "c", pinned=pinned).tree)["/usr/bin/tool"] == b"one"

    del archive.packages["old tool"]
    archive.publish()
    with pytest.raises(ImageError, match=r"friscy\.lock pins.*no version 1:2.0~rc1\+b1 of tool\n.*--update"):
        select(REQUEST, tmp_path / "d", pinned=pinned)


def test_another_file_of_the_same_version_is_refused(archive: DebianArchive, tmp_path: Path) -> None:
    pinned = select(REQUEST, tmp_path / "a").packages
    archive.add("library", member("./usr/lib/library.so", b"other"))
    archive.publish()
    with pytest.raises(
        ImageError, match=r"pins library_1.0-1_riscv64.deb with sha256 \w{64}, and .* has sha256"
    ):
        select(REQUEST, tmp_path / "b", pinned=pinned)
    with pytest.raises(ImageError, match=r"friscy.lock lacks library_1.0-1_riscv64.deb"):
        select(REQUEST, tmp_path / "c", pinned=tuple(each for each in pinned if each.name != "library"))
