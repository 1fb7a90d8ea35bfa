"""What a bundle holds of translated code: its modules, and code.bin, which says where they belong."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from friscy.bundle import CODE
from friscy.machine.code_file import ImageRow, ModuleRow, encode, read_code_file
from friscy_build.cache import replacing
from friscy_build.translation.translate import Translation


def write_code(directory: Path, translations: Iterable[Translation]) -> dict[str, str]:
    """Write code.bin and the modules of `translations` below `directory`; the SHA-256 of each, by name.

    What is there of an earlier build and is not part of this one is removed.
    """
    images, modules, digests = [], [], {}
    for translation in translations:
        place = translation.place
        path = place.path.encode(errors="surrogateescape").decode(errors="replace")
        images.append(ImageRow(list(place.inodes), path, place.low, place.high, translation.segments))
        for wasm, pcs in translation.modules:
            digest = sha256(wasm).hexdigest()
            name = f"modules/{digest[:24]}.wasm"
            digests[name] = digest
            target = directory / name
            if not target.exists() or target.stat().st_size != len(wasm):
                with replacing(target) as file:
                    file.write(wasm)
            modules.append((ModuleRow(len(images) - 1, name, len(pcs)), pcs))
    content = encode(images, modules)
    with replacing(directory / CODE) as file:
        file.write(content)
    for left in (directory / "modules").glob("*.wasm"):
        if f"modules/{left.name}" not in digests:
            left.unlink()
    return {CODE: sha256(content).hexdigest(), **digests}


def parts_of(directory: Path) -> dict[str, Path]:
    """The files that `write_code` wrote, by their name in the bundle."""
    path = directory / CODE
    names = {module.name for module in read_code_file(str(path), path.stat().st_size).modules}
    return {CODE: path} | {name: directory / name for name in sorted(names)}
