"""Random system calls with fixed seeds: nothing that a guest asks for brings the host's process down."""

from __future__ import annotations

import pytest
from fuzz import MODULES, fuzz
from runner import Friscy

SEEDS = {"all": 13, **{name: 100 + index for index, name in enumerate(MODULES)}}


@pytest.mark.parametrize("name", SEEDS)
def test_the_host_survives(name: str) -> None:
    side = Friscy()
    outcome, broken = fuzz(side, SEEDS[name], 2000, list(MODULES[name]) if name in MODULES else None)
    side.close()
    assert not broken
    assert outcome.output.endswith(b"done\n"), outcome
