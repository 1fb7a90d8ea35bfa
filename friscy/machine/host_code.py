"""A function for wasm that makes one system call of the host: a dozen instructions, for each processor we know.

WebAssembly cannot make one, and by way of Python it takes ten times as long as the call itself. Who may have the
function can do whatever the host's process can: friscy.machine.short_calls alone asks for it, and hands it to a module
of its own, which no code of a guest can import or reach.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from functools import lru_cache

# i64: the host's number of the call, then its arguments; the result is one i64, negative for an error.
PARAMS = 7

# What wasmtime calls (wasmtime_func_unchecked_callback_t): its third argument is an array of 16-byte values, of which
# the first takes the result. It returns null, for no trap. tests/friscy/machine/test_host_code.py holds text and bytes
# together.
ASSEMBLY = {
    "x86_64": """
        endbr64
        push %rdx
        mov 96(%rdx), %r9
        mov 80(%rdx), %r8
        mov 64(%rdx), %r10
        mov 32(%rdx), %rsi
        mov 16(%rdx), %rdi
        mov (%rdx), %rax
        mov 48(%rdx), %rdx
        syscall
        pop %rdx
        mov %rax, (%rdx)
        xor %eax, %eax
        ret
    """,
    "aarch64": """
        hint #34
        mov x9, x2
        ldr x8, [x9]
        ldr x0, [x9, #16]
        ldr x1, [x9, #32]
        ldr x2, [x9, #48]
        ldr x3, [x9, #64]
        ldr x4, [x9, #80]
        ldr x5, [x9, #96]
        svc #0
        str x0, [x9]
        mov x0, #0
        ret
    """,
}
CODE = {
    "x86_64": "f30f1efa 52 4c8b4a60 4c8b4250 4c8b5240 488b7220 488b7a10 488b02 488b5230 0f05 5a 488902 31c0 c3",
    "aarch64": "5f2403d5 e90302aa 280140f9 200940f9 211140f9 221940f9 232140f9 242940f9 253140f9 010000d4"
    " 200100f9 000080d2 c0035fd6",
}
MACHINE = os.uname().machine
# The numbers of the calls that are made so: (x86_64, everywhere else).
_NUMBERS = {
    "recvfrom": (45, 207), "sendto": (44, 206), "sendmsg": (46, 211), "sendfile": (40, 71), "epoll_pwait": (281, 22),
    "openat2": (437, 437), "fstat": (5, 80), "close": (3, 57),
}  # fmt: skip


def host_number(name: str) -> int:
    """The number that a call has on this host."""
    return _NUMBERS[name][MACHINE != "x86_64"]


_kept: list[ctypes.c_char] = []  # of the pages, so that they stay


@lru_cache(maxsize=1)
def host_call_address() -> int:
    """Where the function is; 0: not on this machine, or the host allows no such code."""
    code = CODE.get(MACHINE)
    if code is None or sys.platform != "linux":
        return 0
    pages = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    pages.write(bytes.fromhex(code))
    _kept.append(ctypes.c_char.from_buffer(pages))
    address = ctypes.addressof(_kept[-1])
    protect = ctypes.CDLL(None).mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return 0 if protect(address, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC) else address
