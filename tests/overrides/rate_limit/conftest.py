"""What the tests of the stores share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.overrides.rate_limit.servers import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for all tests that do not harm it; each uses an account of its own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that a test may kill."""
    with RedisServer(tmp_path_factory.mktemp("own")) as server:
        yield server
