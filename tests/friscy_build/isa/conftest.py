from __future__ import annotations

from pathlib import Path

import float_vectors
import pytest


@pytest.fixture(scope="session")
def float_judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that runs float vectors under qemu-riscv64."""
    return float_vectors.build_judge(tmp_path_factory.mktemp("float_judge"))
