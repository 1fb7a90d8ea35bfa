"""Finding the machine's Debian archive in its apt configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from friscy_build.images.image import ImageError
from friscy_build.images.sources_list import DEFAULT_KEYRING, Mirror, find_mirror


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FRISCY_DEBIAN_MIRROR", raising=False)
    monkeypatch.delenv("FRISCY_DEBIAN_KEYRING", raising=False)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "key.gpg").write_bytes(b"key")
    return tmp_path


def test_one_line_format(etc: Path) -> None:
    (etc / "sources.list").write_text(
        "# deb http://commented.example/debian trixie main\n"
        "deb-src http://source.example/debian trixie main\n"
        "deb http://security.example/debian-security trixie-security main\n"
        "deb cdrom:[Debian]/ trixie main contrib\n"
        f"deb [arch=amd64 signed-by={etc}/key.gpg] http://mirror.example/debian/ trixie main contrib # mine\n"
        "deb http://second.example/debian trixie main\n"
    )
    assert find_mirror(etc) == Mirror("http://mirror.example/debian", f"{etc}/key.gpg")


def test_deb822_format(etc: Path) -> None:
    (etc / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: http://off.example/debian\nSuites: trixie\nComponents: main\nEnabled: no\n\n"
        "Types: deb-src\nURIs: http://source.example/debian\nSuites: trixie\nComponents: main\n\n"
        "# a comment\nTypes: deb deb-src\nURIs: http://a.example/debian http://b.example/debian\n"
        f"Suites: bookworm bookworm-updates\nComponents: main\nSigned-By: {etc}/key.gpg\n"
    )
    assert find_mirror(etc) == Mirror("http://a.example/debian", f"{etc}/key.gpg")


def test_a_key_block(etc: Path) -> None:
    (etc / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: http://a.example/debian\nSuites: sid\nComponents: main\nSigned-By:\n"
        " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEXhYXv\n -----END PGP PUBLIC KEY BLOCK-----\n"
    )
    assert find_mirror(etc).signed_by == (
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEXhYXv\n-----END PGP PUBLIC KEY BLOCK-----\n"
    )


def test_other_vendors_are_passed_over(etc: Path) -> None:
    (etc / "sources.list.d" / "aaa.list").write_text(
        f"deb [signed-by={etc}/key.gpg] https://vendor.example/packages trixie main\n"
        f"deb [signed-by={etc}/key.gpg] https://node.example/node nodistro main\n"
        f"deb [signed-by={etc}/key.gpg] https://docker.example/linux/debian trixie stable\n"
    )
    (etc / "sources.list.d" / "zzz.list").write_text(
        f"deb [signed-by={etc}/key.gpg] http://mirror.example/debian trixie main\n"
    )
    assert find_mirror(etc).uri == "http://mirror.example/debian"


def test_none_found_and_none_needed(etc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImageError, match="FRISCY_DEBIAN_MIRROR"):
        find_mirror(etc)
    monkeypatch.setenv("FRISCY_DEBIAN_MIRROR", "https://chosen.example/debian/")
    monkeypatch.setenv("FRISCY_DEBIAN_KEYRING", f"{etc}/key.gpg")
    assert find_mirror(etc) == Mirror("https://chosen.example/debian", f"{etc}/key.gpg")
    monkeypatch.setenv("FRISCY_DEBIAN_KEYRING", f"{etc}/none.gpg")
    with pytest.raises(ImageError, match=r"none\.gpg(.|\n)*debian-archive-keyring"):
        find_mirror(etc)


def test_the_default_keyring(etc: Path) -> None:
    (etc / "sources.list").write_text("deb http://mirror.example/debian trixie main\n")
    assert find_mirror(etc).signed_by == DEFAULT_KEYRING
