"""The rate limit: a window for each key, the worst window so far, and the last minute. Nothing here reads a clock."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from .time_buckets import Tally
from .window_models import MODELS, Log

if TYPE_CHECKING:
    from .window_models import Model, Window

MOST_KEYS = 1_000
MINUTE = 60


@dataclass(slots=True)
class _Account:
    window: Window
    tally: Tally
    arrived: deque[float] = field(default_factory=deque[float])


class Limit:
    """Who may pass.

    Args:
        limit: The most requests in one window; None for no limit.
        per: The length of the window in seconds.
        model: How they are counted.
    """

    def __init__(self, limit: int | None, per: float, model: Model = "log") -> None:
        self._limit = limit
        self._per = per
        self._model: Model = model
        self._lock = Lock()
        self._accounts: dict[str, _Account] = {}
        self.most = 0

    def arrive(self, key: str, now: float) -> float | None:
        """Take note of a request and decide.

        Args:
            key: Whose request it is.
            now: When it arrived, in seconds.

        Returns:
            None if it is admitted, else after how many seconds there is a place again.
        """
        with self._lock:
            account = self._account(key, now)
            account.arrived.append(now)
            self.most = max(self.most, len(account.arrived))
            wait = account.window.arrive(now)
            if wait is None:
                account.tally.add(now)
            return wait

    def used(self, now: float) -> int:
        """How many places are taken now, of the key with the most requests in the last minute."""
        with self._lock:
            busiest = self._busiest(now)
            return busiest.window.used(now) if busiest else 0

    def history(self, now: float) -> list[int]:
        """How many requests of that key were admitted in the window before each second of the last minute.

        Returns:
            60 numbers, the oldest first; the last is that of `now`.
        """
        with self._lock:
            busiest = self._busiest(now)
            moments = [now - back for back in reversed(range(MINUTE))]
            return busiest.tally.within(moments, self._per) if busiest else [0] * MINUTE

    def open(self) -> None:
        """Empty every window, and remember the worst one."""
        with self._lock:
            self._accounts.clear()

    def reset(self) -> None:
        """Forget every arrival."""
        self.open()
        self.most = 0

    def _busiest(self, now: float) -> _Account | None:
        return max(self._accounts.values(), key=lambda account: account.tally.since(now - MINUTE), default=None)

    def _account(self, key: str, now: float) -> _Account:
        if key not in self._accounts:
            self._accounts[key] = self._opened(now)
        account = self._accounts[key]
        self._prune(account, now)
        return account

    def _opened(self, now: float) -> _Account:
        if len(self._accounts) >= MOST_KEYS:
            self._forget_idle(now)
        window = Log(math.inf, self._per) if self._limit is None else MODELS[self._model](self._limit, self._per)
        return _Account(window, Tally(MINUTE + self._per, self._per))

    def _forget_idle(self, now: float) -> None:
        for account in self._accounts.values():
            self._prune(account, now)
        self._accounts = {key: each for key, each in self._accounts.items() if each.arrived or each.window.used(now)}

    def _prune(self, account: _Account, now: float) -> None:
        while account.arrived and account.arrived[0] + self._per <= now:
            account.arrived.popleft()
