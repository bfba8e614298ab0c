"""The rule that all stores apply, for a real Redis: the tests of the file store, with the fixture below."""

from __future__ import annotations

import pytest

from tests.overrides.rate_limit.store_fixtures import RedisStoreFixture
from tests.overrides.rate_limit.test_stores import *  # noqa: F403  # every test of that module, and its other fixtures
from tests.slow.rate_limit.redis_server import RedisServer


@pytest.fixture  # type: ignore[no-redef]  # replaces the fixture of that module
def store(redis_server: RedisServer) -> RedisStoreFixture:
    """An empty Redis store."""
    return RedisStoreFixture(redis_server)
