"""Executors: results in the order in which the work ends, and no thread or task left after closing."""

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

each_backend = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def test_threads_return_results_in_the_order_in_which_they_end() -> None:
    """Not in the order in which they were started; after the last one, none is outstanding."""
    gates = [threading.Event() for _ in range(3)]
    with closing(ThreadExecutor[int](3)) as executor:
        for number, gate in enumerate(gates):
            executor.start(lambda number=number, gate=gate: number if gate.wait(10) else -1)  # type: ignore[misc]  # defaults bind them
        results: list[int] = []
        for number in (2, 0, 1):
            gates[number].set()
            results.append(executor.next())
    assert (results, len(executor)) == ([2, 0, 1], 0)


def test_closing_waits_for_threads_that_have_started() -> None:
    """Work that has not started is dropped."""
    started, gate, done = threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        started.set()
        gate.wait(10)
        done.append("ended")

    executor: ThreadExecutor[None] = ThreadExecutor(1)
    executor.start(work)
    executor.start(work)
    started.wait(10)
    threading.Timer(0.01, gate.set).start()
    executor.close()
    assert done == ["ended"]


def test_next_raises_the_error_of_a_thread() -> None:
    """The caller does not wait forever."""

    def work() -> int:
        raise LookupError

    with closing(ThreadExecutor[int](1)) as executor:
        executor.start(work)
        with pytest.raises(LookupError):
            executor.next()


def _run(backend: str, main: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401  # the return value of main
    async def within_time() -> Any:  # noqa: ANN401  # the same
        with anyio.fail_after(10):
            return await main()

    return anyio.run(within_time, backend=backend)


@each_backend
def test_tasks_return_results_in_the_order_in_which_they_end(backend: str) -> None:
    """Not in the order in which they were started."""

    async def main() -> list[int]:
        executor: TaskExecutor[int] = TaskExecutor()
        gates = [anyio.Event() for _ in range(3)]

        async def wait_for_gate(number: int) -> int:
            await gates[number].wait()
            return number

        for number in range(3):
            executor.start(lambda number=number: wait_for_gate(number))  # type: ignore[misc]  # a default binds it
        results: list[int] = []
        for number in (2, 0, 1):
            gates[number].set()
            results.append(await executor.next())
        return results

    assert _run(backend, main) == [2, 0, 1]


@each_backend
def test_no_result_is_lost_when_many_tasks_end_together(backend: str) -> None:
    """Each one is returned once, and `len` counts those that are outstanding."""

    async def main() -> list[int]:
        executor: TaskExecutor[int] = TaskExecutor()

        async def checkpoint(number: int) -> int:
            await anyio.lowlevel.checkpoint()
            return number

        counts: list[int] = []
        for number in range(20):
            executor.start(lambda number=number: checkpoint(number))  # type: ignore[misc]  # a default binds it
        while executor:
            counts.append(len(executor))
            await executor.next()
        return counts

    assert _run(backend, main) == list(range(20, 0, -1))


@each_backend
def test_closing_cancels_tasks_and_waits_for_them(backend: str) -> None:
    """After that, their cleanup has finished."""

    async def main() -> list[str]:
        executor: TaskExecutor[None] = TaskExecutor()
        ended: list[str] = []

        async def run_forever() -> None:
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.lowlevel.checkpoint()
                ended.append("ended")

        executor.start(run_forever)
        executor.start(run_forever)
        await anyio.wait_all_tasks_blocked()
        await executor.aclose()
        return ended

    assert _run(backend, main) == ["ended", "ended"]


@each_backend
def test_closing_before_a_task_has_started(backend: str) -> None:
    """It does not start, or ends immediately."""

    async def main() -> int:
        executor: TaskExecutor[None] = TaskExecutor()
        executor.start(anyio.sleep_forever)
        await executor.aclose()
        return len(executor._running)

    assert _run(backend, main) == 0


@each_backend
def test_closing_inside_a_cancelled_scope(backend: str) -> None:
    """The cleanup is not cancelled."""

    async def main() -> int:
        executor: TaskExecutor[None] = TaskExecutor()
        executor.start(anyio.sleep_forever)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await executor.aclose()
        return len(executor._running)

    assert _run(backend, main) == 0
