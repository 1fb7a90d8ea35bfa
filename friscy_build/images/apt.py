"""The machine's own apt, run as the user who builds, in a private directory for another architecture.

apt reads the machine's configuration first (proxies, credentials, timeouts), then ours, which moves every
directory away from the system and names one source. It resolves, downloads and checks signatures; nothing is
installed and no script runs.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from friscy_build.images.image import ARCHITECTURE, ImageError
from friscy_build.images.progress import Progress, silent
from friscy_build.images.sources_list import MIRROR_VARIABLE, Mirror

_URI = re.compile(r"'([^']*)' (\S+) (\d+) SHA256:([0-9a-f]{64})")


@dataclass(frozen=True, order=True)
class Package:
    """One .debian package as apt chose it. `file` is its name in the archives directory."""

    name: str
    version: str
    architecture: str
    size: int
    sha256: str
    file: str

    @property
    def exact(self) -> str:
        """What apt is asked for to get this one and no other."""
        return f"{self.name}={self.version}"


class Apt:
    """A private apt below `root` that knows one suite of one mirror. The caller holds a lock on `root`."""

    def __init__(self, root: Path, mirror: Mirror, suite: str, components: Sequence[str]) -> None:
        self.archives = root / "archives"
        self.mirror, self.suite = mirror, suite
        source = f"{mirror.uri} {suite} {' '.join(components)}"
        self._home = root / "apt" / sha256(f"{source}\n{mirror.signed_by}".encode()).hexdigest()[:16]
        self._source, self._components = source, components
        self._executable = shutil.which("apt-get") or ""
        if not self._executable:
            raise ImageError(
                "apt-get is not on this machine, and Debian packages are resolved and checked with it",
                hint="build on Debian or Ubuntu, or give the image as tar:, oci: or docker-archive:",
            )
        self._write_configuration()

    def update(self, progress: Progress = silent) -> None:
        """Fetch the suite's package lists and check their signature."""
        progress(f"{self.suite}: package lists", 0, 0)
        self._run(["update", "-q", "-o", "APT::Update::Error-Mode=any"], progress)

    def locate(self, packages: Sequence[Package]) -> list[Package]:
        """The same versions of the same packages as the mirror has them now. ImageError: not all are there."""
        return self.resolve([each.exact for each in packages], essential=False, recommends=False)

    def resolve(self, names: Sequence[str], *, essential: bool, recommends: bool) -> list[Package]:
        """The packages that `names` need, in an order in which they can be unpacked."""
        wanted = (["?essential"] if essential else []) + list(names)
        # What is in the archives directory is left out of the list: show apt one that stays empty.
        nothing = ["-o", f"Dir::Cache::archives={self._home}/empty/"]
        arguments = ["install", "--print-uris", "-q", *nothing, *_recommends(recommends), "--", *wanted]
        text = self._run(arguments)
        found = [_package(*match) for match in _URI.findall(text)]
        if not found:
            raise ImageError(f"apt chose no package for {' '.join(wanted)}: {text.strip()[:300]}")
        return found

    def download(
        self, names: Sequence[str], *, essential: bool, recommends: bool, progress: Progress
    ) -> None:
        """Bring what `resolve` gave into `archives`."""
        wanted = (["?essential"] if essential else []) + list(names)
        self._run(["install", "--download-only", "-q", *_recommends(recommends), "--", *wanted], progress)

    def near(self, name: str) -> list[str]:
        """Names of the suite that look like `name`."""
        cache = shutil.which("apt-cache")
        if not cache:
            return []
        result = subprocess.run(
            [cache, "-c", self._home / "apt.conf", "pkgnames"],
            capture_output=True,
            text=True,
            env=self._env(),
        )
        return difflib.get_close_matches(name, result.stdout.split(), n=3, cutoff=0.7)

    # How apt is run.

    def _run(self, arguments: Sequence[str], progress: Progress = silent) -> str:
        reading, writing = os.pipe()
        command = [
            self._executable, "-c", str(self._home / "apt.conf"), "-o", f"APT::Status-Fd={writing}", *arguments,
        ]  # fmt: skip
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                pass_fds=[writing], env=self._env(), text=True, errors="replace",
            )  # fmt: skip
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        follower = threading.Thread(target=_follow, args=(reading, progress), daemon=True)
        follower.start()
        try:
            output, errors = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        follower.join()
        if process.returncode != 0:
            raise self._error(errors + output)
        return output

    def _error(self, text: str) -> ImageError:
        """What went wrong, from apt's own messages (they are asked for in English)."""
        lines = [line[2:].strip() for line in text.splitlines() if line[:2] in ("E:", "W:")]
        said = "\n  ".join(dict.fromkeys(lines)) or text.strip()[-500:]
        missing = re.search(
            r"Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate", text
        )
        if missing:
            name = missing[1] or missing[2]
            near = self.near(name)
            hint = f"did you mean {' or '.join(near)}?" if near else ""
            return ImageError(
                f"Debian {self.suite} ({', '.join(self._components)}) has no package {name} for {ARCHITECTURE}",
                hint=hint,
            )
        version = re.search(r"Version '([^']*)' for '([^']*)' was not found", text)
        if version:
            return ImageError(f"Debian {self.suite} has no version {version[1]} of {version[2]}")
        if unmet := _unmet(text):
            return ImageError(
                f"Debian {self.suite} cannot satisfy what {ARCHITECTURE} packages depend on\n{unmet}"
            )
        if re.search(
            r"NO_PUBKEY|EXPKEYSIG|BADSIG|REVKEYSIG|is not signed|[Ss]ignature|not (be )?trusted", said
        ):
            keyring = "its key" if "BEGIN PGP" in self.mirror.signed_by else self.mirror.signed_by
            return ImageError(
                f"{self.mirror.uri} {self.suite}: the signature cannot be verified with {keyring}\n  {said}",
                hint="update the package debian-archive-keyring, or see whether the mirror is what it should be",
            )
        if "does not have a Release file" in said or "404" in said:
            return ImageError(
                f"{self.mirror.uri} does not have the suite {self.suite} for {ARCHITECTURE}\n  {said}",
                hint=f"set {MIRROR_VARIABLE} to a mirror that has it, or correct the suite",
            )
        if re.search(r"Failed to fetch|resolv|onnect|timed out", said):
            return ImageError(
                f"{self.mirror.uri} cannot be reached\n  {said}",
                hint=f"see to the network or apt's proxy settings, or set {MIRROR_VARIABLE}",
            )
        return ImageError(f"apt cannot give the packages of {self.suite}\n  {said}")

    def _env(self) -> dict[str, str]:
        return {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

    def _write_configuration(self) -> None:
        home = self._home
        for name in ("state/lists/partial", "cache", "etc", "log", "empty/partial"):
            (home / name).mkdir(parents=True, exist_ok=True)
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)
        (home / "status").touch()
        keyring = self.mirror.signed_by
        if "BEGIN PGP" in keyring:
            path = home / "etc" / "key.asc"
            path.write_text(keyring)
            keyring = str(path)
        (home / "etc" / "sources.list").write_text(
            f"deb [arch={ARCHITECTURE} signed-by={keyring} target=Packages] {self._source}\n"
        )
        (home / "apt.conf").write_text(_configuration(home, self.archives))


