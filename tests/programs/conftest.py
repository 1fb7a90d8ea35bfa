from __future__ import annotations

import engine
import pytest
from rootfs import Rootfs, debian


@pytest.fixture(scope="session")
def programs() -> Rootfs:
    """Debian trixie with the programs that must run."""
    return debian("programs")


def pytest_sessionfinish() -> None:
    engine.finish()
