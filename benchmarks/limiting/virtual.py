"""Virtual time: an event loop whose clock jumps to the next timer, so that hours pass in seconds.

Whatever waits by the loop's clock runs as it is, without a change. Each turn of the loop takes a moment, as on a real
machine; without it, a timer that is early by the last bit of a float would go off for ever at the same time.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_T = TypeVar("_T")
_MOMENT = 1e-7


class _Selector(selectors.DefaultSelector):
    """Instead of waiting it moves the time."""

    now: float

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass, and return at once."""
        if timeout is None:
            raise RuntimeError("Everybody waits, and no timer will wake anybody.")
        self.now += max(0.0, timeout) + _MOMENT
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop in virtual time.

    Args:
        now: When it begins, in seconds.
    """

    def __init__(self, now: float) -> None:
        self._time = _Selector()
        self._time.now = now
        super().__init__(self._time)

    def time(self) -> float:
        """The time in seconds."""
        return self._time.now


def run(main: Callable[[], Coroutine[object, object, _T]], now: float = 1_000.0) -> _T:
    """Run a program in virtual time that begins at `now`."""
    with asyncio.Runner(loop_factory=lambda: Loop(now)) as runner:
        return runner.run(main())
