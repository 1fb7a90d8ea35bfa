"""The settings below /proc/sys that the guest may change, and what obeys them.

    sysctl(k, "kernel/msgmni")        # the value in force

One row each: the default, and the least and greatest value. What is not here is fixed (`proc/procfs.py`).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.credentials import CAP_SYS_ADMIN, capable
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

_INT = (1 << 31) - 1
KNOBS: dict[str, tuple[int, int, int]] = {
    "kernel/msgmax": (8192, 0, _INT),  # bytes in one message
    "kernel/msgmnb": (16384, 0, _INT),  # bytes in a new queue
    "kernel/msgmni": (32000, 0, 32768),  # queues
    "kernel/shmmni": (4096, 0, 32768),  # segments
    "kernel/shmmax": ((1 << 64) - (1 << 24) - 1, 0, (1 << 64) - 1),  # bytes in one segment
    "kernel/shmall": ((1 << 64) - (1 << 24) - 1, 0, (1 << 64) - 1),  # pages in all
    "kernel/pid_max": (4194304, 301, 4194304),
    "fs/pipe-max-size": (1 << 20, 4096, 1 << 31),  # bytes that an unprivileged F_SETPIPE_SZ may ask for
    "vm/max_map_count": (65530, 0, _INT),  # mappings of a process
    "fs/mqueue/msg_default": (10, 1, 65536),  # messages in a queue, where nobody says
    "fs/mqueue/msg_max": (10, 1, 65536),
    "fs/mqueue/msgsize_default": (8192, 128, 16 << 20),  # bytes in a message, where nobody says
    "fs/mqueue/msgsize_max": (8192, 128, 16 << 20),
    "fs/mqueue/queues_max": (256, 0, _INT),
    "fs/lease-break-time": (45, 0, _INT),  # seconds
}


def sysctl(k: Kernel, name: str) -> int:
    """The value in force."""
    return k.state.sysctl.get(name, KNOBS[name][0])


def set_sysctl(k: Kernel, name: str, data: bytes) -> None:
    """A write to /proc/sys/NAME. EINVAL: no number, or out of range; EPERM: the writer may not."""
    _, least, greatest = KNOBS[name]
    if not capable(k.task.process, CAP_SYS_ADMIN):
        raise LinuxError(errno.EPERM)
    try:
        value = int(data.split(b"\0")[0])
    except ValueError:
        raise LinuxError(errno.EINVAL) from None
    if not least <= value <= greatest:
        raise LinuxError(errno.EINVAL)
    k.state.sysctl[name] = value
    if name == "vm/max_map_count":
        for space_map in k.maps.values():
            space_map.map_limit = value
