"""One thousand calls, bulk calls of as many rows, and imports, while reads lag and responses are lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.overrides.lagging_calls import check_bulk_calls, check_calls
from tests.transfer.test_lagging_reads import check_imports


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_one_thousand_calls_with_every_third_response_lost(kind: str) -> None:
    """No false conflict, no false failure, and nothing is doubled."""
    check_calls(kind, groups=100)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_bulk_calls_of_one_thousand_rows_with_every_third_response_lost(kind: str) -> None:
    """Each item ends as if nothing was lost."""
    check_bulk_calls(kind, count=1000, chunk_size=100)


def test_imports_of_large_chunks_with_every_third_response_lost(tmp_path: Path) -> None:
    """Each row ends as if nothing was lost, in every mode."""
    check_imports(tmp_path, count=300, chunk_size=100)
