"""A whole bundle as facts: what `friscy inspect --json` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from friscy.bundle import SNAPSHOT, Bundle
from friscy.cli.inspection.rootfs import rootfs_facts


def bundle_facts(bundle: Bundle) -> dict[str, Any]:
    """Everything about `bundle` that JSON can hold. Sizes are bytes, digests hex."""
    snapshot: dict[str, Any] | None = None
    if bundle.has(SNAPSHOT):
        from friscy.cli.inspection.snapshot import snapshot_facts

        snapshot = snapshot_facts(Path(bundle.path(SNAPSHOT)), bundle)
    return {
        "name": bundle.name,
        "directory": bundle.directory,
        "image": {"origin": bundle.origin, "digest": bundle.image_digest, "config": bundle.image_config},
        "process": {
            "entrypoint": bundle.entrypoint,
            "cmd": bundle.cmd,
            "env": bundle.env,
            "cwd": bundle.cwd,
            "user": bundle.user,
        },
        "machine": {"memory": bundle.memory},
        "files": {name: {"size": file.size, "sha256": file.sha256} for name, file in bundle.files.items()},
        "rootfs": rootfs_facts(bundle),
        "snapshot": snapshot,
        "tools": dict(bundle.manifest.get("tools") or {}),
    }
