"""Tasks that acquire slots of a limiter in virtual time: it jumps to the next timer when all tasks wait."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import trio.testing
from sendblue_contacts import RateLimit, RateLimiter, SendblueError
from sendblue_contacts.rate_limit.stores.base import Command, Store, StoreReply, StoreRequest, StoreUnavailableError, T
from sendblue_contacts.rate_limit.stores.slot_table import SlotTable

BACKENDS = ("asyncio", "trio")
TICK = 1e-6
"""Seconds, for the rounding of times."""
_CHECKPOINTS = 10
"""After so many, each task that can continue has continued until it waits for a timer."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer when it is idle."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        """The virtual time."""
        return self._now

    def _run_once(self) -> None:
        loop: Any = self
        if not loop._ready:
            timers = [timer.when() for timer in loop._scheduled if not timer.cancelled()]
            assert timers, "all tasks wait without a timer"
            self._now = max(self._now, min(timers))
        super()._run_once()  # type: ignore[misc]  # private to asyncio, and there since Python 3.4


def run(backend: str, main: Callable[[], Awaitable[Any]]) -> Any:
    """Run in virtual time, from 0."""
    options: dict[str, Any] = {"loop_factory": VirtualLoop}
    if backend == "trio":
        options = {"clock": trio.testing.MockClock(autojump_threshold=0)}
    return anyio.run(main, backend=backend, backend_options=options)


def clock() -> float:
    """The time of the event loop; 0 after its end, when the slots of its tasks are garbage-collected."""
    try:
        return anyio.current_time()
    except anyio.NoEventLoopError:
        return 0.0


def limiter_of(rate: RateLimit, store: Store | None = None) -> RateLimiter:
    """A limiter in the time of the event loop."""
    return RateLimiter(rate, clock=clock, store=store)


def most_in_window(times: list[float]) -> int:
    """The maximum number of times in any window of 10 s."""
    return max((sum(first <= time < first + 10 - TICK for time in times) for first in times), default=0)


class VirtualStore(Store):
    """Slots in memory, all free, which several limiters share.

    Attributes:
        latency: Seconds until a reply arrives. The request is carried out at once, also if the caller is cancelled.
        is_available: Whether it carries out requests and replies.
        requests: All requests, oldest first, and when they arrived.
        table: The slots.
    """

    def __init__(self, rate: RateLimit, clock: Callable[[], float] = anyio.current_time) -> None:
        self.latency = 0.0
        self.is_available = True
        self.requests: list[tuple[float, StoreRequest]] = []
        self.table = SlotTable.cold(rate, -rate.per)
        self._clock = clock

    def send(self, request: StoreRequest) -> StoreReply:
        """Carry out a request."""
        self.requests.append((self._clock(), request))
        if not self.is_available:
            raise StoreUnavailableError("no reply")
        return self.table.apply(request, self._clock())

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Make the call without a thread, which has no virtual time; the reply takes a while."""
        reply = call()
        await anyio.sleep(self.latency)
        return reply

    def received(self, *without: Command) -> list[Command]:
        """The commands that arrived, oldest first, without these."""
        return [request.command for _, request in self.requests if request.command not in without]


async def run_ready_tasks() -> None:
    """Let all tasks continue until they wait."""
    for _ in range(_CHECKPOINTS):
        await anyio.lowlevel.checkpoint()


async def until(time: float) -> None:
    """Let time pass until then, and all tasks continue that were to wait until then."""
    await anyio.sleep_until(time)
    await run_ready_tasks()


class Callers:
    """Callers of a limiter, each in a task. The caller with the name `other` is one of another process.

    Attributes:
        limiter: The limiter.
        other: The limiter of the other process, with the same store.
        served: When each caller that has acquired its slot acquired it, oldest first.
        errors: The errors of the others.
    """

    def __init__(self, tasks: anyio.abc.TaskGroup, rate: RateLimit, store: Store | None) -> None:
        self.limiter = limiter_of(rate, store)
        self.other = limiter_of(rate, store)
        self.served: dict[Any, float] = {}
        self.errors: dict[Any, SendblueError] = {}
        self._tasks = tasks
        self._scopes: dict[Any, anyio.CancelScope] = {}
        self._responses: dict[Any, anyio.Event] = {}

    async def arrive(self, *names: object, responds: bool = True, **terms: Any) -> None:
        """Callers with these names arrive, one after another; they have their slots or wait when this returns.

        Args:
            names: Their names.
            responds: Whether the response arrives at once, or when `respond` is called.
            terms: The arguments of `slot`.
        """
        for name in names:
            self._scopes[name], self._responses[name] = anyio.CancelScope(), anyio.Event()
            if responds:
                self._responses[name].set()
            self._tasks.start_soon(partial(self._call, name, terms))
            await run_ready_tasks()

    async def respond(self, *names: object) -> None:
        """The responses of these callers arrive."""
        for name in names:
            self._responses[name].set()
        await run_ready_tasks()

    async def cancel(self, *names: object) -> None:
        """The tasks of these callers are cancelled."""
        for name in names:
            self._scopes[name].cancel()
        await run_ready_tasks()

    async def _call(self, name: object, terms: dict[str, Any]) -> None:
        limiter, arrived = self.other if name == "other" else self.limiter, anyio.current_time()
        with self._scopes[name]:
            try:
                async with limiter.slot(**terms) as slot:
                    self.served[name] = anyio.current_time()
                    assert slot.waited == pytest.approx(self.served[name] - arrived)
                    await self._responses[name].wait()
            except SendblueError as error:
                self.errors[name] = error


async def perform(callers: Callers, script: str) -> None:
    """Carry out the steps of a script, such as `Ada,held Bob,bulk,max_wait=5 @5 !Ada -Bob freeze=20`.

    A name: this caller arrives, with the terms of `slot` behind it; `held` if it has its response only at `!Ada`.
    `@5`: time passes until 5 s. `-Bob`: the task of Bob is canceled. `freeze=20`: a 429; `other.freeze=20`: one in the
    other process.
    """
    for step in script.split():
        name, *options = step.split(",")
        if step.startswith("@"):
            await until(float(step[1:]))
        elif step.startswith("!"):
            await callers.respond(step[1:])
        elif step.startswith("-"):
            await callers.cancel(step[1:])
        elif "freeze=" in name:
            limiter = callers.other if name.startswith("other.") else callers.limiter
            await limiter.async_refused(float(name.partition("=")[2]))
        else:
            terms = {
                term: float(value) if value else True
                for term, _, value in (option.partition("=") for option in options)
            }
            await callers.arrive(name, responds=not terms.pop("held", False), **terms)


def play(
    scenario: str | Callable[[Callers], Awaitable[object]],
    rate: RateLimit,
    *,
    store: Store | None = None,
    backend: str = "asyncio",
) -> Callers:
    """Run a scenario, or its script, with the callers of one limiter from time 0, and cancel those that are left."""

    async def main() -> Callers:
        async with anyio.create_task_group() as tasks:
            callers = Callers(tasks, rate, store)
            await (perform(callers, scenario) if isinstance(scenario, str) else scenario(callers))
            tasks.cancel_scope.cancel()
        return callers

    played: Callers = run(backend, main)
    return played
