"""A build directory in the making, and what comes out of it in a form that is easy to compare."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from friscy_build.dockerfile import BuiltImage, Inputs, build_image, build_inputs
from friscy_build.images.image import BaseImage
from lazyfs.tree import Node, Tree

MTIME_NS = 1_600_000_000_123_456_789
PASSWD = b"root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:2::/:/bin/false\nbroken\nodd:x:y:z::/:\n"
GROUP = b"root:x:0:\nstaff:x:50:\n"


class Project:
    """A context directory with a Dockerfile."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[tuple[str, str]] = []
        self.base_config: dict[str, Any] = {}
        self.base_files: dict[bytes, Node] = {}

    def write(self, path: str, content: str | bytes = "", mode: int = 0o644) -> Path:
        """A context file with a fixed time."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        file.chmod(mode)
        os.utime(file, ns=(MTIME_NS, MTIME_NS))
        return file

    def resolve_base(self, reference: str, platform: str) -> BaseImage:
        """Any image: an /etc with users, a usr-merged /bin, and what the test added."""
        self.asked.append((reference, platform))
        tree = Tree()
        tree.add(b"/etc/passwd", Node.file(PASSWD), parents=True)
        tree.add(b"/etc/group", Node.file(GROUP))
        tree.add(b"/usr/bin/sh", Node.file(b"#!", 0o755), parents=True)
        tree.add(b"/bin", Node.symlink(b"usr/bin"))
        for path, node in self.base_files.items():
            tree.add(path, node, parents=True)
        config = {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["sh"], **self.base_config}
        return BaseImage(tree, config, f"sha256:{reference}", reference)

    def build(self, text: str, **options: Any) -> BuiltImage:
        """Build the Dockerfile `text`."""
        self.write("Dockerfile", text)
        options.setdefault("resolve_base", self.resolve_base)
        return build_image(self.root / "Dockerfile", options.pop("context", self.root), **options)

    def build_existing(self) -> BuiltImage:
        """Build the Dockerfile that is there."""
        return build_image(self.root / "Dockerfile", self.root, resolve_base=self.resolve_base)

    def inputs(self, text: str, **options: Any) -> Inputs:
        """What building it would read."""
        self.write("Dockerfile", text)
        return build_inputs(self.root / "Dockerfile", self.root, **options)

    def names(self, inputs: Inputs) -> set[str]:
        """The context files of `inputs`, relative to the context, the Dockerfile left out."""
        return {os.path.relpath(file, self.root) for file in inputs.files} - {"Dockerfile"}


def listing(image: BuiltImage, below: str = "/") -> dict[str, str]:
    """Every path below, as `kind mode uid:gid`, a link as `-> target`; what the base had left out."""
    own = {"/etc", "/etc/passwd", "/etc/group", "/usr", "/usr/bin", "/usr/bin/sh", "/bin", "/"}
    found = {}
    for raw, node in image.tree.walk():
        path = raw.decode()
        if path in own or not path.startswith(below):
            continue
        if node.kind == "symlink":
            found[path] = f"-> {node.target.decode()}"
        else:
            found[path] = f"{node.kind} {node.mode:o} {node.uid}:{node.gid}"
    return found


def content(image: BuiltImage, path: str) -> bytes:
    """A file's content."""
    node = image.tree.lookup(path.encode())
    assert node is not None, path
    assert node.content is not None, path
    return node.content.read(0, node.content.length)
