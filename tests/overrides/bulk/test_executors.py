"""Threads and tasks that outlive a step of a generator: each result comes once, and closing leaves nothing behind."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest
from sendblue_contacts.bulk.executors import TaskExecutor, ThreadExecutor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

in_both_loops = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def test_results_of_threads_come_in_the_order_in_which_they_end() -> None:
    """Not in that in which they were started; when all were fetched, none is to come."""
    gates = [threading.Event() for _ in range(3)]
    with closing(ThreadExecutor[int](3)) as threads:
        for number, gate in enumerate(gates):
            threads.start(lambda number=number, gate=gate: number if gate.wait(10) else -1)  # type: ignore[misc]  # defaults bind them
        found: list[int] = []
        for number in (2, 0, 1):
            gates[number].set()
            found.append(threads.next())
    assert (found, len(threads)) == ([2, 0, 1], 0)


def test_closing_threads_waits_for_what_has_begun() -> None:
    """And begins nothing else."""
    begun, gate, done = threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        begun.set()
        gate.wait(10)
        done.append("ended")

    threads: ThreadExecutor[None] = ThreadExecutor(1)
    threads.start(work)
    threads.start(work)
    begun.wait(10)
    threading.Timer(0.01, gate.set).start()
    threads.close()
    assert done == ["ended"]


def test_what_work_raises_is_raised_where_it_is_fetched() -> None:
    """Nobody waits for a result that does not come."""

    def work() -> int:
        raise LookupError

    with closing(ThreadExecutor[int](1)) as threads:
        threads.start(work)
        with pytest.raises(LookupError):
            threads.next()


def _run(backend: str, main: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401  # what main returns
    async def within_time() -> Any:  # noqa: ANN401  # as above
        with anyio.fail_after(10):
            return await main()

    return anyio.run(within_time, backend=backend)


@in_both_loops
def test_results_come_in_the_order_in_which_tasks_end(backend: str) -> None:
    """Not in that in which they were started."""

    async def main() -> list[int]:
        tasks: TaskExecutor[int] = TaskExecutor()
        gates = [anyio.Event() for _ in range(3)]

        async def pass_(number: int) -> int:
            await gates[number].wait()
            return number

        for number in range(3):
            tasks.start(lambda number=number: pass_(number))  # type: ignore[misc]  # a default binds it
        found: list[int] = []
        for number in (2, 0, 1):
            gates[number].set()
            found.append(await tasks.next())
        return found

    assert _run(backend, main) == [2, 0, 1]


@in_both_loops
def test_all_results_that_are_to_come_do_come(backend: str) -> None:
    """However many end at one moment: when the last one was fetched, none is waited for."""

    async def main() -> list[int]:
        tasks: TaskExecutor[int] = TaskExecutor()

        async def at_once(number: int) -> int:
            await anyio.lowlevel.checkpoint()
            return number

        counts: list[int] = []
        for number in range(20):
            tasks.start(lambda number=number: at_once(number))  # type: ignore[misc]  # a default binds it
        while tasks:
            counts.append(len(tasks))
            await tasks.next()
        return counts

    assert _run(backend, main) == list(range(20, 0, -1))


@in_both_loops
def test_closing_cancels_and_waits(backend: str) -> None:
    """What a task does when it is cancelled is done by then."""

    async def main() -> list[str]:
        tasks: TaskExecutor[None] = TaskExecutor()
        said: list[str] = []

        async def for_ever() -> None:
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.lowlevel.checkpoint()
                said.append("ended")

        tasks.start(for_ever)
        tasks.start(for_ever)
        await anyio.wait_all_tasks_blocked()
        await tasks.aclose()
        return said

    assert _run(backend, main) == ["ended", "ended"]


@in_both_loops
def test_closing_before_a_task_has_begun(backend: str) -> None:
    """It does not begin, or ends at once; nobody waits for ever."""

    async def main() -> int:
        tasks: TaskExecutor[None] = TaskExecutor()
        tasks.start(anyio.sleep_forever)
        await tasks.aclose()
        return len(tasks._running)

    assert _run(backend, main) == 0


@in_both_loops
def test_closing_inside_a_cancelled_scope(backend: str) -> None:
    """The cleaning up is not cancelled itself."""

    async def main() -> int:
        tasks: TaskExecutor[None] = TaskExecutor()
        tasks.start(anyio.sleep_forever)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await tasks.aclose()
        return len(tasks._running)

    assert _run(backend, main) == 0
