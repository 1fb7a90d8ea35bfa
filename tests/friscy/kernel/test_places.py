"""Where ELF images go: each translated file to its own place whatever was mapped before, others around them."""

from __future__ import annotations

from friscy.kernel.places import Places

START, END = 0x100, 0x1000
PLACES = Places([(b"libc", 0x200, 0x300), (b"libm", 0x300, 0x380), (b"other program", 0x200, 0x240)])


def choose(identity: bytes | None, length: int, used: list[tuple[int, int]]) -> int | None:
    return PLACES.choose(identity, length, START, END, used)


def test_a_file_goes_to_its_place_in_any_order() -> None:
    assert choose(b"libm", 0x80, []) == 0x300
    assert choose(b"libc", 0x100, [(0x300, 0x380)]) == 0x200
    assert choose(b"other program", 0x40, []) == 0x200


def test_others_leave_the_places_free_while_they_can() -> None:
    assert choose(b"unknown", 0x100, []) == 0x100
    assert choose(None, 0x101, []) == 0x380
    assert choose(None, 0x100, [(0x100, 0x110)]) == 0x380
    assert choose(None, 0x100, [(0x380, 0xF80)]) == 0x100
    assert choose(None, 0x180, [(0x380, 0xF80)]) == 0x100  # through the places
    assert choose(None, 0x280, [(0x380, 0xF80)]) == 0x100
    assert choose(None, 0x281, [(0x380, 0xF80)]) is None


def test_a_place_that_is_taken_or_too_small_is_not_forced() -> None:
    assert choose(b"libc", 0x100, [(0x280, 0x290)]) == 0x100
    assert choose(b"libc", 0x101, []) == 0x380
    assert Places().choose(b"libc", 0x100, START, END, [(0x100, 0x180)]) == 0x180
