"""One thousand calls while reads lag behind writes and every third response is lost."""

from __future__ import annotations

import pytest

from tests.overrides.lagging_calls import check_calls


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_one_thousand_calls_with_every_third_response_lost(kind: str) -> None:
    """No false conflict, no false failure, and nothing is doubled."""
    check_calls(kind, groups=100)
