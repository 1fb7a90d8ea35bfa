"""Which pages of a guest's memory may be touched without another look at their protection.

They are words of `GuestMemory.trusted`: the numbers of pages that the kernel found to be readable or writable, each at
its number modulo the count, and the address where that many events of epoll_pwait may go. NO_PAGE: none. A change of
any page's protection takes all of it back.
"""

from __future__ import annotations

NO_PAGE = (1 << 64) - 1  # no address lies in it
READABLE, READABLE_COUNT = 0, 64
WRITABLE, WRITABLE_COUNT = READABLE + READABLE_COUNT, 16
EVENTS = WRITABLE + WRITABLE_COUNT
TRUSTED_WORDS = EVENTS + 1
NOTHING = memoryview(NO_PAGE.to_bytes(8, "little") * TRUSTED_WORDS).cast("Q")  # no page, and no place for events
