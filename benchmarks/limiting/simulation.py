"""Simulation: callers behind a limiter, a network, and a server that counts, in virtual time.

Many callers want to send at all times, so that the limiter alone decides how much arrives. A request that is refused,
lost or reset is sent again, in a slot of its own. The server's windows are those of the sandbox.
"""

from __future__ import annotations

import asyncio
import math
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import virtual
from sendblue_sandbox.rate_limit.window_models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from sendblue_sandbox.rate_limit.window_models import Model

LIMIT, PER = 100, 10.0
CALLERS = 200
TIMEOUT = 30.0
ARRIVED, LOST, ANSWER_LOST, RESET = "arrived", "lost", "answer lost", "reset"
# The rate is measured from one of these answers to the other, which is over whole bursts.
WARM, ANSWERS = 3 * LIMIT, 15 * LIMIT
EVERY = 17.0
HAIR = 1e-9


class Limiter(Protocol):
    """What a caller needs of a limiter."""

    def slot(self) -> AbstractAsyncContextManager[object]:
        """A slot for one request."""
        ...

    async def refused(self, seconds: float) -> None:
        """The server said to come back after so many seconds."""
        ...


@dataclass(frozen=True)
class Network:
    """How long requests and answers are on their way, and which get lost.

    Args:
        name: What a reader calls it.
        seconds: Draws how long both ways take together.
        lost: The share of requests that get no answer, half of which arrived; as many again are reset.
        stall: Seconds for which it stands still in each EVERY; what was sent meanwhile arrives when they are over.
    """

    name: str
    seconds: Callable[[random.Random], float]
    lost: float = 0.0
    stall: float = 0.0

    def journey(self, chance: random.Random, now: float) -> tuple[float, float, str]:
        """Seconds there, seconds back, and what happens on the way."""
        both = self.seconds(chance)
        there = both * chance.uniform(0.2, 0.8)
        fates = (LOST, ANSWER_LOST, RESET, ARRIVED)
        weights = (self.lost / 2, self.lost / 2, self.lost, 1 - 2 * self.lost)
        return there + max(0.0, self.stall - now % EVERY), both - there, chance.choices(fates, weights)[0]


def _fast(chance: random.Random) -> float:
    return chance.uniform(0.0005, 0.0015)


def _slow(chance: random.Random) -> float:
    return min(0.8, max(0.05, chance.lognormvariate(math.log(0.2), 0.6)))


FAST = Network("fast", _fast)
SLOW = Network("slow", _slow)
LOSSY = Network("lossy", _slow, lost=0.01)
STALLING = Network("stalling", _slow, stall=2.0)
NETWORKS = (FAST, SLOW, LOSSY, STALLING)


@dataclass
class Run:
    """What happened, as the server saw it.

    Attributes:
        arrivals: When each request arrived, refused ones too.
        refusals: How many of them were answered with 429.
        answered: When a caller had each answer that he wanted.
    """

    arrivals: list[float] = field(default_factory=list)
    refusals: int = 0
    answered: list[float] = field(default_factory=list)

    @property
    def worst(self) -> int:
        """The most arrivals in any window."""
        return max(self.in_windows())

    def in_windows(self, per: float = PER) -> list[int]:
        """How many arrived in the window that ends with each arrival; two exactly one window apart share none."""
        times = sorted(self.arrivals)
        return [index + 1 - bisect_right(times, at - per + HAIR) for index, at in enumerate(times)]

    @property
    def share(self) -> float:
        """The share of the ideal rate at which answers came in the long run."""
        return (ANSWERS - WARM) * PER / LIMIT / (self.answered[ANSWERS] - self.answered[WARM])


class _World:
    def __init__(self, limiter: Limiter, model: Model, network: Network, seed: int) -> None:
        self._limiter = limiter
        self._window = MODELS[model](LIMIT, PER)
        self._network = network
        self._chance = random.Random(seed)  # noqa: S311 - the same each time
        self._enough = asyncio.Event()
        self.run = Run()

    async def last(self) -> None:
        """Let all callers send until there are answers enough."""
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
        there, back, fate = self._network.journey(self._chance, _now())
        await asyncio.sleep(there)
        came = fate in {ARRIVED, ANSWER_LOST} or (fate == RESET and self._chance.random() < 1 / 2)
        wait = self._arrive() if came else None
        await asyncio.sleep(TIMEOUT - there if fate in {LOST, ANSWER_LOST} else back)
        if fate != ARRIVED:
            return
        if wait is not None:
            await self._limiter.refused(math.ceil(wait))  # a header has whole seconds
            return
        self.run.answered.append(_now())
        if len(self.run.answered) > ANSWERS:
            self._enough.set()

    def _arrive(self) -> float | None:
        self.run.arrivals.append(_now())
        wait = self._window.arrive(_now())
        self.run.refusals += wait is not None
        return wait


def _now() -> float:
    return asyncio.get_running_loop().time()


def simulate(limiter: Callable[[Callable[[], float]], Limiter], model: Model, network: Network, seed: int = 0) -> Run:
    """Run callers behind a limiter against a server.

    Args:
        limiter: Makes the limiter, for a clock.
        model: How the server counts.
        network: What is in between.
        seed: For another run of the same kind; it also moves the beginning within the server's windows.
    """

    async def main() -> Run:
        world = _World(limiter(asyncio.get_running_loop().time), model, network, seed)
        await world.last()
        return world.run

    return virtual.run(main, now=1_000.0 + 3.7 * seed)
