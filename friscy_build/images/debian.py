"""Debian packages as an image: resolved and downloaded by apt, unpacked here, none of their scripts run.

    base = debian_image(Request("trixie", ("python3", "ca-certificates")), cache=cache_dir())

What apt chose is written to the cache and used again as long as all its packages are there, so that a second
build needs no network and gives the same tree; `refresh=True` asks the mirror anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from friscy_build.cache import file_digest, locked, replacing
from friscy_build.images import debian_setup
from friscy_build.images.apt import Apt, Package
from friscy_build.images.deb import Deb
from friscy_build.images.image import BaseImage, ImageError
from friscy_build.images.layer import Layer
from friscy_build.images.progress import Progress, silent
from friscy_build.images.sources_list import find_mirror
from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive
from lazyfs.tree import Node, Tree

RECIPE = 1  # of the tree made from the same packages; a change makes every such image another one
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MERGED = (b"bin", b"sbin", b"lib")  # links into /usr since Debian 12; packages may still ship the old paths


@dataclass(frozen=True)
class Request:
    """What is asked for. essential: with the packages every Debian has (sh, coreutils), as slim images are."""

    suite: str
    packages: tuple[str, ...]
    components: tuple[str, ...] = ("main",)
    recommends: bool = False
    essential: bool = True


@dataclass(frozen=True)
class Selection:
    """What apt chose for a request: packages in unpacking order, and the files they are in."""

    request: Request
    packages: tuple[Package, ...]
    archives: Path

    @property
    def digest(self) -> str:
        """Identity of the image: equal for equal packages, however and whenever they were asked for."""
        chosen = sorted((each.name, each.version, each.sha256) for each in self.packages)
        text = json.dumps([RECIPE, self.request.suite, chosen])
        return f"sha256:{sha256(text.encode()).hexdigest()}"


def select(
    request: Request, cache: Path, *, refresh: bool = False, progress: Progress = silent,
    pinned: tuple[Package, ...] = (),
) -> Selection:  # fmt: skip
    """Have the packages of `request` in the cache, all checked against the signed lists. ImageError.

    pinned: the packages of a lock file, taken instead of what apt would choose now.
    """
    root = cache / "debian"
    if pinned:
        return _select_pinned(request, root, pinned, progress)
    with locked(root):
        mirror = find_mirror()
        record = _record(root, request, mirror.uri)
        if not refresh and (known := _recall(record, request, root)):
            return known
        apt = Apt(root, mirror, request.suite, request.components)
        apt.update(progress)
        flags = {"essential": request.essential, "recommends": request.recommends}
        chosen = apt.resolve(request.packages, **flags)
        _download(apt, request.packages, chosen, progress, **flags)
        with replacing(record) as out:
            out.write(json.dumps([asdict(each) for each in chosen], indent=1).encode())
        return Selection(request, tuple(chosen), apt.archives)


def _select_pinned(
    request: Request, root: Path, pinned: tuple[Package, ...], progress: Progress
) -> Selection:
    """The selection of a lock file, with or without a mirror that has it still."""
    archives = root / "archives"
    with locked(root):
        if all(_intact(archives, each) for each in pinned):
            return Selection(request, pinned, archives)
        mirror = find_mirror()
        apt = Apt(root, mirror, request.suite, request.components)
        apt.update(progress)
        hint = "take what there is now with: friscy build --update"
        try:
            found = {each.file: each for each in apt.locate(pinned)}
        except ImageError as error:
            text = f"{mirror.uri} does not give the packages that friscy.lock pins: {error.args[0]}"
            raise ImageError(text, hint=hint) from None
        for each in pinned:
            there = found.pop(each.file, None)
            if there != each:
                sha256 = f"sha256 {there.sha256}" if there else "none"
                text = (
                    f"friscy.lock pins {each.file} with sha256 {each.sha256}, and {mirror.uri} has {sha256}"
                )
                raise ImageError(text, hint=hint)
        if found:
            text = f"friscy.lock lacks {', '.join(sorted(found))}, which its packages depend on"
            raise ImageError(text, hint=hint)
        exact = tuple(each.exact for each in pinned)
        _download(apt, exact, list(pinned), progress, essential=False, recommends=False)
    return Selection(request, pinned, archives)


def _download(
    apt: Apt, names: tuple[str, ...], chosen: list[Package], progress: Progress,
    *, essential: bool, recommends: bool,
) -> None:  # fmt: skip
    """Have the files of `chosen`, which `names` stand for. ImageError: the mirror's are damaged."""
    for _ in range(2):  # a file that is there and damaged is taken for good by apt: remove it, and again
        apt.download(names, essential=essential, recommends=recommends, progress=progress)
        damaged = [each for each in chosen if not _intact(apt.archives, each)]
        if not damaged:
            return
        for each in damaged:
            (apt.archives / each.file).unlink(missing_ok=True)
    file = damaged[0].file
    raise ImageError(f"{apt.mirror.uri}: {file} does not have the SHA-256 that the signed list gives")


