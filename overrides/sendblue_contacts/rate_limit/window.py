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

Bulk work has a lane of its own. It never uses more than `limit - reserve` of the slots, whether in flight or on their
way back, so that other callers find `reserve` of them in every window; and it is paced, one request in `pace` seconds.
Both only ever make a request later, so the promise stands; and by the same reasoning never more than `limit - reserve`
of bulk work arrive in any `per` seconds.

The same rule holds in every store: `stores/file.py` and `stores/redis.lua` keep it for many processes.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .rate import RateLimit


_TWO = 2


class Window:
    """The slots of one account. All times are in seconds of one clock."""

    def __init__(self, rate: RateLimit, *, free_from: float = -math.inf) -> None:
        self.rate = rate
        self.in_flight: int = 0
        self.frozen_until: float = -math.inf
        self._paced = rate.paced
        self._pace = rate.pace
        self._paced_from = -math.inf
        # When each idle slot is free, in order.
        self._free_at: deque[float] = deque([free_from] * rate.limit)
        self._bulk_room = rate.bulk_room
        self._bulk_in_flight = 0
        # Until when each slot that bulk work gave back counts as used by it, in order.
        self._bulk_until: deque[float] = deque()

    def free_from(self, *, bulk: bool = False) -> float:
        """When the next slot is free; infinity if that depends on a response."""
        at = max(self._free_at[0], self.frozen_until) if self._free_at else math.inf
        return max(at, self._lane_from(bulk)) if bulk or self._paced else at

    def _lane_from(self, bulk: bool) -> float:  # noqa: FBT001  # it is a lane
        """When the pace and the reserve let the next request of this lane go."""
        if not bulk or self._bulk_in_flight + len(self._bulk_until) < self._bulk_room:
            return self._paced_from
        return max(self._paced_from, self._bulk_until[0]) if self._bulk_until else math.inf

    def earliest(self, place: int, now: float, *, bulk: bool = False) -> float:
        """The earliest time at which this place of the queue can come to its turn, the first being 0; often later."""
        rounds, place_in_round = divmod(place, self.rate.limit)
        idle = place_in_round < len(self._free_at)
        at = self._free_at[place_in_round] if idle else now + self.rate.per
        at = max(at, now, self.frozen_until) + rounds * self.rate.per
        return max(at, self._paced_from + place * self._pace) if bulk or self._paced else at

    def take(self, now: float, *, bulk: bool = False) -> float | None:
        """Take a slot, if one is free.

        Returns:
            Since when it has been free, for `cancel`; None if no slot is free.
        """
        free_at = self._free_at
        if not free_at or free_at[0] > now or self.frozen_until > now:
            return None
        if (bulk or self._paced) and not self._enter_lane(now, bulk):
            return None
        self.in_flight += 1
        return free_at.popleft()

    def _enter_lane(self, now: float, bulk: bool) -> bool:  # noqa: FBT001  # it is a lane
        if self._lane_from(bulk) > now:
            return False
        self._paced_from = now + self._pace
        if bulk:
            self._bulk_in_flight += 1
            while self._bulk_until and self._bulk_until[0] <= now:
                self._bulk_until.popleft()
        return True

    def give_back(self, now: float, *, bulk: bool = False) -> None:
        """The response of a request is there, or the request is given up."""
        self.in_flight -= 1
        at = now + self.rate.per
        _put(self._free_at, at)
        if bulk:
            self._bulk_in_flight -= 1
            _put(self._bulk_until, at)

    def cancel(self, free_since: float, *, bulk: bool = False) -> None:
        """A slot was taken, and no request was sent: it is free as it was before."""
        self.in_flight -= 1
        self._bulk_in_flight -= bulk
        _put(self._free_at, free_since)

    def give_up_all(self, now: float) -> None:
        """All requests in flight are given up: those who sent them are no more, some in the midst of a call here."""
        bulk = self._bulk_in_flight
        for sent in range(self.rate.limit - len(self._free_at)):
            self.give_back(now, bulk=sent < bulk)
        self.in_flight = self._bulk_in_flight = 0

    def is_contested(self, now: float) -> bool:
        """Whether one who takes a slot now takes it from another who could have one now."""
        return self._paced or len(self._free_at) < _TWO or self._free_at[1] > now

    def freeze(self, until: float) -> None:
        """No slot is free before this time: the server said that there were too many requests."""
        self.frozen_until = max(self.frozen_until, until)

    def free(self, now: float) -> int:
        """How many slots are free now."""
        return 0 if self.frozen_until > now else sum(at <= now for at in self._free_at)


def _put(times: deque[float], at: float) -> None:
    """Add a time in its order: at the end, but for a slot that was not used and a clock that went back."""
    if times and at < times[-1]:
        insort(times, at)
    else:
        times.append(at)
