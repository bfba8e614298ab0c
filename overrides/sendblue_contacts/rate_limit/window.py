"""The rule of the rate limit. Nothing here sleeps, sends or reads a clock.

There are `limit` slots. A request acquires one and releases it when its response has arrived; the slot is free again
`per` seconds later.

Why the server never counts more than `limit` arrivals in any `per` seconds: request *k* arrived no later than its
response, at time `r`. The request that takes over its slot leaves no earlier than `r + per`, and arrives later still.
So two arrivals on one slot are at least `per` apart at the server, whatever the network does in between, and `limit`
slots admit at most `limit` arrivals. A request whose response never comes holds its slot until it is abandoned, and
for `hold_abandoned` seconds more, because it may still be on its way. The guarantee covers requests that arrive before
that; one that the network delivers later adds itself to the count, and nothing else.

Limiters that count from the time of sending cannot guarantee this: latency can squeeze two bursts together.

Bulk work has a lane of its own. It never uses more than `limit - reserve` of the slots, in flight or on their way back,
so that other callers find `reserve` of them in every window; and it is paced, one request in `pace` seconds. Both only
ever delay a request, so the guarantee holds; and by the same reasoning never more than `limit - reserve` requests of
bulk work arrive in any `per` seconds.

Every store follows the same rule: `stores/slot_table.py` and `stores/redis.lua` apply it to many processes.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import RateLimit


class Window:
    """The slots of one account. All times are in seconds of one clock."""

    def __init__(self, rate: RateLimit) -> None:
        self.rate = rate
        self.frozen_until: float = -math.inf
        self._paced = rate.paced
        self._pace = rate.pace
        self._paced_from = -math.inf
        # When each idle slot is free, in order.
        self._free_at: deque[float] = deque([-math.inf] * rate.limit)
        self._bulk_slots = rate.bulk_slots
        self._bulk_in_flight = 0
        # Until when each slot that bulk work released counts as used by it, in order.
        self._bulk_until: deque[float] = deque()

    @property
    def in_flight(self) -> int:
        """The number of slots that are not idle."""
        return self.rate.limit - len(self._free_at)

    def free_from(self, *, bulk: bool = False) -> float:
        """When the next slot is free; infinity if that depends on a response."""
        at = max(self._free_at[0], self.frozen_until) if self._free_at else math.inf
        return max(at, self._lane_from(bulk)) if bulk or self._paced else at

    def _lane_from(self, bulk: bool) -> float:  # noqa: FBT001  # the index of a lane
        """When the pace and the reserve admit the next request of this lane."""
        if not bulk or self._bulk_in_flight + len(self._bulk_until) < self._bulk_slots:
            return self._paced_from
        return max(self._paced_from, self._bulk_until[0]) if self._bulk_until else math.inf

    def earliest(self, position: int, now: float, *, bulk: bool = False) -> float:
        """A lower bound of when the caller at this position of the queue (0 is the head) gets a slot."""
        rounds, position_in_round = divmod(position, self.rate.limit)
        idle = position_in_round < len(self._free_at)
        at = self._free_at[position_in_round] if idle else now + self.rate.per
        at = max(at, now, self.frozen_until) + rounds * self.rate.per
        return max(at, self._paced_from + position * self._pace) if bulk or self._paced else at

    def acquire(self, now: float, *, bulk: bool = False) -> float | None:
        """Acquire a slot. Returns since when it was free, for `cancel`; None if no slot is free."""
        free_at = self._free_at
        if not free_at or free_at[0] > now or self.frozen_until > now:
            return None
        if (bulk or self._paced) and not self._enter_lane(now, bulk):
            return None
        return free_at.popleft()

    def _enter_lane(self, now: float, bulk: bool) -> bool:  # noqa: FBT001  # the index of a lane
        if self._lane_from(bulk) > now:
            return False
        self._paced_from = now + self._pace
        if bulk:
            self._bulk_in_flight += 1
            while self._bulk_until and self._bulk_until[0] <= now:
                self._bulk_until.popleft()
        return True

    def release(self, now: float, *, bulk: bool = False) -> None:
        """Release a slot: its response has arrived `now`, or it was abandoned and may arrive until then."""
        at = now + self.rate.per
        _insert(self._free_at, at)
        if bulk:
            self._bulk_in_flight -= 1
            _insert(self._bulk_until, at)

    def cancel(self, free_since: float, *, bulk: bool = False) -> None:
        """Undo `acquire` for a slot with which no request was sent."""
        self._bulk_in_flight -= bulk
        _insert(self._free_at, free_since)

    def release_lost(self, now: float, held: int, held_by_bulk: int = 0) -> None:
        """Release all slots but those that callers hold: a signal handler or a fork interrupted a caller."""
        for _ in range(self.in_flight - held):
            self.release(now, bulk=self._bulk_in_flight > held_by_bulk)
        self._bulk_in_flight = held_by_bulk

    def is_contested(self, now: float) -> bool:
        """Whether a caller that acquires a slot now delays another one that could acquire one now."""
        return self._paced or len(self._free_at) <= 1 or self._free_at[1] > now

    def freeze(self, until: float) -> None:
        """Admit no request before this time: the server responded with 429."""
        self.frozen_until = max(self.frozen_until, until)

    def free(self, now: float) -> int:
        """The number of slots that are free now."""
        return 0 if self.frozen_until > now else sum(at <= now for at in self._free_at)


def _insert(times: deque[float], at: float) -> None:
    """Insert a time in order: at the end, except for a slot that was not used or after the clock went back."""
    if times and at < times[-1]:
        insort(times, at)
    else:
        times.append(at)
