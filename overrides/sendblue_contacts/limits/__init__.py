"""The rate limit: an exact window (pure), and a limiter that makes threads and tasks wait for its slots."""

from .limiter import RateLimiter, RateLimitStatistics, shared
from .window import RateLimit, Window

__all__ = ["RateLimit", "RateLimitStatistics", "RateLimiter", "Window", "shared"]
