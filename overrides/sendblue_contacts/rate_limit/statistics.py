"""The statistics of a rate limiter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class RateLimitStatistics:
    """The state of a limiter and its totals since it was created; those of this process, also with a shared store.

    Attributes:
        limit: The maximum number of requests in any window; None for a limiter without a limit.
        in_flight: Requests that have no response yet.
        waiting: Callers in the wait queue.
        free: Slots that are free now; None for a limiter without a limit.
        frozen_until: When requests are allowed again after a 429; None if they are allowed now.
        requests: The number of slots acquired.
        total_waited: The sum of all waits, in seconds.
        longest_wait: The longest wait, in seconds.
        refusals: The number of responses with status 429.
    """

    limit: int | None
    in_flight: int
    waiting: int
    free: int | None
    frozen_until: datetime | None
    requests: int
    total_waited: float
    longest_wait: float
    refusals: int
