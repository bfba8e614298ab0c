"""A workspace for scripts/regenerate and scripts/changes."""

from pathlib import Path

import pytest

from tests.maintain.workspaces import Workspace, new_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a workspace in which nothing was generated yet."""
    return new_workspace(tmp_path)
