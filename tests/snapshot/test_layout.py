"""What a snapshot says of memory is checked before it is believed: a bundle may come from anywhere."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from friscy.machine.layout import GUEST_END, GUEST_START, PAGE
from friscy.machine.memory import GuestMemory
from lazyfs.errors import FormatError
from snapshot.layout import MemoryLayout, check_header

A = GUEST_START
GOOD: dict[str, Any] = {
    "mappings": [[A, A + 4 * PAGE, 3], [A + 4 * PAGE, A + 5 * PAGE, 0]],
    "runs": [[A // PAGE, 2], [A // PAGE + 3, 1], [A // PAGE + 4, 1]],
}


def layout(**changed: Any) -> MemoryLayout:
    meta = {"memory": {1: {**GOOD, **changed}}}
    return MemoryLayout(SimpleNamespace(path=Path("s.bin"), meta=meta), 1)  # type: ignore[arg-type]


def test_a_good_layout() -> None:
    assert layout().nbytes == 4 * PAGE
    assert layout(guards=[7], pointers={"argv": [1], "envp": [2]}).pointers == {"argv": [1], "envp": [2]}
    assert layout(mappings=[], runs=[]).nbytes == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"mappings": [[0, PAGE, 3]]},
        {"mappings": [[A, GUEST_END + PAGE, 3]]},
        {"mappings": [[A, A, 3]]},
        {"mappings": [[A + 1, A + PAGE, 3]]},
        {"mappings": [[A, A + PAGE, 8]]},
        {"mappings": [[A, A + PAGE, -1]]},
        {"mappings": [[A + PAGE, A + 2 * PAGE, 3], [A, A + PAGE, 3]]},
        {"mappings": [[A, A + 2 * PAGE, 3], [A + PAGE, A + 3 * PAGE, 3]]},
        {"mappings": [[A, 3]]},
        {"mappings": None},
        {"runs": [[A // PAGE, 5]]},
        {"runs": [[A // PAGE, 0]]},
        {"runs": [[A // PAGE, -1]]},
        {"runs": [[0, 1]]},
        {"runs": [[-1, 1]]},
        {"runs": [[1 << 40, 1]]},
        {"runs": [[A // PAGE, 2], [A // PAGE + 1, 1]]},
        {"runs": [[A // PAGE + 9, 1]]},
        {"runs": [["x", 1]]},
        {"pointers": {"argv": []}},
        {"guards": [None]},
    ],
)
def test_a_bad_one_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match=r"s\.bin: expected a memory layout for process 1"):
        layout(**changed)


def test_a_header_has_every_field() -> None:
    meta = {
        "at": "entry", "index": b"", "interpreter": "", "memory": {}, "memory_limit": 1, "argv": [], "prefix": [],
        "env": {}, "cwd": "/", "user": "", "tty": [], "monotonic_ns": 0,
    }  # fmt: skip
    check_header(SimpleNamespace(path=Path("s.bin"), meta=meta))  # type: ignore[arg-type]
    for name in meta:
        for value in (None, 1.5):
            broken = SimpleNamespace(path=Path("s.bin"), meta={**meta, name: value})
            with pytest.raises(FormatError, match=name):
                check_header(broken)  # type: ignore[arg-type]


def test_memory_never_maps_beyond_the_guest() -> None:
    memory = GuestMemory.anonymous()
    for start, end in ((1 << 32, (1 << 32) + PAGE), (-PAGE, PAGE), (A + 1, A + PAGE), (A + PAGE, A)):
        with pytest.raises(ValueError, match="not the guest's"):
            memory.map(start, end, 3)
        with pytest.raises(ValueError, match="not the guest's"):
            memory.protect(start, end, 3)
