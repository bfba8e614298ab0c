"""The reconciler of bulk calls: after a lost response no contact is created twice, and none is lost or guessed."""

from typing import Any
from unittest.mock import patch

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import APIConnectionError, BadRequestError, BulkOutcome, InternalServerError, RateLimitError
from sendblue_contacts._sync import bulk
from sendblue_contacts.bulk.reconciler import Request
from sendblue_contacts.bulk.requests import EncodedPage, encoded_item

from tests.overrides.bulk.fake_server import (
    FAULTS,
    HALF_APPLIED,
    INCOMPLETE,
    LATE,
    LISTING,
    LOST_AFTER,
    LOST_BEFORE,
    REJECTED,
    SUCCESS,
    TOO_MANY,
    UNAUTHORISED,
    UNREACHABLE,
    FakeServer,
    OrderedExecutor,
    create,
    make_rows,
)
from tests.overrides.bulk.simulation import SimulatedServer, simulate

OTHER = {"first_name": "Different"}


def _statuses(outcomes: list[BulkOutcome[Any]]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def _first_name(outcome: BulkOutcome[Any]) -> str | None:
    return outcome.value and outcome.value.first_name


@pytest.mark.parametrize(
    ("fault", "count", "lookups"),
    [
        pytest.param(LOST_AFTER, 30, [""], id="an applied chunk is among the newest contacts"),
        pytest.param(LOST_AFTER, 3, [0, 1, 2], id="a few items are looked up one by one"),
        pytest.param(INCOMPLETE, 3, [1, 2], id="items without a result are looked up"),
        pytest.param(REJECTED, 3, [], id="rejected: nothing was applied"),
        pytest.param(TOO_MANY, 3, [], id="throttled: nothing was applied"),
    ],
)
def test_only_what_is_unknown_is_looked_up(fault: str, count: int, lookups: list[Any]) -> None:
    """With as few requests as possible, and then nothing is sent again."""
    server = FakeServer([fault])
    create(server, make_rows(count), chunk_size=count)
    paths = [f"/{make_rows(count)[path]['phone']}" if isinstance(path, int) else path for path in lookups]
    assert (server.lookups(), len(server.posts())) == (paths, 1)


def test_items_that_are_not_among_the_newest_are_looked_up_one_by_one() -> None:
    """Only those that do not exist by their own look-up are sent again, in one chunk."""
    server = FakeServer([HALF_APPLIED])
    create(server, make_rows(30), chunk_size=30)
    assert server.lookups() == ["", *(f"/{row['phone']}" for row in make_rows(30)[15:])]
    assert [len(post) for post in server.posts()] == [30, 15]


LISTED: dict[str, tuple[dict[str, Any], int]] = {
    "at once": ({}, 1),
    "reads lag": ({"lag": 4.0}, 3),
    "the clock of the server is ahead, and reads lag": ({"lag": 4.0, "ahead": 300.0}, 3),
    "it is behind": ({"lag": 4.0, "ahead": -300.0}, 3),
    "the account has many contacts": ({"older": 9_000, "lag": 4.0}, 3),
    "others create contacts meanwhile": ({"others": 300, "lag": 4.0}, 3),
    "the list ignores the time": ({"older": 9_000, "others": 300, "lag": 4.0, "ignores_time": True}, 108),
}


@pytest.mark.parametrize("lost", [1, 6])
@pytest.mark.parametrize(("settings", "requests"), LISTED.values(), ids=LISTED.keys())
def test_a_chunk_that_was_applied_is_found_in_lists(settings: dict[str, Any], requests: int, lost: int) -> None:
    """With at most three requests for a hundred contacts; where a list does not help, it is bounded."""
    server = SimulatedServer(**settings, lost=(lost,))
    assert {outcome.status for outcome in simulate(server, 1_000, 100)} == {"created"}
    assert (server.rejected, len(server.look_ups) <= requests) == (0, True)


def test_an_interrupted_call_is_looked_up_in_lists() -> None:
    """With check_existing the time of the first request is not known: pages of the newest contacts are listed."""
    server = SimulatedServer()
    assert all(outcome.ok for outcome in simulate(server, 4_000, 1_000))
    outcomes = simulate(server, 4_000, 1_000, check_existing=True)
    assert (all(outcome.ok for outcome in outcomes), len(server.sizes)) == (True, 4)
    assert len(server.look_ups) == (1 + 1 + 4) + 3 + 2 + 1  # the first chunk is looked for until reads lag no more


class _ServerWithEmptyLists(FakeServer):
    def _look_up(self, path: str, fault: str) -> httpx.Response | httpx.TransportError:
        return httpx.Response(200, json=[]) if path == LISTING else super()._look_up(path, fault)


def test_what_the_lists_since_an_interruption_lack_is_sent_and_looked_up_if_it_is_rejected() -> None:
    """So a contact that the lists missed is neither lost nor doubled."""
    rows, server = make_rows(12), _ServerWithEmptyLists(unique=True)
    server._apply(rows[:5])
    options: dict[str, Any] = {"with_contacts": False, "chunk_size": 100, "concurrency": 1, "check_existing": True}
    with patch.object(bulk, "ThreadExecutor", {Request: lambda _: OrderedExecutor()}):
        page = EncodedPage(map(encoded_item, rows))
        (chunk,) = bulk.BulkContacts(server.send, None)._stream_chunks([page], since=1.0, **options)
    assert [entry.result.status for entry in chunk] == ["created"] * 12
    assert server.created == dict.fromkeys([row["phone"] for row in rows], 1)
    assert server.lookups() == ["", *(f"/{row['phone']}" for row in rows[:5])]


def test_if_the_newest_cannot_be_listed_all_items_are_looked_up_one_by_one() -> None:
    """A page that fails proves nothing about any item."""
    server = FakeServer([LOST_AFTER], lookup_faults=[REJECTED])
    assert _statuses(create(server, make_rows(30), chunk_size=30)) == ["created"] * 30
    assert len(server.lookups()) == 31


def test_a_slow_request_neither_fails_nor_creates_a_second_contact() -> None:
    """It is applied when its chunk is sent again: the server rejects the number, and a look-up finds our contact."""
    server = FakeServer([LATE], unique=True)
    assert _statuses(create(server, make_rows(2))) == ["created"] * 2
    assert list(server.created.values()) == [1] * 2


@pytest.mark.parametrize("lookup_faults", [[], [SUCCESS, LOST_BEFORE]])
def test_an_item_that_is_rejected_when_sent_again_fails(lookup_faults: list[str]) -> None:
    """It is looked up once more and, whatever that finds, not sent a third time: the server has rejected it."""
    number = make_rows(1)[0]["phone"]
    server = FakeServer([LOST_BEFORE], lookup_faults, invalid=frozenset([number]))
    outcomes = create(server, make_rows(1))
    assert [(each.status, each.reason, each.error) for each in outcomes] == [("failed", "Invalid phone number", None)]
    assert (len(server.posts()), len(server.lookups())) == (2, 2)


def test_an_item_is_sent_at_most_three_times() -> None:
    """Then it fails, since it does not exist after the third request either."""
    server = FakeServer([LOST_BEFORE] * 9)
    outcomes = create(server, make_rows(1))
    assert (_statuses(outcomes), len(server.posts()), len(server.lookups())) == (["failed"], 3, 3)
    assert outcomes[0].reason.endswith("it was sent 3 times and does not exist")


def test_an_item_whose_lookup_fails_is_unknown() -> None:
    """The reason has the error and a hint; the other items of the chunk go on."""
    server = FakeServer([LOST_BEFORE], lookup_faults=[LOST_BEFORE])
    outcomes = create(server, make_rows(2))
    assert (_statuses(outcomes), server.posts()[1:]) == (["unknown", "created"], [[make_rows(2)[1]["phone"]]])
    assert "no response (ReadError: reset)" in outcomes[0].reason
    assert outcomes[0].reason.endswith("it may have been created; retry it with check_existing=True")


def test_items_that_never_arrived_are_not_looked_up() -> None:
    """If the server is unreachable, nothing can have been created."""
    server = FakeServer([SUCCESS, UNREACHABLE])
    assert _statuses(create(server, make_rows(4))) == ["created", "created", "failed", "failed"]
    assert server.lookups() == []


@pytest.mark.parametrize(("fault", "lookups"), [(UNAUTHORISED, 1), (UNREACHABLE, 1), (LOST_BEFORE, 3)])
def test_lookups_that_fail_stop_sending(fault: str, lookups: int) -> None:
    """After one fatal error, or three failures in a row: a hundred look-ups would fail in the same way."""
    server = FakeServer([SUCCESS, LOST_AFTER], lookup_faults=[fault] * 200)
    outcomes = create(server, make_rows(120), chunk_size=40, concurrency=1)
    assert _statuses(outcomes) == ["created"] * 40 + ["unknown"] * 40 + ["failed"] * 40
    assert (len(server.lookups()), len(server.posts())) == (lookups, 2)
    assert outcomes[-1].reason.startswith("not sent: ")


def test_a_lookup_that_succeeds_resets_the_count() -> None:
    """Look-ups that fail now and then stop nothing."""
    server = FakeServer([LOST_AFTER], lookup_faults=[SUCCESS, *[LOST_BEFORE, LOST_BEFORE, SUCCESS] * 3])
    outcomes = create(server, make_rows(9), chunk_size=9, concurrency=1)
    assert sorted(set(_statuses(outcomes))) == ["created", "unknown"]
    assert len(server.lookups()) == 9


def test_lost_requests_in_a_row_stop_sending() -> None:
    """A server that applies nothing is not sent chunk after chunk."""
    server = FakeServer([SUCCESS, *[LOST_BEFORE] * 200])
    outcomes = create(server, make_rows(20), chunk_size=1, concurrency=2)
    assert len(server.posts()) == 1 + 6
    assert _statuses(outcomes) == ["created"] + ["failed"] * 19


@pytest.mark.parametrize(
    ("faults", "lookup_faults", "error"),
    [
        ([REJECTED], [], BadRequestError),
        ([TOO_MANY], [], RateLimitError),
        ([LOST_BEFORE] * 3, [], APIConnectionError),
        ([HALF_APPLIED] * 3, [], InternalServerError),
        ([LOST_BEFORE], [TOO_MANY], RateLimitError),
    ],
)
def test_an_outcome_has_the_error_of_its_request(
    faults: list[str], lookup_faults: list[str], error: type[Exception]
) -> None:
    """So a program can distinguish an invalid contact from a failing server."""
    outcomes = create(FakeServer(faults, lookup_faults), make_rows(1))
    assert (outcomes[0].ok, type(outcomes[0].error)) == (False, error)


def test_an_item_without_a_request_of_its_own_has_a_fitting_error() -> None:
    """None if it is invalid; another one than a rejection if it was not sent."""
    rows = [*make_rows(3), {"phone": "none"}]
    outcomes = create(FakeServer([SUCCESS, UNAUTHORISED]), rows, chunk_size=1, concurrency=1)
    names = [type(outcome.error).__name__ for outcome in outcomes]
    assert names == ["NoneType", "AuthenticationError", "NotSentError", "NoneType"]


def test_check_existing_sends_only_contacts_that_do_not_exist() -> None:
    """A contact with the same values was created before; one with other values fails."""
    rows = make_rows(4)
    ours, other = rows[0], {**rows[1], **OTHER}
    server = FakeServer(
        contacts={ours["phone"]: ours, other["phone"]: other}, lookup_faults=[SUCCESS, SUCCESS, LOST_BEFORE]
    )
    outcomes = create(server, rows, chunk_size=4, check_existing=True)
    assert _statuses(outcomes) == ["created", "failed", "unknown", "created"]
    assert (server.posts(), len(server.lookups())) == ([[rows[3]["phone"]]], 4)


def test_a_fatal_error_on_the_first_lookup_is_raised() -> None:
    """Nothing was done."""
    with pytest.raises(Exception, match="401"):
        create(FakeServer(lookup_faults=[UNAUTHORISED]), make_rows(1), check_existing=True)


@st.composite
def servers(draw: st.DrawFn) -> FakeServer:
    """A server with any faults that has contacts, with the same or with other values, or that accepts duplicates."""
    unique = draw(st.booleans())
    rows = draw(st.lists(st.sampled_from(make_rows(12)), max_size=3)) if unique else []
    existing = [{**row, **(OTHER if draw(st.booleans()) else {})} for row in rows]
    return FakeServer(
        draw(st.lists(st.sampled_from(FAULTS), max_size=12)),
        draw(st.lists(st.sampled_from([SUCCESS, SUCCESS, LOST_BEFORE, REJECTED, TOO_MANY]), max_size=8)),
        draw(st.sampled_from([1, 2, 1_000])),
        unique=unique,
        contacts={row["phone"]: row for row in existing},
    )


OPTIONS = st.fixed_dictionaries(
    {"chunk_size": st.integers(1, 6), "concurrency": st.integers(1, 3), "check_existing": st.booleans()}
)


@settings(deadline=None, max_examples=60)
@given(servers(), st.integers(0, 12), OPTIONS, st.data())
def test_every_outcome_is_correct(server: FakeServer, count: int, options: dict[str, Any], data: st.DataObject) -> None:
    """With any mixture of losses, rejections and failed look-ups, ending in any order."""
    before = dict(server.contacts)
    lookups_fail = set(server.lookup_faults) - {SUCCESS}
    choose = lambda in_flight: data.draw(st.integers(0, in_flight - 1))  # noqa: E731  # shorter than a function here
    outcomes = create(server, make_rows(count), choose=choose, **options)
    assert [(outcome.index, outcome.item) for outcome in outcomes] == list(enumerate(make_rows(count)))
    assert max(server.created.values(), default=0) <= 1
    for outcome, row in zip(outcomes, make_rows(count), strict=True):
        if outcome.status == "created":
            assert server.contacts[row["phone"]]["first_name"] == row["first_name"]
            assert _first_name(outcome) == row["first_name"]
        elif outcome.status == "failed":
            assert row["phone"] not in server.created
            assert outcome.reason
        else:
            assert (outcome.status, bool(lookups_fail)) == ("unknown", True)
    assert server.created.keys() & before.keys() == set()
