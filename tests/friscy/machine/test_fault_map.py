"""Which guest instruction an access in a module belongs to: what is written is read back, and damage is not hidden."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy.machine.fault_map import CALL, PCS_SECTION, FaultMap, encode_pcs
from friscy_build.wasm.binary import MAGIC, custom_section, leb, name


def module(places: list[tuple[int, int]], title: str = "0123456789abcdef") -> bytes:
    named = b"\0" + leb(1 + len(title)) + name(title)
    return MAGIC + custom_section(PCS_SECTION, encode_pcs(places)) + custom_section("name", named)


PCS = st.integers(0x8000, 1 << 27).map(lambda half: half * 2)


@settings(derandomize=True, deadline=None)
@given(st.dictionaries(st.integers(8, 1 << 26), st.tuples(st.lists(PCS, max_size=2), PCS, st.booleans())))
def test_reads_what_was_written(places: dict[int, tuple[list[int], int, bool]]) -> None:
    """Of several for one offset the last is the instruction's, those before it are calls in whose place it stands."""
    written = list[tuple[int, int]]()
    for offset, (instead_of, pc, is_call) in sorted(places.items()):
        written += [(offset, call | CALL) for call in instead_of] + [(offset, pc | CALL * is_call)]
    found = FaultMap(module(written))
    assert found.title == "0123456789abcdef"
    last: list[int] = []
    for offset, (instead_of, pc, is_call) in sorted(places.items()):
        pcs = [pc, *instead_of[::-1]]
        last = last if is_call else pcs
        assert found.calls(offset) == (pcs if is_call else [])
        assert found.access(offset) == last  # of calls the host's compiler makes no one instruction with loads
        assert found.access(offset, called=True) == ([] if is_call else pcs)
        if offset + 1 not in places:  # what is done with what a load gives
            assert found.access(offset + 1) == last
            assert found.access(offset + 1, called=True) == found.calls(offset + 1) == []
    before = min(places, default=8) - 1
    assert found.access(before) == found.calls(before) == []


def test_a_module_without_sections_knows_nothing() -> None:
    found = FaultMap(MAGIC)
    assert (found.title, found.access(8), found.calls(8)) == ("", [], [])


def test_a_number_that_does_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match="ends with its section"):
        FaultMap(MAGIC + custom_section(PCS_SECTION, b"\x05\xff"))