def _recommends(wanted: bool) -> list[str]:
    return ["--install-recommends" if wanted else "--no-install-recommends"]


def _package(uri: str, file: str, size: str, digest: str) -> Package:
    name, version, architecture = unquote(file).removesuffix(".deb").split("_")
    return Package(name, version, architecture, int(size), digest, file)


def archive_name(name: str, version: str, architecture: str) -> str:
    """The name apt gives to a package's file: in each part `_`, `:`, `%` and what is not printable ASCII are quoted."""

    def quoted(part: str) -> str:
        return "".join(
            f"%{byte:02x}" if byte <= 0x20 or byte >= 0x7F or byte in b"_:%" else chr(byte)
            for byte in part.encode()
        )

    return f"{quoted(name)}_{quoted(version)}_{quoted(architecture)}.deb"


def _unmet(text: str) -> str:
    """The lines under "The following packages have unmet dependencies:"."""
    _, found, rest = text.partition("unmet dependencies:\n")
    return "\n".join(line for line in rest.splitlines() if line.startswith(" ")) if found else ""


def _follow(status: int, progress: Progress) -> None:
    """Read apt's status lines, "dlstatus:NUMBER:PERCENT:what", until it ends."""
    with os.fdopen(status, errors="replace") as lines:
        for line in lines:
            kind, _, rest = line.partition(":")
            fields = rest.split(":", 2)
            if kind == "dlstatus" and len(fields) == 3:
                progress("Debian packages", int(float(fields[1]) * 100), 10000)


def _configuration(home: Path, archives: Path) -> str:
    # Read after the machine's own, so `#clear` takes back hooks and lists that would reach into the system.
    sandbox = 'APT::Sandbox::User "root";' if os.geteuid() == 0 else ""
    return f"""
Dir::State "{home}/state";
Dir::State::lists "lists";
Dir::State::status "{home}/status";
Dir::State::extended_states "{home}/state/extended_states";
Dir::Cache "{home}/cache";
Dir::Cache::archives "{archives}/";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc "{home}/etc";
Dir::Etc::netrc "/etc/apt/auth.conf";
Dir::Etc::netrcparts "/etc/apt/auth.conf.d";
Dir::Etc::sourcelist "sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
Dir::Log "{home}/log";
#clear APT::Architectures;
APT::Architecture "{ARCHITECTURE}";
APT::Architectures {{ "{ARCHITECTURE}"; }};
#clear APT::Default-Release;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
APT::Install-Suggests "false";
APT::Get::Assume-Yes "true";
APT::Get::AllowUnauthenticated "false";
APT::Keep-Downloaded-Packages "true";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
pkgCacheGen::ForceEssential ",";
{sandbox}
"""
