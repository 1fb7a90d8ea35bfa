"""Dockerfiles built by Docker's BuildKit and by friscy: files with modes, owners, times and links, and configuration.

python tests/conformance/docker.py            # fails where something was equal before
python tests/conformance/docker.py --accept   # keep what came out
python tests/conformance/docker.py --only 'copy*'

It starts a dockerd of its own on a socket below build/ (root is needed for that; Debian: docker.io), without network,
and takes what it built by friscy's source `docker:`. RUN is not among it: Docker would need an emulator.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent.parent)]

from results import conclude  # noqa: E402

from friscy_build.config.load import image_sources  # noqa: E402
from friscy_build.dockerfile import build_image  # noqa: E402
from friscy_build.images.image import BaseImage  # noqa: E402
from friscy_build.images.source import load_image  # noqa: E402
from lazyfs.errors import FriscyError  # noqa: E402
from lazyfs.tree import Tree  # noqa: E402

RESULTS = HERE / "results" / "docker.json"
ABOUT = {"suite": "Dockerfiles built by Docker's BuildKit"}
PLATFORM = "linux/riscv64"
TIME = 1_600_000_000

# name -> text, `-> target` for a link, None for a directory, (text, mode)
CONTEXT: dict[str, object] = {
    "a.txt": "the first",  # Docker finds what changed by size and time: no two files are of one length
    "b.txt": "the second",
    "always": "is there",
    "run.sh": ("#!/bin/sh\n", 0o755),
    "secret": ("s", 0o600),
    "link": "-> a.txt",
    "dangling": "-> nowhere",
    "out": "-> /etc/hostname",
    "d/b": "b of d",
    "d/sub/c": "c of sub",
    "d/sub/.hidden": "h",
    "d/link": "-> b",
    "d/up": "-> ../a.txt",
    "e/b": "another b",
    "e/sub": "a file",
    "dirlink": "-> d",
    "empty": None,
    "with space/x y": "spaces",
    "[brackets]": "odd",
    "deep/1/2/3/f": "deep",
    "deep/1/2/f": "less",
}


def cases() -> dict[str, str]:
    """Text by name."""
    parts = (HERE / "docker_cases.txt").read_text("utf-8").split("\n### ")[1:]
    return {name: text for name, _, text in (part.partition("\n") for part in parts)}


def write_context(place: Path) -> None:
    """The files of CONTEXT: text, a link as `-> target`, a directory as None; (content, mode); archives of them."""
    for name, content in CONTEXT.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text, mode = content if isinstance(content, tuple) else (content, 0o644)
        if text is None:
            path.mkdir(exist_ok=True)
            continue
        if text.startswith("-> "):
            path.symlink_to(text[3:])
            continue
        path.write_text(text)
        path.chmod(mode)
    for form in ("", ":gz", ":xz"):
        with tarfile.open(place / f"archive.tar{form.replace(':', '.')}", f"w{form}") as archive:
            for member in ("d/sub", "d/b", "link"):
                archive.add(place / member, member)
    for path in sorted(place.rglob("*"), reverse=True):
        os.utime(path, (TIME, TIME), follow_symlinks=False)


@contextmanager
def docker() -> Iterator[str]:
    """A daemon of our own; its version. The programs on PATH lead to it."""
    with tempfile.TemporaryDirectory(prefix="friscy-docker-") as name:
        place = Path(name)
        os.environ |= {"DOCKER_HOST": f"unix://{place}/socket", "DOCKER_BUILDKIT": "1"}
        options = [
            "--storage-driver=vfs", "--bridge=none", "--iptables=false", "--ip-masq=false", f"--data-root={place}/root",
            f"--exec-root={place}/exec", f"--pidfile={place}/pid", "-H", os.environ["DOCKER_HOST"],
        ]  # fmt: skip
        with open(place / "log", "wb") as log, subprocess.Popen(["dockerd", *options], stderr=log) as process:
            try:
                for _ in range(300):
                    if process.poll() is not None:
                        raise SystemExit(f"dockerd ended:\n{(place / 'log').read_text()[-1000:]}")
                    if (place / "socket").exists():
                        break
                    time.sleep(0.1)
                yield _call("version", "--format", "{{.Server.Version}}")[0].strip()
            finally:
                process.terminate()


def _call(*words: str) -> tuple[str, str]:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    return (done.stdout if done.returncode == 0 else ""), done.stderr


def theirs(context: Path, dockerfile: Path, cache: Path) -> BaseImage | None:
    """What Docker makes of it, None where it refuses."""
    words = ("build", "-q", "--platform", PLATFORM, "-t", "case:1", "-f", str(dockerfile), str(context))
    built, said = _call(*words)
    if not built:
        print("    " + said.strip().rpartition("\n")[2])
        return None
    return load_image(image_sources("docker:case:1", context), cache=cache)


def ours(context: Path, dockerfile: Path) -> Any:
    """What friscy makes of it, None where it refuses."""

    def no_base(reference: str, platform: str) -> BaseImage:
        raise AssertionError(reference)

    try:
        return build_image(dockerfile, context, resolve_base=no_base)
    except FriscyError:
        return None


def listing(tree: Tree) -> dict[str, Any]:
    """Everything that a layer holds of each path. Times are in seconds, and only of what was copied."""
    first: dict[int, str] = {}
    found: dict[str, Any] = {}
    for raw, node in tree.walk():
        path = raw.decode()
        data = node.content.read(0, node.content.length) if node.content is not None else b""
        copied = node.mtime_ns // 10**9 == TIME and node.kind == "file"
        same = first.setdefault(id(node), path)
        found[path] = (
            node.kind, oct(node.mode), node.uid, node.gid, node.target, data, copied, same if same != path else ""
        )  # fmt: skip
    return found


# A default that Docker writes down where the Dockerfile says nothing.
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_KEYS = (
    "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Labels", "OnBuild", "Shell", "StopSignal", "User",
    "Volumes", "WorkingDir",
)  # fmt: skip


def settings(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration, empty values and defaults left out."""
    found = {key: config[key] for key in _KEYS if config.get(key)}
    found["Env"] = [each for each in found.get("Env", []) if each != _PATH]
    if found.get("WorkingDir") == "/":
        del found["WorkingDir"]
    return found


