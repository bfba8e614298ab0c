"""Reads that lag behind writes: after a lost response, a look-up that does not show the write proves nothing yet."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from sendblue_contacts import APIConnectionError, Retry

from tests.overrides.clients import each_with_one_kind
from tests.overrides.lagging_calls import check_calls
from tests.overrides.lagging_server import CONTACTS, LaggingServer, run_on

ADA, BOB = "+14155551234", "+14155555678"
BULK = [{"phone": f"+1415556{number:04}", "first_name": f"n{number}"} for number in range(30)]
NUMBERS = [row["phone"] for row in BULK]


@pytest.fixture
def server() -> LaggingServer:
    """A server whose reads are two seconds late."""
    return LaggingServer(lag=2.0)


def _losing(*numbers: int) -> Callable[[int], bool]:
    return lambda number: number in numbers


def _seconds(server: LaggingServer) -> float:
    """Returns how long the last call took."""
    return server.now - server.requests[0][1]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_calls_with_every_third_response_lost(kind: str) -> None:
    """No false conflict, no false failure, and nothing is doubled; `tests/slow` has a thousand of these calls."""
    check_calls(kind, groups=6)


def test_a_conflict_with_its_own_contact_is_no_conflict(server: LaggingServer) -> None:
    """The contact is looked up, with growing pauses, until it is shown."""
    server.loses = _losing(1)
    ada = run_on(server, "sync", lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert (ada.first_name, server.created[ADA]) == ("Ada", 1)
    assert [request for request, _ in server.requests] == [f"POST {CONTACTS}"] * 2 + [f"GET {CONTACTS}/{ADA}"] * 5
    assert 2 < _seconds(server) < 4


@pytest.mark.parametrize(("lag", "read_lag"), [(12.0, 5.0), (0.0, 0.0)])
def test_a_contact_that_exists_is_awaited_for_three_times_the_lag(
    server: LaggingServer, lag: float, read_lag: float
) -> None:
    """The server stated that it exists, so not to find it means that reads lag more than expected."""
    server.lag, server.loses = lag, _losing(1)
    retry = Retry(read_lag=read_lag)
    assert run_on(server, "sync", lambda client: client.contacts.create(ADA, first_name="Ada"), retry).phone == ADA


@pytest.mark.parametrize(
    ("existing", "lag", "lost", "shown"),
    [
        ("Grace", 2.0, [1], "the contact differs from what was sent"),
        (None, 3600.0, [1], "Contact not found"),
        (None, 0.0, [1, 3, 4, 5], "no response"),  # to any attempt of the look-up
    ],
)
def test_an_error_after_a_creation_that_may_have_been_applied_says_so(
    server: LaggingServer, existing: str | None, lag: float, lost: list[int], shown: str
) -> None:
    """It names what the look-ups show: not before the time by which reads may lag, and within 15 s."""
    if existing:
        server.create(ADA, {"first_name": existing})
        server.now += 60
    server.loses, server.lag = _losing(*lost), lag
    with pytest.raises(APIConnectionError, match=rf"the response to the creation was lost, .* \({shown}") as caught:
        run_on(server, "sync", lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert (caught.value.maybe_applied, server.created[ADA]) == (True, 1)
    assert _seconds(server) < 16
    assert _seconds(server) >= 5 or shown == "no response"


LOOKED_UP: list[Callable[[Any], Any]] = [
    lambda client: client.contacts.create(BOB, first_name="Bob"),
    lambda client: client.contacts.upsert(BOB, first_name="Bob"),
    lambda client: client.contacts.update(ADA, first_name="Bob"),
    lambda client: client.contacts.update(ADA, first_name="Bob", phone_number=BOB),
    lambda client: client.contacts.delete(ADA),
]


@each_with_one_kind("call,applied", product(LOOKED_UP, [True, False]), "sync", "async", "async")
def test_a_call_that_loses_every_response_is_looked_up(
    server: LaggingServer, kind: str, call: Callable[[Any], Any], applied: bool
) -> None:
    """It succeeds if it was applied; otherwise its error says that it may have been. Not before reads lag no more."""
    server.create(ADA, {"first_name": "Ada"})
    lost = _losing(1, 2, 3)
    server.loses, server.drops = (lost, server.drops) if applied else (server.loses, lost)
    before = server.contacts()
    if applied:
        run_on(server, kind, call)
        assert server.contacts() != before
    else:
        with pytest.raises(APIConnectionError) as caught:
            run_on(server, kind, call)
        assert (caught.value.maybe_applied, caught.value.attempts, server.contacts()) == (True, 3, before)
    assert _seconds(server) >= 5


def test_lookups_end_with_the_deadline_of_the_call(server: LaggingServer) -> None:
    """However long reads may lag."""
    server.loses, server.lag = _losing(1), 3600.0
    with pytest.raises(APIConnectionError):
        run_on(server, "sync", lambda client: client.contacts.create(ADA), Retry(deadline=3.0, read_lag=60.0))
    assert _seconds(server) < 3


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize("applied", [True, False])
def test_a_chunk_is_sent_again_only_when_reads_lag_no_more(server: LaggingServer, count: int, applied: bool) -> None:
    """Nothing is doubled, although this server accepts a number twice."""
    server.loses, server.drops = (_losing(1), server.drops) if applied else (server.loses, _losing(1))
    result = run_on(server, "sync", lambda client: client.contacts.bulk.create(BULK[:count]))
    assert (repr(result), set(server.created.values())) == (f"BulkCreateResult({count} of {count} created)", {1})
    posts = [at for request, at in server.requests if request.startswith("POST")]
    assert posts[1:] == [] if applied else posts[1] - posts[0] >= 5


def test_a_deleted_contact_that_is_still_shown_was_not_created(server: LaggingServer) -> None:
    """Although it has the values that were sent: it is older than the request."""
    server.create(ADA, {"first_name": "Ada"})
    server.put(ADA, None)
    server.now += 1
    server.drops = _losing(1)
    rows = [{"phone": ADA, "first_name": "Ada"}]
    result = run_on(server, "sync", lambda client: client.contacts.bulk.create(rows))
    assert (len(result.created), server.created[ADA], ADA in server.contacts()) == (1, 2, True)


def test_check_existing_waits_once_until_reads_lag_no_more(server: LaggingServer) -> None:
    """The earlier call may have ended just now; the second chunk does not wait again."""
    for row in BULK[:10]:
        server.create(row["phone"], row)
    create = lambda client: client.contacts.bulk.create(BULK, check_existing=True, chunk_size=10)  # noqa: E731  # short
    result = run_on(server, "sync", create)
    assert (len(result.created), set(server.created.values())) == (30, {1})
    assert _seconds(server) < 8


@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        pytest.param("sync", {"loses": _losing(1), "only_totals": True}, id="the repetition has a total of 0"),
        pytest.param("async", {"loses": _losing(1), "not_found": "No such person"}, id="the repetition has errors"),
        pytest.param("sync", {"loses": _losing(1, 2, 3)}, id="no response"),
        pytest.param("async", {"drops": _losing(1, 2, 3)}, id="not applied"),
    ],
)
def test_a_bulk_deletion_whose_response_was_lost_is_looked_up(
    server: LaggingServer, kind: str, faults: dict[str, Any]
) -> None:
    """What the first request deleted has not failed; contacts that still exist are deleted then."""
    for row in BULK:
        server.create(row["phone"], row)
    server.now += 60
    vars(server).update(faults)
    result = run_on(server, kind, lambda client: client.contacts.bulk.delete(NUMBERS))
    assert (result.deleted, result.failed, result.unknown) == (NUMBERS, [], [])
    assert (server.contacts(), _seconds(server) >= 5) == ({}, True)


def test_a_contact_that_every_bulk_deletion_leaves_has_failed(server: LaggingServer) -> None:
    """It still exists after three requests, once reads lag no more."""
    server.create(ADA, {"first_name": "Ada"})
    server.now += 60
    server.drops = lambda _: server.requests[-1][0].startswith("DELETE")
    result = run_on(server, "sync", lambda client: client.contacts.bulk.delete([ADA]))
    assert [failure.reason.endswith("it was sent 3 times and still exists") for failure in result.failed] == [True]
