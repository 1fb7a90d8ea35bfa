"""The tar reader against the standard library's and GNU tar's archives, and against damaged ones."""

from __future__ import annotations

import io
import random
import subprocess
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest
from image_archives import hardlink, make_tar, member, pad, pax, raw_header, read_entries, symlink

from friscy_build.images.tar import Archive
from lazyfs.errors import FormatError

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
END = bytes(1024)


@pytest.mark.parametrize("format", FORMATS)
def test_every_kind_of_entry(format: int) -> None:
    data = make_tar(
        member("d/", mode=0o1777, mtime=5),
        member("d/file", b"content", mode=0o4755, uid=1000, gid=2000, mtime=1_700_000_000),
        symlink("d/link", "../target"),
        hardlink("d/hard", "d/file"),
        member("d/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("d/disk", type=tarfile.BLKTYPE, devmajor=8, devminor=300),
        member("d/pipe", type=tarfile.FIFOTYPE),
        format=format,
    )
    entries = [entry for entry, _ in read_entries(data)]
    assert [(each.kind, each.name) for each in entries] == [
        ("dir", b"d/"), ("file", b"d/file"), ("symlink", b"d/link"), ("hardlink", b"d/hard"), ("char", b"d/null"),
        ("block", b"d/disk"), ("fifo", b"d/pipe"),
    ]  # fmt: skip
    file = entries[1]
    assert (file.mode, file.uid, file.gid, file.mtime_ns) == (0o4755, 1000, 2000, 1_700_000_000 * 10**9)
    assert (entries[2].link, entries[3].link) == (b"../target", b"d/file")
    assert [(each.major, each.minor) for each in entries[4:6]] == [(1, 3), (8, 300)]
    assert read_entries(data)[1][1] == b"content"


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_large_ids(format: int) -> None:
    name, target = "d/" + "n" * 250 + "/" + "x" * 200, "t" * 300
    data = make_tar(member(name, b"1", uid=3_000_000_000, gid=2_100_000), symlink("l", target), format=format)
    (file, content), (link, _) = read_entries(data)
    assert (file.name, content, file.uid, file.gid) == (name.encode(), b"1", 3_000_000_000, 2_100_000)
    assert link.link == target.encode()


def test_ustar_prefix() -> None:
    name = "p" * 90 + "/" + "n" * 90
    (entry, _), = read_entries(make_tar(member(name), format=tarfile.USTAR_FORMAT))  # fmt: skip
    assert entry.name == name.encode()


def test_pax_times_keep_nanoseconds() -> None:
    for text, expected in [
        (b"1700000000.123456789", 1_700_000_000_123_456_789),
        (b"1.5", 1_500_000_000),
        (b"-1.25", -1_250_000_000),
        (b"7", 7_000_000_000),
    ]:
        (entry, _), = read_entries(pax((b"mtime", text)) + raw_header(b"f") + END)  # fmt: skip
        assert entry.mtime_ns == expected


def test_extended_attributes_are_bytes() -> None:
    value = bytes(range(256)) + b"\n17 path=oops\n"
    data = pax(
        (b"SCHILY.xattr.user.raw", value), (b"SCHILY.xattr.security.capability", b"\1\0\0\2")
    ) + raw_header(b"f")
    (entry, _), = read_entries(data + END)  # fmt: skip
    assert entry.xattrs == {b"user.raw": value, b"security.capability": b"\1\0\0\2"}


def test_global_header_counts_until_it_is_taken_back() -> None:
    data = (
        pax((b"uid", b"7"), kind=b"g") + raw_header(b"a")
        + pax((b"uid", b"8")) + raw_header(b"b")
        + raw_header(b"c") + pax((b"uid", b""), kind=b"g") + raw_header(b"d") + END
    )  # fmt: skip
    assert [(entry.name, entry.uid) for entry, _ in read_entries(data)] == [
        (b"a", 7),
        (b"b", 8),
        (b"c", 7),
        (b"d", 0),
    ]


def test_pax_size_overrules_the_header() -> None:
    data = pax((b"size", b"3")) + raw_header(b"f") + pad(b"abc") + raw_header(b"g") + END
    assert [(entry.name, content) for entry, content in read_entries(data)] == [(b"f", b"abc"), (b"g", b"")]


def test_a_hard_links_size_is_not_content() -> None:
    data = raw_header(b"h", b"00000001000\0", b"1", link=b"f") + raw_header(b"f") + END
    assert [entry.name for entry, _ in read_entries(data)] == [b"h", b"f"]


@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu"],
        ["--format=pax", "--sparse-version=0.0"],
        ["--format=pax", "--sparse-version=0.1"],
        ["--format=pax", "--sparse-version=1.0"],
    ],
    ids=["old GNU", "0.0", "0.1", "1.0"],
)
def test_sparse_files_of_gnu_tar(tmp_path: Path, options: list[str]) -> None:
    expected = {}
    for name, pieces in {
        "many": [
            (n * 65536, bytes([n + 1]) * 4096) for n in range(40)
        ],  # more than one extension block holds
        "tail": [(1 << 20, b"end")],
        "empty": [],
        "dense": [(0, b"dense" * 1000)],
    }.items():
        with open(tmp_path / name, "wb") as file:
            for offset, data in pieces:
                file.seek(offset)
                file.write(data)
            file.truncate(3 << 20)
        expected[name] = (tmp_path / name).read_bytes()
    tar = ["tar", "--sparse", "--hole-detection=raw", *options, "-C", str(tmp_path), "-cf", "-", *expected]
    data = subprocess.run(tar, check=True, capture_output=True).stdout
    assert len(data) < 2 << 20
    found = {entry.name.decode(): (entry, content) for entry, content in read_entries(data)}
    assert {name: content for name, (_, content) in found.items()} == expected
    assert sum(length for _, length in found["many"][0].extents()) < 1 << 20


