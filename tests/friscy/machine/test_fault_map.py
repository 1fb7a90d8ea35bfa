"""Which guest instruction an access in a module belongs to: what is written is read back, and damage is not hidden."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy.machine.fault_map import PCS_SECTION, FaultMap, encode_pcs
from friscy_build.wasm.binary import MAGIC, custom_section, leb, name


def module(places: list[tuple[int, int]], title: str = "0123456789abcdef") -> bytes:
    named = b"\0" + leb(1 + len(title)) + name(title)
    return MAGIC + custom_section(PCS_SECTION, encode_pcs(places)) + custom_section("name", named)


@settings(derandomize=True, deadline=None)
@given(st.dictionaries(st.integers(8, 1 << 26), st.lists(st.integers(0x1_0000, 1 << 28), min_size=1, max_size=3)))
def test_reads_what_was_written(places: dict[int, list[int]]) -> None:
    """Of several for one offset the last is the instruction's, those before it are calls in whose place it stands."""
    found = FaultMap(module([(offset, pc) for offset, pcs in sorted(places.items()) for pc in pcs]))
    assert found.title == "0123456789abcdef"
    for offset, pcs in places.items():
        assert found.pcs(offset) == pcs[::-1]
        assert found.pcs(offset, called=True) == pcs[::-1]
        if offset + 1 not in places:  # what is done with what a load gives
            assert found.pcs(offset + 1) == pcs[::-1]
            assert found.pcs(offset + 1, called=True) == []
    assert found.pcs(min(places, default=8) - 1) == []


def test_a_module_without_sections_knows_nothing() -> None:
    found = FaultMap(MAGIC)
    assert (found.title, found.pcs(8)) == ("", [])


def test_a_number_that_does_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match="ends with its section"):
        FaultMap(MAGIC + custom_section(PCS_SECTION, b"\x05\xff"))
