"""The limiter in the simulation of `scripts/bench rate_limiter`: the figures that the documentation shows."""

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

BENCHMARK = Path(__file__).resolve().parents[3] / "benchmarks/rate_limit"
LIMIT, BULK = 100, 90
RESPONSES = 350
"""The responses of each run: several windows, computed quickly."""
MODES = pytest.mark.parametrize(("mode", "most"), [("bursts", LIMIT), ("paced", LIMIT), ("bulk", BULK)])
NETWORKS = pytest.mark.parametrize("network", ["fast", "slow", "lossy", "stalling"])

Simulate = Callable[[str, str, str], Any]


@pytest.fixture(scope="module")
def models() -> Iterator[Any]:
    """Import the module of the benchmark; its modules are removed afterwards, because their names are short."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARK))
        for name, value in {"RESPONSES": RESPONSES, "CALLERS": 120}.items():
            patch.setattr(import_module("simulation"), name, value)
        yield import_module("server_models")
    for name in set(sys.modules) - before:
        if str(BENCHMARK) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture(scope="module")
def run(models: Any) -> Simulate:
    """Return a cached run of the simulation by mode of sending, server model and network."""
    return cache(lambda mode, model, network: models.simulate(models.MODES[mode], model, models.BY_NAME[network], 1))


@NETWORKS
@MODES
def test_nothing_is_refused(models: Any, run: Simulate, mode: str, most: int, network: str) -> None:
    """Neither by the strictest server model, which counts every arrival, nor by others; bulk work keeps its limit."""
    done = run(mode, "log_all", network)
    assert (done.refusals, done.worst <= most) == (0, True)
    for model in ("log", "fixed", "bucket"):
        window = models.WINDOW_MODELS[model](LIMIT, 10.0)
        assert [at for at in done.arrivals if window.arrive(at) is not None] == []


@pytest.mark.parametrize("network", ["fast", "slow", "lossy"])
@pytest.mark.parametrize("mode", ["paced", "bulk"])
def test_counter_estimate_accepts_paced_requests(run: Simulate, mode: str, network: str) -> None:
    """A server that estimates its window accepts all paced requests, unless the network bunches them."""
    assert run(mode, "counters", network).refusals == 0


class _ReleasesAtSendTime:
    """A limiter that reuses a slot one window after the send time, which is incorrect."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free_at = [0.0] * LIMIT

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Acquire the first free slot."""
        free_at = self._free_at.pop(0)
        start = max(free_at, self._clock())
        self._free_at.append(start + 10.0)
        await asyncio.sleep(start - self._clock())
        yield

    async def refused(self, seconds: float) -> None:
        """Wait as long as the server requires."""
        await asyncio.sleep(seconds)


def test_simulation_detects_violations_of_the_limit(models: Any) -> None:
    """With a limiter that counts from the send time, more requests than the limit arrive, and some are refused."""
    done = models.simulate(_ReleasesAtSendTime, "log", models.BY_NAME["stalling"], 1)
    assert (done.refusals > 0, done.worst > LIMIT) == (True, True)
