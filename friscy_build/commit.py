"""`friscy commit`: a bundle and what its runs wrote become a new bundle."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from friscy.bundle import CHUNKS, INDEX, INTERPRETER, SNAPSHOT, open_bundle
from friscy_build.bundle import describe, write_bundle
from friscy_build.config import SnapshotTable
from friscy_build.dockerfile import ast
from friscy_build.dockerfile.parser import parse
from friscy_build.dockerfile.scope import Scope
from friscy_build.dockerfile.stage import StageRun
from friscy_build.fingerprint import version
from friscy_build.layers.kept import KeptOverlay
from friscy_build.snapshot_task import make_snapshot
from lazyfs.errors import UsageError
from lazyfs.index_writer import write_index
from lazyfs.tree import Tree

# What docker commit takes, and nothing that would change files.
_CHANGES = (
    ast.Cmd, ast.Entrypoint, ast.Env, ast.Expose, ast.Healthcheck, ast.Label, ast.Onbuild, ast.Shell, ast.Stopsignal,
    ast.User, ast.Volume, ast.Workdir,
)  # fmt: skip


def commit(
    source: str | os.PathLike[str],
    overlay: str | os.PathLike[str],
    output: str | os.PathLike[str],
    changes: Sequence[str] = (),
    snapshot: str | None = None,
) -> None:
    """Write the bundle `output`: the files of the bundle `source` with the changes in the directory `overlay`.

    changes: Dockerfile instructions for the configuration; snapshot: where the new bundle is saved, by default where
    the old one is. The new one has no translated code. FriscyError.
    """
    bundle = open_bundle(source)
    target = Path(output).absolute()
    with KeptOverlay(overlay, bundle).held() as kept:
        tree = kept.tree()
        said = sha256(kept.layer.read_bytes()).hexdigest() if not kept.is_empty else ""
        config = changed_config(bundle.image_config, changes)
        facts = (bundle.image_digest, bundle.index_digest.hex(), said, json.dumps(config, sort_keys=True))
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
            place = Path(temporary)
            summary = write_index(tree, place / INDEX, place / CHUNKS)
            manifest = describe(
                name=target.name,
                config=config,
                image_digest=f"sha256:{sha256(repr(facts).encode()).hexdigest()}",
                origin=bundle.origin,
                index_digest=summary.index_digest.hex(),
                memory=bundle.memory,
                snapshot_at=snapshot or bundle.snapshot_at,
                tools={name: version(name) for name in ("friscy", "wasmtime", "zstandard")},
            )
            parts = {INDEX: place / INDEX, CHUNKS: place / CHUNKS, INTERPRETER: place / INTERPRETER}
            parts[INTERPRETER].write_bytes(bundle.read(INTERPRETER))
            if manifest["snapshot"]["at"] != "none":
                stage = place / "stage"
                write_bundle(stage, manifest, parts)
                make_snapshot(stage, SnapshotTable.model_validate(manifest["snapshot"]))
                parts[SNAPSHOT] = stage / SNAPSHOT
            write_bundle(target, manifest, parts)


def changed_config(config: dict[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """The image configuration with the Dockerfile instructions `changes` done. UsageError, DockerfileError."""
    dockerfile = parse("\n".join(["FROM scratch", *changes]), "--change")
    stage = StageRun("--change", 0, Tree(), config, "", "", Scope({}, {}, dockerfile.escape), 0)
    for instruction in dockerfile.stages[-1].instructions:
        if not isinstance(instruction, _CHANGES) or len(dockerfile.stages) > 1:
            names = ", ".join(kind.__name__.upper() for kind in _CHANGES)
            raise UsageError(f"--change {instruction.text!r}: only the configuration can be changed: {names}")
        stage.configure(instruction)
    return stage.config
