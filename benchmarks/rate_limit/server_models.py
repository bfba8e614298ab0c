"""Simulates our limiter against five models of a server over four networks, in virtual time, and prints a table."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from markdown_tables import show
from our_limiter import OurLimiter
from sendblue_contacts.rate_limit import RateLimit
from sendblue_sandbox.rate_limit.window_models import WINDOW_MODELS
from simulation import EVERY, NETWORKS, PER, STALLING, TIMEOUT, simulate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_sandbox.rate_limit.window_models import WindowName
    from simulation import Network

MODES: dict[str, Callable[..., OurLimiter]] = {
    "bursts": OurLimiter,
    "paced": partial(OurLimiter, paced=True),
    "bulk": partial(OurLimiter, bulk=True),
}
SERVERS = {
    "log": "exact log",
    "log_all": "log with refusals",
    "fixed": "fixed window",
    "counters": "estimate from two counters",
    "bucket": "token bucket",
}
BY_NAME = {network.name: network for network in NETWORKS}
SEEDS = range(3)
NOTE = f"""\
Each cell: maximum arrivals in any window of {PER:g} s · 429 responses · share of the ideal rate; {len(SEEDS)} runs.

- *fast*: a round trip of 0.5 to 1.5 ms; *slow*: log-normal around 200 ms, between 50 and 800 ms;
- *lossy*: slow; 1 % of the requests get no response within {TIMEOUT:g} s and 1 % are reset, and half of both arrive;
- *stalling*: slow; the network stalls for {STALLING.stall:g} s of every {EVERY:g} s.

Bulk work is paced and leaves {RateLimit().reserve} slots to other requests."""


class Figures(NamedTuple):
    """The results of several runs: the worst window, all refusals, and the average share of the ideal rate."""

    worst: int
    refusals: int
    share: float

    def __str__(self) -> str:
        return f"{self.worst} · {self.refusals} · {self.share:.1%}"


def figures(mode: str, model: str, network: Network, seeds: range = SEEDS) -> Figures:
    """Simulate a mode of sending against a server model, over a network."""
    runs = [simulate(MODES[mode], cast("WindowName", model), network, seed) for seed in seeds]
    share = sum(run.share for run in runs) / len(runs)
    return Figures(max(run.worst for run in runs), sum(run.refusals for run in runs), share)


def _cell(case: tuple[str, str, str]) -> str:
    mode, model, network = case
    return str(figures(mode, model, BY_NAME[network]))


def rows() -> list[list[str]]:
    """Return the rows of the table. Servers with the same figures share a row."""
    cases = [(mode, model, network) for mode in MODES for model in WINDOW_MODELS for network in BY_NAME]
    with ProcessPoolExecutor() as pool:
        cells = dict(zip(cases, pool.map(_cell, cases), strict=True))
    servers: dict[tuple[str, ...], list[str]] = {}
    for mode in MODES:
        for model in WINDOW_MODELS:
            row = (mode, *(cells[mode, model, network] for network in BY_NAME))
            servers.setdefault(row, []).append(SERVERS[model])
    return [[mode, ", ".join(names), *figures] for (mode, *figures), names in servers.items()]


def main(path: str) -> None:
    """Print the table, and append it to a file."""
    title = "This client against five models of a server, over four networks"
    show(title, ["mode", "server model", *BY_NAME], rows(), NOTE, words=2, also=Path(path))


if __name__ == "__main__":
    main(sys.argv[1])
