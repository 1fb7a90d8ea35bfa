"""`friscy build` of a Dockerfile with RUN: what friscy.toml says reaches it, and what is done is not done again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """
[bundle.small]
dockerfile = "Dockerfile"
contexts = { extra = "more" }
args = { WHO = "you" }
[bundle.small.snapshot]
at = "none"
[bundle.small.aot]
scope = "none"
[images.busybox]
debian = { suite = "trixie", packages = ["busybox-static"], essential = false }
[build]
network = []
memory = "256MiB"
[build.secrets]
token = { file = "token" }
named = { env = "MY_SECRET" }
[build.ssh]
default = { env = "MY_AGENT" }
other = { socket = "agent" }
"""
DOCKERFILE = """FROM busybox
RUN ["busybox", "--install", "-s", "/bin"]
ARG WHO
RUN --mount=from=extra,target=/extra \\
    --mount=type=secret,id=token,required --mount=type=secret,id=named,env=NAMED \\
    --mount=type=ssh,required --mount=type=ssh,id=other,required \\
    test -S /run/buildkit/ssh_agent.0 && test -S /run/buildkit/ssh_agent.1 && \\
    echo "hello $WHO" > /made; cat /extra/file >> /made; wc -c < /run/secrets/token >> /made; \\
    echo ${#NAMED} >> /made; grep MemTotal /proc/meminfo; nc -w 1 203.0.113.1 80 || echo no network
CMD ["cat", "/made"]
"""


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "friscy.toml").write_text(PROJECT)
        (root / "Dockerfile").write_text(DOCKERFILE)
        (root / "token").write_text("12345")
        (root / "more").mkdir()
        (root / "more" / "file").write_text("of a context\n")
        (root / ".dockerignore").write_text("*\n")
        self.agent = socket.socket(socket.AF_UNIX)
        self.agent.bind(str(root / "agent"))

    def friscy(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "friscy.cli.main", *words], cwd=self.root, capture_output=True, text=True,
            timeout=300, env={**os.environ, "MY_SECRET": "sesame", "MY_AGENT": str(self.root / "agent")},
        )  # fmt: skip


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    yield project
    project.agent.close()


def test_a_project_with_run(project):
    built = project.friscy("build", "--no-cache")
    assert built.returncode == 0, built.stdout + built.stderr
    assert "no network" in built.stderr
    assert "done in" in built.stderr
    assert project.friscy("run", "build/small").stdout == "hello you\nof a context\n5\n6\n"
    again = project.friscy("build")
    assert (again.returncode, again.stderr) == (0, "")
    assert ".  " not in again.stdout, "nothing is done"
    # The user's cache may have the layers of an earlier run of this test: what is new must be new to it too.
    new = os.urandom(8).hex()
    (project.root / "more" / "file").write_text(f"{new}\n")
    changed = project.friscy("build")
    assert changed.stderr.count("cached") == 1, "the first RUN does not depend on it"
    assert project.friscy("run", "build/small").stdout == f"hello you\n{new}\n5\n6\n"
    (project.root / "Dockerfile").write_text(DOCKERFILE + "RUN echo last words; exit 3\n")
    failed = project.friscy("build")
    assert failed.returncode != 0
    said = failed.stdout + failed.stderr
    assert "Dockerfile:11: RUN echo last words; exit 3: the command ended with exit status 3" in said
    assert "    last words" in said
    assert "Traceback" not in said
    (project.root / "agent").unlink()
    missing = project.friscy("build")
    assert missing.returncode != 0
    assert "the SSH agent 'default' is not there" in missing.stdout + missing.stderr
