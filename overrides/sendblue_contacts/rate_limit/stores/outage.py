"""How a limiter uses a shared store, above all while the store is unavailable.

    | `on_unavailable` | while the store does not reply                                                      |
    |------------------|-------------------------------------------------------------------------------------|
    | `block`          | retry with growing pauses, for as long as the caller allows; then `RateLimitStoreError` |
    | `raise`          | `RateLimitStoreError` at once                                                       |

A release that did not reach the store stays in the outbox and is sent before the next request. Without the outbox, a
Redis that hangs for a second with 100 requests in flight would have no free slot until their leases have expired. A
late release is safe: a slot that is released is free one window after the store processes the release; and one that was
not used can be cancelled at any time, because no caller uses its token again. Sending either twice has no effect.

A task that is cancelled while it sends a request does not wait for the reply; its slot is cancelled in the same way.
A process that sends no further request does not flush its outbox: then the leases expire.
"""

from __future__ import annotations

import logging
import math
import random
from collections import deque
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING

from sendblue_contacts.errors import RateLimitStoreError

from .base import Command, StoreCall, StoreReply, StoreRequest, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sendblue_contacts.rate_limit.config import RateLimit
    from sendblue_contacts.rate_limit.lease import Slot
    from sendblue_contacts.rate_limit.window import Window

    from .base import Store

_LOG = logging.getLogger("sendblue_contacts")
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_RELEASE_TIMEOUT = 5.0
"""Seconds for which a cancelled task may still release its slot."""
_KEPT_IN_OUTBOX = frozenset({Command.RELEASE, Command.CANCEL})

StepResult = StoreReply | StoreUnavailableError | None
"""The result of a step: None for a wait."""


