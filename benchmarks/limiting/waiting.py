"""What it costs to wait: the processor's time of a process in which callers wait for some seconds.

Each is measured in a process of its own: `waiting.py REDIS NAME threads|tasks` prints the milliseconds. The first to
wait comes before the clock starts, because he brings in what is imported when it is needed.
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

from contenders import everybody
from simulation import LIMIT

if TYPE_CHECKING:
    from costs import Contender

WAITERS, SECONDS = 50, 5.0
NONE = "-"
_FIRST = 0.2


def measure(names: list[str], redis: str) -> dict[str, list[str]]:
    """The milliseconds while threads wait, and while tasks do, of each; all at once, for they hardly do anything."""
    commands = [[sys.executable, __file__, redis, name, kind] for name in names for kind in KINDS]
    with ThreadPoolExecutor(len(commands)) as pool:
        said = list(pool.map(_said, commands))
    return {name: said[2 * index : 2 * index + 2] for index, name in enumerate(names)}


def _said(command: list[str]) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()  # noqa: S603 - this very file


def threads(contender: Contender) -> str:
    """Milliseconds of the processor while threads wait."""
    if not contender.pair:
        return NONE
    for _ in range(LIMIT):
        contender.pair()
    threading.Thread(target=contender.pair, daemon=True).start()
    time.sleep(_FIRST)
    started = time.process_time()
    for _ in range(WAITERS - 1):
        threading.Thread(target=contender.pair, daemon=True).start()
    time.sleep(SECONDS)
    return _milliseconds(started)


def tasks(contender: Contender) -> str:
    """The same for tasks."""
    return asyncio.run(_tasks(contender))


async def _tasks(contender: Contender) -> str:
    for _ in range(LIMIT):
        await contender.async_pair()
    waiters = [asyncio.ensure_future(contender.async_pair())]
    await asyncio.sleep(_FIRST)
    started = time.process_time()
    waiters += [asyncio.ensure_future(contender.async_pair()) for _ in range(WAITERS - 1)]
    await asyncio.sleep(SECONDS)
    spent = _milliseconds(started)
    for waiter in waiters:
        waiter.cancel()
    return spent


def _milliseconds(started: float) -> str:
    return f"{(time.process_time() - started) * 1000:.0f}"


KINDS = {"threads": threads, "tasks": tasks}


def main(redis: str, name: str, kind: str) -> None:
    """Measure one of them, and end with all threads that wait."""
    with tempfile.TemporaryDirectory() as folder:
        print(KINDS[kind](everybody(Path(folder), redis)[name]()), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
