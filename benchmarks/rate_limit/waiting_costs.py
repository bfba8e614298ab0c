"""The cost of waiting: the CPU time of a process in which callers wait for several seconds.

Each limiter is measured in its own process: `waiting_costs.py REDIS NAME threads|tasks` prints the milliseconds. The
first caller starts to wait before the measurement, because it triggers lazy imports.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from limiters import factories
from simulation import LIMIT

if TYPE_CHECKING:
    from slot_costs import MeasuredLimiter

WAITERS, SECONDS = 50, 5.0
NONE = "-"
_IMPORT_TIME = 0.2


def measure(names: list[str], redis: str) -> dict[str, list[str]]:
    """Return the milliseconds for threads and for tasks, by limiter. All run at once, because they are nearly idle."""
    commands = [[sys.executable, __file__, redis, name, kind] for name in names for kind in KINDS]
    with ThreadPoolExecutor(len(commands)) as pool:
        results = list(pool.map(_output, commands))
    return {name: results[2 * index : 2 * index + 2] for index, name in enumerate(names)}


def _output(command: list[str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()  # noqa: S603 - this file


def threads(limiter: MeasuredLimiter) -> str:
    """Return the milliseconds of CPU time while threads wait."""
    if not limiter.pair:
        return NONE
    for _ in range(LIMIT):
        limiter.pair()
    threading.Thread(target=limiter.pair, daemon=True).start()
    time.sleep(_IMPORT_TIME)
    started = time.process_time()
    for _ in range(WAITERS - 1):
        threading.Thread(target=limiter.pair, daemon=True).start()
    time.sleep(SECONDS)
    return _milliseconds(started)


def tasks(limiter: MeasuredLimiter) -> str:
    """Return the milliseconds of CPU time while tasks wait."""
    return asyncio.run(_tasks(limiter))


async def _tasks(limiter: MeasuredLimiter) -> str:
    for _ in range(LIMIT):
        await limiter.async_pair()
    waiters = [asyncio.ensure_future(limiter.async_pair())]
    await asyncio.sleep(_IMPORT_TIME)
    started = time.process_time()
    waiters += [asyncio.ensure_future(limiter.async_pair()) for _ in range(WAITERS - 1)]
    await asyncio.sleep(SECONDS)
    spent = _milliseconds(started)
    for waiter in waiters:
        waiter.cancel()
    return spent


def _milliseconds(started: float) -> str:
    return f"{(time.process_time() - started) * 1000:.0f}"


KINDS = {"threads": threads, "tasks": tasks}


def main(redis: str, name: str, kind: str) -> None:
    """Measure one limiter, and exit together with all waiting threads."""
    with tempfile.TemporaryDirectory() as folder:
        print(KINDS[kind](factories(Path(folder), redis)[name]()), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
