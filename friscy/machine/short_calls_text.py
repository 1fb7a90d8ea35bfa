"""The text of the module that answers system calls without Python: friscy.machine.short_calls has what it is about."""

from __future__ import annotations

import errno
import struct

from friscy.machine.hart import A0, A1, A2, A3, A4, A7
from friscy.machine.host_code import MACHINE, PARAMS
from friscy.machine.layout import (
    GUEST_END,
    GUEST_START,
    HART_INTERRUPT,
    HART_PC,
    HART_X,
    PAGE,
    PAGE_SHIFT,
    WASM_PAGES,
)
from friscy.machine.short_files_text import FILES
from friscy.machine.short_words import (
    DESCRIPTOR_COUNT,
    DESCRIPTORS,
    EVENTS_FROM,
    FAILED,
    HART,
    LOOKED,
    MEMORY_PAGES,
    MESSAGE,
    MOST,
    NOW,
    OFFSET,
    OWN,
    PARTS,
    PATIENCE,
    RECEIVE,
    SEND,
    SOURCE,
    STILL,
    TAKEN,
    TO_HOST,
    TRAFFIC,
    TRUSTED,
    WAITS,
    argument,
    host_call,
    own,
)
from friscy.machine.trust import EVENTS, READABLE, READABLE_COUNT, WRITABLE, WRITABLE_COUNT

OTHERS = 0x6672_6973_6379_0000  # the data of the event that means something else than a socket has news

MAX_EVENTS = 64
_MAX_PARTS = 16
_READ, _WRITE, _WRITEV, _SENDFILE, _SENDTO, _RECVFROM = 63, 64, 66, 71, 206, 207
_CLOCK_GETTIME, _EPOLL_PWAIT = 113, 22
_OPENAT, _CLOSE, _NEWFSTATAT, _FSTAT = 56, 57, 79, 80
_MSG_DONTWAIT, _MSG_NOSIGNAL = 0x40, 0x4000
_MAX_RW_COUNT = 0x7FFF_F000
_REALTIME, _MONOTONIC = 0, 1
_NS, _TIMESPEC_BYTES = 1_000_000_000, 16
WASI, READ_CLOCK = "wasi_snapshot_preview1", "clock_time_get"

# struct epoll_event: packed on x86-64 alone.
_EVENT_BYTES, _EVENT_DATA = (12, 4) if MACHINE == "x86_64" else (16, 8)
EVENT = struct.Struct("<IQ" if MACHINE == "x86_64" else "<I4xQ")


def _is(*numbers: int) -> str:
    """Whether the call is one of those."""
    tests = [f"(i64.eq (local.get $number) (i64.const {number}))" for number in numbers]
    return tests[0] if len(tests) == 1 else f"(i32.or {' '.join(tests)})"


def _counted(at: int) -> str:
    """Note in the traffic that $result bytes went through."""
    return f"""
      (i64.store $own (i32.const {at}) (i64.add (i64.load $own (i32.const {at})) (local.get $result)))
      (i64.store $own (i32.const {at + 8}) (i64.add (i64.load $own (i32.const {at + 8})) (i64.const 1)))"""


_RECVFROM_CALL, _SENDTO_CALL = (
    host_call(name, "(local.get $fd)", "(i64.add (global.get $base) (local.get $at))", "(local.get $n)", flags)
    for name, flags in (
        ("recvfrom", f"(i64.const {_MSG_DONTWAIT})"),
        ("sendto", f"(i64.const {_MSG_DONTWAIT | _MSG_NOSIGNAL})"),
    )
)
_SENDMSG_CALL = host_call(
    "sendmsg", "(local.get $fd)", own(MESSAGE), f"(i64.const {_MSG_DONTWAIT | _MSG_NOSIGNAL})"
)
_SENDFILE_CALL = host_call(
    "sendfile",
    "(local.get $fd)",
    "(local.get $from)",
    "(i64.add (global.get $base) (local.get $offset))",
    "(local.get $n)",
)
_LOOK_CALL = host_call(
    "epoll_pwait", f"(i64.load $own (i32.const {STILL + 8}))", own(EVENTS_FROM), "(local.get $limit)"
)

