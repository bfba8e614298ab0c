"""Rate limit, the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class RateLimitStatistics:
    """What a limiter did so far, and how it stands; with a shared store still those of this process alone.

    Attributes:
        limit: The most requests in any window; None for a limiter that never waits.
        in_flight: Requests without a response yet.
        waiting: Callers in the queue.
        free: Slots that are free now; None for a limiter that never waits.
        frozen_until: When the server lets anybody send again; None if it does now.
        requests: Slots taken so far.
        total_waited: Seconds that callers waited so far, added up.
        longest_wait: Seconds of the longest of these waits.
        refusals: Answers with 429 so far.
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
