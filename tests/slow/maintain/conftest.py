"""A workspace in which a package was generated."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.maintain.conftest import workspace
from tests.maintain.workspaces import Workspace, new_workspace

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["generated", "original", "workspace"]


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Generate a package, once, for the tests that start with one."""
    original = new_workspace(tmp_path_factory.mktemp("original"))
    assert original.regenerate() == 0
    return original


@pytest.fixture
def generated(original: Workspace, tmp_path: Path) -> Workspace:
    """Return a workspace whose package is up to date."""
    shutil.copytree(original.folder, tmp_path, dirs_exist_ok=True)
    return Workspace(tmp_path)
