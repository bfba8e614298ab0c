"""Work that goes on while the generator that started it is suspended: in threads, and in tasks of asyncio or trio.

A task group cannot do that: where it is open across a `yield`, the consumer that closes the generator in another task,
or has a cancel scope of its own around a step of it, breaks both (PEP 789). So these tasks hang on the event loop, and
whoever starts them closes them.
"""

from __future__ import annotations

import contextvars
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


class Threads(Generic[T]):
    """A few threads, and what their work returns."""

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="sendblue-bulk")
        self._done: SimpleQueue[Future[T]] = SimpleQueue()
        self._to_come = 0

    def __len__(self) -> int:
        """How many results are still to be fetched with `next`."""
        return self._to_come

    def start(self, work: Callable[[], T]) -> None:
        """Start it in a thread."""
        self._to_come += 1
        self._pool.submit(work).add_done_callback(self._done.put)

    def next(self) -> T:
        """The result of the next work that ends."""
        done = self._done.get()
        self._to_come -= 1
        return done.result()

    def close(self) -> None:
        """Wait until what has begun is finished: a thread cannot be stopped."""
        self._pool.shutdown(cancel_futures=True)


class Tasks(Generic[T]):
    """A few tasks, and what they return."""

    def __init__(self) -> None:
        import anyio  # noqa: PLC0415  # only the async client pays for it

        self._anyio = anyio
        self._alive: dict[anyio.CancelScope, object] = {}
        self._changed = anyio.Event()
        self._results: deque[T] = deque()
        # Not those that are alive: a task that has returned lives on for a moment.
        self._to_come = 0

    def __len__(self) -> int:
        """How many results are still to be fetched with `next`."""
        return self._to_come

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        """Start a task; what it raises, it has to return."""
        scope = self._anyio.CancelScope()

        async def run() -> None:
            with scope:
                self._results.append(await work())

        def ended(_: object = None) -> None:
            self._alive.pop(scope, None)
            self._changed.set()

        self._to_come += 1
        self._alive[scope] = _spawn(run, ended)  # kept, for an event loop forgets tasks that nobody keeps

    async def next(self) -> T:
        """The result of the next task that ends."""
        while not self._results:
            await self._change()
        self._to_come -= 1
        return self._results.popleft()

    async def aclose(self) -> None:
        """Cancel the tasks and wait until they have ended."""
        for scope in self._alive:
            scope.cancel()
        with self._anyio.CancelScope(shield=True):
            while self._alive:
                await self._change()

    async def _change(self) -> None:
        self._changed = self._anyio.Event()
        await self._changed.wait()


def _spawn(run: Callable[[], Coroutine[Any, Any, None]], ended: Callable[[object], object]) -> object:
    """Run it in a task of the event loop, and say when it has ended, however it ended. Returns the task."""
    import asyncio  # noqa: PLC0415  # only the async client pays for it

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return _spawn_trio(run, ended)
    task = loop.create_task(run())
    task.add_done_callback(ended)
    return task


def _spawn_trio(run: Callable[[], Coroutine[Any, Any, None]], ended: Callable[[object], object]) -> object:
    import trio  # noqa: PLC0415  # we run inside of it

    async def to_the_end() -> None:
        try:
            await run()
        finally:
            ended(None)

    return trio.lowlevel.spawn_system_task(to_the_end, context=contextvars.copy_context())
