"""Our limiter against five servers over four networks, in virtual time: a table."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from ours import Ours
from sendblue_contacts.rate_limit import RateLimit
from sendblue_sandbox.rate_limit.window_models import MODELS
from simulation import EVERY, NETWORKS, PER, STALLING, TIMEOUT, simulate
from tables import show

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_sandbox.rate_limit.window_models import Model
    from simulation import Network

WAYS: dict[str, Callable[..., Ours]] = {
    "bursts": Ours,
    "paced": partial(Ours, paced=True),
    "bulk": partial(Ours, bulk=True),
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
Each cell: most arrivals in any window of {PER:g} s · answers with 429 · share of the ideal rate; {len(SEEDS)} runs.

- *fast*: 0.5 to 1.5 ms for both ways; *slow*: log-normal around 200 ms, from 50 to 800 ms;
- *lossy*: slow, and 1 % get no answer within {TIMEOUT:g} s, and 1 % are reset; half of them arrived;
- *stalling*: slow, and the network stands still for {STALLING.stall:g} s of every {EVERY:g}.

Bulk work is paced, and leaves {RateLimit().reserve} of the slots to others."""


class Figures(NamedTuple):
    """What came of some runs: the worst window, refusals in all, the share of the ideal rate on average."""

    worst: int
    refusals: int
    share: float

    def __str__(self) -> str:
        return f"{self.worst} · {self.refusals} · {self.share:.1%}"


def figures(way: str, model: str, network: Network, seeds: range = SEEDS) -> Figures:
    """Run a way of sending against a server, over a network."""
    runs = [simulate(WAYS[way], cast("Model", model), network, seed) for seed in seeds]
    share = sum(run.share for run in runs) / len(runs)
    return Figures(max(run.worst for run in runs), sum(run.refusals for run in runs), share)


def _cell(case: tuple[str, str, str]) -> str:
    way, model, network = case
    return str(figures(way, model, BY_NAME[network]))


def rows() -> list[list[str]]:
    """The table: servers with the same figures share a row."""
    cases = [(way, model, network) for way in WAYS for model in MODELS for network in BY_NAME]
    with ProcessPoolExecutor() as pool:
        cells = dict(zip(cases, pool.map(_cell, cases), strict=True))
    servers: dict[tuple[str, ...], list[str]] = {}
    for way in WAYS:
        for model in MODELS:
            row = (way, *(cells[way, model, network] for network in BY_NAME))
            servers.setdefault(row, []).append(SERVERS[model])
    return [[way, ", ".join(names), *figures] for (way, *figures), names in servers.items()]


def main(path: str) -> None:
    """Print the table, and add it to a file."""
    title = "This client before five kinds of servers, over four networks"
    show(title, ["sent", "the server counts by", *BY_NAME], rows(), NOTE, words=2, also=Path(path))


if __name__ == "__main__":
    main(sys.argv[1])
