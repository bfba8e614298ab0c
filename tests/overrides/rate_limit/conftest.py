"""Fixtures for the tests of the rate limit."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.overrides.rate_limit.fake_waiting import FakeWaiting

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def waiting() -> Iterator[FakeWaiting]:
    """The waits of a limiter, and its time."""
    with closing(FakeWaiting()) as opened:
        yield opened
