"""The releases that an unavailable store did not receive: they are sent before the next request to it.

Without them, a Redis that hangs for a second with 100 requests in flight would have no free slot until their leases
have expired. A late release is safe: a slot that is released is free one window after the store processes the release;
and one that was not used can be cancelled at any time, because no caller uses its token again. Sending either twice has
no effect. A process that sends no further request does not flush its outbox: then the leases expire.

A task that is cancelled while it sends a request does not wait for the reply; its slot is cancelled in the same way.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from sendblue_contacts.errors import RateLimitStoreError

from .base import Command, StoreCall, StoreReply, StoreRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from .base import Store

_RELEASE_TIMEOUT = 5.0
"""Seconds for which a cancelled task may still release its slot."""


class Outbox:
    """A store, and the releases that it has not received yet.

    Args:
        store: The store.
        limit: The maximum number of releases to keep. Any others are left to their leases.
    """

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._kept: deque[StoreRequest] = deque()

    def send(self, request: StoreRequest) -> StoreReply:
        """Send the outbox, then the request. The first failure ends it, so that no caller waits for two timeouts."""
        with self._kept_on_failure(request):
            for kept in self._take_kept():
                with self._kept_on_failure(kept):
                    self._store.send(kept)
            return self._store.send(request)

    async def async_send(self, request: StoreRequest) -> StoreReply:
        """As `send`, for tasks. Other tasks run while a long outbox is sent."""
        import anyio.lowlevel  # noqa: PLC0415  # only the async client pays for it

        if any(kept.token == request.token for kept in tuple(self._kept)):
            return StoreReply()  # the task was cancelled while it sent ACQUIRE, and now sends the CANCEL that is kept
        with self._kept_on_failure(request):
            for kept in self._take_kept():
                with self._kept_on_failure(kept):
                    await self._store.async_send(kept)
                    await anyio.lowlevel.checkpoint()
            return await self._store.async_send(request)

    def keep(self, request: StoreRequest) -> None:
        """Send this request when the store is available."""
        if len(self._kept) < self._limit:
            self._kept.append(request)

    def after_fork(self) -> None:
        """In the child: discard the outbox; the parent sends it."""
        self._kept = deque()

    def _take_kept(self) -> Iterator[StoreRequest]:
        while self._kept:
            with suppress(IndexError):  # another thread took the last one
                yield self._kept.popleft()

    @contextmanager
    def _kept_on_failure(self, request: StoreRequest) -> Generator[None]:
        try:
            yield
        except BaseException as error:
            if request.command in {Command.RELEASE, Command.CANCEL}:
                self.keep(request)
            elif request.command is Command.ACQUIRE and not isinstance(error, Exception):
                self.keep(request._replace(command=Command.CANCEL))  # the caller was cancelled: it received no reply
            raise


class Notice(NamedTuple):
    """A request to a store whose reply is not needed: the caller has its response, or gives up.

    Attributes:
        outbox: The store. What does not reach it stays in the outbox.
        request: The request.
        forget: Called when the request has been sent, or is in the outbox.
    """

    outbox: Outbox
    request: StoreRequest
    forget: Callable[[], object] = lambda: None

    def run(self) -> None:
        """Send the request from a thread."""
        with suppress(RateLimitStoreError):  # the next acquire reports it
            StoreCall(self.outbox, self.request).run()
        self.forget()

    async def async_run(self, error: BaseException | None = None) -> None:
        """As `run`, in a task, also in one that is being cancelled.

        Args:
            error: What ended the block of the caller. One that is garbage-collected cannot wait.
        """
        import anyio  # noqa: PLC0415  # only the async client pays for it

        if isinstance(error, GeneratorExit):
            self.outbox.keep(self.request)
        else:
            with anyio.move_on_after(_RELEASE_TIMEOUT, shield=True), suppress(RateLimitStoreError):
                await StoreCall(self.outbox, self.request).async_run()
        self.forget()
