"""The rate limit: an exact window (pure), a limiter that makes threads and tasks wait for it, and shared stores."""

from .limiter import RateLimiter, shared
from .rate import RateLimit
from .slot import Slot
from .statistics import RateLimitStatistics
from .window import Window

__all__ = ["RateLimit", "RateLimitStatistics", "RateLimiter", "Slot", "Window", "shared"]
