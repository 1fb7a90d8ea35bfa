"""The memory of the module that answers system calls without Python, and what its text is made of.

friscy.machine.short_calls has what it is about. The host tells the module there what it may do.
"""

from __future__ import annotations

from friscy.machine.host_code import PARAMS, host_number
from friscy.machine.layout import HART_X
from friscy.machine.trust import TRUSTED_WORDS

# Words (u64).
HART = 0
TAKEN, TAKEN_SLOT = 8, 16  # the guest's descriptor that was opened here, and by which slot; NOBODY: none
OFFSET, NOW, OWN = 32, 40, 48
FAILED = 56  # the errno that the host gave for the call that comes to Python now, 0: none
TRAFFIC = 64  # bytes received, receives, bytes sent, sends
STILL = 96  # the descriptor of an epoll set, the host's of the set behind it, how many events there is room for
LOOKED = 120  # a wait found events in that set
# Nanoseconds for which the next wait looks before it goes to the host, and any does at most; waits that found nothing.
PATIENCE, MOST, WAITS = 1536, 1544, 1552
MESSAGE, PARTS, EVENTS_FROM = 128, 256, 512  # what the host's calls read and write
TRUSTED = 2048  # see friscy.machine.trust
HOST_STAT = TRUSTED + 8 * TRUSTED_WORDS  # a struct stat of the host's
DESCRIPTORS = 4096  # one word for each descriptor of the guest: the host's, and what may be done with it
DESCRIPTOR_COUNT = 4096
RECEIVE, SEND, SOURCE = 1 << 32, 1 << 33, 1 << 34
NEXT = DESCRIPTORS + 8 * DESCRIPTOR_COUNT  # the lowest descriptor that is free
SLOTS = 65536  # of friscy.machine.short_files
MEMORY_PAGES = 2
NOBODY = (1 << 64) - 1

TO_HOST = -(1 << 40)  # no result of a call


def argument(register: int) -> str:
    """An argument of the call."""
    return f"(i64.load $guest offset={HART_X + 8 * register} (local.get $hart))"


def host_call(name: str, *arguments: str) -> str:
    """A call of the host's kernel."""
    padded = [f"(i64.const {host_number(name)})", *arguments, *["(i64.const 0)"] * PARAMS][:PARAMS]
    return f"(call $raw {' '.join(padded)})"


def own(at: int) -> str:
    """An address in the module's memory, for the host."""
    return f"(i64.add (i64.load $own (i32.const {OWN})) (i64.const {at}))"
