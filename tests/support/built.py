"""Dockerfiles built with RUN over a small real root filesystem: Debian's static busybox."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from rootfs import interpreter

from friscy_build.cache import cache_dir
from friscy_build.dockerfile import BuiltImage, build_image
from friscy_build.dockerfile.report import LineReport
from friscy_build.dockerfile.running import Runner
from friscy_build.dockerfile.transfer import clone_tree
from friscy_build.images.debian import Request, debian_image
from friscy_build.images.image import BaseImage
from friscy_build.layers.cache import LayerCache
from lazyfs.tree import Node

COMMANDS = """
    sh ash cat ls echo mkdir rm mv cp ln chmod chown stat touch id env pwd grep sed sleep kill true false sync test find
    sort head tail wc truncate dd mkfifo mknod hostname uname date tar sha256sum printf tr readlink nc wget xargs tee
    seq rmdir basename dirname
"""
PASSWD = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:App:/home/app:/bin/sh\n"
GROUP = b"root:x:0:\napp:x:1000:\nextra:x:44:app\n"


@cache
def busybox() -> BaseImage:
    """busybox under the names of its commands, two users, and a directory with a linked file."""
    image = debian_image(Request("trixie", ("busybox-static",), essential=False), cache=cache_dir())
    tree = image.tree
    program = tree.lookup(b"/usr/bin/busybox")
    assert program is not None
    for name in COMMANDS.split():
        tree.add(b"/bin/" + name.encode(), program, parents=True)
    tree.add(b"/etc/passwd", Node.file(PASSWD), parents=True)
    tree.add(b"/etc/group", Node.file(GROUP))
    tree.add(b"/tmp", Node.directory(0o1777))
    tree.add(b"/data/deep/one", Node.file(b"one\n", mtime_ns=1_500_000_000_000_000_001), parents=True)
    tree.add(b"/data/two", Node.file(b"two\n"))
    tree.link(b"/data/two", b"/data/linked")
    return image


class Builder:
    """Builds Dockerfiles in a context directory, with a layer cache of its own. lines: what the last one said."""

    def __init__(self, place: Path) -> None:
        self.context = place / "context"
        self.context.mkdir(exist_ok=True)
        self.cache = LayerCache(place / "cache")
        self.lines: list[str] = []
        self.secrets: dict[str, bytes] = {}
        self.agents: dict[str, str] = {}

    def base(self, reference: str, platform: str) -> BaseImage:
        image = busybox()
        return BaseImage(clone_tree(image.tree), {"Env": ["PATH=/bin"]}, image.digest, reference)

    def runner(self, **options: Any) -> Runner:
        options.setdefault("network", ["*"])
        given = {"secrets": self.secrets.get, "agents": self.agents.get, **options}
        return Runner(interpreter(), self.cache, memory=1 << 30, **given)

    def build(self, text: str, *, runner: Runner | None = None, **options: Any) -> BuiltImage:
        (self.context / "Dockerfile").write_text(text)
        self.lines.clear()
        return build_image(
            self.context / "Dockerfile", self.context, resolve_base=self.base,
            runner=runner or self.runner(), **{"report": LineReport(self.lines.append), **options},
        )  # fmt: skip

    @property
    def output(self) -> list[str]:
        """What the RUNs of the last build printed, without the times."""
        return [line[9:] for line in self.lines if line[:8].strip().replace(".", "").isdigit()]

    def count(self, how: str) -> int:
        """How many steps of the last build ended so: "cached" or "done in"."""
        return sum(line.startswith("         " + how) for line in self.lines)
