"""friscy inspect over a small bundle that has one of everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from friscy.cli.inspection.text import bar, clip, human, safe
from friscy.kernel.table import ROWS

Friscy = Callable[..., tuple[int, str, str]]


def test_shows_a_bundle_to_people(friscy: Friscy, made_bundle: Path) -> None:
    status, out, err = friscy("inspect", made_bundle)
    assert (status, err) == (0, "")
    for told in (
        f"small  {made_bundle}",
        "entrypoint   tool",
        "command      'a b'",
        "LANG=C",
        "1.00 GiB",
        "14: 5 files, 7 directories, 1 symbolic link, 1 character device",
        "2.00x by deduplication",
        "200 KiB  ████████████████████  /usr/bin/copy",
        r"/home/sam/red\x1b[31m\xff",
        "entry: linked, before main",
        "process 1  tool 'a b'",
        "12.0 KiB of it stored: 3 pages in 2 runs, 1 of them zeros",
        "64.0 KiB  [stack]",
        "2  /dev/null",
    ):
        assert told in out
    assert "\x1b" not in out


def test_says_the_same_as_json(friscy: Friscy, made_bundle: Path) -> None:
    status, out, _ = friscy("inspect", made_bundle, "--json")
    facts = json.loads(out)
    assert status == 0
    assert facts["process"]["entrypoint"] + facts["process"]["cmd"] == ["tool", "a b"]
    assert facts["machine"]["memory"] == 1 << 30
    assert facts["files"]["rootfs.idx"]["size"] == (made_bundle / "rootfs.idx").stat().st_size
    rootfs = facts["rootfs"]
    assert (rootfs["inodes"], rootfs["names"]) == (14, 15), "a hard link is a name, no inode"
    assert rootfs["kinds"]["file"] == 5
    assert rootfs["apparent_bytes"] == rootfs["data_bytes"] == 2 * 204800 + 42 + 27 + 1
    assert rootfs["distinct_bytes"] == 204800 + 42 + 27 + 1, "equal files are stored once"
    assert rootfs["largest"][-1]["path"] == "/home/sam/red\x1b[31m\udcff"
    (process,) = facts["snapshot"]["processes"]
    assert process["pages"] == {"mapped": 18, "stored": 3, "stored_zero": 1, "runs": 2}
    assert process["mappings"][0]["protection"] == "r-xp"
    assert [each["file"] for each in process["descriptors"]] == ["/dev/null"] * 3


def test_bundle_without_snapshot(friscy: Friscy, bundle_without_snapshot: Path) -> None:
    assert (
        "none: every run starts the program from the beginning"
        in friscy("inspect", bundle_without_snapshot)[1]
    )
    assert json.loads(friscy("inspect", bundle_without_snapshot, "--json")[1])["snapshot"] is None
    assert "snapshot.bin" not in friscy("inspect", bundle_without_snapshot, "--verify")[1]


def test_lists_directories_as_ls_does(friscy: Friscy, made_bundle: Path) -> None:
    status, out, _ = friscy("inspect", made_bundle, "/bin/")
    assert status == 0
    assert out.splitlines() == [
        "-rwxr-xr-x 2 root root 204800 2023-11-14 22:13 copy",
        "-rwxr-xr-x 2 root root 204800 2023-11-14 22:13 linked",
        "-rwsr-xr-x 1 root root 204800 2023-11-14 22:13 tool",
    ]


def test_lists_several_paths_with_their_names(friscy: Friscy, made_bundle: Path) -> None:
    out = friscy("inspect", made_bundle, "/bin", "home/sam", "/dev")[1]
    assert out == (
        "/bin:\n"
        "lrwxrwxrwx 1 root root 7 2023-11-14 22:13 /bin -> usr/bin\n\n"
        "home/sam:\n"
        "-rw------- 1 sam 4242 1 2023-11-14 22:13 red\\x1b[31m\\xff\n\n"
        "/dev:\n"
        "crw-rw-rw- 1 root root 1, 3 2023-11-14 22:13 null\n"
    )


def test_lists_files_as_json(friscy: Friscy, made_bundle: Path) -> None:
    (tool,) = json.loads(friscy("inspect", made_bundle, "/bin/tool", "--json")[1])
    assert tool["name"] == "/bin/tool", "links on the way are followed"
    assert (tool["type"], tool["mode"], tool["size"], tool["user"]) == ("file", "4755", 204800, "root")


def test_cat_writes_bytes(capfdbinary: pytest.CaptureFixture[bytes], made_bundle: Path) -> None:
    from friscy.cli.main import main

    assert main(["inspect", "--cat", str(made_bundle), "/bin/tool", "/home/sam/red\x1b[31m\udcff"]) == 0
    assert capfdbinary.readouterr().out == bytes(range(256)) * 800 + b"x"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["/nowhere"], "/nowhere: No such file or directory"),
        (["/etc/passwd/x"], "/etc/passwd/x: Not a directory"),
        (["--cat", "/etc"], "/etc is not a regular file"),
        (["--cat"], "--cat takes files"),
        (["--verify", "/etc"], "takes no PATH"),
        (["--syscalls"], "takes no bundle"),
        (["--verify", "--cat"], "not allowed with argument"),
    ],
)
def test_refuses_with_one_message(friscy: Friscy, made_bundle: Path, words: list[str], message: str) -> None:
    status, out, err = friscy("inspect", made_bundle, *words)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_bundle_is_required(friscy: Friscy) -> None:
    status, _, err = friscy("inspect")
    assert status == 2
    assert "friscy inspect BUNDLE" in err


def test_lists_system_calls(friscy: Friscy) -> None:
    facts = {each["name"]: each for each in json.loads(friscy("inspect", "--syscalls", "--json")[1])}
    assert facts["read"]["number"] == 63
    assert facts["read"]["level"] == "full"
    assert facts["openat"]["arguments"][0] == {"name": "dirfd", "type": "dirfd"}
    assert facts["io_uring_enter"]["level"] in ("missing", "refused")
    assert ROWS.keys() <= {each["number"] for each in facts.values()}
    text = friscy("inspect", "--syscalls")[1]
    partial = next(each for each in facts.values() if each["level"] == "partial")
    assert partial["gap"]
    assert partial["gap"] in text


def test_sizes_for_people() -> None:
    told = {
        0: "0 B",
        1023: "1023 B",
        1024: "1.00 KiB",
        10240: "10.0 KiB",
        102400: "100 KiB",
        (1 << 20) - 1: "1.00 MiB",
    }
    assert {size: human(size) for size in told} == told


def test_bars_are_exact_to_an_eighth() -> None:
    assert [len(bar(part, 16, 2)) for part in (0, 1, 8, 9, 16)] == [0, 1, 1, 2, 2]
    assert bar(1, 0, 5) == ""


def test_names_cannot_harm_a_terminal() -> None:
    assert safe(b"\x1b]0;x\x07\xff\xc3\xa9") == r"\x1b]0;x\x07\xffé"
    assert safe("a\u202eb") == r"a\u202eb"
    assert clip("abcdefghij", 5) == "ab…ij"
