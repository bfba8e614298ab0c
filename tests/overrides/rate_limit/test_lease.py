"""The lease of a slot: how long a store reserves it for a request."""

import math

import httpx
import pytest
from sendblue_contacts import RateLimiter, Retry
from sendblue_contacts.request_context import slot_for
from sendblue_contacts.retry import EXTENSION, Call


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
    assert slot_for(request, RateLimiter(None)).lease == lease
