"""What the maintainer scripts of Debian packages would have done, as far as programs need it.

No script runs. The database of dpkg, users and groups, alternatives, certificates, and the files of /etc that
base-files and libc make are written from what the packages hold.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import md5

from friscy_build.images.deb import parse_control
from lazyfs.tree import Node, Tree

# What the slim images of Debian leave out, save copyright files.
_LEFT_OUT = (b"man", b"info", b"groff", b"lintian", b"linda", b"locale")

_DIRECTORIES = {
    b"/dev": 0o755, b"/proc": 0o555, b"/sys": 0o555, b"/run": 0o755, b"/run/lock": 0o1777, b"/tmp": 0o1777,
    b"/root": 0o700, b"/home": 0o755, b"/mnt": 0o755, b"/media": 0o755, b"/opt": 0o755, b"/srv": 0o755,
    b"/etc": 0o755, b"/var": 0o755, b"/var/tmp": 0o1777, b"/var/log": 0o755, b"/var/cache": 0o755,
    b"/var/lib": 0o755, b"/var/mail": 0o2775, b"/usr/local/bin": 0o755, b"/usr/local/sbin": 0o755,
    b"/usr/local/lib": 0o755, b"/usr/local/share": 0o755, b"/usr/local/etc": 0o755,
}  # fmt: skip

_FILES = {
    b"/etc/hostname": b"friscy\n",
    b"/etc/hosts": b"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\tfriscy\n",
    b"/etc/resolv.conf": b"",
    b"/etc/nsswitch.conf": b"passwd:         files\ngroup:          files\nshadow:         files\n"
    b"hosts:          files dns\nnetworks:       files\nprotocols:      db files\nservices:       db files\n",
    b"/etc/passwd": b"root:*:0:0:root:/root:/bin/sh\n"
    b"nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    b"/etc/group": b"root:*:0:\nstaff:*:50:\nnogroup:*:65534:\n",
}

# Masters that packages ship, and where their scripts put the copy.
_COPIES = {
    b"/usr/share/base-passwd/passwd.master": b"/etc/passwd",
    b"/usr/share/base-passwd/group.master": b"/etc/group",
    b"/usr/share/base-files/nsswitch.conf": b"/etc/nsswitch.conf",
    b"/usr/share/base-files/profile": b"/etc/profile",
    b"/usr/share/base-files/dot.profile": b"/root/.profile",
    b"/usr/share/base-files/dot.bashrc": b"/root/.bashrc",
    b"/usr/share/base-files/motd": b"/etc/motd",
}

_LINKS = {b"/var/run": b"/run", b"/var/lock": b"/run/lock"}


@dataclass(frozen=True)
class Installed:
    """One unpacked package: its control file, the other files of control.tar, the names of its data."""

    control: str
    scripts: dict[str, bytes]
    names: list[bytes]


def set_up(tree: Tree, packages: Iterable[Installed]) -> None:
    """Finish `tree`, into which `packages` were unpacked."""
    packages = list(packages)
    _prune(tree)
    for path, mode in _DIRECTORIES.items():
        node = tree.lookup(path)
        if node is None:
            tree.add(path, Node.directory(mode), parents=True)
    for path, target in _LINKS.items():
        if tree.lookup(path) is None:
            tree.add(path, Node.symlink(target))
    for source, path in _COPIES.items():
        master = tree.lookup(source)
        if master is not None and master.content is not None and tree.lookup(path) is None:
            tree.add(path, Node.file(master.content, mtime_ns=master.mtime_ns))
    for path, text in _FILES.items():
        if tree.lookup(path) is None:
            tree.add(path, Node.file(text))
    _shadow(tree)
    _certificates(tree)
    _time_zone(tree)
    _alternatives(tree, packages)
    _database(tree, packages)


def _prune(tree: Tree) -> None:
    for name in _LEFT_OUT:
        tree.clear(b"/usr/share/" + name)
    documents = tree.lookup(b"/usr/share/doc")
    for package in list(documents.children.values()) if documents else []:
        for name in [each for each in package.children if each != b"copyright"]:
            del package.children[name]
    if documents:
        for name in [name for name, node in documents.children.items() if not node.children]:
            del documents.children[name]


def read(tree: Tree, path: bytes) -> bytes:
    """The content of the regular file at `path`, empty where there is none."""
    node = tree.lookup(path)
    return node.content.read(0, node.content.length) if node is not None and node.content is not None else b""


def _shadow(tree: Tree) -> None:
    """Passwords go to /etc/shadow: none is set, so nobody can log in with one."""
    if tree.lookup(b"/etc/shadow") is not None:
        return
    names = []
    lines = []
    for line in read(tree, b"/etc/passwd").splitlines():
        name, _, rest = line.partition(b":")
        names.append(name)
        lines.append(name + b":x:" + rest.partition(b":")[2])
    tree.add(b"/etc/passwd", Node.file(b"".join(line + b"\n" for line in lines)))
    shadow = b"".join(name + b":*::0:99999:7:::\n" for name in names)
    tree.add(b"/etc/shadow", Node.file(shadow, 0o640, gid=42))


def _certificates(tree: Tree) -> None:
    """What update-ca-certificates makes, save the links by hash, which only matter without the bundle."""
    top = b"/usr/share/ca-certificates"
    store = tree.lookup(top)
    if store is None:
        return
    paths = [path for path, node in Tree(store).walk() if node.kind == "file" and path.endswith(b".crt")]
    bundle = b""
    for path in paths:
        text = read(tree, top + path)
        bundle += text if text.endswith(b"\n") else text + b"\n"
        link = path.rpartition(b"/")[2].removesuffix(b".crt").replace(b" ", b"_") + b".pem"
        tree.add(b"/etc/ssl/certs/" + link, Node.symlink(top + path), parents=True)
    tree.add(b"/etc/ssl/certs/ca-certificates.crt", Node.file(bundle), parents=True)
    tree.add(b"/etc/ca-certificates.conf", Node.file(b"".join(path[1:] + b"\n" for path in paths)))


def _time_zone(tree: Tree) -> None:
    if tree.lookup(b"/usr/share/zoneinfo/Etc/UTC") is not None and tree.lookup(b"/etc/localtime") is None:
        tree.add(b"/etc/localtime", Node.symlink(b"/usr/share/zoneinfo/Etc/UTC"))
        tree.add(b"/etc/timezone", Node.file(b"Etc/UTC\n"))


# update-alternatives: the calls are read from the scripts.


def _alternatives(tree: Tree, packages: Iterable[Installed]) -> None:
    best: dict[str, tuple[int, list[tuple[str, str, str]]]] = {}
    for package in packages:
        script = package.scripts.get("postinst", b"").decode("utf-8", "replace")
        for priority, links in parse_alternatives(script):
            name = links[0][1]
            if tree.lookup(links[0][2].encode()) is not None and priority > best.get(name, (-1, []))[0]:
                best[name] = priority, links
    for _, links in best.values():
        for link, name, target in links:
            if tree.lookup(target.encode()) is None:  # a manual page that was left out
                continue
            tree.add(f"/etc/alternatives/{name}".encode(), Node.symlink(target.encode()), parents=True)
            directory, _, base = link.encode().rpartition(b"/")
            for merged in (b"/bin", b"/sbin", b"/lib"):
                if directory == merged or directory.startswith(merged + b"/"):
                    directory = b"/usr" + directory
            if tree.lookup(directory + b"/" + base) is None:
                chosen = Node.symlink(f"/etc/alternatives/{name}".encode())
                tree.add(directory + b"/" + base, chosen, parents=True)


def parse_alternatives(script: str) -> Iterator[tuple[int, list[tuple[str, str, str]]]]:
    """(priority, [(link, name, target) of the master, then of its slaves]) of each plain call in a script.

    A call with shell variables in it is passed over.
    """
    for line in script.replace("\\\n", " ").splitlines():
        call = re.search(r"update-alternatives\b(.*)", line)
        if not call or "--install" not in call[1]:
            continue
        try:
            words = shlex.split(call[1].partition("||")[0], comments=True)
            at = words.index("--install")
            links = [(words[at + 1], words[at + 2], words[at + 3])]
            priority = int(words[at + 4])
            for index, word in enumerate(words):
                if word == "--slave":
                    links.append((words[index + 1], words[index + 2], words[index + 3]))
        except (ValueError, IndexError):
            continue
        if all(path.startswith("/") and "$" not in path + name for path, name, _ in links):
            yield priority, links


# dpkg's database.


def _database(tree: Tree, packages: Iterable[Installed]) -> None:
    status = []
    info = b"/var/lib/dpkg/info/"
    for package in packages:
        fields = parse_control(package.control)
        name = fields.get("Package", "")
        if fields.get("Multi-Arch") == "same":
            name += f":{fields.get('Architecture', '')}"
        lines = package.control.strip("\n").splitlines()
        lines.insert(1, "Status: install ok installed")
        conffiles = package.scripts.get("conffiles", b"").decode("utf-8", "replace").split("\n")
        if any(each.startswith("/") for each in conffiles):
            lines.append("Conffiles:")
            for each in filter(lambda path: path.startswith("/"), conffiles):
                lines.append(f" {each} {md5(read(tree, each.encode()), usedforsecurity=False).hexdigest()}")
        status.append("\n".join(lines) + "\n")
        listed = b"".join((b"/" + path if path else b"/.") + b"\n" for path in package.names)
        tree.add(info + f"{name}.list".encode(), Node.file(listed), parents=True)
        for script, text in package.scripts.items():
            mode = 0o755 if text.startswith(b"#!") else 0o644
            tree.add(info + f"{name}.{script}".encode(), Node.file(text, mode))
    tree.add(b"/var/lib/dpkg/status", Node.file("\n".join(status).encode()), parents=True)
    tree.add(b"/var/lib/dpkg/info/format", Node.file(b"1\n"), parents=True)
    for empty in (b"available", b"diversions", b"statoverride"):
        if tree.lookup(b"/var/lib/dpkg/" + empty) is None:
            tree.add(b"/var/lib/dpkg/" + empty, Node.file(b""))
    tree.add(b"/var/lib/dpkg/updates", Node.directory())
