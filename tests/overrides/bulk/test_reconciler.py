"""Bulk calls, lost answers: settled by looking. No contact is made twice, none is lost, and no outcome is a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import APIConnectionError, BadRequestError, InternalServerError, RateLimitError

from tests.overrides.bulk.fake_server import (
    FAULTS,
    HALF_APPLIED,
    INCOMPLETE,
    LATE,
    LOST_AFTER,
    LOST_BEFORE,
    REJECTED,
    SUCCESS,
    TOO_MANY,
    TRUNCATED,
    UNAUTHORISED,
    UNREACHABLE,
    FakeServer,
    create,
    make_rows,
)

if TYPE_CHECKING:
    from sendblue_contacts import BulkOutcome

LOSSES = (LOST_BEFORE, LOST_AFTER, HALF_APPLIED, TRUNCATED, INCOMPLETE)
OTHER = {"first_name": "somebody else"}


def _statuses(outcomes: list[BulkOutcome[Any]]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def _first_name(outcome: BulkOutcome[Any]) -> str | None:
    return outcome.value and outcome.value.first_name


@pytest.mark.parametrize("fault", LOSSES)
@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_lost_answer_is_settled(fault: str, count: int) -> None:
    """Whatever the server did of it: each contact is made once, and its outcome says so."""
    server = FakeServer([fault])
    given_rows = make_rows(count)
    outcomes = create(server, given_rows, chunk_size=count)
    assert _statuses(outcomes) == ["created"] * count
    assert list(server.created.values()) == [1] * count
    assert [_first_name(outcome) for outcome in outcomes] == [row["first_name"] for row in given_rows]


def test_a_chunk_that_was_carried_out_takes_one_look() -> None:
    """All of it is among the newest contacts."""
    server = FakeServer([LOST_AFTER])
    create(server, make_rows(30), chunk_size=30)
    assert (len(server.posts()), server.lookups()) == (1, [""])


def test_a_few_are_looked_up_one_by_one() -> None:
    """A page of contacts is much for three of them."""
    server = FakeServer([LOST_AFTER])
    create(server, make_rows(3), chunk_size=3)
    assert server.lookups() == [f"/{row['phone']}" for row in make_rows(3)]


def test_what_is_not_among_the_newest_is_looked_up_one_by_one() -> None:
    """And only what is not there by its own look-up is sent again, in one chunk."""
    server = FakeServer([HALF_APPLIED])
    create(server, make_rows(30), chunk_size=30)
    assert server.lookups() == ["", *(f"/{row['phone']}" for row in make_rows(30)[15:])]
    assert [len(post) for post in server.posts()] == [30, 15]


def test_where_the_newest_cannot_be_had_all_are_looked_up_one_by_one() -> None:
    """A page that fails says nothing of anybody."""
    server = FakeServer([LOST_AFTER], lookup_faults=[REJECTED])
    assert _statuses(create(server, make_rows(30), chunk_size=30)) == ["created"] * 30
    assert len(server.lookups()) == 31


@pytest.mark.parametrize("count", [2, 30])
def test_a_contact_that_was_there_before_is_a_failure(count: int) -> None:
    """It is there with other values than were sent, so it was not made by this call; the others are sent again."""
    before = make_rows(count)[0]["phone"]
    server = FakeServer([LOST_BEFORE], contacts={before: {"phone": before, **OTHER}})
    outcomes = create(server, make_rows(count), chunk_size=count)
    assert _statuses(outcomes) == ["failed"] + ["created"] * (count - 1)
    assert (before in server.created, "already exists" in outcomes[0].reason) == (False, True)


def test_a_slow_request_is_no_second_contact_and_no_failure() -> None:
    """It arrives when its chunk is sent again: the server refuses what it has, and a look says that it is ours."""
    server = FakeServer([LATE], unique=True)
    assert _statuses(create(server, make_rows(2))) == ["created"] * 2
    assert list(server.created.values()) == [1] * 2


@pytest.mark.parametrize("lookup_faults", [[], [SUCCESS, LOST_BEFORE]])
def test_what_is_refused_when_it_is_sent_again_is_a_failure(lookup_faults: list[str]) -> None:
    """It is looked at once more, and whatever that look says, it is not sent a third time: the server has decided."""
    number = make_rows(1)[0]["phone"]
    server = FakeServer([LOST_BEFORE], lookup_faults, invalid=frozenset([number]))
    outcomes = create(server, make_rows(1))
    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [("failed", "Invalid phone number")]
    assert (len(server.posts()), len(server.lookups())) == (2, 2)


def test_an_item_is_sent_three_times_and_no_more() -> None:
    """Then it is a failure, for it was looked for after the last time too."""
    server = FakeServer([LOST_BEFORE] * 9)
    outcomes = create(server, make_rows(1))
    assert (_statuses(outcomes), len(server.posts()), len(server.lookups())) == (["failed"], 3, 3)
    assert outcomes[0].reason.endswith("it was sent 3 times and does not exist")


def test_a_look_that_fails_leaves_its_item_unknown() -> None:
    """The reason says why, and what to do; the others of the chunk go on."""
    server = FakeServer([LOST_BEFORE], lookup_faults=[LOST_BEFORE])
    outcomes = create(server, make_rows(2))
    assert (_statuses(outcomes), server.posts()[1:]) == (["unknown", "created"], [[make_rows(2)[1]["phone"]]])
    assert "no answer (ReadError: reset)" in outcomes[0].reason
    assert outcomes[0].reason.endswith("it may have been created; retry it with check_existing=True")


def test_an_item_that_an_answer_is_silent_about_is_looked_for() -> None:
    """Such an answer is as good as lost for this item, and for no other."""
    server = FakeServer([INCOMPLETE])
    create(server, make_rows(3), chunk_size=3)
    assert server.lookups() == [f"/{row['phone']}" for row in make_rows(3)[1:]]


@pytest.mark.parametrize("fault", [REJECTED, TOO_MANY])
def test_a_refusal_is_believed(fault: str) -> None:
    """The server has decided, so nothing is looked for and nothing sent again."""
    server = FakeServer([fault])
    assert _statuses(create(server, make_rows(3))) == ["failed", "failed", "created"]
    assert (server.lookups(), len(server.posts())) == ([], 2)


@pytest.mark.parametrize("fault", [UNAUTHORISED, UNREACHABLE])
def test_what_never_arrived_is_not_looked_for(fault: str) -> None:
    """Where nobody answered, or nobody was let in, there is nothing to find."""
    server = FakeServer([SUCCESS, fault])
    assert _statuses(create(server, make_rows(4))) == ["created", "created", "failed", "failed"]
    assert server.lookups() == []


@pytest.mark.parametrize("fault", [UNAUTHORISED, UNREACHABLE])
def test_a_look_that_is_hopeless_is_the_last(fault: str) -> None:
    """A hundred look-ups would fail in the same way: all are unknown, and nothing more is sent."""
    server = FakeServer([SUCCESS, LOST_AFTER], lookup_faults=[fault] * 200)
    outcomes = create(server, make_rows(120), chunk_size=40, concurrency=1)
    assert _statuses(outcomes) == ["created"] * 40 + ["unknown"] * 40 + ["failed"] * 40
    assert (len(server.lookups()), len(server.posts())) == (1, 2)
    assert outcomes[-1].reason.startswith("not sent: ")


def test_looks_that_fail_in_a_row_end_the_sending() -> None:
    """After three of them nobody goes on guessing that somebody is there."""
    server = FakeServer([SUCCESS, LOST_AFTER], lookup_faults=[LOST_BEFORE] * 200)
    outcomes = create(server, make_rows(120), chunk_size=40, concurrency=1)
    assert _statuses(outcomes) == ["created"] * 40 + ["unknown"] * 40 + ["failed"] * 40
    assert len(server.lookups()) == 3


def test_a_look_with_an_answer_is_a_sign_of_life() -> None:
    """Look-ups that fail now and then end nothing."""
    server = FakeServer([LOST_AFTER], lookup_faults=[SUCCESS, *[LOST_BEFORE, LOST_BEFORE, SUCCESS] * 3])
    server.contacts.clear()
    outcomes = create(server, make_rows(9), chunk_size=9, concurrency=1)
    assert sorted(set(_statuses(outcomes))) == ["created", "unknown"]
    assert len(server.lookups()) == 9


def test_lost_requests_in_a_row_end_the_sending() -> None:
    """A server that carries nothing out is not tried with chunk after chunk."""
    server = FakeServer([SUCCESS, *[LOST_BEFORE] * 200])
    outcomes = create(server, make_rows(20), chunk_size=1, concurrency=2)
    assert len(server.posts()) == 1 + 6
    assert _statuses(outcomes) == ["created"] + ["failed"] * 19


def test_one_bad_chunk_does_not_end_the_sending() -> None:
    """Three losses of one chunk are its own misfortune."""
    server = FakeServer([SUCCESS, *[LOST_BEFORE] * 3])
    outcomes = create(server, make_rows(6), concurrency=2, chunk_size=2, choose=lambda _: 0)
    assert _statuses(outcomes)[4:] == ["created"] * 2


# The error behind a reason


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
def test_the_error_of_a_whole_request_is_told(
    faults: list[str], lookup_faults: list[str], error: type[Exception]
) -> None:
    """So that a program can tell a bad contact from a bad day of the server."""
    outcomes = create(FakeServer(faults, lookup_faults), make_rows(1))
    assert (outcomes[0].ok, type(outcomes[0].error)) == (False, error)


def test_what_was_not_sent_has_an_error() -> None:
    """It says so, and is no refusal."""
    outcomes = create(FakeServer([SUCCESS, UNAUTHORISED]), make_rows(3), chunk_size=1, concurrency=1)
    assert [type(outcome.error).__name__ for outcome in outcomes] == ["NoneType", "AuthenticationError", "NotSentError"]


def test_an_item_that_is_refused_by_itself_has_a_reason_and_no_error() -> None:
    """Its request went well."""
    there = {**make_rows(1)[0], **OTHER}
    server = FakeServer(unique=True, contacts={there["phone"]: there})
    outcomes = create(server, [*make_rows(1), {"phone": "none"}])
    assert [(outcome.status, outcome.error) for outcome in outcomes] == [("failed", None)] * 2


# check_existing


def test_looking_first_sends_what_is_not_there() -> None:
    """What is there as it is given was created before; what is there with other values fails."""
    given_rows = make_rows(3)
    ours, theirs = given_rows[0], {**given_rows[1], **OTHER}
    server = FakeServer(contacts={ours["phone"]: ours, theirs["phone"]: theirs})
    outcomes = create(server, given_rows, chunk_size=3, check_existing=True)
    assert _statuses(outcomes) == ["created", "failed", "created"]
    assert (server.posts(), len(server.lookups())) == ([[given_rows[2]["phone"]]], 3)


def test_looking_first_sends_nothing_that_cannot_be_looked_for() -> None:
    """It may be there: it stays unknown."""
    server = FakeServer(lookup_faults=[LOST_BEFORE])
    outcomes = create(server, make_rows(1), check_existing=True)
    assert (_statuses(outcomes), server.posts()) == (["unknown"], [])


def test_looking_first_is_raised_when_it_is_hopeless() -> None:
    """Nothing was done."""
    with pytest.raises(Exception, match="401"):
        create(FakeServer(lookup_faults=[UNAUTHORISED]), make_rows(1), check_existing=True)


# Whatever happens


@st.composite
def servers(draw: st.DrawFn) -> FakeServer:
    """A server with any faults, and contacts that were there before, alike or not."""
    before = draw(st.lists(st.sampled_from(make_rows(12)), max_size=3))
    there = [{**row, **(OTHER if draw(st.booleans()) else {})} for row in before]
    return FakeServer(
        draw(st.lists(st.sampled_from(FAULTS), max_size=12)),
        draw(st.lists(st.sampled_from([SUCCESS, SUCCESS, LOST_BEFORE, REJECTED, TOO_MANY]), max_size=8)),
        draw(st.sampled_from([1, 2, 1_000])),
        unique=True,
        contacts={row["phone"]: row for row in there},
    )


CALLS = st.fixed_dictionaries(
    {"chunk_size": st.integers(1, 6), "concurrency": st.integers(1, 3), "check_existing": st.booleans()}
)


@settings(deadline=None)
@given(servers(), st.integers(0, 12), CALLS, st.data())
def test_every_outcome_is_true(server: FakeServer, count: int, call: dict[str, Any], data: st.DataObject) -> None:
    """Any mixture of losses, refusals and failed looks, ending in any order.

    Each item has one outcome, in order; nothing is made twice; what is called created is there as it was sent; what is
    called failed was not made by this call; and what is unknown had a look-up that failed.
    """
    before = dict(server.contacts)
    looks_fail = set(server.lookup_faults) - {SUCCESS}
    choose = lambda flying: data.draw(st.integers(0, flying - 1))  # noqa: E731  # shorter than a function here
    outcomes = create(server, make_rows(count), choose=choose, **call)
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
            assert (outcome.status, bool(looks_fail)) == ("unknown", True)
    assert server.created.keys() & before.keys() == set()


@settings(deadline=None)
@given(st.lists(st.sampled_from(FAULTS[:6]), max_size=10), st.integers(0, 12), st.integers(1, 12), st.data())
def test_a_server_that_would_make_it_twice_is_never_asked_to(
    faults: list[str], count: int, chunk_size: int, data: st.DataObject
) -> None:
    """Where looking works, nothing stays unknown; even a server without any check of its own has each contact once."""
    server = FakeServer(faults)
    choose = lambda flying: data.draw(st.integers(0, flying - 1))  # noqa: E731  # shorter than a function here
    outcomes = create(server, make_rows(count), chunk_size=chunk_size, concurrency=3, choose=choose)
    assert max(server.created.values(), default=0) <= 1
    assert {row["phone"] for row in make_rows(count)} >= set(server.created)
    assert [outcome.ok for outcome in outcomes] == [row["phone"] in server.created for row in make_rows(count)]
    assert "unknown" not in _statuses(outcomes)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([LOST_BEFORE, LOST_AFTER, HALF_APPLIED, LATE, TRUNCATED]), max_size=2), st.integers(1, 30)
)
def test_two_losses_keep_nothing_out(faults: list[str], count: int) -> None:
    """Each contact is sent up to three times, so with two losses all of them go in."""
    server = FakeServer(faults, unique=True)
    outcomes = create(server, make_rows(count), chunk_size=7, concurrency=2)
    assert (_statuses(outcomes), len(server.contacts)) == (["created"] * count, count)