_CLOCK = f"""
  (func (export "now")
    (drop (call $read_clock (i32.const {_MONOTONIC}) (i64.const 0) (i32.const {NOW}))))
  (func $clock (param $hart i32) (result i64) (local $clock i64) (local $to i64) (local $now i64)
    (local.set $to {argument(A1)})
    (block $other
      (br_if $other (i32.eqz (call $writable (local.get $to) (i64.const {_TIMESPEC_BYTES}))))
      (local.set $clock (i64.and {argument(A0)} (i64.const 0xffffffff)))
      (br_if $other (i64.gt_u (local.get $clock) (i64.const {_MONOTONIC})))
      (drop (call $read_clock (i32.wrap_i64 (local.get $clock)) (i64.const 0) (i32.const {NOW})))
      (local.set $now (i64.load $own (i32.const {NOW})))
      (if (i64.eq (local.get $clock) (i64.const {_MONOTONIC}))
        (then (local.set $now (i64.add (local.get $now) (i64.load $own (i32.const {OFFSET}))))))
      (i64.store $guest (i32.wrap_i64 (local.get $to)) (i64.div_u (local.get $now) (i64.const {_NS})))
      (i64.store $guest offset=8 (i32.wrap_i64 (local.get $to))
        (i64.rem_u (local.get $now) (i64.const {_NS})))
      (return (i64.const 0)))
    (i64.const {TO_HOST}))"""

def _in_page(name: str, first: int, count: int) -> str:
    """Whether `n` bytes at an address lie in one page, and in one of those that the kernel trusts."""
    kept = f"(i32.shl (i32.and (i32.wrap_i64 (local.get $page)) (i32.const {count - 1})) (i32.const 3))"
    return f"""
  (func ${name} (param $at i64) (param $n i64) (result i32) (local $page i64)
    (local.set $page (i64.shr_u (local.get $at) (i64.const {PAGE_SHIFT})))
    (i32.and
      (i64.eq (local.get $page) (i64.load $own offset={TRUSTED + 8 * first} {kept}))
      (i64.le_u (i64.add (i64.and (local.get $at) (i64.const {PAGE - 1})) (local.get $n)) (i64.const {PAGE}))))"""


_PAGES = _in_page("readable", READABLE, READABLE_COUNT) + _in_page("writable", WRITABLE, WRITABLE_COUNT)

# The host's descriptor behind one of the guest's if it `may` be used so, else -1; whether bytes are the guest's; what
# of the host's answer is for the guest.
_CHECKS = f"""
  (func $behind (param $fd i64) (param $may i64) (result i64) (local $word i64)
    (local.set $fd (i64.and (local.get $fd) (i64.const 0xffffffff)))
    (if (i64.ge_u (local.get $fd) (i64.const {DESCRIPTOR_COUNT})) (then (return (i64.const -1))))
    (local.set $word (i64.load $own offset={DESCRIPTORS} (i32.wrap_i64 (i64.shl (local.get $fd) (i64.const 3)))))
    (if (i64.eqz (i64.and (local.get $word) (local.get $may))) (then (return (i64.const -1))))
    (i64.and (local.get $word) (i64.const 0xffffffff)))
  (func $inside (param $at i64) (param $n i64) (result i32)
    (i32.and
      (i32.and (i64.lt_u (i64.sub (local.get $n) (i64.const 1)) (i64.const {_MAX_RW_COUNT}))
               (i64.ge_u (local.get $at) (i64.const {GUEST_START})))
      (i32.and (i64.lt_u (local.get $at) (i64.const {GUEST_END}))
               (i64.le_u (i64.add (local.get $at) (local.get $n)) (i64.const {GUEST_END})))))
  (func $refused (param $result i64) (result i64)
    (if (i64.eq (local.get $result) (i64.const -{errno.EAGAIN})) (then (return (local.get $result))))
    (if (i32.and (i64.lt_s (local.get $result) (i64.const 0))
                 (i64.ne (local.get $result) (i64.const -{errno.EFAULT})))
      (then (i64.store $own (i32.const {FAILED}) (i64.sub (i64.const 0) (local.get $result)))))
    (i64.const {TO_HOST}))"""


