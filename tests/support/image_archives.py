"""Archives made for the tests: tars through the standard library and by hand, layouts, packages."""

from __future__ import annotations

import io
import json
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from friscy_build.images.layer import Layer
from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive
from lazyfs.tree import Tree


def member(name: str, data: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    """A member for `make_tar`; a name that ends in / is a directory."""
    info = tarfile.TarInfo(name.rstrip("/") if name != "/" else name)
    info.size = len(data)
    info.mode = 0o644
    if name.endswith("/"):
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.SYMTYPE, linkname=target)


def hardlink(name: str, target: str, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=tarfile.LNKTYPE, linkname=target, **fields)


def make_tar(*members: tuple[tarfile.TarInfo, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:
    """An archive of 512-byte blocks with two blocks of end, nothing more."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
        end = buffer.tell()
    return buffer.getvalue()[:end] + bytes(1024)


def raw_header(name: bytes, size: bytes = b"00000000000\0", kind: bytes = b"0", **fields: bytes) -> bytes:
    """A ustar header with any bytes in its fields and a right checksum. fields: mode, uid, gid, mtime, link."""
    header = bytearray(512)

    def put(at: int, value: bytes) -> None:
        header[at : at + len(value)] = value

    put(0, name[:100])
    put(100, fields.get("mode", b"0000644\0"))
    put(108, fields.get("uid", b"0000000\0"))
    put(116, fields.get("gid", b"0000000\0"))
    put(124, size)
    put(136, fields.get("mtime", b"00000000000\0"))
    put(156, kind)
    put(157, fields.get("link", b""))
    put(257, b"ustar\x0000")
    put(148, b" " * 8)
    put(148, b"%06o\0 " % sum(header))
    return bytes(header)


def pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax(*records: tuple[bytes, bytes], kind: bytes = b"x") -> bytes:
    """A PAX header with these records."""
    body = b""
    for key, value in records:
        text = b" " + key + b"=" + value + b"\n"
        length = len(text) + 1
        while len(str(length)) + len(text) != length:
            length += 1
        body += str(length).encode() + text
    return raw_header(b"pax", b"%011o\0" % len(body), kind) + pad(body)


def read_entries(data: bytes, **options: Any) -> list[tuple[Any, bytes]]:
    """Every entry of an archive with its content, holes filled."""
    found = []
    for entry in Archive(io.BytesIO(data), "test.tar", **options):
        blocks = list(entry.blocks()) if entry.kind == "file" else []
        content = bytearray(entry.size)  # after the content was read: a header may promise anything
        for offset, block in blocks:
            content[offset : offset + len(block)] = block
        found.append((entry, bytes(content)))
    return found


def flatten(*layers: bytes, **options: Any) -> Tree:
    """The tree that these layers leave."""
    tree = Tree()
    spool = Spool()
    for number, data in enumerate(layers, 1):
        Layer(tree, spool, **options).apply(Archive(io.BytesIO(data), f"layer{number}.tar"))
    return tree


def listing(tree: Tree) -> dict[str, Any]:
    """path -> content of a file, target of a link, kind of the rest."""
    result: dict[str, Any] = {}
    for path, node in tree.walk():
        if node.kind == "file":
            assert node.content is not None
            result[path.decode()] = node.content.read(0, node.content.length)
        else:
            result[path.decode()] = f"-> {node.target.decode()}" if node.kind == "symlink" else node.kind
    return result


def write_layout(
    directory: Path, layers: list[bytes], *, stored: list[bytes] | None = None, architecture: str = "riscv64",
    tag: str = "latest", config: dict[str, Any] | None = None,
    media_type: str = "application/vnd.oci.image.layer.v1.tar",
) -> dict[str, Any]:  # fmt: skip
    """Add an image to an OCI layout; returns its descriptor. stored: the layers as they lie there, compressed."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

    def blob(data: bytes) -> dict[str, Any]:
        digest = sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    settings = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/hello"], "Env": ["A=1"], "Entrypoint": None} if config is None else config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(each).hexdigest()}" for each in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            **blob(json.dumps(settings).encode()),
        },
        "layers": [{"mediaType": media_type, **blob(each)} for each in stored or layers],
    }
    descriptor = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        **blob(json.dumps(manifest).encode()),
        "annotations": {"org.opencontainers.image.ref.name": tag},
    }
    index = directory / "index.json"
    known = json.loads(index.read_bytes())["manifests"] if index.exists() else []
    index.write_text(json.dumps({"schemaVersion": 2, "manifests": [*known, descriptor]}))
    return descriptor


# Two layers, and the tree they make.
LAYERS = [
    make_tar(
        member("d/"),
        member("d/a", b"a"),
        member("d/b", b"b"),
        member("bin/"),
        member("bin/x", b"#!", mode=0o755),
    ),
    make_tar(member("d/.wh.a"), member("d/c", b"c"), symlink("l", "d/c"), hardlink("h", "bin/x", mode=0o755)),
]
FLAT = {
    "/": "dir", "/bin": "dir", "/bin/x": b"#!", "/d": "dir", "/d/b": b"b", "/d/c": b"c", "/h": b"#!", "/l": "-> d/c",
}  # fmt: skip
