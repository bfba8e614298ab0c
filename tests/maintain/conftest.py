"""A workspace for scripts/regenerate and scripts/changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.maintain.workspaces import Workspace, new_workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a workspace in which nothing was generated yet."""
    return new_workspace(tmp_path)
