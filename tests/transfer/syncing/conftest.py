"""Fixtures of the tests of syncs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def state_folder(state: Path) -> Path:
    """The user's state folder, which has the locks of accounts; before any fixture that syncs."""
    return state
