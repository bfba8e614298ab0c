"""Simulates callers behind a limiter, a network, and a server that enforces a limit, in virtual time.

Many callers want to send at all times, so that only the limiter determines the rate. A request that is refused, lost or
reset is sent again with a slot of its own. The server uses the window models of the sandbox.
"""

from __future__ import annotations

import asyncio
import math
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import virtual_time
from sendblue_sandbox.rate_limit.window_models import WINDOW_MODELS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from sendblue_sandbox.rate_limit.window_models import WindowName

LIMIT, PER = 100, 10.0
CALLERS = 200
TIMEOUT = 30.0
ARRIVED, LOST, RESPONSE_LOST, RESET = "arrived", "lost", "response lost", "reset"
# The rate is measured between these two responses, which is a period of whole bursts.
WARM_UP, RESPONSES = 3 * LIMIT, 15 * LIMIT
EVERY = 17.0
TOLERANCE = 1e-9


class Limiter(Protocol):
    """The methods of a limiter that a caller uses."""

    def slot(self) -> AbstractAsyncContextManager[object]:
        """Return a slot for one request."""
        ...

    async def refused(self, seconds: float) -> None:
        """Handle a 429 response that requires a wait of so many seconds."""
        ...


@dataclass(frozen=True)
class Network:
    """The latency and the losses of a network.

    Args:
        name: The name in the tables.
        seconds: Draws the round-trip time in seconds.
        lost: The share of requests that get no response, half of which arrive; the same share is reset.
        stall: The seconds of each period EVERY in which nothing arrives; requests arrive after the stall.
    """

    name: str
    seconds: Callable[[random.Random], float]
    lost: float = 0.0
    stall: float = 0.0

    def transit(self, rng: random.Random, now: float) -> tuple[float, float, str]:
        """Return the seconds to the server, the seconds back, and the outcome."""
        both = self.seconds(rng)
        there = both * rng.uniform(0.2, 0.8)
        outcomes = (LOST, RESPONSE_LOST, RESET, ARRIVED)
        weights = (self.lost / 2, self.lost / 2, self.lost, 1 - 2 * self.lost)
        return there + max(0.0, self.stall - now % EVERY), both - there, rng.choices(outcomes, weights)[0]


def _fast(rng: random.Random) -> float:
    return rng.uniform(0.0005, 0.0015)


def _slow(rng: random.Random) -> float:
    return min(0.8, max(0.05, rng.lognormvariate(math.log(0.2), 0.6)))


FAST = Network("fast", _fast)
SLOW = Network("slow", _slow)
LOSSY = Network("lossy", _slow, lost=0.01)
STALLING = Network("stalling", _slow, stall=2.0)
NETWORKS = (FAST, SLOW, LOSSY, STALLING)


@dataclass
class SimulationResult:
    """The results of a simulation, as the server observed them.

    Attributes:
        arrivals: The arrival time of each request, refused ones included.
        refusals: The number of 429 responses.
        answered: The time at which each successful response reached its caller.
    """

    arrivals: list[float] = field(default_factory=list)
    refusals: int = 0
    answered: list[float] = field(default_factory=list)

    @property
    def worst(self) -> int:
        """The maximum number of arrivals in any window."""
        return max(self.in_windows())

    def in_windows(self, per: float = PER) -> list[int]:
        """Return the number of arrivals in the window that ends at each arrival; the window excludes its start."""
        times = sorted(self.arrivals)
        return [index + 1 - bisect_right(times, at - per + TOLERANCE) for index, at in enumerate(times)]

    @property
    def share(self) -> float:
        """The long-term rate of successful responses, as a share of the ideal rate."""
        return (RESPONSES - WARM_UP) * PER / LIMIT / (self.answered[RESPONSES] - self.answered[WARM_UP])


class _Simulation:
    def __init__(self, limiter: Limiter, model: WindowName, network: Network, seed: int) -> None:
        self._limiter = limiter
        self._window = WINDOW_MODELS[model](LIMIT, PER)
        self._network = network
        self._random = random.Random(seed)  # noqa: S311 - reproducible
        self._enough = asyncio.Event()
        self.run = SimulationResult()

    async def complete(self) -> None:
        """Let all callers send until there are enough responses."""
        callers = [asyncio.ensure_future(self._call()) for _ in range(CALLERS)]
        await self._enough.wait()
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)

    async def _call(self) -> None:
        while not self._enough.is_set():
            async with self._limiter.slot():
                await self._send()

    async def _send(self) -> None:
        there, back, outcome = self._network.transit(self._random, _now())
        await asyncio.sleep(there)
        arrived = outcome in {ARRIVED, RESPONSE_LOST} or (outcome == RESET and self._random.random() < 1 / 2)
        wait = self._arrive() if arrived else None
        await asyncio.sleep(TIMEOUT - there if outcome in {LOST, RESPONSE_LOST} else back)
        if outcome != ARRIVED:
            return
        if wait is not None:
            await self._limiter.refused(math.ceil(wait))  # the header has whole seconds
            return
        self.run.answered.append(_now())
        if len(self.run.answered) > RESPONSES:
            self._enough.set()

    def _arrive(self) -> float | None:
        self.run.arrivals.append(_now())
        wait = self._window.arrive(_now())
        self.run.refusals += wait is not None
        return wait


def _now() -> float:
    return asyncio.get_running_loop().time()


def simulate(
    limiter: Callable[[Callable[[], float]], Limiter], model: WindowName, network: Network, seed: int = 0
) -> SimulationResult:
    """Simulate callers behind a limiter against a server.

    Args:
        limiter: Creates the limiter for a clock.
        model: How the server counts requests.
        network: The network between the callers and the server.
        seed: Distinguishes runs with the same arguments; it also shifts the start within the windows of the server.
    """

    async def main() -> SimulationResult:
        simulation = _Simulation(limiter(asyncio.get_running_loop().time), model, network, seed)
        await simulation.complete()
        return simulation.run

    return virtual_time.run(main, now=1_000.0 + 3.7 * seed)
