"""Golden files for all tests: `golden(path, text)` compares, `pytest --accept` writes what came out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare `text` with the file at `path`, or with --accept write it there."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--accept"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        assert path.exists(), f"{path.name} is missing: pytest --accept writes it"
        assert text == path.read_text("utf-8"), f"{path.name} differs: look, then pytest --accept"

    return compare


@pytest.fixture(scope="session")
def guest_cache() -> Path:
    """Where compiled guest programs are kept between sessions (ignored by git)."""
    return Path(__file__).resolve().parents[1] / ".cache" / "guest"
