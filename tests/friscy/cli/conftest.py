from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgpack
import pytest

from friscy.bundle import CHUNKS, INDEX, INTERPRETER, SNAPSHOT
from friscy.cli.main import main
from friscy.kernel.fdtable import FdTable
from friscy.kernel.memory.areas import MAP_PRIVATE, Mm, Vma
from friscy.kernel.state import KernelState, Process, Task
from friscy_build.bundle import describe, write_bundle
from lazyfs.abi import O_RDONLY
from lazyfs.index_writer import write_index
from lazyfs.inode import FsContext
from lazyfs.plain import encode
from lazyfs.tree import Node, Tree
from lazyfs.vfs import Vfs
from snapshot.format import write_snapshot

PAGE = 4096
NOON = 1_700_000_000 * 1_000_000_000  # 2023-11-14 22:13:20 UTC
EMPTY_MODULE = b"\0asm\x01\0\0\0"


def small_tree() -> Tree:
    """One of each kind of inode, data that repeats and data that does not compress, an awkward name."""
    tree = Tree(Node.directory(mtime_ns=NOON))
    tree.add(b"/etc", Node.directory(mtime_ns=NOON))
    tree.add(b"/etc/passwd", Node.file(b"root:x:0:0::/:/bin/sh\nsam:x:1000:1000::/:\n", mtime_ns=NOON))
    tree.add(b"/etc/group", Node.file(b"root:x:0:\nusers:x:1000:sam\n", mtime_ns=NOON))
    tree.add(b"/usr/bin/tool", Node.file(bytes(range(256)) * 800, 0o4755, mtime_ns=NOON), parents=True)
    tree.add(b"/usr/bin/copy", Node.file(bytes(range(256)) * 800, 0o755, mtime_ns=NOON))
    tree.link(b"/usr/bin/copy", b"/usr/bin/linked")
    tree.add(b"/bin", Node.symlink(b"usr/bin", mtime_ns=NOON))
    tree.add(b"/home/sam", Node.directory(0o750, uid=1000, gid=1000, mtime_ns=NOON), parents=True)
    tree.add(b"/home/sam/red\x1b[31m\xff", Node.file(b"x", 0o600, uid=1000, gid=4242, mtime_ns=NOON))
    tree.add(b"/dev/null", Node("char", 0o666, rdev=(1, 3), mtime_ns=NOON), parents=True)
    return tree


def machine_state() -> KernelState:
    """One process that stands before main, with a terminal's worth of descriptors."""
    vfs = Vfs(now_ns=lambda: NOON)
    root = vfs.mount_root(vfs.new_tmpfs(mode=0o755))
    context = FsContext(root, root)
    vfs.mkdir(context, b"/dev", 0o755)
    vfs.mount(vfs.lookup(context, b"/dev"), vfs.new_devfs())
    null = vfs.open(context, b"/dev/null", O_RDONLY)
    files = FdTable()
    for _ in range(3):
        files.add(null, 1024)
    mappings = [
        Vma(0x10000, 0x12000, 5, MAP_PRIVATE, name=b"/usr/bin/tool"),
        Vma(0x9FFF0000, 0xA0000000, 3, MAP_PRIVATE, name=b"[stack]"),
    ]
    process = Process(
        1, 0, 1, 1, Mm(mappings), files, context, tasks=[1], exe=b"/usr/bin/tool", cmdline=[b"tool", b"a b"]
    )
    task = Task(1, process, 0)
    return KernelState({1: task}, {1: process}, vfs=vfs.state, last_pid=1)


def write_machine(path: Path, index_digest: bytes, interpreter_sha256: str) -> None:
    """A snapshot file as a capture writes it."""
    pages = b"\1" * PAGE + bytes(PAGE) + b"\2" * PAGE
    meta = {
        "at": "entry",
        "index": index_digest,
        "interpreter": interpreter_sha256,
        "memory": {
            1: {
                "mappings": [(0x10000, 0x12000, 5), (0x9FFF0000, 0xA0000000, 3)],
                "runs": [(0x10, 1), (0x9FFF8, 2)],
                "guards": [],
            }
        },
        "argv": ["tool", "a b"],
        "prefix": [b"tool"],
        "env": {},
        "cwd": "/",
        "user": "",
        "memory_limit": 1 << 30,
        "tty": [False, False, False],
        "monotonic_ns": 1,
    }
    state = msgpack.packb(encode(machine_state()))
    sections = [("state", state), ("transcript", msgpack.packb([])), ("pages:1", pages)]
    write_snapshot(path, meta, sections)


def make_bundle(directory: Path, *, snapshot: bool = True) -> Path:
    """A bundle of `small_tree` in `directory`/small."""
    from hashlib import sha256

    parts = {name: directory / name for name in (INDEX, CHUNKS, INTERPRETER)}
    summary = write_index(small_tree(), parts[INDEX], parts[CHUNKS])
    parts[INTERPRETER].write_bytes(EMPTY_MODULE)
    if snapshot:
        parts[SNAPSHOT] = directory / SNAPSHOT
        write_machine(parts[SNAPSHOT], summary.index_digest, sha256(EMPTY_MODULE).hexdigest())
    manifest = describe(
        name="small",
        config={"Entrypoint": ["tool"], "Cmd": ["a b"], "Env": ["LANG=C"], "WorkingDir": "/home/sam"},
        image_digest="sha256:" + "5" * 64,
        origin="dockerfile:Dockerfile",
        index_digest=summary.index_digest.hex(),
        memory=1 << 30,
        snapshot_at="entry" if snapshot else "none",
        tools={"friscy": "1"},
    )
    write_bundle(directory / "small", manifest, parts)
    return directory / "small"


@pytest.fixture(scope="session")
def made_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One bundle for all tests: they only read it."""
    return make_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def bundle_without_snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("plain"), snapshot=False)


@pytest.fixture
def own_bundle(made_bundle: Path, tmp_path: Path) -> Path:
    """A copy that the test may damage."""
    return Path(shutil.copytree(made_bundle, tmp_path / "small"))


Friscy = Callable[..., tuple[int, str, str]]


@pytest.fixture
def friscy(capfd: pytest.CaptureFixture[str]) -> Friscy:
    """Run the command in this process: (status, stdout, stderr)."""

    def run(*words: object) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as error:  # argparse ends the process itself
            status = error.code if isinstance(error.code, int) else 1
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return run
