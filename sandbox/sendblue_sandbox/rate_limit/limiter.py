"""The rate limit: a window for each API key, the busiest window so far, and the last minute. Reads no clock."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from .time_buckets import TimeBuckets
from .window_models import WINDOW_MODELS, LogWindow

if TYPE_CHECKING:
    from .window_models import WindowModel, WindowName

MAX_KEYS = 1_000
HISTORY_SECONDS = 60


@dataclass(slots=True)
class _KeyState:
    window: WindowModel
    admitted: TimeBuckets
    arrivals: deque[float] = field(default_factory=deque[float])


class Limiter:
    """Decides which requests are admitted.

    Args:
        limit: The maximum number of requests in one window; None for no limit.
        per: The length of the window in seconds.
        window: How requests are counted.
    """

    def __init__(self, limit: int | None, per: float, window: WindowName = "log") -> None:
        self.limit: int | None = limit
        self.per: float = per
        self.window: WindowName = window
        self._initial: tuple[int | None, float, WindowName] = (limit, per, window)
        self._lock = Lock()
        self._keys: dict[str, _KeyState] = {}
        self.max_arrivals: int = 0

    def arrive(self, key: str, now: float) -> float | None:
        """Count a request and decide whether it is admitted.

        Args:
            key: The API key.
            now: When the request arrived, in seconds.

        Returns:
            None if the request is admitted, else the seconds until one would be.
        """
        with self._lock:
            state = self._key_state(key, now)
            state.arrivals.append(now)
            self.max_arrivals = max(self.max_arrivals, len(state.arrivals))
            wait = state.window.arrive(now)
            if wait is None:
                state.admitted.add(now)
            return wait

    def used(self, now: float) -> int:
        """Return the number of used slots of the key with the most requests in the last minute."""
        with self._lock:
            busiest = self._busiest(now)
            return busiest.window.used(now) if busiest else 0

    def history(self, now: float) -> list[int]:
        """Return the admitted requests of that key in the window before each second of the last minute.

        Returns:
            60 numbers, oldest first; the last is that of `now`.
        """
        with self._lock:
            busiest = self._busiest(now)
            times = [now - seconds for seconds in reversed(range(HISTORY_SECONDS))]
            return busiest.admitted.within(times, self.per) if busiest else [0] * HISTORY_SECONDS

    def change(self, limit: int | None, per: float, window: WindowName) -> None:
        """Change the limit. Every window is empty afterwards."""
        with self._lock:
            self.limit, self.per, self.window = limit, per, window
            self._keys.clear()

    def clear_windows(self) -> None:
        """Empty every window, and keep `max_arrivals`."""
        with self._lock:
            self._keys.clear()

    def reset(self) -> None:
        """Restore the first limit, empty every window and set `max_arrivals` to 0."""
        self.change(*self._initial)
        self.max_arrivals = 0

    def _busiest(self, now: float) -> _KeyState | None:
        start = now - HISTORY_SECONDS
        return max(self._keys.values(), key=lambda state: state.admitted.since(start), default=None)

    def _key_state(self, key: str, now: float) -> _KeyState:
        if key not in self._keys:
            self._keys[key] = self._new_key_state(now)
        state = self._keys[key]
        self._prune(state, now)
        return state

    def _new_key_state(self, now: float) -> _KeyState:
        if len(self._keys) >= MAX_KEYS:
            self._drop_idle(now)
        if self.limit is None:
            window: WindowModel = LogWindow(math.inf, self.per)
        else:
            window = WINDOW_MODELS[self.window](self.limit, self.per)
        return _KeyState(window, TimeBuckets(HISTORY_SECONDS + self.per, self.per))

    def _drop_idle(self, now: float) -> None:
        for state in self._keys.values():
            self._prune(state, now)
        self._keys = {key: state for key, state in self._keys.items() if state.arrivals or state.window.used(now)}

    def _prune(self, state: _KeyState, now: float) -> None:
        while state.arrivals and state.arrivals[0] + self.per <= now:
            state.arrivals.popleft()
