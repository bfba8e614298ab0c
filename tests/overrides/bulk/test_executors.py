"""The executor of bulk calls, in conditions that it cannot control."""

import asyncio

import anyio
import pytest
from sendblue_contacts import SendblueError
from sendblue_contacts.bulk.executors import TaskExecutor


async def _finish() -> str:
    return "done"


async def _run_forever() -> str:
    await anyio.sleep_forever()
    return "never"


def test_a_task_that_is_cancelled_from_outside_is_an_error() -> None:
    """The executor does not wait for its result. The results of other tasks are returned first."""

    async def main() -> None:
        executor: TaskExecutor[str] = TaskExecutor(2)
        executor.start(_run_forever)
        executor.start(_finish)
        assert await executor.next() == "done"
        (other,) = asyncio.all_tasks() - {asyncio.current_task()}
        asyncio.get_running_loop().call_soon(other.cancel)
        with anyio.fail_after(10), pytest.raises(SendblueError, match="was cancelled from outside"):
            await executor.next()
        await executor.aclose()

    anyio.run(main)
