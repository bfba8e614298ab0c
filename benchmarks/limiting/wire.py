"""Real HTTP: creates at once over the sandbox, which is a process of its own: what the server saw, and how fast.

At best, a burst takes as many windows as must open after the first one, and no time besides; paced work is an even
stream at the limit; a store that is new lets nobody through for one window more.
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

from sendblue_contacts import AsyncSendblue, RateLimit, Sendblue
from tables import show

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT, PER = 100, 10.0
CREATES, THREADS, TASKS = 300, 20, 200
AT_ONCE = 3
"""How many of the cases without a target run side by side: they need the processor only when a window opens."""
SPAWN = get_context("spawn")
"""A forked process would have the limiters of this one."""
REFUSED = 429
TARGET = 0.97


@dataclass(frozen=True)
class Case:
    """A way of sending.

    Args:
        name: What a reader calls it.
        tasks: Whether tasks send, or threads.
        bulk: Whether it is bulk work.
        rate: The limit.
        aimed: Whether the target is for it.
    """

    name: str
    tasks: bool
    bulk: bool = False
    rate: RateLimit = RateLimit(LIMIT, PER)  # noqa: RUF009 - frozen
    aimed: bool = False

    @property
    def ideal(self) -> float:
        """Seconds that it takes at best."""
        cold = self.rate.per if self.rate.store else 0.0
        waiting = CREATES - 1 if self.bulk or self.rate.paced else CREATES - self.rate.limit
        return cold + waiting * self.rate.per / self.rate.limit


def cases(redis: str, folder: str) -> list[Case]:
    """What is measured; `redis` is the address of a server, `folder` where the file store may write."""
    rate = RateLimit(LIMIT, PER)
    return [
        Case(f"{THREADS} threads", tasks=False, aimed=True),
        Case(f"{TASKS} tasks", tasks=True, aimed=True),
        Case(f"{TASKS} tasks, file store", tasks=True, rate=replace(rate, store=(Path(folder) / "slots").as_uri())),
        Case(f"{TASKS} tasks, Redis", tasks=True, rate=replace(rate, store=redis)),
        Case(f"{TASKS} tasks, paced", tasks=True, rate=replace(rate, paced=True)),
        Case(f"{THREADS} threads, bulk", tasks=False, bulk=True),
        Case(f"{TASKS} tasks, bulk", tasks=True, bulk=True),
    ]


def serve() -> None:
    """Be the sandbox: say where, and at the end what was seen."""
    from sendblue_sandbox import Sandbox  # noqa: PLC0415 - the process that sends has no use for it

    with Sandbox(limit=LIMIT, per=PER) as sandbox:
        print(json.dumps(sandbox.url), flush=True)
        sys.stdin.read()
        refused = sum(request.status == REFUSED for request in sandbox.requests)
        print(json.dumps([len(sandbox.requests), refused, sandbox.arrivals()]), flush=True)


@contextmanager
def serving(seen: list[int]) -> Iterator[str]:
    """Run the sandbox in a process of its own; in the end `seen` gets requests, refusals and the worst window."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - this very file
        assert process.stdout is not None  # noqa: S101 - tells type checkers what PIPE promises
        yield json.loads(process.stdout.readline())
        seen += json.loads(process.communicate()[0])


def number(index: int) -> str:
    """A phone number."""
    return f"+1415555{index:04}"


def from_threads(url: str, case: Case) -> float:
    """Create from threads; the seconds it took."""
    with (
        Sendblue("key", "secret", base_url=url, rate_limit=case.rate) as client,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        create = client.with_options(bulk=case.bulk).contacts.create
        started = time.perf_counter()
        list(pool.map(create, map(number, range(CREATES))))
        return time.perf_counter() - started


async def from_tasks(url: str, case: Case) -> float:
    """Create from tasks; the seconds it took."""
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
    """The row of a case."""
    seen: list[int] = []
    with serving(seen) as url:
        seconds = asyncio.run(from_tasks(url, case)) if case.tasks else from_threads(url, case)
    share = case.ideal / seconds
    target = f"{TARGET:.0%}{'' if share >= TARGET else ' MISSED'}" if case.aimed else ""
    return [case.name, *map(str, seen), f"{seconds:.1f}", f"{share:.1%}", target]


def main(redis: str) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(AT_ONCE, SPAWN) as pool:
        everything = cases(redis, folder)
        rows = [pool.submit(measured, case).result() for case in everything if case.aimed]
        rows += pool.map(measured, [case for case in everything if not case.aimed])
    head = ["from", "requests", "429s", "worst window", "seconds", "of the ideal", "target"]
    note = (
        f"Bulk work leaves {RateLimit().reserve} of the slots to others. Client and server share this machine:\n"
        "where it is busy with something else, bursts take longer, and the share of the ideal says so."
    )
    show(f"{CREATES} creates at once over HTTP, at {LIMIT} in {PER:g} s", head, rows, note)


if __name__ == "__main__":
    (partial(main, sys.argv[1]) if sys.argv[1:] else serve)()
