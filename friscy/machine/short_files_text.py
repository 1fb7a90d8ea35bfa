"""openat, fstat and close of files that were opened before, as text: friscy.machine.short_files says which.

One file at a time is open here. Whatever comes to Python finds it in its table: `settle` is called first.
"""

from __future__ import annotations

from friscy.machine.layout import PAGE
from friscy.machine.short_words import (
    DESCRIPTORS,
    HOST_STAT,
    NEXT,
    SLOTS,
    SOURCE,
    TAKEN,
    TAKEN_SLOT,
    TO_HOST,
    host_call,
    own,
)

# A slot: what an open is known by (its flags << 32, and the length of its path), the number from which descriptors are
# too many, the host's descriptors of the directory that the name is found from and of a file that stays open (NOBODY:
# none), a struct open_how of the host's; how many directories are to be as they were; what stat tells host and guest.
KEY, BELOW, DIRECTORY, KEPT, HOW, CHECKED, SAME, SHOWN = 0, 8, 16, 24, 32, 56, 64, 208
PATH, NAME, DIRECTORIES = 336, 528, 720
TEXT_BYTES = NAME - PATH
SLOT_SHIFT, SLOT_COUNT = 10, 64
DIRECTORY_WORDS, CHECKED_MAX = 6, 6  # of a directory: the host's descriptor, and what stat tells of who may use it
HOW_BYTES, HOST_STAT_BYTES, STAT_BYTES = 24, 144, 128
# Of the host's struct stat, on every processor: all but padding; device, inode, links, mode and owner.
_TOLD, _USE = range(0, 120, 8), range(0, 8 * (DIRECTORY_WORDS - 1), 8)
HASH_FACTOR = 0x0100_0193
_AT_EMPTY_PATH = 0x1000


def _differs(slot_offset: int, words: range) -> str:
    """Whether what the host has just told differs from what stands at $at."""
    pairs = [
        f"(i64.xor (i64.load $own (i32.const {HOST_STAT + word}))"
        f" (i64.load $own offset={slot_offset + word} (local.get $at)))"
        for word in words
    ]
    joined = pairs[0]
    for pair in pairs[1:]:
        joined = f"(i64.or {joined} {pair})"
    return f"(i64.ne {joined} (i64.const 0))"


_FSTAT_CALL = host_call("fstat", "(local.get $fd)", own(HOST_STAT))
_OPEN_CALL = host_call(
    "openat2",
    f"(i64.load $own offset={DIRECTORY} (local.get $slot))",
    f"(i64.add {own(NAME)} (i64.extend_i32_u (local.get $slot)))",
    f"(i64.add {own(HOW)} (i64.extend_i32_u (local.get $slot)))",
    f"(i64.const {HOW_BYTES})",
)
_WORD_OF_FD = "(i32.wrap_i64 (i64.shl (local.get $fd) (i64.const 3)))"
_SLOT_OF_HASH = f"""(i32.add (i32.const {SLOTS}) (i32.shl
      (i32.and (i32.xor (local.get $hash) (i32.shr_u (local.get $hash) (i32.const 16))) (i32.const {SLOT_COUNT - 1}))
      (i32.const {SLOT_SHIFT})))"""

# Whether a file or a directory of the host is as it was; the slot of a path and its flags, 0 for none.
_LOOKS = f"""
  (func $same (param $fd i64) (param $at i32) (result i32)
    (if (i64.ne {_FSTAT_CALL} (i64.const 0)) (then (return (i32.const 0))))
    (i32.eqz {_differs(SAME, _TOLD)}))
  (func $usable (param $slot i32) (result i32) (local $at i32) (local $left i64) (local $fd i64)
    (local.set $at (i32.add (local.get $slot) (i32.const {DIRECTORIES})))
    (local.set $left (i64.load $own offset={CHECKED} (local.get $slot)))
    (block $all (loop $next
      (br_if $all (i64.eqz (local.get $left)))
      (local.set $fd (i64.load $own (local.get $at)))
      (if (i64.ne {_FSTAT_CALL} (i64.const 0)) (then (return (i32.const 0))))
      (if {_differs(8, _USE)} (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const {8 * DIRECTORY_WORDS})))
      (local.set $left (i64.sub (local.get $left) (i64.const 1)))
      (br $next)))
    (i32.const 1))
  (func $slot_of (param $path i64) (param $flags i64) (result i32)
    (local $from i32) (local $at i32) (local $end i32) (local $hash i32) (local $byte i32) (local $slot i32)
    (if (i32.eqz (call $readable (local.get $path) (i64.const 1))) (then (return (i32.const 0))))
    (local.set $at (local.tee $from (i32.wrap_i64 (local.get $path))))
    (local.set $end (i32.add (i32.or (local.get $at) (i32.const {PAGE - 1})) (i32.const 1)))
    (local.set $hash (i32.wrap_i64 (local.get $flags)))
    (block $whole (loop $next
      (br_if $whole (i32.eqz (local.tee $byte (i32.load8_u $guest (local.get $at)))))
      (local.set $hash (i32.mul (i32.xor (local.get $hash) (local.get $byte)) (i32.const {HASH_FACTOR})))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end)))
      (return (i32.const 0))))
    (local.set $slot {_SLOT_OF_HASH})
    (if (i64.ne (i64.load $own offset={KEY} (local.get $slot))
                (i64.or (i64.shl (local.get $flags) (i64.const 32))
                        (i64.extend_i32_u (i32.sub (local.get $at) (local.get $from)))))
      (then (return (i32.const 0))))
    (local.set $end (local.get $at))
    (local.set $at (i32.add (local.get $slot) (i32.const {PATH})))
    (loop $next
      (if (i32.ne (i32.load8_u $guest (local.get $from)) (i32.load8_u $own (local.get $at)))
        (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $end))))
    (local.get $slot))"""