def _asked(may: int, call: str) -> str:
    """Ask the host for what a descriptor may be used for, with the guest's `n` bytes at `at`; $result is its answer."""
    return f"""
    (local.set $fd (call $behind (local.get $fd) (i64.const {may})))
    (if (i32.or (i64.lt_s (local.get $fd) (i64.const 0)) (i32.eqz (call $inside (local.get $at) (local.get $n))))
      (then (return (i64.const {TO_HOST}))))
    (local.set $result {call})"""


_DATA = f"""
  (func $receive (param $fd i64) (param $at i64) (param $n i64) (result i64) (local $result i64)
    {_asked(RECEIVE, _RECVFROM_CALL)}
    (if (i64.lt_s (local.get $result) (i64.const 0)) (then (return (call $refused (local.get $result)))))
    (if (i64.eqz (local.get $result)) (then (return (local.get $result))))
    {_counted(TRAFFIC)}
    (local.get $result))
  (func $send (param $fd i64) (param $at i64) (param $n i64) (result i64) (local $result i64)
    {_asked(SEND, _SENDTO_CALL)}
    (if (i64.le_s (local.get $result) (i64.const 0)) (then (return (call $refused (local.get $result)))))
    {_counted(TRAFFIC + 16)}
    (local.get $result))
  (func $send_parts (param $fd i64) (param $at i64) (param $count i64) (result i64)
    (local $result i64) (local $part i32) (local $end i32) (local $to i32)
    (local.set $fd (call $behind (local.get $fd) (i64.const {SEND})))
    (block $other
      (br_if $other (i64.lt_s (local.get $fd) (i64.const 0)))
      (br_if $other (i64.ge_u (i64.sub (local.get $count) (i64.const 1)) (i64.const {_MAX_PARTS})))
      (br_if $other (i32.eqz (call $readable (local.get $at) (i64.shl (local.get $count) (i64.const 4)))))
      (local.set $part (i32.wrap_i64 (local.get $at)))
      (local.set $end (i32.add (local.get $part) (i32.shl (i32.wrap_i64 (local.get $count)) (i32.const 4))))
      (local.set $to (i32.const {PARTS}))
      (loop $next
        (br_if $other (i32.eqz (call $inside (i64.load $guest (local.get $part))
                                             (i64.load $guest offset=8 (local.get $part)))))
        (i64.store $own (local.get $to) (i64.add (global.get $base) (i64.load $guest (local.get $part))))
        (i64.store $own offset=8 (local.get $to) (i64.load $guest offset=8 (local.get $part)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $part (i32.add (local.get $part) (i32.const 16)))
        (br_if $next (i32.lt_u (local.get $part) (local.get $end))))
      (i64.store $own (i32.const {MESSAGE + 16})
        (i64.add (i64.load $own (i32.const {OWN})) (i64.const {PARTS})))
      (i64.store $own (i32.const {MESSAGE + 24}) (local.get $count))
      (local.set $result {_SENDMSG_CALL})
      (if (i64.le_s (local.get $result) (i64.const 0)) (then (return (call $refused (local.get $result)))))
      {_counted(TRAFFIC + 16)}
      (return (local.get $result)))
    (i64.const {TO_HOST}))
  (func $send_file (param $fd i64) (param $from i64) (param $offset i64) (param $n i64) (result i64)
    (local $result i64)
    (local.set $fd (call $behind (local.get $fd) (i64.const {SEND})))
    (local.set $from (call $behind (local.get $from) (i64.const {SOURCE})))
    (if (i32.or (i32.or (i64.lt_s (i64.or (local.get $fd) (local.get $from)) (i64.const 0))
                        (i32.eqz (call $inside (local.get $offset) (i64.const 8))))
                (i64.ge_u (i64.sub (local.get $n) (i64.const 1)) (i64.const {_MAX_RW_COUNT})))
      (then (return (i64.const {TO_HOST}))))
    (local.set $result {_SENDFILE_CALL})
    (if (i64.eq (local.get $result) (i64.const -{errno.EAGAIN})) (then (return (local.get $result))))
    (if (i64.eq (local.get $result) (i64.const -{errno.ECONNRESET}))
      (then (return (call $refused (local.get $result)))))
    (if (i64.le_s (local.get $result) (i64.const 0)) (then (return (i64.const {TO_HOST}))))
    {_counted(TRAFFIC + 16)}
    (local.get $result))"""

