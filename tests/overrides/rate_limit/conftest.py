"""Fixtures for the tests of the rate limit."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.overrides.rate_limit.fake_waiting import FakeWaiting


@pytest.fixture
def waiting() -> Iterator[FakeWaiting]:
    """The waits of a limiter, and its time."""
    with closing(FakeWaiting()) as opened:
        yield opened
