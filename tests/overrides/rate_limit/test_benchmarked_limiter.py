"""The limiter in the simulation of `scripts/bench limiter`: what the table in the docs says of refusals and windows."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOMS = Path(__file__).resolve().parents[3] / "benchmarks/limiting"
LIMIT, BULK = 100, 90
ENOUGH = 450
"""Answers in each run: some windows, in no time."""
WAYS = pytest.mark.parametrize(("way", "most"), [("bursts", LIMIT), ("paced", LIMIT), ("bulk", BULK)])
NETWORKS = pytest.mark.parametrize("network", ["fast", "slow", "lossy", "stalling"])

Simulate = Callable[[str, str, str], Any]


@pytest.fixture(scope="module")
def models() -> Iterator[Any]:
    """The benchmark's module; those it brings are gone afterwards, for their names are short."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOMS))
        for name, value in {"ANSWERS": ENOUGH, "CALLERS": 120}.items():
            patch.setattr(import_module("simulation"), name, value)
        yield import_module("models")
    for name in set(sys.modules) - before:
        if str(ROOMS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture(scope="module")
def run(models: Any) -> Simulate:  # noqa: ANN401  # the modules are found by path
    """A run of the simulation, each only once: a way of sending, the server's count, the network."""
    return cache(lambda way, model, network: models.simulate(models.WAYS[way], model, models.BY_NAME[network], 1))


@NETWORKS
@WAYS
def test_nothing_is_refused(run: Simulate, way: str, most: int, network: str) -> None:
    """The strictest server, which counts whatever arrives, refuses nothing; and bulk work leaves its reserve."""
    done = run(way, "log_all", network)
    assert (done.refusals, done.worst <= most) == (0, True)


@NETWORKS
@pytest.mark.parametrize("way", ["bursts", "paced", "bulk"])
@pytest.mark.parametrize("model", ["log", "fixed", "bucket"])
def test_no_other_count_refuses_it(models: Any, run: Simulate, way: str, model: str, network: str) -> None:  # noqa: ANN401  # by path
    """What the strictest server admits, those that count in windows or by tokens admit too."""
    window = models.MODELS[model](LIMIT, 10.0)
    refused = [at for at in run(way, "log_all", network).arrivals if window.arrive(at) is not None]
    assert refused == []


@pytest.mark.parametrize("network", ["fast", "slow", "lossy"])
@pytest.mark.parametrize("way", ["paced", "bulk"])
def test_an_estimate_refuses_nothing_that_is_paced(run: Simulate, way: str, network: str) -> None:
    """A server that estimates its window refuses no paced work, unless the network squeezes it together."""
    assert run(way, "counters", network).refusals == 0


@NETWORKS
def test_refusals_do_not_break_the_limit(run: Simulate, network: str) -> None:
    """Where bursts are refused by an estimate, no more than the limit arrives all the same."""
    done = run("bursts", "counters", network)
    assert (done.refusals > 0, done.worst <= LIMIT) == (True, True)


class _FromSending:
    """A limiter whose slots come back one window after the sending: what ours must not be."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free_at = [0.0] * LIMIT

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Take the first slot that is free."""
        free_at = self._free_at.pop(0)
        start = max(free_at, self._clock())
        self._free_at.append(start + 10.0)
        await asyncio.sleep(start - self._clock())
        yield

    async def refused(self, seconds: float) -> None:
        """Wait as long as the server said."""
        await asyncio.sleep(seconds)


def test_the_simulation_finds_who_breaks_the_limit(models: Any) -> None:  # noqa: ANN401  # by path
    """A limiter that counts from the sending on is refused, and more than the limit arrives."""
    done = models.simulate(_FromSending, "log", models.BY_NAME["stalling"], 1)
    assert (done.refusals > 0, done.worst > LIMIT) == (True, True)