def recalled(request: Request, cache: Path) -> str:
    """Digest of what an earlier `select` chose, without a look at the files; "" where there was none."""
    record = _record(cache / "debian", request, find_mirror().uri)
    chosen = _read(record)
    return Selection(request, tuple(chosen), record.parent).digest if chosen else ""


def debian_image(
    request: Request, *, cache: Path, refresh: bool = False, progress: Progress = silent,
    pinned: tuple[Package, ...] = (),
) -> BaseImage:  # fmt: skip
    """The image of the packages of `request` and all they depend on. ImageError, FormatError."""
    selection = select(request, cache, refresh=refresh, progress=progress, pinned=pinned)
    tree = unpack(selection, Spool(cache / "tmp"), progress)
    shell = next((name for name in ("bash", "sh") if tree.lookup(b"/usr/bin/" + name.encode())), None)
    config = {"Env": [f"PATH={PATH}"]} | ({"Cmd": [shell]} if shell else {})
    return BaseImage(tree, config, selection.digest, f"debian:{request.suite}:{','.join(request.packages)}")


def unpack(selection: Selection, spool: Spool, progress: Progress = silent) -> Tree:
    """The tree of the selected packages, set up as their scripts would have set it up."""
    tree = Tree()
    for name in MERGED:
        tree.add(b"/usr/" + name, Node.directory(), parents=True)
        tree.add(b"/" + name, Node.symlink(b"usr/" + name))
    installed = []
    for count, package in enumerate(selection.packages):
        progress("unpacking", count, len(selection.packages))
        with Deb(selection.archives / package.file) as deb:
            data = deb.data()
            names = Layer(tree, spool, whiteouts=False, through_links=True).apply(Archive(data, data.name))
            installed.append(debian_setup.Installed(deb.control, deb.scripts, names))
    progress("unpacking", len(selection.packages), len(selection.packages))
    debian_setup.set_up(tree, installed)
    return tree


def _record(root: Path, request: Request, mirror: str) -> Path:
    key = json.dumps([RECIPE, asdict(request), mirror])
    return root / "selected" / f"{sha256(key.encode()).hexdigest()[:32]}.json"


def _read(record: Path) -> list[Package]:
    try:
        return [Package(**each) for each in json.loads(record.read_bytes())]
    except (OSError, ValueError, TypeError):
        return []


def _recall(record: Path, request: Request, root: Path) -> Selection | None:
    chosen = _read(record)
    archives = root / "archives"
    if not chosen or not all(_intact(archives, each) for each in chosen):
        return None
    return Selection(request, tuple(chosen), archives)


def _intact(archives: Path, package: Package) -> bool:
    path = archives / package.file
    return path.is_file() and file_digest(path) == f"sha256:{package.sha256}"
