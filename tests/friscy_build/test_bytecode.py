"""Bytecode made by the image's own Python in our machine is what the same Python makes under qemu-user."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from friscy_build import bytecode
from friscy_build.bytecode import add_bytecode, compile_library, find_library
from friscy_build.cache import cache_dir
from friscy_build.images.debian import Request, debian_image
from friscy_build.images.directory import write_directory
from friscy_build.images.image import BaseImage
from friscy_build.steps import make_interpreter
from lazyfs.tree import Node, Tree


def tree_of(*paths: str) -> Tree:
    tree = Tree()
    for path in paths:
        tree.add(path.encode(), Node.file(b"x = 1\n", mtime_ns=5_000_000_000), parents=True)
    return tree


def test_which_files_are_compiled() -> None:
    tree = tree_of(
        "/usr/bin/python3.9",
        "/usr/bin/python3.13",
        "/usr/lib/python3.9/os.py",
        "/usr/lib/python3.14/os.py",
        "/usr/lib/python3.13/os.py",
        "/usr/lib/python3.13/json/decoder.py",
        "/usr/lib/python3.13/test/test_os.py",
        "/usr/lib/python3.13/testing.py",
        "/usr/lib/python3.13/done.py",
        "/usr/lib/python3.13/__pycache__/done.cpython-313.pyc",
        "/usr/lib/python3/dist-packages/yaml/__init__.py",
        "/usr/share/python3/helper.py",
    )
    tree.add(b"/etc/python3.13/sitecustomize.py", Node.file(b"x = 2\n"), parents=True)
    tree.add(b"/usr/lib/python3.13/sitecustomize.py", Node.symlink(b"/etc/python3.13/sitecustomize.py"))
    tree.add(b"/usr/lib/python3.13/beside.py", Node.symlink(b"os.py"))
    tree.add(b"/usr/lib/python3.13/dangling.py", Node.symlink(b"/etc/python3.13/nothing.py"))
    python, names = find_library(tree)
    assert python == "/usr/bin/python3.13"
    assert sorted(names) == [
        "/usr/lib/python3.13/beside.py",
        "/usr/lib/python3.13/json/decoder.py",
        "/usr/lib/python3.13/os.py",
        "/usr/lib/python3.13/sitecustomize.py",
        "/usr/lib/python3.13/testing.py",
        "/usr/lib/python3/dist-packages/yaml/__init__.py",
    ]
    assert find_library(tree_of("/usr/bin/sh")) == ("", [])
    assert find_library(tree_of("/usr/lib/python3.13/os.py")) == ("", [])


def test_it_is_made_once_for_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def compile_some(tree: Tree, python: str, names: list[str], *_: object) -> dict[str, bytes]:
        asked.append(names)
        return {"/usr/lib/python3.13/__pycache__/os.cpython-313.pyc": b"code"}

    def image() -> BaseImage:
        return BaseImage(
            tree_of("/usr/bin/python3.13", "/usr/lib/python3.13/os.py"), {}, "sha256:1", "debian:"
        )

    monkeypatch.setattr(bytecode, "compile_library", compile_some)
    first, second, third = image(), image(), image()
    for each in (first, second):
        add_bytecode(each, tmp_path / "unused.wasm", tmp_path)
        node = each.tree.lookup(b"/usr/lib/python3.13/__pycache__/os.cpython-313.pyc")
        assert node is not None
        assert node.content is not None
        assert (node.content.read(0, 9), node.mtime_ns, node.mode) == (b"code", 5_000_000_000, 0o644)
    assert first.digest == second.digest != "sha256:1"
    assert asked == [["/usr/lib/python3.13/os.py"]]
    (kept,) = (tmp_path / "debian" / "bytecode").iterdir()
    data = bytearray(kept.read_bytes())
    data[700] ^= 1
    kept.write_bytes(data)
    add_bytecode(third, tmp_path / "unused.wasm", tmp_path)
    assert len(asked) == 2
    assert third.digest == first.digest


def test_an_image_without_python_stays_as_it_is(tmp_path: Path) -> None:
    image = BaseImage(tree_of("/bin/sh"), {}, "sha256:1", "debian:")
    add_bytecode(image, tmp_path / "unused.wasm", tmp_path)
    assert image.digest == "sha256:1"


def test_bytecode_is_what_qemu_makes(tmp_path: Path) -> None:
    image = debian_image(Request("trixie", ("python3-minimal",), essential=False), cache=cache_dir())
    library = "/usr/lib/python3.13"
    image.tree.add(f"{library}/bad.py".encode(), Node.file(b"not python at all\n"))
    names = [f"{library}/{name}.py" for name in ("token", "stat", "bad", "keyword", "operator")]
    names = [name for name in names if image.tree.lookup(name.encode()) is not None]
    assert len(names) >= 4
    make_interpreter(tmp_path / "interpreter.wasm")
    told: list[tuple[int, int]] = []
    made = compile_library(
        image.tree, "/usr/bin/python3.13", names, tmp_path / "interpreter.wasm", tmp_path,
        lambda what, done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1][0] == told[-1][1] > 0
    assert not list(tmp_path.glob(".bytecode.*"))

    root = tmp_path / "root"
    write_directory(image.tree, root)
    expected = {}
    for name in names:
        source = os.path.join(root, name[1:])
        arguments = f"{source!r}, dfile={name!r}, cfile={source + 'c'!r}, doraise=True"
        code = f"import py_compile; py_compile.compile({arguments})"
        command = ["qemu-riscv64", "-L", str(root), f"{root}/usr/bin/python3.13", "-E", "-S", "-c", code]
        environment = {"PYTHONHASHSEED": "0", "PATH": os.environ["PATH"]}
        if subprocess.run(command, env=environment, capture_output=True).returncode == 0:
            directory, _, base = name.removesuffix(".py").rpartition("/")
            expected[f"{directory}/__pycache__/{base}.cpython-313.pyc"] = Path(source + "c").read_bytes()
    assert len(expected) == len(names) - 1
    assert set(made) == set(expected)
    for path, data in made.items():
        assert data == expected[path], path
