"""What a few functions become is what somebody has read and accepted."""

from __future__ import annotations

import golden
import pytest
from required_tools import require_tool

NAMES = sorted(path.stem for path in golden.PLACE.glob("*.txt"))


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    require_tool(golden.COMPILER)
    return golden.texts()


def test_all_functions_are_kept(texts: dict[str, str]) -> None:
    assert sorted(texts) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_as_accepted(texts: dict[str, str], name: str) -> None:
    accepted = (golden.PLACE / f"{name}.txt").read_text()
    assert texts[name] == accepted, "read the change, and if it is meant to be: doit golden"
