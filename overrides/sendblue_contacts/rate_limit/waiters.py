"""How a thread or a task waits until another one wakes it. This really differs, so it is written for both."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ThreadWaiter:
    """A thread that waits."""

    def __init__(self) -> None:
        # Locked until the thread is woken. An Event contains a lock on which the garbage collector could deadlock.
        self._asleep = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Discard an earlier `wake`."""
        self._asleep.acquire(blocking=False)

    def wake(self) -> bool:
        """End the current or the next wait, from any thread. Returns whether that is possible."""
        with suppress(RuntimeError):  # it is awake already
            self._asleep.release()
        return True

    def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most this many seconds (None: without a limit)."""
        self._asleep.acquire(timeout=-1 if seconds is None else seconds)


class AsyncWaiter:
    """A task that waits, under asyncio or trio."""

    def __init__(self) -> None:
        import asyncio  # noqa: PLC0415  # only the async client pays for it

        import anyio  # noqa: PLC0415  # as above

        self._anyio = anyio
        self._event = anyio.Event()
        self._call_soon: Callable[[Callable[[], object]], object]  # from any thread
        try:
            self._call_soon = asyncio.get_running_loop().call_soon_threadsafe
        except RuntimeError:
            import trio  # noqa: PLC0415  # installed wherever a task runs under trio

            self._call_soon = trio.lowlevel.current_trio_token().run_sync_soon

    def clear(self) -> None:
        """Discard an earlier `wake`."""
        if self._event.is_set():
            self._event = self._anyio.Event()

    def wake(self) -> bool:
        """End the current or the next wait, from any thread. Returns whether that is possible."""
        try:
            self._call_soon(self._event.set)
        except RuntimeError:  # the event loop was closed while it waited
            return False
        return True

    async def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most this many seconds (None: without a limit)."""
        with self._anyio.move_on_after(seconds):
            await self._event.wait()
