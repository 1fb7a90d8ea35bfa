"""Bundles of a small dynamically linked glibc program, with and without snapshots, built once per session."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from required_tools import require_tool
from run_support import Friscy, environment

HERE = Path(__file__).parent
_LIBRARIES = Path("/usr/riscv64-linux-gnu/lib")
_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nada:x:1000:1001:Ada:/home/ada:/bin/sh\n"
_GROUP = b"root:x:0:\nada:x:1001:\nengines:x:1002:ada\n"


@pytest.fixture(scope="session")
def rootfs_tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root filesystem with the probe, its libraries, and two users."""
    compiler = require_tool("riscv64-linux-gnu-gcc")
    where = tmp_path_factory.mktemp("probe")
    program = where / "probe"
    subprocess.run([compiler, "-O1", "-fstack-protector-all", "-o", program, HERE / "probe.c"], check=True)
    archive = where / "rootfs.tar"
    with tarfile.open(archive, "w") as tar:
        for name in ("bin", "lib", "etc", "home", "home/ada", "tmp"):
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(member)
        contents = {
            "bin/probe": program.read_bytes(),
            "bin/script": b"#!/bin/probe args\n",
            "etc/passwd": _PASSWD,
            "etc/group": _GROUP,
        }
        for library in ("ld-linux-riscv64-lp64d.so.1", "libc.so.6"):
            contents[f"lib/{library}"] = (_LIBRARIES / library).read_bytes()
        for name, data in contents.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            tar.addfile(member, io.BytesIO(data))
    return archive


@pytest.fixture(scope="session")
def make_bundle(rootfs_tar: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """make(at, argv, **run): a bundle of the probe, built by `friscy build` as a user would."""

    def make(at: str, argv: Sequence[str]) -> Path:
        project = tmp_path_factory.mktemp(f"bundle-{at}")
        words = ", ".join(f'"{word}"' for word in argv)
        (project / "friscy.toml").write_text(
            f'[bundle.probe]\nimage = "tar:{rootfs_tar}"\n'
            f'[bundle.probe.snapshot]\nat = "{at}"\n'
            f'[bundle.probe.aot]\nscope = "{"touched" if at == "stdin" else "none"}"\n'  # one is enough: it takes long
            f'[bundle.probe.machine]\nmemory = "256MiB"\n'
            f'[bundle.probe.run]\nentrypoint = ["{argv[0]}"]\ncmd = [{words.partition(", ")[2]}]\n'
            'env = { FROM_IMAGE = "yes" }\n'
        )
        done = subprocess.run(
            [sys.executable, "-m", "friscy.cli.main", "build"],
            cwd=project,
            env=environment(),
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
        return project / "build" / "probe"

    return make


@pytest.fixture(scope="session")
def entry_bundle(make_bundle: Callable[..., Path]) -> Path:
    """A bundle whose snapshot stands at the program's entry point."""
    return make_bundle("entry", ["/bin/probe", "args", "default"])


@pytest.fixture(scope="session")
def friscy() -> Friscy:
    """friscy("run", bundle, ...): the command, with its output and status."""

    def call(*words: object, stdin: bytes = b"", timeout: float = 60) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "friscy.cli.main", *map(str, words)],
            input=stdin,
            env=environment(),
            capture_output=True,
            timeout=timeout,
        )

    return call
