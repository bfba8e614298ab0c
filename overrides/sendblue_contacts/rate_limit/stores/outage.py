"""How a limiter uses a shared store, above all while the store is unavailable.

    | `on_unavailable` | while the store does not reply                                                      |
    |------------------|-------------------------------------------------------------------------------------|
    | `block`          | retry with growing pauses, for as long as the caller allows; then `RateLimitStoreError` |
    | `raise`          | `RateLimitStoreError` at once                                                       |

What ends the use of a slot goes through an outbox. What the store does not receive stays there, and is sent before the
next request. Otherwise a Redis that hangs for a second with 100 requests in flight would have no free slot until their
leases have expired. A late release is safe: a slot that is released is free one window after the store processes the
release; and one that was not used can be cancelled at any time, because no caller uses its token again. Sending either
twice has no effect. A process that sends no further request does not send its outbox: then the leases expire.
"""

from __future__ import annotations

import logging
import random
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from sendblue_contacts.errors import RateLimitStoreError

from .base import Command, StoreRequest, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.rate_limit.lease import Slot
    from sendblue_contacts.rate_limit.window import Window

    from .base import Store

_LOG = logging.getLogger("sendblue_contacts")
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 2.0)
"""Seconds between two attempts to reach the store; the last one from then on."""
_RELEASE_TIMEOUT = 5.0
"""Seconds for which a task waits at most until its release is sent."""


class StoreCoordinator:
    """Obtains slots of a shared store for the limiter of one process, and passes a freeze on to its window."""

    def __init__(self, store: Store, window: Window, clock: Callable[[], float]) -> None:
        self._store = store
        self._window = window
        self._clock = clock
        self.after_fork()

    def after_fork(self) -> None:
        """In the child: use other tokens than the parent, which sends its outbox itself."""
        # Numbers of 53 bits that no other process uses: a random prefix followed by a counter.
        self._tokens = count(random.SystemRandom().getrandbits(31) << 22 | 1)
        self._token_of: dict[int, int] = {}  # by the id of the slot
        self._outbox: dict[int, tuple[Command, float]] = {}  # by token; until when it matters

    def ask(self, slot: Slot) -> float:
        """Ask for this slot. Returns seconds until the next request for it; 0 if it may be used: its lease has started.

        Raises RateLimitStoreError if the store cannot be used for longer than the caller or `on_unavailable` allows.
        """
        if slot.token is None:
            slot.token = self._token_of[id(slot)] = next(self._tokens)
        timeout = min(slot.max_wait, slot.freeze_timeout)
        request = StoreRequest(Command.ACQUIRE, slot.token, slot.bulk, slot.lease, timeout)
        try:
            self._send_outbox()
            reply = self._store.send(request)
        except StoreUnavailableError as error:
            return self._pause(slot, error)
        now = self._clock()
        if reply.held and reply.wait <= 0:
            slot.leased_until = now + slot.lease
            return 0.0
        self._window.freeze(now + reply.frozen)
        return reply.wait

    async def async_ask(self, slot: Slot) -> float:
        """As `ask`, for a task. If it is cancelled meanwhile, the thread cancels the slot after the reply."""

        def ask() -> float:
            slot.is_asking = True
            try:
                return 0.0 if slot.is_over else self.ask(slot)
            finally:
                slot.is_asking = False
                if slot.is_over and self.end(slot, 0.0):
                    self.deliver()

        return await self._store.in_thread(ask)

    def _pause(self, slot: Slot, error: Exception) -> float:
        pause = _PAUSES[min(slot.failures, len(_PAUSES) - 1)]
        allowed = min(slot.max_wait, slot.freeze_timeout)
        if self._window.rate.on_unavailable == "raise" or self._clock() - slot.started + pause > allowed:
            slot.is_asking = False
            self.end(slot, 0.0)  # the store may have received the request without replying
            raise RateLimitStoreError(
                f"the rate limit store is unavailable ({error}); no request was sent: check that it is running"
            )
        if not slot.failures:
            _LOG.warning("the rate limit store is unavailable (%s); retrying", error)
        slot.failures += 1
        return pause

    def end(self, slot: Slot, until: float) -> bool:
        """Put what ends the use of a slot into the outbox. Its request may be on its way until then.

        Returns whether the caller has to deliver it: a thread that is asking for the slot does that itself.
        """
        if slot.token is None or slot.is_asking:
            return False
        self._put(slot.token, Command.RELEASE if slot.is_sent else Command.CANCEL, until)
        slot.token = None
        self._token_of.pop(id(slot), None)
        return True

    def end_lost(self, key: int, until: float) -> None:
        """Release the slot with this `id`, which no longer exists, before the next request to the store."""
        if token := self._token_of.pop(key, None):
            self._put(token, Command.RELEASE, until)

    def freeze(self, until: float) -> None:
        """Freeze all processes. During an outage, this is sent later if it is not over by then."""
        self._put(next(self._tokens), Command.FREEZE, until)

    def _put(self, token: int, command: Command, until: float) -> None:
        self._outbox[token] = command, until
        for oldest in [*self._outbox][: -2 * self._window.rate.limit]:  # those in flight, and as many that wait
            self._outbox.pop(oldest, None)  # it is left to its lease

    def _send_outbox(self) -> None:
        """Send the outbox. The first failure ends it, so that no caller waits for two timeouts."""
        for token, (command, until) in self._outbox.copy().items():
            try:
                seconds = max(0.0, until - self._clock())
                is_mine = self._outbox.pop(token, None)  # otherwise another thread sends it
                if is_mine and (seconds or command is not Command.FREEZE):
                    self._store.send(StoreRequest(command, token, seconds=seconds))
            except BaseException:
                self._outbox[token] = command, until
                raise

    def deliver(self) -> None:
        """Send the outbox. The next request reports an error."""
        with suppress(RateLimitStoreError):
            self._send_outbox()

    async def async_deliver(self, error: BaseException | None = None) -> None:
        """As `deliver`, in a task, also in one that is being cancelled: by this error, if it is garbage-collected."""
        import anyio  # noqa: PLC0415  # only the async client pays for it

        if not isinstance(error, GeneratorExit):  # otherwise it cannot wait
            with anyio.move_on_after(_RELEASE_TIMEOUT, shield=True):
                await self._store.in_thread(self.deliver)
