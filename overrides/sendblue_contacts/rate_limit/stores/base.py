"""The protocol between a limiter and a store that several processes share.

A store applies the rule of `window.py` to all processes that use it. It never blocks a caller: its reply states how
long to wait, and it reserves a slot for the token meanwhile, so that processes are served in the order of their
requests. A caller that has waited repeats its request, because the server may have responded with 429 to another
process in the meantime.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import closing, suppress
from enum import Enum
from typing import Any, NamedTuple, Protocol


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
        bulk: For ACQUIRE: whether it is for bulk work, which leaves the reserve to others.
        paced: For ACQUIRE: whether it is spread evenly.
        lease: For ACQUIRE: the seconds after which the request counts as abandoned.
        timeout: For ACQUIRE: the seconds for which the caller may still wait.
        seconds: For FREEZE: how long it lasts. For RELEASE: how long the request may still be on its way.
    """

    command: Command
    token: int = 0
    bulk: bool = False
    paced: bool = False
    lease: float = 0.0
    seconds: float = 0.0
    timeout: float = math.inf


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


class StoreUnavailableError(Exception):
    """The store does not reply, and may do so later. The message states the reason, without a password."""


class Store(Protocol):
    """Slots that are shared with other processes. Safe to use from many threads."""

    def send(self, request: StoreRequest) -> StoreReply:
        """Send a request once.

        Raises:
            StoreUnavailableError: The store does not reply.
            RateLimitStoreError: The store cannot be used until its configuration is corrected.
        """
        ...

    async def async_send(self, request: StoreRequest) -> StoreReply:
        """As `send`, for tasks."""
        ...


Steps = Generator[Any, Any, None]
"""What to wait for: each step has `run` and `async_run`, whose result is sent into the generator. So threads and tasks
run the same steps."""


class StoreCall(NamedTuple):
    """The step that sends a request; the result for a store that is unavailable is its error."""

    store: Store
    request: StoreRequest

    def run(self) -> StoreReply | StoreUnavailableError:
        """Send the request from a thread."""
        try:
            return self.store.send(self.request)
        except StoreUnavailableError as error:
            return error

    async def async_run(self) -> StoreReply | StoreUnavailableError:
        """As `run`, in a task."""
        try:
            return await self.store.async_send(self.request)
        except StoreUnavailableError as error:
            return error


def run_steps(steps: Steps) -> None:
    """Run steps in a thread."""
    result = None
    with closing(steps), suppress(StopIteration):
        while True:
            result = steps.send(result).run()


async def async_run_steps(steps: Steps) -> None:
    """Run steps in a task."""
    result = None
    with closing(steps), suppress(StopIteration):
        while True:
            result = await steps.send(result).async_run()
