"""Redis servers for the tests of the rate limit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.slow.rate_limit.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for all tests that leave it running; each uses an account of its own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that the test may kill."""
    with RedisServer(tmp_path_factory.mktemp("own")) as server:
        yield server
