"""The cost of a limiter: acquiring and releasing a free slot.

The limiters alternate, each with a new instance in every round, and the best of many rounds of 100 pairs counts. 100 is
the limit, so no call waits.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from simulation import LIMIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol

    class MeasuredLimiter(Protocol):
        """A limiter with the calls that are measured."""

        pair: Callable[[], object] | None
        async_pair: Callable[[], Awaitable[object]]

        def close(self) -> None:
            """Stop background threads."""
            ...


MICRO = 1e6


def sync_costs(makers: dict[str, Callable[[], MeasuredLimiter]], rounds: int) -> dict[str, float | None]:
    """Return the microseconds per pair in a thread, by limiter; None if a limiter has no synchronous call."""
    times: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(rounds):
        for name, make in makers.items():
            limiter = make()
            if limiter.pair:
                times[name].append(_timed(limiter.pair))
            limiter.close()
    return {name: min(measured, default=None) for name, measured in times.items()}


def _timed(pair: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(LIMIT):
        pair()
    return (time.perf_counter() - started) / LIMIT * MICRO


async def async_costs(makers: dict[str, Callable[[], MeasuredLimiter]], rounds: int) -> dict[str, float]:
    """Return the microseconds per pair in a task, by limiter."""
    best = dict.fromkeys(makers, float("inf"))
    for _ in range(rounds):
        for name, make in makers.items():
            limiter = make()
            best[name] = min(best[name], await _async_timed(limiter.async_pair))
            limiter.close()
    return best


async def _async_timed(pair: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    for _ in range(LIMIT):
        await pair()
    return (time.perf_counter() - started) / LIMIT * MICRO
