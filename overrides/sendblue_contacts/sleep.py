"""How threads and tasks sleep and connect. This really differs between the two, so it is written by hand for both."""

from __future__ import annotations

import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from time import sleep as thread_sleep
from typing import TYPE_CHECKING, Any

from ._httpx import httpx
from .rate_limit.wait_queue import AsyncWaiter, LiveObjects, ThreadWaiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Pauses", "async_connected", "connected", "task_sleep", "thread_sleep"]


async def task_sleep(seconds: float) -> None:
    """Sleep in a task of asyncio or trio."""
    import anyio  # noqa: PLC0415  # only the async client loads it

    await anyio.sleep(seconds)


class Pauses:
    """The pauses of the calls of one client. They end when the client is closed."""

    def __init__(self) -> None:
        self._waiters: LiveObjects[ThreadWaiter | AsyncWaiter] = LiveObjects()
        self._ended = False

    def sleep(self, seconds: float) -> None:
        """Sleep in a thread until the time is over or the client is closed."""
        self._waiters.add(waiter := ThreadWaiter())
        waiter.wait(0 if self._ended else seconds)

    async def async_sleep(self, seconds: float) -> None:
        """As `sleep`, in a task."""
        self._waiters.add(waiter := AsyncWaiter())
        await waiter.wait(0 if self._ended else seconds)

    def end(self) -> None:
        """End all pauses, the current ones and later ones."""
        self._ended = True
        for waiter in self._waiters:
            waiter.wake()


async def async_connected(connect: Callable[[], Awaitable[Any]], seconds: float | None) -> Any:  # noqa: ANN401, ARG001  # httpcore's stream; as `connected`
    """As `connected`, in a task, where `connect` itself keeps to its timeout."""
    return await connect()


def connected(connect: Callable[[], Any], seconds: float | None) -> Any:  # noqa: ANN401  # httpcore's stream
    """Return what `connect` returns, or raise a ConnectTimeout when the time is over.

    The look-up of a host name cannot be interrupted, and the system limits it by many seconds; and a host can have many
    addresses, to each of which a timeout applies. So a thread does it, and closes a connection that it opens too late.
    """
    opened: Future[Any] = Future()
    try:
        threading.Thread(target=_connect, args=(connect, opened), daemon=True).start()
    except RuntimeError:  # the interpreter is exiting, and starts no more threads
        return connect()
    try:
        return opened.result(seconds)
    except TimeoutError:
        if not opened.cancel():
            return opened.result()
        message = "the time to connect is over"
        raise httpx.ConnectTimeout(message) from None
    finally:
        opened.cancel()  # after an exception of a signal handler


def _connect(connect: Callable[[], Any], opened: Future[Any]) -> None:
    with suppress(InvalidStateError):
        try:
            stream = connect()
        except BaseException as error:  # noqa: BLE001  # the caller raises it
            opened.set_exception(error)
            return
        try:
            opened.set_result(stream)
        except InvalidStateError:  # too late
            stream.close()
