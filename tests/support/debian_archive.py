"""A Debian archive made for the tests: packages, lists and a signature by a key of its own."""

from __future__ import annotations

import io
import lzma
import subprocess
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from image_archives import make_tar, member
from required_tools import require_tool

SUITE = "test"


def ar(*members: tuple[str, bytes]) -> bytes:
    """An ar archive."""
    data = b"!<arch>\n"
    for name, content in members:
        data += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content
        data += b"\n" * (len(content) % 2)
    return data


def make_deb(
    control: str, *data: tuple[tarfile.TarInfo, bytes], scripts: dict[str, bytes] | None = None
) -> bytes:
    """A package of these members; `control` lacks nothing but a final newline."""
    files = [member("./control", control.encode() + b"\n")]
    files += [member(f"./{name}", text, mode=0o755) for name, text in (scripts or {}).items()]
    control_tar = make_tar(member("./"), *files)
    data_tar = make_tar(member("./"), *data, format=tarfile.GNU_FORMAT)
    return ar(
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", lzma.compress(control_tar)),
        ("data.tar.xz", lzma.compress(data_tar)),
    )


class DebianArchive:
    """An archive below `root` with one suite; packages are (control text, .deb)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "gnupg"
        self.packages: dict[str, str] = {}
        (root / "pool").mkdir(parents=True)
        self.home.mkdir(mode=0o700)
        self._gpg("--quick-generate-key", "Test Archive <archive@example.org>", "ed25519", "sign", "never")
        self.keyring = root / "keyring.gpg"
        self.keyring.write_bytes(self._gpg("--export"))

    @property
    def uri(self) -> str:
        return f"file://{self.root}"

    def add(
        self,
        name: str,
        *data: tuple[tarfile.TarInfo, bytes],
        scripts: dict[str, bytes] | None = None,
        **fields: str,
    ) -> Path:
        """Add a package; fields such as Depends="x" go to its control file."""
        told = {
            "Package": name,
            "Version": "1.0-1",
            "Architecture": "riscv64",
            "Maintainer": "Test <t@example.org>",
        }
        told |= {key.replace("_", "-"): value for key, value in fields.items()}
        control = "\n".join(
            f"{key}: {value}" for key, value in {**told, "Description": f"the test's {name}"}.items()
        )
        deb = make_deb(control, *data, scripts=scripts)
        path = self.root / "pool" / f"{name}_1.0-1_riscv64.deb"
        path.write_bytes(deb)
        self.packages[name] = (
            f"{control}\nFilename: pool/{path.name}\nSize: {len(deb)}\nSHA256: {sha256(deb).hexdigest()}\n"
        )
        return path

    def publish(self, *, sign: bool = True) -> None:
        """Write the lists and the signed InRelease."""
        lists = self.root / "dists" / SUITE / "main" / "binary-riscv64"
        lists.mkdir(parents=True, exist_ok=True)
        text = "\n".join(self.packages.values()).encode()
        (lists / "Packages").write_bytes(text)
        release = (
            f"Origin: Test\nSuite: {SUITE}\nCodename: {SUITE}\nComponents: main\nArchitectures: riscv64\n"
            f"Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n"
            f" {sha256(text).hexdigest()} {len(text)} main/binary-riscv64/Packages\n"
        ).encode()
        top = self.root / "dists" / SUITE
        for name in ("Release", "InRelease"):
            (top / name).unlink(missing_ok=True)
        (top / ("InRelease" if sign else "Release")).write_bytes(
            self._gpg("--clear-sign", data=release) if sign else release
        )

    def _gpg(self, *arguments: str, data: bytes = b"") -> bytes:
        command: list[Any] = [
            require_tool("gpg"),
            "--batch",
            "--quiet",
            "--homedir",
            self.home,
            "--passphrase",
            "",
            "--pinentry-mode",
        ]
        return subprocess.run(
            [*command, "loopback", *arguments], check=True, input=io.BytesIO(data).read(), capture_output=True
        ).stdout
