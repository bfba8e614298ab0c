"""The rate limit: an exact log of arrivals for each key. Nothing here waits or reads a clock.

At most `limit` requests of one key are admitted in any `per` seconds. Two arrivals exactly `per` seconds apart are not
in one window. A refused request does not count, unless `count_refused` says so: nobody knows what the live API does.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

MOST_KEYS = 1_000


@dataclass(slots=True)
class _Log:
    arrived: deque[float] = field(default_factory=deque[float])
    counted: deque[float] = field(default_factory=deque[float])


class Limit:
    """Who may pass.

    Args:
        limit: The most requests in one window; None for no limit.
        per: The length of the window in seconds.
        count_refused: Whether a refused request takes a place in the window.
    """

    def __init__(self, limit: int | None, per: float, *, count_refused: bool = False) -> None:
        self._limit = limit
        self._per = per
        self._count_refused = count_refused
        self._logs: dict[str, _Log] = {}
        self.most = 0

    def arrive(self, key: str, now: float) -> int | None:
        """Take note of a request and decide.

        Args:
            key: Whose request it is.
            now: When it arrived, in seconds.

        Returns:
            None if it is admitted, else after how many whole seconds there is a place again.
        """
        log = self._log(key, now)
        log.arrived.append(now)
        self.most = max(self.most, len(log.arrived))
        if self._limit is None or len(log.counted) < self._limit:
            log.counted.append(now)
            return None
        if self._count_refused:
            log.counted.append(now)
        return max(1, math.ceil(log.counted[-self._limit] + self._per - now))

    def reset(self) -> None:
        """Forget every arrival."""
        self._logs.clear()
        self.most = 0

    def _log(self, key: str, now: float) -> _Log:
        if key not in self._logs and len(self._logs) >= MOST_KEYS:
            self._forget_idle(now)
        log = self._logs.setdefault(key, _Log())
        self._prune(log, now)
        return log

    def _forget_idle(self, now: float) -> None:
        for log in self._logs.values():
            self._prune(log, now)
        self._logs = {key: log for key, log in self._logs.items() if log.arrived}

    def _prune(self, log: _Log, now: float) -> None:
        for times in (log.arrived, log.counted):
            while times and times[0] + self._per <= now:
                times.popleft()
