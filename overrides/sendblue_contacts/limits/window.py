"""Rate limit, the rule. Nothing here sleeps, sends or reads a clock.

There are `limit` slots. A request takes one and gives it back when its response is there; the slot is free again
`per` seconds later.

Why the server never counts more than `limit` arrivals in any `per` seconds: request *k* arrived no later than its
response, at time `r`. The request that takes over its slot leaves no earlier than `r + per`, and arrives later still.
So two arrivals on one slot are at least `per` apart at the server, whatever the network does in between, and `limit`
slots admit at most `limit` arrivals. A request whose response never comes holds its slot until it is given up. The
promise is about requests that arrive before they are answered or given up; one that the network delivers after it was
given up adds itself to the count, and nothing else.

Limiters that count from the time of sending cannot promise this: latency squeezes two bursts together.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests may arrive in how much time.

    Args:
        limit: The most requests in any `per` seconds, 100 for the Contacts API.
        per: The length of the window in seconds, 10 for the Contacts API.
    """

    limit: int = 100
    per: float = 10.0

    def __post_init__(self) -> None:
        if type(self.limit) is not int or self.limit < 1:
            message = f"RateLimit: limit must be a whole number of 1 or more, not {self.limit!r}"
            raise ValueError(message)
        if not 0 < self.per < math.inf:
            message = f"RateLimit: per must be a positive number of seconds, not {self.per!r}"
            raise ValueError(message)


class Window:
    """The slots of one account. All times are in seconds of one clock that never goes back."""

    def __init__(self, rate: RateLimit) -> None:
        self.rate = rate
        self.in_flight = 0
        self.frozen_until = -math.inf
        # When each idle slot is free. In order, for slots come back in the order of time.
        self._free_at: deque[float] = deque([-math.inf] * rate.limit)

    def free_from(self) -> float:
        """When the next slot is free; infinity if all of them are in flight."""
        return max(self._free_at[0], self.frozen_until) if self._free_at else math.inf

    def take(self, now: float) -> float | None:
        """Take a slot, if one is free.

        Returns:
            Since when it has been free, for `cancel`; None if no slot is free.
        """
        if self.free_from() > now:
            return None
        self.in_flight += 1
        return self._free_at.popleft()

    def give_back(self, now: float) -> None:
        """The response of a request is there, or the request is given up."""
        self.in_flight -= 1
        self._free_at.append(now + self.rate.per)

    def cancel(self, free_since: float) -> None:
        """A slot was taken, and no request was sent: it is free as it was before."""
        self.in_flight -= 1
        self._free_at.appendleft(free_since)

    def freeze(self, until: float) -> None:
        """No slot is free before this time: the server said that there were too many requests."""
        self.frozen_until = max(self.frozen_until, until)

    def free(self, now: float) -> int:
        """How many slots are free now."""
        return 0 if self.frozen_until > now else sum(at <= now for at in self._free_at)
