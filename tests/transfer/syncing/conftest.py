"""Fixtures of the tests of syncs."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def state_folder(state: Path) -> Path:
    """The user's state folder, which has the locks of accounts; before any fixture that syncs."""
    return state
