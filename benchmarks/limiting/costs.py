"""What a limiter costs: a slot that is free, taken and given back.

Contenders take turns, each with a new limiter in every round, and the best of many rounds of 100 pairs counts: 100 is
the limit, so no call waits.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from simulation import LIMIT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol

    class Contender(Protocol):
        """A limiter with what is measured of it."""

        pair: Callable[[], object] | None
        async_pair: Callable[[], Awaitable[object]]

        def close(self) -> None:
            """End what runs in the background."""
            ...


MICRO = 1e6


def sync_costs(makers: dict[str, Callable[[], Contender]], rounds: int) -> dict[str, float | None]:
    """Microseconds of a pair in a thread, by contender; None for one that has no such way."""
    times: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(rounds):
        for name, make in makers.items():
            contender = make()
            if contender.pair:
                times[name].append(_timed(contender.pair))
            contender.close()
    return {name: min(measured, default=None) for name, measured in times.items()}


def _timed(pair: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(LIMIT):
        pair()
    return (time.perf_counter() - started) / LIMIT * MICRO


async def async_costs(makers: dict[str, Callable[[], Contender]], rounds: int) -> dict[str, float]:
    """Microseconds of a pair in a task, by contender."""
    best = dict.fromkeys(makers, float("inf"))
    for _ in range(rounds):
        for name, make in makers.items():
            contender = make()
            best[name] = min(best[name], await _async_timed(contender.async_pair))
            contender.close()
    return best


async def _async_timed(pair: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    for _ in range(LIMIT):
        await pair()
    return (time.perf_counter() - started) / LIMIT * MICRO
