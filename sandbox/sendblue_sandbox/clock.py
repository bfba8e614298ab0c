"""The clock of a sandbox: the real time, or a virtual one that stands still until it is moved.

The limit and the timestamps follow it; a fault's delay does not, that is time that somebody really waits.
"""

from __future__ import annotations

import math
import time
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# The last second of the year 9999: the last that a datetime can say.
LAST = 253_402_300_799.0


class Clock:
    """The time in seconds since 1970.

    Args:
        real: What it follows as long as nobody set it.
        jumped: Called when it was set or given back to the real time: what was before is no longer "ten seconds ago".
    """

    def __init__(self, real: Callable[[], float] = time.time, jumped: Callable[[], None] = lambda: None) -> None:
        self._real = real
        self._jumped = jumped
        self._set: float | None = None

    def __call__(self) -> float:
        """The time now, in seconds since 1970."""
        return self._real() if self._set is None else self._set

    @property
    def virtual(self) -> bool:
        """Whether it was set and stands still."""
        return self._set is not None

    def set(self, at: float | datetime) -> None:
        """Set the time; from here on it stands still until it is moved, and the limit starts anew.

        Args:
            at: Seconds since 1970, or a datetime with a time zone.

        Raises:
            ValueError: It is neither, or not from 1970 to 9999.
        """
        self._set = _seconds(at)
        self._jumped()

    def advance(self, seconds: float) -> None:
        """Move the time on; a clock that follows the real time stands still from here on.

        Args:
            seconds: By how much, 0 or more.

        Raises:
            ValueError: It is no such number, or leads past the year 9999.
        """
        if not _number(seconds) or not 0 <= seconds <= LAST - self():
            raise ValueError(f"advance: {seconds!r} is not a time to move on by: give seconds, 0 or more.")
        self._set = self() + seconds

    def real(self) -> None:
        """Follow the real time again; the limit starts anew."""
        self._set = None
        self._jumped()

    def __repr__(self) -> str:
        """The time, and whose it is."""
        return f"<Clock {self()!r}, {'virtual' if self.virtual else 'real'}>"


def _seconds(at: float | datetime) -> float:
    seconds = _timestamp(at) if isinstance(at, datetime) else at
    if not _number(seconds) or not 0 <= seconds <= LAST:
        raise ValueError(f"set: {at!r} is not a time: give seconds since 1970, or a datetime with a time zone.")
    return float(seconds)


def _timestamp(at: datetime) -> float:
    return at.timestamp() if at.tzinfo else math.nan


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
