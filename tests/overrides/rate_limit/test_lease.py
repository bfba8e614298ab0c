"""The lease of a slot: how long a store reserves it for a request."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import httpx
import pytest
from sendblue_contacts import RateLimit, RateLimiter, Retry
from sendblue_contacts.rate_limit.stores.base import Command
from sendblue_contacts.request_context import slot_arguments
from sendblue_contacts.retry import EXTENSION, Call

from tests.overrides.rate_limit.stepped_callers import ScriptedStore

if TYPE_CHECKING:
    from sendblue_contacts.rate_limit.stores.base import StoreReply, StoreRequest


@pytest.mark.parametrize(
    ("timeout", "deadline", "lease"),
    [
        (5.0, 60.0, 25.0),  # to get a connection, to connect, to send and to receive, and 5 s
        (30.0, 60.0, 65.0),  # no longer than the deadline of the call
        (30.0, math.inf, 125.0),
        (None, 60.0, 65.0),
        (None, math.inf, 60.0),  # the length of the request is unlimited
    ],
)
def test_the_lease_of_a_request_covers_its_timeouts(timeout: float | None, deadline: float, lease: float) -> None:
    """Up to the deadline of its call, so that a slot is reserved no longer than the request can take."""
    timeouts = httpx.Timeout(timeout).as_dict()
    call = Call(repeatable=True, retry=Retry(), seconds_left=deadline)
    request = httpx.Request("GET", "https://api.example", extensions={"timeout": timeouts, EXTENSION: call})
    assert slot_arguments(request)["lease"] == lease


class RecordingStore(ScriptedStore):
    """A store that records all requests."""

    is_local = True

    async def async_send(self, request: StoreRequest) -> StoreReply:
        """Record the request."""
        return self.send(request)


@pytest.mark.parametrize(("arguments", "lease"), [({}, 60.0), ({"lease": 300}, 300)])
def test_the_store_receives_the_lease(arguments: dict[str, float], lease: float) -> None:
    """The one that the caller passes, or the default."""
    store = RecordingStore()
    with RateLimiter(RateLimit(), store=store).slot(**arguments):  # type: ignore[arg-type]  # all are numbers
        pass
    assert [(request.command, request.lease) for request in store.received] == [
        (Command.ACQUIRE, lease),
        (Command.RELEASE, 0.0),
    ]


@pytest.mark.parametrize("lease", [None, 0, -1, math.inf, math.nan, True, "60"])
def test_an_invalid_lease_is_an_error(lease: float) -> None:
    """With an infinite one, the slot of a killed process would never be free again."""
    with pytest.raises(ValueError, match="lease must be a positive, finite number of seconds, not"):
        RateLimiter().slot(lease=lease)
