"""The `project` fixture: a build directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from dockerfile_project import Project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An empty build context."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    root = tmp_path / "context"
    root.mkdir()
    return Project(root)
