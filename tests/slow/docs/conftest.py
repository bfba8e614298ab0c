"""Fixtures: the built documentation, and the browser of the sandbox's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from maintain.docs.command import main
from maintain.venvs import locked

from tests.slow.sandbox_browser.conftest import browser, chromium

__all__ = ["browser", "built", "chromium"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the documentation as `scripts/docs` does, with its link check, once for all workers of pytest-xdist."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    shared = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.mktemp("docs")
    folder = shared / "site"
    with locked(shared):
        assert folder.exists() or main(["--output", str(folder)]) == 0
    return folder
