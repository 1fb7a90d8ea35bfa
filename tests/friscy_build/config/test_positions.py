"""The position finder agrees with tomllib on what is there, and knows where."""

from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from friscy_build.config.positions import find_positions

DOCUMENT = '''# comment with [brackets] and = signs
top = "a # no comment"   # one
"quoted key" . 'lit.eral'."u\\u0041" = 1

[ a . "b c" ]
  x = """
[not.a.table]
y = 1 \\""" """ # still x
  multi = \'\'\'
z = 2\'\'\'\'\'
list = [ 1, # one
  { k = [ true, "]" ] }, [ [ ] ],
]
[[arr]]
n = { p.q = 1, r = "}" }
[arr.sub]
t = 1979-05-27 07:32:00
[[arr]]
[[arr.deep]]
v = 1
[[arr.deep]]
v = 2
'''


def test_every_key_has_its_line_and_column():
    tomllib.loads(DOCUMENT)
    positions = find_positions(DOCUMENT)
    expected = {
        ("top",): (2, 1),
        ("quoted key",): (3, 1),
        ("quoted key", "lit.eral", "uA"): (3, 1),
        ("a",): (5, 1),
        ("a", "b c"): (5, 1),
        ("a", "b c", "x"): (6, 3),
        ("a", "b c", "multi"): (9, 3),
        ("a", "b c", "list"): (11, 1),
        ("a", "b c", "list", 0): (11, 10),
        ("a", "b c", "list", 1): (12, 3),
        ("a", "b c", "list", 1, "k"): (12, 5),
        ("a", "b c", "list", 1, "k", 1): (12, 17),
        ("a", "b c", "list", 2, 0): (12, 28),
        ("arr",): (14, 1),
        ("arr", 0): (14, 1),
        ("arr", 0, "n", "p", "q"): (15, 7),
        ("arr", 0, "n", "r"): (15, 16),
        ("arr", 0, "sub", "t"): (17, 1),
        ("arr", 1): (18, 1),
        ("arr", 1, "deep", 0, "v"): (20, 1),
        ("arr", 1, "deep", 1): (21, 1),
        ("arr", 1, "deep", 1, "v"): (22, 1),
    }
    assert {path: tuple(positions[path]) for path in expected} == expected
    assert ("not",) not in positions
    assert ("z",) not in positions


def _paths(value, path=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, (*path, key))
            yield (*path, key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index))
            yield (*path, index)


_KEY = st.sampled_from(["a", "b-1", '"q q"', "'l'", '"\\t"'])
_DOTTED = st.lists(_KEY, min_size=1, max_size=3).map(" . ".join)
_VALUE = st.recursive(
    st.sampled_from(
        ["1", "true", '"x # ] }"', "'''\n[t]\n'''", '"""\\"""" \n"""', "1.5", "2020-01-01", "''"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[ " + " , \n#c\n".join(items) + "\n]")
        | st.lists(st.tuples(st.sampled_from("abc"), inner), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }"
        )
    ),
    max_leaves=6,
)
_LINE = st.one_of(
    st.tuples(_DOTTED, _VALUE).map(" = ".join),
    _DOTTED.map(lambda name: f"[{name}]"),
    _DOTTED.map(lambda name: f"[[ {name} ]] # c"),
    st.sampled_from(["", "# x = ]"]),
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.lists(_LINE, max_size=6).map("\n".join))
def test_finds_exactly_what_tomllib_finds(text):
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    positions = find_positions(text)
    assert set(positions) == set(_paths(document))
    for path, (line, column) in positions.items():
        assert text.split("\n")[line - 1][column - 1 :].strip(), path
