"""Plain records: construction, and the codec that keeps shared references and cycles."""

from __future__ import annotations

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
