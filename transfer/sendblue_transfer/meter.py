"""Tells whoever wants to hear it how far an import is: ten times a second, and the rate of the last ten seconds.

A resumed import begins with look-ups, which are slow: a rate since the beginning would promise hours for minutes.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .fates import CREATED, DUPLICATE, REJECTED, UPDATED
from .reports import ImportProgress

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    Told = Callable[[ImportProgress], object] | None

EVERY, WINDOW = 0.1, 10.0
"""Seconds between two snapshots, and those that the rate is of."""


class Meter:
    """Makes snapshots.

    Args:
        told: Who wants to hear; None for nobody.
        clock: Tells the time in seconds, and never goes back.
    """

    def __init__(self, told: Told, clock: Callable[[], float]) -> None:
        self._told = told
        self._clock = clock
        self._started = clock()
        self._samples = deque([(self._started, 0)])
        self._next = self._started

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._started

    def read(self, rows: int, *, now: bool = False) -> None:
        """So many rows were read. Said when it is time again, or now."""
        if self._told and (now or self._is_time()):
            self._told(ImportProgress("reading", rows, None, rate=self._rate(rows)))

    def start_sending(self, total: int, counts: Counter[str]) -> None:
        """From now on rows are sent, and so many have their fate already."""
        self._samples = deque([(self._clock(), counts.total())])
        self.sent(total, counts, now=True)

    def sent(self, total: int, counts: Counter[str], *, now: bool = False) -> None:
        """So many rows have their fate. Said when it is time again, or now."""
        if not self._told or not (now or self._is_time()):
            return
        done = counts.total()
        rate = self._rate(done)
        self._told(
            ImportProgress(
                phase="sending",
                done=done,
                total=total,
                created=counts[CREATED],
                updated=counts[UPDATED],
                rejected=counts[REJECTED],
                duplicates=counts[DUPLICATE],
                rate=rate,
                eta=(total - done) / rate if rate else None,
            )
        )

    def _is_time(self) -> bool:
        return self._clock() >= self._next

    def _rate(self, done: int) -> float:
        now = self._clock()
        self._next = now + EVERY
        while len(self._samples) > 1 and self._samples[1][0] <= now - WINDOW:
            self._samples.popleft()
        self._samples.append((now, done))
        then, before = self._samples[0]
        return (done - before) / (now - then) if now > then else 0.0
