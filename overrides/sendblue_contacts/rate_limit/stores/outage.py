"""How a limiter uses a shared store, above all while the store is unavailable.

    | `on_unavailable` | while the store does not reply                                                      |
    |------------------|-------------------------------------------------------------------------------------|
    | `block`          | retry with growing pauses, for as long as the caller allows; then `RateLimitStoreError` |
    | `raise`          | `RateLimitStoreError` at once                                                       |

Releases meanwhile stay in the outbox (`outbox.py`).
"""

from __future__ import annotations

import logging
import random
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from sendblue_contacts.errors import RateLimitStoreError

from .base import Command, StoreCall, StoreReply, StoreRequest, StoreUnavailableError
from .outbox import Notice, Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sendblue_contacts.rate_limit.config import RateLimit
    from sendblue_contacts.rate_limit.lease import Slot
    from sendblue_contacts.rate_limit.window import Window

    from .base import Store

_LOG = logging.getLogger("sendblue_contacts")
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6, 2.0)
"""Seconds between two attempts to reach the store; the last one from then on."""


class StoreCoordinator:
    """Obtains slots of a shared store for the limiter of one process.

    Args:
        store: The store.
        window: The window of this process, to which a freeze is passed on.
        clock: Returns the time in seconds.
    """

    def __init__(self, store: Store, window: Window, clock: Callable[[], float]) -> None:
        self._rate: RateLimit = window.rate
        self._outbox = Outbox(store, limit=2 * window.rate.limit)  # those in flight, and as many that wait
        self._window = window
        self._clock = clock
        self._tokens = _tokens()
        self._token_of: dict[int, int] = {}  # by the id of the slot

    def after_fork(self) -> None:
        """In the child: use other tokens than the parent."""
        self._tokens = _tokens()
        self._token_of = {}
        self._outbox.after_fork()

    def ask(self, slot: Slot) -> StoreCall:
        """The request for this slot. The store may hold a slot for its token from now on."""
        if slot.token is None:
            slot.token = self._token_of[id(slot)] = next(self._tokens)
        paced = slot.bulk or self._rate.paced
        timeout = min(slot.max_wait, slot.freeze_timeout)
        return StoreCall(
            self._outbox, StoreRequest(Command.ACQUIRE, slot.token, slot.bulk, paced, slot.lease, timeout=timeout)
        )

    def wait_after(self, slot: Slot, result: StoreReply | StoreUnavailableError, failures: int) -> float | None:
        """Seconds until the next request for this slot; None if it may be used now: then its lease has started.

        Args:
            slot: The slot, which holds one of the window already.
            result: The result of the last request.
            failures: How often the store did not reply before.

        Raises:
            RateLimitStoreError: The store is unavailable for longer than the caller or the configuration allows.
        """
        now = self._clock()
        if not isinstance(result, StoreReply):
            return self._outage_pause(result, slot, now, _PAUSES[min(failures, len(_PAUSES) - 1)])
        if result.held and result.wait <= 0:
            slot.leased_until = now + slot.lease
            return None
        self._window.freeze(now + result.frozen)
        return result.wait

    def _outage_pause(self, error: Exception, slot: Slot, now: float, pause: float) -> float:
        allowed = min(slot.max_wait, slot.freeze_timeout)
        if self._rate.on_unavailable == "raise" or now - slot.started + pause > allowed:
            if slot.token:  # the store may have received the request without replying
                self._outbox.keep(StoreRequest(Command.CANCEL, slot.token))
                self._forget(slot)
            raise RateLimitStoreError(
                f"the rate limit store is unavailable ({error}); no request was sent: check that it is running"
            )
        if pause == _PAUSES[0]:
            _LOG.warning("the rate limit store is unavailable (%s); retrying", error)
        return pause

    def end(self, slot: Slot, command: Command, hold: float = 0.0) -> Notice | None:
        """What ends the use of this slot, by RELEASE or CANCEL, whose request may still travel for `hold` seconds.

        Returns None if the store holds no slot for it.
        """
        if slot.token is None:
            return None
        return Notice(self._outbox, StoreRequest(command, slot.token, seconds=hold), partial(self._forget, slot))

    def _forget(self, slot: Slot) -> None:
        slot.token = None
        self._token_of.pop(id(slot), None)

    def release_later(self, key: int) -> None:
        """Release the slot with this `id`, which no longer exists, before the next request to the store."""
        if token := self._token_of.pop(key, None):
            self._outbox.keep(StoreRequest(Command.RELEASE, token, seconds=self._rate.hold_abandoned))

    def freeze(self, seconds: float) -> Notice:
        """What freezes all processes."""
        return Notice(self._outbox, StoreRequest(Command.FREEZE, seconds=seconds))


def _tokens() -> Iterator[int]:
    """Numbers of 53 bits that no other process uses: a random prefix followed by a counter."""
    return count(random.SystemRandom().getrandbits(31) << 22 | 1)
