"""A place in the queue of a limiter, for a thread or for a task. It can be woken from any thread."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable


class Turn(Protocol):
    """What a limiter needs of a place in its queue, besides the waiting itself.

    Attributes:
        bulk: Whether it stands in the lane of bulk work.
        ticket: Its number: who came first has the lowest.
        has_slot: Whether it has a slot of the window, and only waits for the store.
    """

    bulk: bool
    ticket: int
    has_slot: bool

    def clear(self) -> None:
        """Forget an earlier waking."""

    def wake(self) -> None:
        """End the waiting, now or at its next start."""

    def say_once(self, log: logging.Logger, seconds: float) -> None:
        """Log that the wait is long, the first time."""


class _Place:
    bulk = False
    ticket = -1
    has_slot = False
    _said = False

    def say_once(self, log: logging.Logger, seconds: float) -> None:
        if not self._said:
            self._said = True
            log.info("waiting for the rate limit, %.1f s at least", seconds)


class ThreadTurn(_Place):
    """The place of a thread."""

    def __init__(self) -> None:
        # Locked while nobody woke it. An Event has a lock inside, on which the garbage collector could wait for ever.
        self._asleep = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget an earlier waking."""
        self._asleep.acquire(blocking=False)

    def wake(self) -> None:
        """End the waiting."""
        with suppress(RuntimeError):  # it is awake
            self._asleep.release()

    def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most so many seconds (None: for ever)."""
        self._asleep.acquire(timeout=-1 if seconds is None else seconds)


class AsyncTurn(_Place):
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
