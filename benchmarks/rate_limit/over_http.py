"""Real HTTP: concurrent creates against a sandbox in another process; measures the requests it receives and the time.

The ideal time of a burst is the number of windows after the first one; paced requests are an even stream at the limit;
with a new store, all requests wait for one more window.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_tables import show
from sendblue_contacts import AsyncSendblue, RateLimit, Sendblue

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT, PER = 100, 10.0
CREATES, THREADS, TASKS = 300, 20, 200
PARALLEL_CASES = 3
"""How many of the cases without a target run in parallel: they need the CPU only when a window opens."""
SPAWN = get_context("spawn")
"""A forked process would share the limiters of this one."""
REFUSED = 429
TARGET = 0.97


@dataclass(frozen=True)
class Case:
    """A mode of sending.

    Args:
        name: The name in the table.
        tasks: Whether tasks send the requests, instead of threads.
        bulk: Whether the requests are bulk work.
        rate: The rate limit.
        has_target: Whether the target applies.
    """

    name: str
    tasks: bool
    bulk: bool = False
    rate: RateLimit = RateLimit(LIMIT, PER)  # noqa: RUF009 - frozen
    has_target: bool = False

    @property
    def ideal(self) -> float:
        """The ideal time in seconds."""
        cold = self.rate.per if self.rate.store else 0.0
        waiting = CREATES - 1 if self.bulk or self.rate.paced else CREATES - self.rate.limit
        return cold + waiting * self.rate.per / self.rate.limit


def cases(redis: str, folder: str) -> list[Case]:
    """Return the cases. `redis` is the URL of a Redis server, `folder` the folder for the file store."""
    rate = RateLimit(LIMIT, PER)
    return [
        Case(f"{THREADS} threads", tasks=False, has_target=True),
        Case(f"{TASKS} tasks", tasks=True, has_target=True),
        Case(f"{TASKS} tasks, file store", tasks=True, rate=replace(rate, store=(Path(folder) / "slots").as_uri())),
        Case(f"{TASKS} tasks, Redis", tasks=True, rate=replace(rate, store=redis)),
        Case(f"{TASKS} tasks, paced", tasks=True, rate=replace(rate, paced=True)),
        Case(f"{THREADS} threads, bulk", tasks=False, bulk=True),
        Case(f"{TASKS} tasks, bulk", tasks=True, bulk=True),
    ]


def serve() -> None:
    """Run the sandbox: print its URL and, at the end, the figures of the requests."""
    from sendblue_sandbox import Sandbox  # noqa: PLC0415 - only the server process needs it

    with Sandbox(limit=LIMIT, per=PER) as sandbox:
        print(json.dumps(sandbox.url), flush=True)
        sys.stdin.read()
        refused = sum(request.status == REFUSED for request in sandbox.requests)
        print(json.dumps([len(sandbox.requests), refused, sandbox.arrivals()]), flush=True)


@contextmanager
def serving(seen: list[int]) -> Iterator[str]:
    """Run the sandbox in another process; at the end, add the requests, refusals and the worst window to `seen`."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - this file
        assert process.stdout is not None  # noqa: S101 - narrows the type: PIPE guarantees it
        yield json.loads(process.stdout.readline())
        seen += json.loads(process.communicate()[0])


def number(index: int) -> str:
    """Return a phone number."""
    return f"+1415555{index:04}"


def from_threads(url: str, case: Case) -> float:
    """Create contacts from threads, and return the seconds."""
    with (
        Sendblue("key", "secret", base_url=url, rate_limit=case.rate) as client,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        create = client.with_options(bulk=case.bulk).contacts.create
        started = time.perf_counter()
        list(pool.map(create, map(number, range(CREATES))))
        return time.perf_counter() - started


async def from_tasks(url: str, case: Case) -> float:
    """Create contacts from tasks, and return the seconds."""
    async with AsyncSendblue("key", "secret", base_url=url, rate_limit=case.rate) as client:
        create = client.with_options(bulk=case.bulk).contacts.create
        numbers = iter(range(CREATES))

        async def work() -> None:
            for index in numbers:
                await create(number(index))

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(TASKS)))
        return time.perf_counter() - started


def measured(case: Case) -> list[str]:
    """Measure a case, and return its row of the table."""
    seen: list[int] = []
    with serving(seen) as url:
        seconds = asyncio.run(from_tasks(url, case)) if case.tasks else from_threads(url, case)
    share = case.ideal / seconds
    target = f"{TARGET:.0%}{'' if share >= TARGET else ' MISSED'}" if case.has_target else ""
    return [case.name, *map(str, seen), f"{seconds:.1f}", f"{share:.1%}", target]


def main(redis: str) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(PARALLEL_CASES, SPAWN) as pool:
        everything = cases(redis, folder)
        rows = [pool.submit(measured, case).result() for case in everything if case.has_target]
        rows += pool.map(measured, [case for case in everything if not case.has_target])
    head = ["senders", "requests", "429s", "worst window", "seconds", "of the ideal", "target"]
    note = (
        f"Bulk work leaves {RateLimit().reserve} slots to other requests. Client and server share this machine:\n"
        "if it is busy with other work, bursts take longer, and their share of the ideal decreases."
    )
    show(f"{CREATES} concurrent creates over HTTP, at {LIMIT} in {PER:g} s", head, rows, note)


if __name__ == "__main__":
    (partial(main, sys.argv[1]) if sys.argv[1:] else serve)()
