"""What tests that run the `friscy` command share."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

Friscy = Callable[..., "subprocess.CompletedProcess[bytes]"]


def environment() -> dict[str, str]:
    """The host environment for friscy's children, with byte code kept as on a user's machine."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
