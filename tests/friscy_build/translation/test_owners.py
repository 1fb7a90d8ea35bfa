"""The functions of translated modules, given back to the guest's, and the names of these."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines import Programs, build_bare

from friscy.bundle import CODE, open_bundle
from friscy.machine.code_file import read_code_file
from friscy_build.aot.discover import Functions
from friscy_build.aot.graph import Graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.module import Unit, translate
from friscy_build.aot.runtime import IMPORTS
from friscy_build.translation.naming import Naming
from friscy_build.translation.owners import exports, owners
from friscy_build.translation.recording import record


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return build_bare(tmp_path_factory.mktemp("owners")).read_bytes()


def linked(graphs: list[Graph]) -> tuple[bytes, dict[int, int], set[int]]:
    """(a module, function index -> entry of the guest's function, the indices of what these share)."""
    unit = Unit(graphs)
    wasm, known = translate(unit).wasm, unit.functions.entries
    return wasm, known, set(range(len(IMPORTS), min(known)))


@pytest.mark.parametrize("aside", [False, True])
def test_every_form_is_given_back(bare: bytes, aside: bool) -> None:
    """Of whole files, and of modules that end with each of the functions; what seldom runs may be aside."""
    image = CodeImage(bare, name="bare")
    ran = {graph.entry for graph in Functions(image).graphs(Functions(image).roots())} if aside else ()

    def graphs() -> list[Graph]:
        functions = Functions(image, ran=ran)
        return sorted(functions.graphs(functions.roots()), key=lambda graph: graph.entry)

    count = len(graphs())
    assert count > 10
    assert any(Unit(graphs())._convention.asides) == aside
    direct = 0
    for last in range(1, count + 1):
        chosen = graphs()[max(last - 3, 0) : last] if last < count else graphs()
        wasm, known, others = linked(chosen)
        found = owners(wasm, len(IMPORTS))
        assert {index: chosen[slots[0]].entry for index, slots in found.items()} == known
        direct += len(known) > len(chosen)
        assert others
        assert not others & set(found)
    assert direct


def test_a_function_that_is_entered_at_several_places_has_their_slots(bare: bytes) -> None:
    image = CodeImage(bare, name="bare")
    whole = next(
        graph for graph in Functions(image).graphs(Functions(image).roots()) if len(graph.blocks) > 4
    )
    middle = sorted(block.pc for block in whole.blocks.values() if block.code and block.pc != whole.entry)[:3]
    (graph,) = [each for each in Functions(image, middle).graphs(middle, middle) if each.resume]
    assert list(graph.entries) == middle
    unit = Unit([graph])
    wasm, ((index, entry),) = translate(unit).wasm, unit.functions.entries.items()
    assert entry == graph.entry
    assert owners(wasm, len(IMPORTS))[index] == [0, 1, 2]


def test_code_of_a_bundle_has_names(bare: bytes, tmp_path: Path) -> None:
    programs = Programs(tmp_path, {"/bin/bare": bare, "/bin/text": b"#!/bin/bare\n"})
    bundle = open_bundle(
        programs.translate([], recording=record(programs.interpreted, "none", [["/bin/bare", "waits"]]))
    )
    naming = Naming(bundle)
    code = read_code_file(bundle.path(CODE), bundle.files[CODE].size)
    image = CodeImage(bare, name="bare")
    addresses = {symbol.name: address for address, symbol in image.by_address.items()}
    found = set()
    for row in code.modules:
        for index in owners(bundle.read(row.name), len(IMPORTS)):
            named = naming.translated(row.name, index)
            assert named is not None
            assert named.path == "/bin/bare"
            assert addresses.get(named.name, named.address) == named.address
            found.add(named.name)
        assert naming.translated(row.name, 10**6) is None
    assert {"fib", "_start"} <= found
    assert {"interpret", "interpret_call"} <= set(naming.engine_exports.values())

    (ino,) = code.images[0].inodes
    file = naming.file(ino)
    assert file is not None
    fib = file.function(addresses["fib"] + 2)
    assert (fib.name, fib.address) == ("fib", addresses["fib"])
    offset = addresses["fib"] - code.images[0].segments[0][0] + code.images[0].segments[0][2]
    assert file.address(offset) == addresses["fib"]
    assert file.address(0xFFFF_0000) is None
    assert file.is_entered(fib)
    assert file.is_translated(fib, addresses["fib"])
    assert not file.is_translated(fib, addresses["fib"] + 1)
    unseen = {name for name, at in addresses.items() if not file.is_entered(file.function(at))}
    assert unseen, "bare.c has more than `waits` runs"
    text = next(each for each, path in naming._files.walk() if path == "/bin/text")
    assert naming.file(text) is None
    assert naming.path(text) == "/bin/text"
    naming.close()


def test_exports_are_read() -> None:
    empty = b"\0asm\1\0\0\0"
    assert exports(empty) == {}
    assert exports(empty + b"\x07\x09\x02\x01f\x00\x05\x01m\x02\x00") == {5: "f"}
