"""How a thread and a task sleep. This really differs between the two, so both are written by hand, side by side."""

from __future__ import annotations

from time import sleep as thread_sleep

__all__ = ["task_sleep", "thread_sleep"]


async def task_sleep(seconds: float) -> None:
    """Sleep in a task of asyncio or trio."""
    import anyio  # noqa: PLC0415  # only the async client loads it

    await anyio.sleep(seconds)
