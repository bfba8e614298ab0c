"""A place in the queue of a limiter, for a thread or for a task. It can be woken from any thread."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable


class Turn(Protocol):
    """What a limiter needs of a place in its queue, besides the waiting itself."""

    def clear(self) -> None:
        """Forget an earlier waking."""

    def wake(self) -> None:
        """End the waiting, now or at its next start."""

    def say_once(self, log: logging.Logger, seconds: float) -> None:
        """Log that the wait is long, the first time."""


class _Spoken:
    _said = False

    def say_once(self, log: logging.Logger, seconds: float) -> None:
        if not self._said:
            self._said = True
            log.info("waiting for the rate limit, %s", "for a response" if seconds == math.inf else f"{seconds:.1f} s")


class ThreadTurn(_Spoken):
    """The place of a thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def clear(self) -> None:
        """Forget an earlier waking."""
        self._event.clear()

    def wake(self) -> None:
        """End the waiting."""
        self._event.set()

    def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most so many seconds (None: for ever)."""
        self._event.wait(seconds)


class AsyncTurn(_Spoken):
    """The place of a task, under asyncio or trio."""

    def __init__(self) -> None:
        import anyio  # noqa: PLC0415  # only the async client pays for it

        self._anyio = anyio
        self._event = anyio.Event()
        self._run_soon = _run_soon()

    def clear(self) -> None:
        """Forget an earlier waking."""
        self._event = self._anyio.Event()

    def wake(self) -> None:
        """End the waiting, from whatever thread."""
        self._run_soon(self._event.set)

    async def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most so many seconds (None: for ever)."""
        with self._anyio.move_on_after(seconds):
            await self._event.wait()


def _run_soon() -> Callable[[Callable[[], object]], object]:
    """How another thread has something called in the event loop of this task."""
    import asyncio  # noqa: PLC0415  # only the async client pays for it

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415  # we run inside of it

        return trio.lowlevel.current_trio_token().run_sync_soon
    return loop.call_soon_threadsafe
