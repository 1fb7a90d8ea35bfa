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
@given(st.dictionaries(st.integers(8, 1 << 26), st.integers(0x1_0000, 1 << 28)))
def test_reads_what_was_written(places: dict[int, int]) -> None:
    found = FaultMap(module(sorted(places.items())))
    assert found.title == "0123456789abcdef"
    for offset, pc in places.items():
        assert found.pc(offset) == pc
        if offset + 1 not in places:  # what is done with what a load gives
            assert found.pc(offset + 1) == pc
            assert found.pc(offset + 1, called=True) is None
    assert found.pc(min(places, default=8) - 1) is None


def test_a_module_without_sections_knows_nothing() -> None:
    found = FaultMap(MAGIC)
    assert (found.title, found.pc(8)) == ("", None)


def test_a_number_that_does_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match="ends with its section"):
        FaultMap(MAGIC + custom_section(PCS_SECTION, b"\x05\xff"))