# A wait looks at its set again and again for some microseconds: whoever asks the guest for one thing after the other
# is soon back, and to go to Python takes as long, to another process far longer. Then it goes to the host, which may
# wait. Who else could run has to wait meanwhile, so one that finds nothing makes the next ones shorter, but for one now
# and then.
_LEAST_NS, _SELDOM = 2_000, 32
_LOOK = f"""
  (func $give_up
    (local $waits i64) (local $patience i64)
    (if (i64.eqz (i64.load $own (i32.const {MOST}))) (then (return)))
    (local.set $waits (i64.add (i64.load $own (i32.const {WAITS})) (i64.const 1)))
    (i64.store $own (i32.const {WAITS}) (local.get $waits))
    (local.set $patience (i64.shr_u (i64.load $own (i32.const {PATIENCE})) (i64.const 1)))
    (if (i64.lt_u (local.get $patience) (i64.const {_LEAST_NS})) (then (local.set $patience (i64.const {_LEAST_NS}))))
    (if (i64.eqz (i64.and (local.get $waits) (i64.const {_SELDOM - 1})))
      (then (local.set $patience (i64.load $own (i32.const {MOST})))))
    (i64.store $own (i32.const {PATIENCE}) (local.get $patience)))
  (func $look (param $hart i32) (param $set i64) (param $to i64) (param $limit i64) (param $timeout i64)
    (param $mask i64) (result i64)
    (local $from i32) (local $end i32) (local $at i32) (local $count i64) (local $end_at i64)
    (block $other
      (br_if $other (i64.ne (i64.and (local.get $set) (i64.const 0xffffffff))
                            (i64.load $own (i32.const {STILL}))))
      (br_if $other (i64.ne (local.get $to) (i64.load $own (i32.const {TRUSTED + 8 * EVENTS}))))
      (br_if $other (i64.ne (local.get $mask) (i64.const 0)))
      (local.set $limit (i64.extend32_s (local.get $limit)))
      (br_if $other (i64.le_s (local.get $limit) (i64.const 0)))
      (if (i64.gt_s (local.get $limit) (i64.load $own (i32.const {STILL + 16})))
        (then (local.set $limit (i64.load $own (i32.const {STILL + 16})))))
      (loop $again
        (local.set $count {_LOOK_CALL})
        (br_if $other (i64.lt_s (local.get $count) (i64.const 0)))
        (if (i64.eqz (local.get $count))
          (then
            (if (i32.eqz (i32.wrap_i64 (local.get $timeout))) (then (return (i64.const 0))))
            (drop (call $read_clock (i32.const {_MONOTONIC}) (i64.const 0) (i32.const {NOW})))
            (if (i64.eqz (local.get $end_at))
              (then
                (local.set $end_at
                  (i64.add (i64.load $own (i32.const {NOW})) (i64.load $own (i32.const {PATIENCE}))))))
            (br_if $again
              (i32.and (i64.lt_u (i64.load $own (i32.const {NOW})) (local.get $end_at))
                       (i32.eqz (i32.load $guest offset={HART_INTERRUPT} (local.get $hart)))))
            (call $give_up)
            (br $other))))
      (i64.store $own (i32.const {PATIENCE}) (i64.load $own (i32.const {MOST})))
      (local.set $from (i32.const {EVENTS_FROM}))
      (local.set $end (i32.add (i32.const {EVENTS_FROM})
                               (i32.mul (i32.wrap_i64 (local.get $count)) (i32.const {_EVENT_BYTES}))))
      (local.set $at (i32.wrap_i64 (local.get $to)))
      (loop $next
        (if (i64.eq (i64.load $own offset={_EVENT_DATA} (local.get $from)) (i64.const {OTHERS}))
          (then (i64.store $own (i32.const {STILL}) (i64.const -1)))
          (else
            (i64.store $guest (local.get $at) (i64.load32_u $own (local.get $from)))
            (i64.store $guest offset=8 (local.get $at) (i64.load $own offset={_EVENT_DATA} (local.get $from)))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))))
        (local.set $from (i32.add (local.get $from) (i32.const {_EVENT_BYTES})))
        (br_if $next (i32.lt_u (local.get $from) (local.get $end))))
      (local.set $count (i64.extend_i32_u
        (i32.shr_u (i32.sub (local.get $at) (i32.wrap_i64 (local.get $to))) (i32.const 4))))
      (br_if $other (i64.eqz (local.get $count)))
      (i64.store $own (i32.const {LOOKED}) (i64.const 1))
      (return (local.get $count)))
    (i64.const {TO_HOST}))"""