def differences(one: BaseImage, other: Any) -> str:
    """What is not equal, "" where nothing is."""
    told = []
    for name, ours, theirs in (
        ("files", listing(other.tree), listing(one.tree)),
        ("config", settings(other.config), settings(one.config)),
    ):
        for key in sorted(ours.keys() | theirs.keys()):
            if ours.get(key) != theirs.get(key):
                told.append(f"{name} {key}: {ours.get(key)} here, {theirs.get(key)} there")
    return "; ".join(told)


def statuses(only: str) -> Iterator[tuple[str, str]]:
    """Each case's status."""
    with tempfile.TemporaryDirectory(prefix="friscy-cases-") as name:
        place = Path(name)
        write_context(place / "context")
        for case, text in cases().items():
            if not fnmatch(case, only):
                continue
            context = place / case
            shutil.copytree(place / "context", context, symlinks=True)
            head, _, text = text.rpartition("=====\n")
            if head:
                (context / ".dockerignore").write_text(f"{head}!always\n")
            # docker saves no image without layers
            (context / "Dockerfile").write_text(f"{text}COPY always /\n")
            mine, other = ours(context, context / "Dockerfile"), None
            other = theirs(context, context / "Dockerfile", place / "cache")
            if mine is None or other is None:
                who = "friscy" if mine is None else "docker"
                yield case, "pass" if mine is other else f"fail: {who} refuses it"
                continue
            told = differences(other, mine)
            yield case, f"fail: {told}" if told else "pass"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accept", action="store_true", help="keep the results")
    parser.add_argument("--only", metavar="PATTERN", default="*", help="names of cases")
    options = parser.parse_args()
    if not shutil.which("dockerd"):
        raise SystemExit("dockerd is missing: apt-get install docker.io")
    with docker() as version:
        found = {}
        for name, status in statuses(options.only):
            found[name] = status
            print(f"{name:24} {status}", flush=True)
    print(f"{sum(status == 'pass' for status in found.values())} of {len(found)} as Docker {version} has it")
    return conclude(RESULTS, {**ABOUT, "docker": version}, found, accept=options.accept)


if __name__ == "__main__":
    sys.exit(main())
