"""The machine code of host_code.py is what its text says, and makes the host's calls."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import subprocess

import pytest
from required_tools import require_tool

from friscy.machine.host_code import ASSEMBLY, CODE, PARAMS, host_call_address

GETPID = 39 if platform.machine() == "x86_64" else 172


def call(number: int, *arguments: int) -> int:
    """The host's call as wasmtime makes it: values of 16 bytes, of which the first is the result's."""
    values = (ctypes.c_int64 * (2 * PARAMS))()
    for index, value in enumerate((number, *arguments)):
        values[2 * index] = value
    kind = ctypes.CFUNCTYPE(ctypes.c_size_t, *[ctypes.c_void_p] * 3, ctypes.c_size_t)
    assert kind(host_call_address())(None, None, ctypes.addressof(values), PARAMS) == 0
    return int(values[0])


def test_a_result_and_an_error() -> None:
    assert call(GETPID) == os.getpid()
    assert call(10_000) == -errno.ENOSYS


def test_all_arguments_arrive() -> None:
    reader, writer = os.pipe()
    size = ctypes.c_int64(3)
    source = os.memfd_create("source")
    os.write(source, b"0123456789")
    splice = 275 if platform.machine() == "x86_64" else 76  # the one of them with six that shows
    at = ctypes.addressof(size)
    assert call(splice, source, at, writer, 0, 4, 0) == 4
    assert (os.read(reader, 9), size.value) == (b"3456", 7)
    for fd in (reader, writer, source):
        os.close(fd)


def assembled(machine: str) -> bytes:
    """The text of one processor as code."""
    command = [require_tool("llvm-mc"), f"-triple={machine}-linux-gnu", "-show-encoding"]
    done = subprocess.run(command, input=ASSEMBLY[machine], capture_output=True, text=True, check=True)
    encodings = [line.partition("encoding: [")[2].rstrip("]") for line in done.stdout.splitlines()]
    return bytes(int(byte, 16) for each in encodings if each for byte in each.split(","))


@pytest.mark.parametrize("machine", CODE)
def test_the_bytes_are_the_text(machine: str) -> None:
    assert assembled(machine) == bytes.fromhex(CODE[machine])