_CALLS = f"""
  (func $open (param $path i64) (param $flags i64) (result i64)
    (local $slot i32) (local $fd i64) (local $opened i64)
    (block $other
      (br_if $other (i64.ne (i64.load $own (i32.const {TAKEN})) (i64.const -1)))
      (br_if $other (i32.eqz (local.tee $slot (call $slot_of (local.get $path) (local.get $flags)))))
      (local.set $fd (i64.load $own (i32.const {NEXT})))
      (br_if $other (i64.ge_u (local.get $fd) (i64.load $own offset={BELOW} (local.get $slot))))
      (br_if $other (i32.eqz (call $usable (local.get $slot))))
      (local.set $opened (i64.load $own offset={KEPT} (local.get $slot)))
      (if (i64.eq (local.get $opened) (i64.const -1))
        (then
          (local.set $opened {_OPEN_CALL})
          (br_if $other (i64.lt_s (local.get $opened) (i64.const 0)))
          (if (i32.eqz (call $same (local.get $opened) (local.get $slot)))
            (then
              (drop {host_call("close", "(local.get $opened)")})
              (br $other)))))
      (i64.store $own offset={DESCRIPTORS} {_WORD_OF_FD} (i64.or (local.get $opened) (i64.const {SOURCE})))
      (i64.store $own (i32.const {TAKEN}) (local.get $fd))
      (i64.store $own (i32.const {TAKEN_SLOT}) (i64.extend_i32_u (local.get $slot)))
      (return (local.get $fd)))
    (i64.const {TO_HOST}))
  (func $stat (param $fd i64) (param $to i64) (result i64) (local $slot i32) (local $at i32)
    (block $other
      (br_if $other (i64.ne (i64.and (local.get $fd) (i64.const 0xffffffff)) (i64.load $own (i32.const {TAKEN}))))
      (br_if $other (i32.eqz (call $writable (local.get $to) (i64.const {STAT_BYTES}))))
      (local.set $slot (i32.wrap_i64 (i64.load $own (i32.const {TAKEN_SLOT}))))
      (if (i64.eq (i64.load $own offset={KEPT} (local.get $slot)) (i64.const -1))
        (then (br_if $other (i32.eqz (call $same (call $behind (local.get $fd) (i64.const {SOURCE}))
                                                 (local.get $slot))))))
      (memory.copy $guest $own (i32.wrap_i64 (local.get $to)) (i32.add (local.get $slot) (i32.const {SHOWN}))
                               (i32.const {STAT_BYTES}))
      (return (i64.const 0)))
    (i64.const {TO_HOST}))
  (func $stat_empty (param $fd i64) (param $path i64) (param $to i64) (param $flags i64) (result i64)
    (block $other
      (br_if $other (i64.ne (local.get $flags) (i64.const {_AT_EMPTY_PATH})))
      (br_if $other (i32.eqz (call $readable (local.get $path) (i64.const 1))))
      (br_if $other (i32.load8_u $guest (i32.wrap_i64 (local.get $path))))
      (return (call $stat (local.get $fd) (local.get $to))))
    (i64.const {TO_HOST}))
  (func $close (param $fd i64) (result i64) (local $slot i32)
    (local.set $fd (i64.and (local.get $fd) (i64.const 0xffffffff)))
    (if (i64.ne (local.get $fd) (i64.load $own (i32.const {TAKEN}))) (then (return (i64.const {TO_HOST}))))
    (local.set $slot (i32.wrap_i64 (i64.load $own (i32.const {TAKEN_SLOT}))))
    (if (i64.eq (i64.load $own offset={KEPT} (local.get $slot)) (i64.const -1))
      (then (drop {host_call("close", "(call $behind (local.get $fd) (i64.const " + str(SOURCE) + "))")})))
    (i64.store $own (i32.const {TAKEN}) (i64.const -1))
    (i64.store $own offset={DESCRIPTORS} {_WORD_OF_FD} (i64.const 0))
    (i64.const 0))"""

FILES = _LOOKS + _CALLS
