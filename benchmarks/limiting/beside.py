"""Our limiter beside others, in one run: what arrives at the server, what it costs, and the picture of it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import contenders
import costs
import picture
import waiting
from models import BY_NAME
from simulation import EVERY, LIMIT, NETWORKS, PER, STALLING, simulate
from tables import show

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation import Run

ROUNDS, STORE_ROUNDS = 200, 20
SEED = 1
# Microseconds of a pair in a thread and in a task.
TARGETS = {contenders.OURS: (1.5, 3.0), contenders.FILE: (15.0, 15.0)}
ARRIVALS = f"""\
Each cell: most arrivals in any window of {PER:g} s · answers with 429 · share of the ideal rate; one run before an
exact log of {LIMIT}, over the networks of the table above."""
COSTS = f"""\
A free slot taken and given back: the best of {ROUNDS} rounds of {LIMIT} pairs, of {STORE_ROUNDS} for the stores. Pacing
costs the same. Redis is on this machine. Waiting: the processor's milliseconds while {waiting.WAITERS} callers wait for
{waiting.SECONDS:g} s. Python {sys.version.split()[0]}."""


def simulated(name: str, network: str, redis: str) -> Run:
    """Run one of them against an exact log."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        make = contenders.everybody(Path(folder), redis)[name]

        def made(clock: Callable[[], float]) -> Any:  # noqa: ANN401 - one of many
            stack.enter_context(patch("time.time", clock))  # limits has no other way to be told the time
            return make(clock)

        return simulate(made, "log", BY_NAME[network], SEED)


def arrivals(names: list[str], redis: str) -> dict[tuple[str, str], Run]:
    """Run everybody over every network."""
    cases = [(name, network.name) for name in names for network in NETWORKS]
    with ProcessPoolExecutor() as pool:
        jobs = {case: pool.submit(simulated, *case, redis) for case in cases}
        return {case: job.result() for case, job in jobs.items()}


def cost(makers: dict[str, Callable[[], Any]], rounds: int) -> dict[str, tuple[float | None, float]]:
    """Microseconds of a pair, in a thread and in a task."""
    sync = costs.sync_costs(makers, rounds)
    tasks = asyncio.run(costs.async_costs(makers, rounds))
    return {name: (sync[name], tasks[name]) for name in makers}


def show_arrivals(names: list[str], runs: dict[tuple[str, str], Run], path: Path) -> None:
    """Print the table of arrivals, and add it to a file."""
    rows = [[name, *map(_cell, (runs[name, network.name] for network in NETWORKS))] for name in names]
    head = ["limiter", *(network.name for network in NETWORKS)]
    show("This client beside other limiters", head, rows, ARRIVALS, also=path)


def _cell(run: Run) -> str:
    return f"{run.worst} · {run.refusals} · {run.share:.1%}"


def show_costs(measured: dict[str, tuple[float | None, float]], waits: dict[str, list[str]]) -> None:
    """Print the table of costs."""
    rows = [
        [name, *(waiting.NONE if each is None else f"{each:.2f}" for each in pair), _verdict(name, pair), *waits[name]]
        for name, pair in measured.items()
    ]
    head = ["limiter", "thread, µs", "task, µs", "target, µs", "threads waiting, ms", "tasks waiting, ms"]
    show("What a limiter costs", head, rows, COSTS)


def _verdict(name: str, pair: tuple[float | None, float]) -> str:
    if name not in TARGETS:
        return ""
    missed = any(each is None or each > target for each, target in zip(pair, TARGETS[name], strict=True))
    return " / ".join(f"{target:g}" for target in TARGETS[name]) + (" MISSED" if missed else "")


def main(redis: str, table: str, drawing: str) -> None:
    """Print the tables and draw the picture."""
    with tempfile.TemporaryDirectory() as folder:
        everybody = contenders.everybody(Path(folder), redis)
        names = list(everybody)
        runs = arrivals(names, redis)
        show_arrivals(names, runs, Path(table))
        alone = {name: everybody[name] for name in names if name not in {contenders.PACED, *contenders.STORES}}
        shared = {name: everybody[name] for name in contenders.STORES}
        measured = cost(alone, ROUNDS) | cost(shared, STORE_ROUNDS)
    show_costs({name: measured[name] for name in names if name in measured}, waiting.measure(list(measured), redis))
    drawn = {name: runs[name, STALLING.name] for name in names if name not in contenders.STORES}
    picture.draw(drawn, f"a slow network that stands still for {STALLING.stall:g} s of every {EVERY:g}", Path(drawing))


if __name__ == "__main__":
    main(*sys.argv[1:])
