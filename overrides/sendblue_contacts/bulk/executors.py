"""Runs work while the generator that started it is suspended: in threads, and in tasks of asyncio or trio.

A task group is not an option: if it stays open across a `yield`, a consumer that closes the generator in another task,
or that has a cancel scope around one step, breaks both (PEP 789). So these tasks belong to the event loop, and the
generator closes them.
"""

from __future__ import annotations

import contextvars
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sendblue_contacts.errors import SendblueError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

T = TypeVar("T")

_EXITING = "the interpreter is exiting and starts no more threads; make bulk calls before that"


class ThreadExecutor(Generic[T]):
    """Runs functions in threads and returns their results in the order in which they end."""

    def __init__(self, max_workers: int) -> None:
        try:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  # fails while the interpreter exits
        except RuntimeError as error:
            raise SendblueError(_EXITING) from error
        self._pool = ThreadPoolExecutor(max_workers, thread_name_prefix="sendblue-bulk")
        self._done: SimpleQueue[Future[T]] = SimpleQueue()

    def start(self, work: Callable[[], T]) -> None:
        """Run a function in a thread, in the context of the caller: a trace that it is part of includes its calls."""
        try:
            self._pool.submit(contextvars.copy_context().run, work).add_done_callback(self._done.put)
        except RuntimeError as error:
            raise SendblueError(_EXITING) from error

    def next(self) -> T:
        """Wait for the next function that ends. Returns its result, or raises its error."""
        return self._done.get().result()

    def close(self) -> None:
        """Wait until the functions that have started end, since a thread cannot be cancelled. Start no others."""
        self._pool.shutdown(cancel_futures=True)


class TaskExecutor(Generic[T]):
    """Runs coroutine functions in tasks and returns their results in the order in which they end."""

    def __init__(self, _max_workers: int | None = None) -> None:
        """Takes the argument of `ThreadExecutor`, so that both have one signature; tasks need no maximum."""
        import anyio  # noqa: PLC0415  # only the async client needs it

        self._anyio = anyio
        self._running: dict[anyio.CancelScope, object] = {}
        self._changed = anyio.Event()
        self._results: deque[T] = deque()
        self._outstanding = 0  # results that `next` has not returned yet

    def start(self, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        """Run a coroutine function in a task. It must not raise."""
        scope = self._anyio.CancelScope()

        async def run() -> None:
            with scope:
                self._results.append(await work())

        def on_end(_: object = None) -> None:
            self._running.pop(scope, None)
            self._changed.set()

        self._outstanding += 1
        self._running[scope] = _spawn(run, on_end)  # keeps a reference: an event loop holds tasks only weakly

    async def next(self) -> T:
        """Wait for the next task that ends. Returns its result. One that was cancelled from outside has none."""
        while not self._results:
            if self._outstanding > len(self._running):
                message = "a task of this call was cancelled from outside; whether its requests were applied is unknown"
                raise SendblueError(message)
            await self._wait_for_change()
        self._outstanding -= 1
        return self._results.popleft()

    async def aclose(self) -> None:
        """Cancel the tasks, and wait until they have ended."""
        for scope in self._running:
            scope.cancel()
        with self._anyio.CancelScope(shield=True):
            while self._running:
                await self._wait_for_change()

    async def _wait_for_change(self) -> None:
        self._changed = self._anyio.Event()
        await self._changed.wait()


def _spawn(run: Callable[[], Coroutine[Any, Any, None]], on_end: Callable[[object], object]) -> object:
    """Run a coroutine function in a task of the event loop; call `on_end` however it ends. Returns the task."""
    import asyncio  # noqa: PLC0415  # only the async client needs it

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return _spawn_trio(run, on_end)
    task = loop.create_task(run())
    task.add_done_callback(on_end)
    return task


def _spawn_trio(run: Callable[[], Coroutine[Any, Any, None]], on_end: Callable[[object], object]) -> object:
    import trio  # noqa: PLC0415  # this code runs inside trio

    async def run_to_end() -> None:
        try:
            await run()
        finally:
            on_end(None)

    return trio.lowlevel.spawn_system_task(run_to_end, context=contextvars.copy_context())
