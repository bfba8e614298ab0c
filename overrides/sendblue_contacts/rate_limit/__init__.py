"""The rate limit: an exact window (pure), a limiter for threads and tasks, and stores that processes share."""

from .config import RateLimit
from .lease import Slot
from .limiter import RateLimiter, RateLimitStatistics, shared_limiter
from .window import Window

__all__ = ["RateLimit", "RateLimitStatistics", "RateLimiter", "Slot", "Window", "shared_limiter"]
