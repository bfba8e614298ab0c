"""The fixtures of the quick tests of the rate limit."""

from tests.overrides.rate_limit.conftest import own_redis, redis_server

__all__ = ["own_redis", "redis_server"]