_ANSWER = f"""
  (func $answer (param $hart i32) (result i64) (local $number i64) (local $flags i64)
    (local.set $number {argument(A7)})
    (if {_is(_CLOCK_GETTIME)} (then (return (call $clock (local.get $hart)))))
    (if {_is(_READ)} (then (return (call $receive {argument(A0)} {argument(A1)} {argument(A2)}))))
    (if {_is(_WRITE)} (then (return (call $send {argument(A0)} {argument(A1)} {argument(A2)}))))
    (if {_is(_WRITEV)} (then (return (call $send_parts {argument(A0)} {argument(A1)} {argument(A2)}))))
    (if {_is(_EPOLL_PWAIT)}
      (then
        (return
          (call $look (local.get $hart)
            {argument(A0)} {argument(A1)} {argument(A2)} {argument(A3)} {argument(A4)}))))
    (if {_is(_SENDFILE)} (then (return (call $send_file {argument(A0)} {argument(A1)} {argument(A2)} {argument(A3)}))))
    (if {_is(_OPENAT)} (then (return (call $open {argument(A1)} {argument(A2)}))))
    (if {_is(_CLOSE)} (then (return (call $close {argument(A0)}))))
    (if {_is(_FSTAT)} (then (return (call $stat {argument(A0)} {argument(A1)}))))
    (if {_is(_NEWFSTATAT)}
      (then (return (call $stat_empty {argument(A0)} {argument(A1)} {argument(A2)} {argument(A3)}))))
    (if {_is(_SENDTO, _RECVFROM)}
      (then
        (local.set $flags (i64.and {argument(A3)} (i64.const 0xffffffff)))
        (if (i64.ne (local.get $flags) (i64.and (local.get $flags) (i64.const {_MSG_DONTWAIT | _MSG_NOSIGNAL})))
          (then (return (i64.const {TO_HOST}))))
        (if (i64.ne {argument(A4)} (i64.const 0)) (then (return (i64.const {TO_HOST}))))
        (if {_is(_SENDTO)} (then (return (call $send {argument(A0)} {argument(A1)} {argument(A2)}))))
        (return (call $receive {argument(A0)} {argument(A1)} {argument(A2)}))))
    (i64.const {TO_HOST}))
  (func (export "syscall") (local $hart i32) (local $result i64)
    (local.set $hart (i32.load $own (i32.const {HART})))
    (i64.store $own (i32.const {FAILED}) (i64.const 0))
    (local.set $result (call $answer (local.get $hart)))
    (if (i64.eq (local.get $result) (i64.const {TO_HOST}))
      (then
        (i64.store $own (i32.const {STILL}) (i64.const -1))
        (if (i64.ne (i64.load $own (i32.const {TAKEN})) (i64.const -1)) (then (call $settle)))
        (call $host)
        (return)))
    (i64.store $guest offset={HART_X + 8 * A0} (local.get $hart) (local.get $result))
    (i64.store $guest offset={HART_PC} (local.get $hart)
      (i64.add (i64.load $guest offset={HART_PC} (local.get $hart)) (i64.const 4))))"""

TEXT = f"""(module
  (import "env" "memory" (memory $guest {WASM_PAGES} {WASM_PAGES}))
  (import "env" "host" (func $host))
  (import "env" "settle" (func $settle))
  (import "{WASI}" "{READ_CLOCK}" (func $read_clock (param i32 i64 i32) (result i32)))
  (import "env" "raw" (func $raw (param {" ".join(["i64"] * PARAMS)}) (result i64)))
  (import "env" "base" (global $base i64))
  (memory $own (export "memory") {MEMORY_PAGES} {MEMORY_PAGES})
  {_PAGES}{_CLOCK}{_CHECKS}{_DATA}{_LOOK}{FILES}{_ANSWER})"""
