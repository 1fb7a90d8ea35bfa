"""What a machine's network needs at its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel


def attach_network(k: Kernel) -> None:
    """Take the ports of the host that are published; in a restored machine, see to what was connected or listens.

    UsageError: a port is taken.
    """
    devices = k.state.devices
    if k.policy.published or (devices is not None and devices.network is not None):
        from friscy.kernel.net.host import host_network

        host_network(k).restored(k)
