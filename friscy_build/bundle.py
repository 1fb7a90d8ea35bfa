"""Write a bundle (docs/formats/bundle.md): its parts copied next to their manifest, put in place in one step."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from friscy.bundle import CHECKSUM_AT, FORMAT, MANIFEST, VERSION, manifest_checksum
from lazyfs.errors import FormatError, FriscyError

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def describe(
    *,
    name: str,
    config: Mapping[str, Any],
    image_digest: str,
    origin: str,
    index_digest: str,
    memory: int,
    snapshot_at: str,
    network: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    tools: Mapping[str, str],
    working_sets: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest of a bundle, but for its files.

    config: the OCI image configuration it runs with; index_digest: hex; memory: bytes.
    working_sets: see docs/formats/bundle.md.
    """
    env = [str(each) for each in config.get("Env") or []]
    if not any(each.startswith("PATH=") for each in env):
        env.insert(0, f"PATH={DEFAULT_PATH}")
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "process": {
            "entrypoint": list(config.get("Entrypoint") or []),
            "cmd": list(config.get("Cmd") or []),
            "env": env,
            "cwd": config.get("WorkingDir") or "/",
            "user": str(config.get("User") or ""),
        },
        "machine": {"memory": memory},
        **({"network": dict(network)} if network else {}),
        **({"limits": dict(limits)} if limits else {}),
        "snapshot": {"at": snapshot_at},
        "image": {"origin": origin, "digest": image_digest, "config": dict(config)},
        "rootfs": {"index_digest": index_digest, "working_sets": dict(working_sets or {})},
        "tools": dict(tools),
    }


def write_bundle(
    output: Path,
    manifest: Mapping[str, Any],
    parts: Mapping[str, Path],
    expected: Mapping[str, str] | None = None,
) -> None:
    """Make `output` a bundle of `parts` (name -> file), in place of the bundle that is there.

    expected: SHA-256 of parts, in hex, where it is known; FormatError where a part is another by now.
    FriscyError: `output` is something else than a bundle; it is left alone.
    """
    if (
        output.exists()
        and not (output / MANIFEST).exists()
        and (not output.is_dir() or any(output.iterdir()))
    ):
        raise FriscyError(
            f"{output}: not a bundle, so it is not replaced", hint="remove it, or give `output` another place"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    try:
        files = {}
        for name, source in parts.items():
            target = made / name
            target.parent.mkdir(parents=True, exist_ok=True)
            digest = _copy(source, target)
            if expected and name in expected and expected[name] != digest:
                raise FormatError(
                    source,
                    None,
                    f"content with sha256 {expected[name]}",
                    digest,
                    hint="remove it and build again",
                )
            files[name] = {"size": target.stat().st_size, "sha256": digest}
        (made / MANIFEST).write_bytes(encode_manifest({**manifest, "files": files}))
        made.chmod(0o755)
        _swap(made, output)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def encode_manifest(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of manifest.json, its checksum first."""
    data = json.dumps({"crc32": "00000000", **manifest}, indent=1, ensure_ascii=False).encode() + b"\n"
    start = len(CHECKSUM_AT)
    return data[:start] + manifest_checksum(data) + data[start + 8 :]


def _copy(source: Path, target: Path) -> str:
    digest = sha256()
    with open(source, "rb") as reading, open(target, "xb") as writing:
        while block := reading.read(1 << 20):
            digest.update(block)
            writing.write(block)
    return digest.hexdigest()


def _swap(made: Path, output: Path) -> None:
    """`made` becomes `output`. Who opened the old bundle's files keeps them."""
    old = None
    if output.exists():
        old = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
        os.rename(output, old / "bundle")
    try:
        os.rename(made, output)
    except OSError:
        if old is not None:
            os.rename(old / "bundle", output)
            old.rmdir()
        raise
    if old is not None:
        shutil.rmtree(old)