class StoreCoordinator:
    """Obtains slots of a shared store for the limiter of one process."""

    def __init__(self, store: Store, rate: RateLimit, clock: Callable[[], float]) -> None:
        self._store = Outbox(store, limit=2 * rate.limit)  # those in flight, and as many that wait
        self._rate = rate
        self._clock = clock
        self._tokens = _tokens()
        self._token_of: dict[int, int] = {}  # by the id of the slot

    def after_fork(self) -> None:
        """In the child: use other tokens than the parent."""
        self._tokens = _tokens()
        self._token_of = {}
        self._store.after_fork()

    def acquire_request(self, slot: Slot) -> StoreCall:
        """The request for this slot. The store may hold a slot for its token from now on."""
        if slot.token is None:
            slot.token = self._token_of[id(slot)] = next(self._tokens)
        paced = slot.bulk or self._rate.paced
        timeout = _shortest(slot.max_wait, slot.freeze_timeout)
        request = StoreRequest(Command.ACQUIRE, slot.token, slot.bulk, paced, slot.lease, timeout=timeout)
        return StoreCall(self._store, request)

    def release_request(self, slot: Slot, command: Command, hold: float = 0.0) -> StoreCall | None:
        """The request that ends the use of this slot, by RELEASE or CANCEL; None if the store holds none for it.

        Args:
            slot: The slot.
            command: RELEASE or CANCEL.
            hold: For RELEASE: for how many seconds its request may still be on its way.
        """
        return None if slot.token is None else StoreCall(self._store, StoreRequest(command, slot.token, seconds=hold))

    def forget(self, slot: Slot) -> None:
        """Note that the store holds no slot for this one any more."""
        slot.token = None
        self._token_of.pop(id(slot), None)

    def release_later(self, key: int) -> None:
        """Release the slot with this `id`, which no longer exists, before the next request to the store."""
        if token := self._token_of.pop(key, None):
            self._store.keep(StoreRequest(Command.RELEASE, token, seconds=self._rate.hold_abandoned))

    def freeze_request(self, seconds: float) -> StoreCall:
        """The request that freezes all processes."""
        return StoreCall(self._store, StoreRequest(Command.FREEZE, seconds=seconds))

    def steps(
        self, slot: Slot, window: Window, started: float, result: StepResult
    ) -> Generator[StoreCall | float, StepResult, None]:
        """What to send, and for how many seconds to wait, until the slot may be used.

        Args:
            slot: The slot, which holds one of the window already.
            window: The window of this process, to which a freeze is passed on.
            started: When the caller arrived.
            result: The result of the first `acquire_request`, if it was sent already.
        """
        pause = _FIRST_PAUSE
        if result is None:
            result = yield self.acquire_request(slot)
        while not self.is_granted(slot, result):
            if isinstance(result, StoreReply):
                if result.frozen:
                    window.freeze(self._clock() + result.frozen)
                yield result.wait
            else:
                yield self._outage_pause(result, slot, started, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            result = yield self.acquire_request(slot)

    def is_granted(self, slot: Slot, result: StepResult) -> bool:
        """Whether the slot may be used now. Its lease has started by then."""
        granted = isinstance(result, StoreReply) and result.held and result.wait <= 0
        if granted:
            slot.leased_until = self._clock() + slot.lease
        return granted

    def _outage_pause(self, error: StepResult, slot: Slot, started: float, pause: float) -> float:
        """Seconds until the next attempt to reach the store."""
        allowed = _shortest(slot.max_wait, slot.freeze_timeout)
        if self._rate.on_unavailable == "raise" or self._clock() - started + pause > allowed:
            self._cancel_later(slot)
            raise RateLimitStoreError(
                f"the rate limit store is unavailable ({error}); no request was sent: check that it is running"
            )
        if pause == _FIRST_PAUSE:
            _LOG.warning("the rate limit store is unavailable (%s); retrying", error)
        return pause

    def _cancel_later(self, slot: Slot) -> None:
        """Cancel the slot when the store is available: it may have received the request without replying."""
        if call := self.release_request(slot, Command.CANCEL):
            self._store.keep(call.request)
            self.forget(slot)


class Outbox:
    """A store, and the releases that it has not received yet.

    Args:
        store: The store.
        limit: The maximum number of releases to keep. Any others are left to their leases.
    """

    def __init__(self, store: Store, limit: int) -> None:
        self.is_local: bool = store.is_local
        self._store = store
        self._limit = limit
        self._kept: deque[StoreRequest] = deque()

    def send(self, request: StoreRequest) -> StoreReply:
        """Send the outbox, then the request. The first failure ends it, so that no caller waits for two timeouts."""
        if not self._kept and request.command not in _KEPT_IN_OUTBOX:
            return self._store.send(request)
        with self._kept_on_failure(request):
            for kept in self._take_kept():
                with self._kept_on_failure(kept):
                    self._store.send(kept)
            return self._store.send(request)

    async def async_send(self, request: StoreRequest) -> StoreReply:
        """As `send`, for tasks."""
        if any(kept.token == request.token for kept in tuple(self._kept)):
            return StoreReply()  # the task was cancelled while it sent ACQUIRE, and now sends the CANCEL that is kept
        with self._kept_on_failure(request), self._cancelled_with_task(request):
            for kept in self._take_kept():
                with self._kept_on_failure(kept):
                    await self._store.async_send(kept)
            return await self._store.async_send(request)

    def keep(self, request: StoreRequest) -> None:
        """Send this request when the store is available."""
        if len(self._kept) < self._limit:
            self._kept.append(request)

    def after_fork(self) -> None:
        """In the child: discard the outbox; the parent sends it."""
        self._kept = deque()
        self._store.after_fork()

    def _take_kept(self) -> Iterator[StoreRequest]:
        while self._kept:
            with suppress(IndexError):  # another thread took the last one
                yield self._kept.popleft()

    @contextmanager
    def _kept_on_failure(self, request: StoreRequest) -> Generator[None]:
        try:
            yield
        except BaseException:  # the cancellation of a task too: it received no reply
            if request.command in _KEPT_IN_OUTBOX:
                self.keep(request)
            raise

    @contextmanager
    def _cancelled_with_task(self, request: StoreRequest) -> Generator[None]:
        try:
            yield
        except Exception:
            raise
        except BaseException:  # the task was cancelled or garbage-collected
            if request.command is Command.ACQUIRE:
                self.keep(request._replace(command=Command.CANCEL))
            raise


def notify(call: StoreCall | None) -> None:
    """Send a request whose reply is not needed. A release that does not reach the store stays in the outbox."""
    if call:
        with suppress(RateLimitStoreError):  # the next acquire reports it; this caller has its response
            call.run()


async def async_notify(call: StoreCall | None) -> None:
    """As `notify`, for tasks: also for one that is being cancelled."""
    if not call or call.store.is_local:
        notify(call)
        return
    import anyio  # noqa: PLC0415  # only the async client pays for it

    with anyio.move_on_after(_RELEASE_TIMEOUT, shield=True), suppress(RateLimitStoreError):
        await call.async_run()


def _shortest(*limits: float | None) -> float:
    return min(math.inf if limit is None else limit for limit in limits)


def _tokens() -> Iterator[int]:
    """Numbers of 53 bits that no other process uses: a random prefix followed by a counter."""
    return count(random.SystemRandom().getrandbits(31) << 22 | 1)
