"""Virtual time: an event loop whose clock jumps to the next timer, so that hours pass in seconds.

Code that waits by the clock of the loop runs unchanged. Each iteration of the loop takes a short time, as on a real
machine; otherwise a timer that is early by the last bit of a float would fire forever at the same time.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_T = TypeVar("_T")
_ITERATION = 1e-7


class _Selector(selectors.DefaultSelector):
    """Advances the time instead of waiting."""

    now: float

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Advance the time by `timeout`, and return immediately."""
        if timeout is None:
            raise RuntimeError("Deadlock: all tasks are waiting, and no timer is set.")
        self.now += max(0.0, timeout) + _ITERATION
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop in virtual time.

    Args:
        now: The start time in seconds.
    """

    def __init__(self, now: float) -> None:
        self._time = _Selector()
        self._time.now = now
        super().__init__(self._time)

    def time(self) -> float:
        """Return the time in seconds."""
        return self._time.now


def run(main: Callable[[], Coroutine[object, object, _T]], now: float = 1_000.0) -> _T:
    """Run a coroutine in virtual time that starts at `now`."""
    with asyncio.Runner(loop_factory=lambda: Loop(now)) as runner:
        return runner.run(main())
