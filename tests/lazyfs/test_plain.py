"""Plain records: construction, and the codec that keeps shared references and cycles."""

from __future__ import annotations

import gc
import subprocess
import sys

import msgpack
import pytest

from lazyfs.plain import Plain, PlainError, decode, default, encode


class Node(Plain):
    number: int
    links: list = default(list)
    pair: tuple = ()
    label: bytes = b""


class Labelled(Node):
    extra: str = "x"


def through_msgpack(root):
    return decode(msgpack.unpackb(msgpack.packb(encode(root)), strict_map_key=False))


def test_fields_defaults_and_misuse():
    assert Node(1).links is not Node(1).links
    assert Labelled(1, extra="y").extra == "y"
    assert list(Labelled.__fields__) == ["number", "links", "pair", "label", "extra"]
    with pytest.raises(TypeError, match="number"):
        Node()
    with pytest.raises(TypeError, match="colour"):
        Node(1, colour=2)
    with pytest.raises(TypeError, match="number"):
        Node(1, number=2)


def test_codec_keeps_values_identity_and_cycles():
    shared = Node(2, label=b"\0\xff")
    root = Labelled(1, [shared, shared, {3: bytearray(b"abc"), b"k": {1, 2}}, None, 1.5, True, -(1 << 63)])
    shared.links.append(root)
    shared.pair = (root, (shared, "s"))
    again = through_msgpack(root)
    assert type(again) is Labelled
    twin, twin2, table, *atoms = again.links
    assert twin is twin2
    assert twin.label == b"\0\xff"
    assert twin.links == [again]
    assert twin.pair[0] is again
    assert twin.pair[1] == (twin, "s")
    assert table == {3: bytearray(b"abc"), b"k": {1, 2}}
    assert atoms == [None, 1.5, True, -(1 << 63)]


def test_codec_names_the_path_of_what_is_not_plain():
    with pytest.raises(PlainError, match=r"root\.links\[0\]\['f'\].*not plain"):
        encode(Node(1, [{"f": print}]))
    with pytest.raises(PlainError, match="64 bits"):
        encode(Node(1 << 64))


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        [{}, [], [0]],
        [{}, [["+list", [5]]], [0]],
        [{}, [["+what"]], [0]],
        [{"nobody.Knows": []}, [], None],
        [{Node.__key__: ["number"]}, [[Node.__key__, 1]], [0]],
        [{}, [["+tuple", [0]]], [0]],
        [{}, [["+list"]], [-1]],
        [{}, [["+dict", 1]], [0]],
    ],
)
def test_decode_refuses_what_no_encoder_wrote(broken):
    with pytest.raises(PlainError):
        decode(broken)


def test_repr_is_one_level_deep_and_survives_cycles():
    node = Node(1, [1, 2])
    node.links.append(node)
    assert repr(node) == "Node(number=1, links=<list of 3>, pair=<tuple of 0>, label=b'')"
    assert repr(Labelled(1, label=node)).startswith(
        "Labelled(number=1, links=<list of 0>, pair=<tuple of 0>, label=<Node>"
    )


def test_the_module_of_a_class_is_imported_when_state_needs_it():
    code = (
        "from lazyfs.plain import decode, encode;"
        "fs = decode([{'lazyfs.hostfs.HostFs': ['device', 'grant']}, [['lazyfs.hostfs.HostFs', 3, 'g']], [0]]);"
        "print(type(fs).__name__, fs.grant)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).stdout == b"HostFs g\n"
    for name in ("lazyfs.nothing.Here", "lazyfs.plain.Here", "os.Here", "Here"):
        with pytest.raises(PlainError, match="no state class"):
            decode([{name: []}, [[name]], [0]])


def test_attributes_are_found_the_fast_way() -> None:
    """No record has a dict of its own, and no class an attribute that a record has: see `Plain`."""

    class Quick(Plain):
        name: bytes
        number: int = 3
        items: list[int] = default(list)

    made = Quick(b"a", items=[1])
    made.number += 1
    again = decode(encode(made))
    for record in (made, again):
        assert not any(type(each) is dict for each in gc.get_referents(record))
        assert record.fields() == {"name": b"a", "number": 4, "items": [1]}
        assert not any(type(each) is dict for each in gc.get_referents(record))
    assert not Quick.__fields__.keys() & Quick.__dict__.keys()
