"""AF_NETLINK sockets."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.net.socket import Socket
    from friscy.kernel.state import Process


def new_netlink_socket(k: Kernel, process: Process, kind: int, protocol: int, *, nonblocking: bool) -> Socket:
    """A socket of NETLINK_ROUTE."""
    raise LinuxError(errno.EAFNOSUPPORT)
