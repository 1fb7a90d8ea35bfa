"""What kind of work the host's own code at an address does, by the file that it is mapped from."""

from __future__ import annotations

import os
import sys
from bisect import bisect_right

PYTHON = "Python: friscy's kernel and file systems"
WASMTIME = "wasmtime: instances, traps, compiling"
BETWEEN = "calls between wasm and Python"
LIBRARIES = "libraries of the host"

_WAYS = ("libffi", "_ctypes", ".cwasm")


def kind_of(path: str) -> str:
    """The kind of code mapped from the host file `path`, "" for none."""
    name = os.path.basename(path)
    if not path or any(each in name for each in _WAYS):  # trampolines of wasmtime and libffi are in no file
        return BETWEEN
    if "wasmtime" in name:
        return WASMTIME
    if (
        name.startswith(("python", "libpython"))
        or os.path.realpath(sys.executable) == path
        or ".cpython" in name
    ):
        return PYTHON
    return LIBRARIES


class HostCode:
    """The executable mappings of this process, as they are when it is made. maps: as in /proc/self/maps."""

    def __init__(self, maps: str) -> None:
        self._rows: list[tuple[int, int, str]] = []
        for line in maps.splitlines():
            area, mode, _, _, _, *path = line.split(maxsplit=5)
            if "x" in mode:
                low, high = (int(each, 16) for each in area.split("-"))
                self._rows.append((low, high, kind_of(path[0] if path else "")))
        self._starts = [row[0] for row in self._rows]

    @classmethod
    def of_this_process(cls) -> HostCode:
        with open("/proc/self/maps") as file:
            return cls(file.read())

    def kind(self, address: int) -> str:
        """The kind of code at a host address."""
        at = bisect_right(self._starts, address) - 1
        return self._rows[at][2] if at >= 0 and address < self._rows[at][1] else BETWEEN
