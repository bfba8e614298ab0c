"""The protocol between a limiter and a store that several processes share.

A store applies the rule of `window.py` to all processes that use it. Its reply states how long to wait, and it reserves
a slot for the token meanwhile, so that processes are served in the order of their requests. A caller that has waited
repeats its request, because another process may have reported a 429 in the meantime.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sendblue_contacts.errors import RateLimitStoreError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Command(Enum):
    """What a store is asked to do."""

    ACQUIRE = "acquire"
    """Reserve a slot for this token. With a token that has one already: report how long to wait for it now, and start
    its lease anew."""
    RELEASE = "release"
    """Release the slot: the response has arrived, or the request was abandoned."""
    CANCEL = "cancel"
    """Undo ACQUIRE: no request was sent."""
    FREEZE = "freeze"
    """Admit no request for `seconds`: the server responded with 429."""


class StoreRequest(NamedTuple):
    """One request to a store.

    Attributes:
        command: What to do.
        token: A number of 53 bits, different for each slot that is acquired.
        bulk: For ACQUIRE: whether it is for bulk work, which is paced and leaves the reserve to others.
        lease: For ACQUIRE: the seconds after which the request counts as abandoned.
        seconds: For FREEZE: how long it lasts. For RELEASE: how long the request may still be on its way.
    """

    command: Command
    token: int = 0
    bulk: bool = False
    lease: float = 0.0
    seconds: float = 0.0


class StoreReply(NamedTuple):
    """The reply of a store.

    Attributes:
        wait: Seconds until the slot may be used; 0 for now.
        frozen: Seconds for which the server admits no request.
        held: Whether a slot is reserved for the token. If not, all slots are in flight: repeat the request after
            `wait`.
    """

    wait: float = 0.0
    frozen: float = 0.0
    held: bool = True


class StoreUnavailableError(RateLimitStoreError):
    """The store does not reply, and may do so later. The message states the reason, without a password."""


class Store(ABC):
    """Slots that are shared with other processes. Safe to use from many threads."""

    @abstractmethod
    def send(self, request: StoreRequest) -> StoreReply:
        """Send a request once.

        Raises:
            StoreUnavailableError: The store does not reply.
            RateLimitStoreError: The store cannot be used until its configuration is corrected.
        """

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Make a call that uses the store, for a task: in a thread of its own, also when all threads of anyio are busy.

        If the task is cancelled, the thread continues. So no connection and no lock belongs to an event loop.
        """
        import anyio.to_thread  # noqa: PLC0415  # only the async client pays for it

        own = anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(call, limiter=own, abandon_on_cancel=True)
