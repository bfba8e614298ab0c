"""Compares our limiter with others in one run: arrivals at the server, and costs."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import limiters
import slot_costs
import waiting_costs
from markdown_tables import show
from server_models import BY_NAME
from simulation import LIMIT, NETWORKS, PER, simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation import SimulationResult

ROUNDS, STORE_ROUNDS = 200, 20
SEED = 1
# Microseconds to acquire and release a slot, in a thread and in a task.
TARGETS = {limiters.OURS: (1.5, 3.0), limiters.FILE: (600.0, 600.0)}
ARRIVALS = f"""\
Each cell: maximum arrivals in any window of {PER:g} s · 429 responses · share of the ideal rate; one run against an
exact log of {LIMIT}, over the networks of the table above."""
COSTS = f"""\
Acquiring and releasing a free slot: the best of {ROUNDS} rounds of {LIMIT} pairs, of {STORE_ROUNDS} rounds for stores.
Pacing costs the same. Redis runs on this machine. Waiting: milliseconds of CPU while {waiting_costs.WAITERS} callers
wait for {waiting_costs.SECONDS:g} s. Python {sys.version.split()[0]}."""


def simulated(name: str, network: str, redis: str) -> SimulationResult:
    """Simulate one limiter against an exact log."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        make = limiters.factories(Path(folder), redis)[name]

        def made(clock: Callable[[], float]) -> Any:  # noqa: ANN401 - any of the limiters
            stack.enter_context(patch("time.time", clock))  # the library limits has no clock parameter
            return make(clock)

        return simulate(made, "log", BY_NAME[network], SEED)


def arrivals(names: list[str], redis: str) -> dict[tuple[str, str], SimulationResult]:
    """Simulate every limiter over every network."""
    cases = [(name, network.name) for name in names for network in NETWORKS]
    with ProcessPoolExecutor() as pool:
        futures = {case: pool.submit(simulated, *case, redis) for case in cases}
        return {case: future.result() for case, future in futures.items()}


def cost(makers: dict[str, Callable[[], Any]], rounds: int) -> dict[str, tuple[float | None, float]]:
    """Return the microseconds per slot, in a thread and in a task."""
    sync = slot_costs.sync_costs(makers, rounds)
    tasks = asyncio.run(slot_costs.async_costs(makers, rounds))
    return {name: (sync[name], tasks[name]) for name in makers}


def show_arrivals(names: list[str], runs: dict[tuple[str, str], SimulationResult], path: Path) -> None:
    """Print the table of arrivals, and append it to a file."""
    rows = [[name, *map(_cell, (runs[name, network.name] for network in NETWORKS))] for name in names]
    head = ["limiter", *(network.name for network in NETWORKS)]
    show("This client compared with other limiters", head, rows, ARRIVALS, also=path)


def _cell(run: SimulationResult) -> str:
    return f"{run.worst} · {run.refusals} · {run.share:.1%}"


def show_costs(measured: dict[str, tuple[float | None, float]], waits: dict[str, list[str]]) -> None:
    """Print the table of costs."""
    rows = [
        [
            name,
            *(waiting_costs.NONE if each is None else f"{each:.2f}" for each in pair),
            _verdict(name, pair),
            *waits[name],
        ]
        for name, pair in measured.items()
    ]
    head = ["limiter", "thread, µs", "task, µs", "target, µs", "threads waiting, ms", "tasks waiting, ms"]
    show("Cost of a limiter", head, rows, COSTS)


def _verdict(name: str, pair: tuple[float | None, float]) -> str:
    if name not in TARGETS:
        return ""
    missed = any(each is None or each > target for each, target in zip(pair, TARGETS[name], strict=True))
    return " / ".join(f"{target:g}" for target in TARGETS[name]) + (" MISSED" if missed else "")


def main(redis: str, table: str) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        makers = limiters.factories(Path(folder), redis)
        names = list(makers)
        runs = arrivals(names, redis)
        show_arrivals(names, runs, Path(table))
        alone = {name: makers[name] for name in names if name not in {limiters.PACED, *limiters.STORES}}
        shared = {name: makers[name] for name in limiters.STORES}
        measured = cost(alone, ROUNDS) | cost(shared, STORE_ROUNDS)
    show_costs(
        {name: measured[name] for name in names if name in measured}, waiting_costs.measure(list(measured), redis)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