def test_old_tar_without_magic() -> None:
    header = bytearray(raw_header(b"old/", kind=b"\0"))
    header[257:265] = bytes(8)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (entry, _), = read_entries(bytes(header) + END)  # fmt: skip
    assert (entry.kind, entry.name) == ("dir", b"old/")


def small_archive() -> bytes:
    return make_tar(
        member("d/"),
        member("d/file", b"x" * 700, pax_headers={"SCHILY.xattr.user.a": "1", "mtime": "1.5"}),
        member("n" * 120, b"y"),
        symlink("l", "d/file"),
    )


def test_every_truncation_is_refused() -> None:
    data = small_archive()
    whole = len(data) - 512  # one block of zeros ends an archive
    for size in range(0, whole, 7):
        with pytest.raises(FormatError, match=r"test\.tar"):
            read_entries(data[:size])
    assert len(read_entries(data[:whole])) == 4


def test_an_archive_known_to_be_whole_needs_no_end() -> None:
    data = small_archive()[:-1024]
    assert len(read_entries(data, complete=True)) == 4
    assert read_entries(b"", complete=True) == []
    last = make_tar(member("a", b"a" * 700), member("b", b"b" * 10))[:-1024]
    assert [data for _, data in read_entries(last[:-502], complete=True)] == [b"a" * 700, b"b" * 10]
    for cut in (*range(503, 1024, 40), 1400, 2047):  # in the content of one and the header of the other
        with pytest.raises(FormatError):
            read_entries(last[:-cut], complete=True)
    with pytest.raises(FormatError):
        read_entries(last[:-502])


def test_bit_flips_in_headers_are_refused() -> None:
    data = small_archive()
    chance = random.Random(7)
    headers = [at for at in range(0, len(data) - 1024, 512) if data[at + 257 : at + 262] == b"ustar"]
    for at in headers:
        for _ in range(60):
            damaged = bytearray(data)
            damaged[at + chance.randrange(512)] ^= 1 << chance.randrange(8)
            with pytest.raises(FormatError):
                read_entries(bytes(damaged))


def test_bit_flips_anywhere_never_surprise() -> None:
    data = small_archive()
    chance = random.Random(8)
    for _ in range(1500):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        with suppress(FormatError):
            read_entries(bytes(damaged))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (raw_header(b"f", b"\x80" + b"\xff" * 11), "size"),
        (raw_header(b"f", b"\xff" * 12), "size"),
        (raw_header(b"f", b"77777777777\0"), "more bytes"),
        (raw_header(b"f", b"0000000009\0\0"), "octal size"),
        (raw_header(b"f", kind=b"Q"), "known type"),
        (raw_header(b""), "name"),
        (pax((b"path", b"a\0b")) + raw_header(b"f"), "NUL"),
        (pax((b"mtime", b"soon")) + raw_header(b"f"), "time"),
        (pax((b"size", b"-5")) + raw_header(b"f"), "size"),
        (pax((b"size", b"9" * 30)) + raw_header(b"f"), "size"),
        (pax((b"uid", b"99999999999")) + raw_header(b"f"), "uid"),
        (pax((b"path", b"x")) + END, "extended header belongs to"),
        (raw_header(b"x", b"%011o\0" % (2 << 20), b"x") + bytes(2 << 20), "size"),
        (raw_header(b"x", b"%011o\0" % 8, b"x") + pad(b"99 a=b\n") + raw_header(b"f"), "PAX record"),
        (raw_header(b"x", b"%011o\0" % 8, b"x") + pad(b"0 a=bcd\n") + raw_header(b"f"), "PAX record"),
        (pax((b"GNU.sparse.map", b"0,5,2,5"), (b"GNU.sparse.size", b"20")) + raw_header(b"f", b"%011o\0" % 10)
         + pad(b"0123456789"), "sparse map"),
        (pax((b"GNU.sparse.map", b"0,5,18,5"), (b"GNU.sparse.size", b"20")) + raw_header(b"f", b"%011o\0" % 10)
         + pad(b"0123456789"), "sparse map"),
        (pax((b"GNU.sparse.map", b"0,3"), (b"GNU.sparse.size", b"20")) + raw_header(b"f", b"%011o\0" % 10)
         + pad(b"0123456789"), "sparse map"),
        (pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.realsize", b"9"))
         + raw_header(b"f", b"%011o\0" % 512) + pad(b"4000000000\n1\n"), "f"),
    ],
)  # fmt: skip
def test_absurd_archives_are_refused(data: bytes, expected: str) -> None:
    with pytest.raises(FormatError, match=expected) as caught:
        read_entries(data + END)
    assert caught.value.offset is not None


def test_content_may_be_left_unread() -> None:
    names = [entry.name for entry in Archive(io.BytesIO(small_archive()), "test.tar")]
    assert names == [b"d/", b"d/file", b"n" * 120, b"l"]
