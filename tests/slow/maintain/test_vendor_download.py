"""scripts/upstream with the real pip."""

from __future__ import annotations

from pathlib import Path

import pytest
from maintain.vendor_sdk.command import main

Capture = pytest.CaptureFixture[str]


def test_an_index_without_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture) -> None:
    """If the index does not have the library, the exit status is 2 and pip's message is shown."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert main([]) == 2
    assert "No matching distribution found for sendblue" in capsys.readouterr().err
