"""Which of a translated module's functions belong to which of the guest's: `linking.Functions` read backwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from friscy.machine.fault_map import read_leb
from friscy_build.wasm.binary import ELEMENT, EXPORT, FUNCTION, KIND_FUNCTION, MAGIC


def owners(wasm: bytes, nimports: int) -> dict[int, list[int]]:
    """Function index -> slots, counted from the module's first, that its code stands for.

    A function that the module's others share is in none. nimports: of functions.
    """
    contents = dict(sections(wasm))
    slots: dict[int, list[int]] = {}
    for slot, index in enumerate(_table_segment(contents[ELEMENT])):
        slots.setdefault(index, []).append(slot)
    forms = sorted(slots)
    end = nimports + read_leb(contents[FUNCTION], 0)[1]
    for form, following in pairwise([*forms, end]):
        # A direct form, and what is aside, stand behind the table's form.
        slots |= dict.fromkeys(range(form + 1, following), slots[form])
    return slots


def exports(wasm: bytes) -> dict[int, str]:
    """Function index -> the name it is exported by."""
    found = {}
    contents = dict(sections(wasm)).get(EXPORT, b"\0")
    at, count = read_leb(contents, 0)
    for _ in range(count):
        at, length = read_leb(contents, at)
        title = contents[at : at + length].decode(errors="replace")
        kind = contents[at + length]
        at, index = read_leb(contents, at + length + 1)
        if kind == KIND_FUNCTION:
            found[index] = title
    return found


def sections(wasm: bytes) -> Iterator[tuple[int, bytes]]:
    """(id, contents) of each section."""
    at = len(MAGIC)
    while at < len(wasm):
        kind = wasm[at]
        at, nbytes = read_leb(wasm, at + 1)
        yield kind, wasm[at : at + nbytes]
        at += nbytes


def _table_segment(contents: bytes) -> Sequence[int]:
    """The function indices of the one segment, which begins at the global 0."""
    head = b"\1\0\x23\0\x0b"
    if not contents.startswith(head):
        raise ValueError("an element section that the translator did not write")
    at, count = read_leb(contents, len(head))
    indices = []
    for _ in range(count):
        at, index = read_leb(contents, at)
        indices.append(index)
    return indices
