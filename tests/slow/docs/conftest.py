"""Fixtures: the built documentation, and the browser of the sandbox's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from maintain.docs.command import main

from tests.slow.sandbox_browser.conftest import browser, chromium

__all__ = ["browser", "built", "chromium"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the documentation once, as `scripts/docs` does, with its link check."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    assert main(["--output", str(folder)]) == 0
    return folder
