"""The clock of a sandbox: real time, or a virtual time that stands still until it is moved.

The rate limit and the timestamps use this clock. The delay of a fault does not: it passes in real time.
"""

from __future__ import annotations

import math
import time
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# The last second of the year 9999, which is the last that a datetime can represent.
LATEST = 253_402_300_799.0


class Clock:
    """A clock that returns seconds since 1970.

    Args:
        source: Returns the real time in seconds since 1970. The clock follows it until `set` or `advance` is called.
        on_jump: Called after `set` and `real`. Times recorded before the jump are no longer comparable.
    """

    def __init__(self, source: Callable[[], float] = time.time, on_jump: Callable[[], None] = lambda: None) -> None:
        self._source = source
        self._on_jump = on_jump
        self._virtual: float | None = None

    def __call__(self) -> float:
        """Return the current time in seconds since 1970."""
        return self._source() if self._virtual is None else self._virtual

    @property
    def virtual(self) -> bool:
        """Whether the time is virtual and stands still."""
        return self._virtual is not None

    def set(self, at: float | datetime) -> None:
        """Set the time. It stands still until it is moved, and the rate limit starts with an empty window.

        Args:
            at: Seconds since 1970, or a datetime with a time zone.

        Raises:
            ValueError: `at` is neither of these, or is outside the years 1970 to 9999.
        """
        self._virtual = _timestamp(at)
        self._on_jump()

    def advance(self, seconds: float) -> None:
        """Move the time forward. A clock that follows real time stands still afterwards.

        Args:
            seconds: The number of seconds, 0 or more.

        Raises:
            ValueError: `seconds` is negative or not a number, or the result is after the year 9999.
        """
        if not _is_number(seconds) or not 0 <= seconds <= LATEST - self():
            raise ValueError(f"advance: {seconds!r} is not a valid duration. Use a number of seconds, 0 or more.")
        self._virtual = self() + seconds

    def real(self) -> None:
        """Follow real time again. The rate limit starts with an empty window."""
        self._virtual = None
        self._on_jump()

    def __repr__(self) -> str:
        """Return the time and whether it is virtual."""
        return f"<Clock {self()!r}, {'virtual' if self.virtual else 'real'}>"


def _timestamp(at: float | datetime) -> float:
    seconds = _from_datetime(at) if isinstance(at, datetime) else at
    if not _is_number(seconds) or not 0 <= seconds <= LATEST:
        raise ValueError(f"set: {at!r} is not a valid time. Use seconds since 1970, or a datetime with a time zone.")
    return float(seconds)


def _from_datetime(at: datetime) -> float:
    return at.timestamp() if at.tzinfo else math.nan


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
