"""Real signals whose handler raises an exception, at any moment of `slot()`."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator

import pytest
from sendblue_contacts import RateLimit, RateLimiter

EXCEPTIONS = 5_000


class AlarmError(BaseException):
    """Raised by the handler."""


@pytest.fixture
def alarm() -> Iterator[None]:
    """Let SIGALRM raise an exception."""

    def raise_error(*_: object) -> None:
        raise AlarmError

    before = signal.signal(signal.SIGALRM, raise_error)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("alarm")
def test_no_slot_is_lost() -> None:
    """After 5,000 exceptions all slots are free, no caller is left in the queue, and the next one is served."""
    limiter = RateLimiter(RateLimit(100, 0.02, hold_abandoned=0))
    moments = random.Random(1)  # noqa: S311  # no secret
    raised = 0
    while raised < EXCEPTIONS:
        try:
            signal.setitimer(signal.ITIMER_REAL, moments.uniform(2e-6, 120e-6))
            for _ in range(3):
                with limiter.slot():
                    pass
            signal.setitimer(signal.ITIMER_REAL, 0)
        except AlarmError:
            raised += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    with limiter.slot(max_wait=1):
        pass
    statistics = limiter.statistics()
    assert (statistics.in_flight, statistics.waiting) == (0, 0)
    held = [limiter.slot(max_wait=1).__enter__() for _ in range(100)]
    assert len(held) == 100
