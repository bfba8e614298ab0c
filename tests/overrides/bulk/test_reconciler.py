"""Bulk calls, lost answers: settled by looking. No contact is made twice, none is lost, and no outcome is a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import APIConnectionError, BadRequestError, InternalServerError, RateLimitError

from tests.overrides.bulk.bulk_model import (
    BROKEN,
    FATES,
    HALF_DONE,
    LATE,
    LOST_AFTER,
    LOST_BEFORE,
    NOBODY,
    REFUSED,
    SILENT,
    TOO_MANY,
    UNAUTHORISED,
    WELL,
    Server,
    creation,
    rows,
)

if TYPE_CHECKING:
    from sendblue_contacts import BulkOutcome

LOSSES = (LOST_BEFORE, LOST_AFTER, HALF_DONE, BROKEN, SILENT)
OTHER = {"first_name": "somebody else"}


def _statuses(outcomes: list[BulkOutcome[Any]]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def _first_name(outcome: BulkOutcome[Any]) -> str | None:
    return outcome.value and outcome.value.first_name


@pytest.mark.parametrize("fate", LOSSES)
@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_lost_answer_is_settled(fate: str, count: int) -> None:
    """Whatever the server did of it: each contact is made once, and its outcome says so."""
    server = Server([fate])
    given_rows = rows(count)
    outcomes = creation(server, given_rows, chunk_size=count)
    assert _statuses(outcomes) == ["created"] * count
    assert list(server.made.values()) == [1] * count
    assert [_first_name(outcome) for outcome in outcomes] == [row["first_name"] for row in given_rows]


def test_a_chunk_that_was_carried_out_takes_one_look() -> None:
    """All of it is among the newest contacts."""
    server = Server([LOST_AFTER])
    creation(server, rows(30), chunk_size=30)
    assert (len(server.posts()), server.looks()) == (1, [""])


def test_a_few_are_looked_up_one_by_one() -> None:
    """A page of contacts is much for three of them."""
    server = Server([LOST_AFTER])
    creation(server, rows(3), chunk_size=3)
    assert server.looks() == [f"/{row['phone']}" for row in rows(3)]


def test_what_is_not_among_the_newest_is_looked_up_one_by_one() -> None:
    """And only what is not there by its own look-up is sent again, in one chunk."""
    server = Server([HALF_DONE])
    creation(server, rows(30), chunk_size=30)
    assert server.looks() == ["", *(f"/{row['phone']}" for row in rows(30)[15:])]
    assert [len(post) for post in server.posts()] == [30, 15]


def test_where_the_newest_cannot_be_had_all_are_looked_up_one_by_one() -> None:
    """A page that fails says nothing of anybody."""
    server = Server([LOST_AFTER], look_fates=[REFUSED])
    assert _statuses(creation(server, rows(30), chunk_size=30)) == ["created"] * 30
    assert len(server.looks()) == 31


@pytest.mark.parametrize("count", [2, 30])
def test_a_contact_that_was_there_before_is_a_failure(count: int) -> None:
    """It is there with other values than were sent, so it was not made by this call; the others are sent again."""
    before = rows(count)[0]["phone"]
    server = Server([LOST_BEFORE], contacts={before: {"phone": before, **OTHER}})
    outcomes = creation(server, rows(count), chunk_size=count)
    assert _statuses(outcomes) == ["failed"] + ["created"] * (count - 1)
    assert (before in server.made, "already exists" in outcomes[0].reason) == (False, True)


def test_a_slow_request_is_no_second_contact_and_no_failure() -> None:
    """It arrives when its chunk is sent again: the server refuses what it has, and a look says that it is ours."""
    server = Server([LATE], unique=True)
    assert _statuses(creation(server, rows(2))) == ["created"] * 2
    assert list(server.made.values()) == [1] * 2


@pytest.mark.parametrize("look_fates", [[], [WELL, LOST_BEFORE]])
def test_what_is_refused_when_it_is_sent_again_is_a_failure(look_fates: list[str]) -> None:
    """It is looked at once more, and whatever that look says, it is not sent a third time: the server has decided."""
    number = rows(1)[0]["phone"]
    server = Server([LOST_BEFORE], look_fates, invalid=frozenset([number]))
    outcomes = creation(server, rows(1))
    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [("failed", "Invalid phone number")]
    assert (len(server.posts()), len(server.looks())) == (2, 2)


def test_an_item_is_sent_three_times_and_no_more() -> None:
    """Then it is a failure, for it was looked for after the last time too."""
    server = Server([LOST_BEFORE] * 9)
    outcomes = creation(server, rows(1))
    assert (_statuses(outcomes), len(server.posts()), len(server.looks())) == (["failed"], 3, 3)
    assert outcomes[0].reason.endswith("it was sent 3 times and is not there")


def test_a_look_that_fails_leaves_its_item_unknown() -> None:
    """The reason says why, and what to do; the others of the chunk go on."""
    server = Server([LOST_BEFORE], look_fates=[LOST_BEFORE])
    outcomes = creation(server, rows(2))
    assert (_statuses(outcomes), server.posts()[1:]) == (["unknown", "created"], [[rows(2)[1]["phone"]]])
    assert "no answer (ReadError: reset)" in outcomes[0].reason
    assert outcomes[0].reason.endswith("it may have been created: give it again with look_first=True")


def test_an_item_that_an_answer_is_silent_about_is_looked_for() -> None:
    """Such an answer is as good as lost for this item, and for no other."""
    server = Server([SILENT])
    creation(server, rows(3), chunk_size=3)
    assert server.looks() == [f"/{row['phone']}" for row in rows(3)[1:]]


@pytest.mark.parametrize("fate", [REFUSED, TOO_MANY])
def test_a_refusal_is_believed(fate: str) -> None:
    """The server has decided, so nothing is looked for and nothing sent again."""
    server = Server([fate])
    assert _statuses(creation(server, rows(3))) == ["failed", "failed", "created"]
    assert (server.looks(), len(server.posts())) == ([], 2)


@pytest.mark.parametrize("fate", [UNAUTHORISED, NOBODY])
def test_what_never_arrived_is_not_looked_for(fate: str) -> None:
    """Where nobody answered, or nobody was let in, there is nothing to find."""
    server = Server([WELL, fate])
    assert _statuses(creation(server, rows(4))) == ["created", "created", "failed", "failed"]
    assert server.looks() == []


@pytest.mark.parametrize("fate", [UNAUTHORISED, NOBODY])
def test_a_look_that_is_hopeless_is_the_last(fate: str) -> None:
    """A hundred look-ups would fail in the same way: all are unknown, and nothing more is sent."""
    server = Server([WELL, LOST_AFTER], look_fates=[fate] * 200)
    outcomes = creation(server, rows(120), chunk_size=40, concurrency=1)
    assert _statuses(outcomes) == ["created"] * 40 + ["unknown"] * 40 + ["failed"] * 40
    assert (len(server.looks()), len(server.posts())) == (1, 2)
    assert outcomes[-1].reason.startswith("not sent: ")


def test_looks_that_fail_in_a_row_end_the_sending() -> None:
    """After three of them nobody goes on guessing that somebody is there."""
    server = Server([WELL, LOST_AFTER], look_fates=[LOST_BEFORE] * 200)
    outcomes = creation(server, rows(120), chunk_size=40, concurrency=1)
    assert _statuses(outcomes) == ["created"] * 40 + ["unknown"] * 40 + ["failed"] * 40
    assert len(server.looks()) == 3


def test_a_look_with_an_answer_is_a_sign_of_life() -> None:
    """Look-ups that fail now and then end nothing."""
    server = Server([LOST_AFTER], look_fates=[WELL, *[LOST_BEFORE, LOST_BEFORE, WELL] * 3])
    server.contacts.clear()
    outcomes = creation(server, rows(9), chunk_size=9, concurrency=1)
    assert sorted(set(_statuses(outcomes))) == ["created", "unknown"]
    assert len(server.looks()) == 9


def test_lost_requests_in_a_row_end_the_sending() -> None:
    """A server that carries nothing out is not tried with chunk after chunk."""
    server = Server([WELL, *[LOST_BEFORE] * 200])
    outcomes = creation(server, rows(20), chunk_size=1, concurrency=2)
    assert len(server.posts()) == 1 + 6
    assert _statuses(outcomes) == ["created"] + ["failed"] * 19


def test_one_bad_chunk_does_not_end_the_sending() -> None:
    """Three losses of one chunk are its own misfortune."""
    server = Server([WELL, *[LOST_BEFORE] * 3])
    outcomes = creation(server, rows(6), concurrency=2, chunk_size=2, choose=lambda _: 0)
    assert _statuses(outcomes)[4:] == ["created"] * 2


# The error behind a reason


@pytest.mark.parametrize(
    ("fates", "look_fates", "error"),
    [
        ([REFUSED], [], BadRequestError),
        ([TOO_MANY], [], RateLimitError),
        ([LOST_BEFORE] * 3, [], APIConnectionError),
        ([HALF_DONE] * 3, [], InternalServerError),
        ([LOST_BEFORE], [TOO_MANY], RateLimitError),
    ],
)
def test_the_error_of_a_whole_request_is_told(fates: list[str], look_fates: list[str], error: type[Exception]) -> None:
    """So that a program can tell a bad contact from a bad day of the server."""
    outcomes = creation(Server(fates, look_fates), rows(1))
    assert (outcomes[0].ok, type(outcomes[0].error)) == (False, error)


def test_what_was_not_sent_has_an_error() -> None:
    """It says so, and is no refusal."""
    outcomes = creation(Server([WELL, UNAUTHORISED]), rows(3), chunk_size=1, concurrency=1)
    assert [type(outcome.error).__name__ for outcome in outcomes] == ["NoneType", "AuthenticationError", "NotSentError"]


def test_an_item_that_is_refused_by_itself_has_a_reason_and_no_error() -> None:
    """Its request went well."""
    there = {**rows(1)[0], **OTHER}
    server = Server(unique=True, contacts={there["phone"]: there})
    outcomes = creation(server, [*rows(1), {"phone": "none"}])
    assert [(outcome.status, outcome.error) for outcome in outcomes] == [("failed", None)] * 2


# look_first


def test_looking_first_sends_what_is_not_there() -> None:
    """What is there as it is given was created before; what is there with other values fails."""
    given_rows = rows(3)
    ours, theirs = given_rows[0], {**given_rows[1], **OTHER}
    server = Server(contacts={ours["phone"]: ours, theirs["phone"]: theirs})
    outcomes = creation(server, given_rows, chunk_size=3, look_first=True)
    assert _statuses(outcomes) == ["created", "failed", "created"]
    assert (server.posts(), len(server.looks())) == ([[given_rows[2]["phone"]]], 3)


def test_looking_first_sends_nothing_that_cannot_be_looked_for() -> None:
    """It may be there: it stays unknown."""
    server = Server(look_fates=[LOST_BEFORE])
    outcomes = creation(server, rows(1), look_first=True)
    assert (_statuses(outcomes), server.posts()) == (["unknown"], [])


def test_looking_first_is_raised_when_it_is_hopeless() -> None:
    """Nothing was done."""
    with pytest.raises(Exception, match="401"):
        creation(Server(look_fates=[UNAUTHORISED]), rows(1), look_first=True)


# Whatever happens


@st.composite
def servers(draw: st.DrawFn) -> Server:
    """A server with any fates, and contacts that were there before, alike or not."""
    before = draw(st.lists(st.sampled_from(rows(12)), max_size=3))
    there = [{**row, **(OTHER if draw(st.booleans()) else {})} for row in before]
    return Server(
        draw(st.lists(st.sampled_from(FATES), max_size=12)),
        draw(st.lists(st.sampled_from([WELL, WELL, LOST_BEFORE, REFUSED, TOO_MANY]), max_size=8)),
        draw(st.sampled_from([1, 2, 1_000])),
        unique=True,
        contacts={row["phone"]: row for row in there},
    )


CALLS = st.fixed_dictionaries(
    {"chunk_size": st.integers(1, 6), "concurrency": st.integers(1, 3), "look_first": st.booleans()}
)


@settings(deadline=None)
@given(servers(), st.integers(0, 12), CALLS, st.data())
def test_every_outcome_is_true(server: Server, count: int, call: dict[str, Any], data: st.DataObject) -> None:
    """Any mixture of losses, refusals and failed looks, ending in any order.

    Each item has one outcome, in order; nothing is made twice; what is called created is there as it was sent; what is
    called failed was not made by this call; and what is unknown had a look-up that failed.
    """
    before = dict(server.contacts)
    looks_fail = set(server.look_fates) - {WELL}
    choose = lambda flying: data.draw(st.integers(0, flying - 1))  # noqa: E731  # shorter than a function here
    outcomes = creation(server, rows(count), choose=choose, **call)
    assert [(outcome.index, outcome.item) for outcome in outcomes] == list(enumerate(rows(count)))
    assert max(server.made.values(), default=0) <= 1
    for outcome, row in zip(outcomes, rows(count), strict=True):
        if outcome.status == "created":
            assert server.contacts[row["phone"]]["first_name"] == row["first_name"]
            assert _first_name(outcome) == row["first_name"]
        elif outcome.status == "failed":
            assert row["phone"] not in server.made
            assert outcome.reason
        else:
            assert (outcome.status, bool(looks_fail)) == ("unknown", True)
    assert server.made.keys() & before.keys() == set()


@settings(deadline=None)
@given(st.lists(st.sampled_from(FATES[:6]), max_size=10), st.integers(0, 12), st.integers(1, 12), st.data())
def test_a_server_that_would_make_it_twice_is_never_asked_to(
    fates: list[str], count: int, chunk_size: int, data: st.DataObject
) -> None:
    """Where looking works, nothing stays unknown; even a server without any check of its own has each contact once."""
    server = Server(fates)
    choose = lambda flying: data.draw(st.integers(0, flying - 1))  # noqa: E731  # shorter than a function here
    outcomes = creation(server, rows(count), chunk_size=chunk_size, concurrency=3, choose=choose)
    assert max(server.made.values(), default=0) <= 1
    assert {row["phone"] for row in rows(count)} >= set(server.made)
    assert [outcome.ok for outcome in outcomes] == [row["phone"] in server.made for row in rows(count)]
    assert "unknown" not in _statuses(outcomes)


@settings(deadline=None)
@given(st.lists(st.sampled_from([LOST_BEFORE, LOST_AFTER, HALF_DONE, LATE, BROKEN]), max_size=2), st.integers(1, 30))
def test_two_losses_keep_nothing_out(fates: list[str], count: int) -> None:
    """Each contact is sent up to three times, so with two losses all of them go in."""
    server = Server(fates, unique=True)
    outcomes = creation(server, rows(count), chunk_size=7, concurrency=2)
    assert (_statuses(outcomes), len(server.contacts)) == (["created"] * count, count)
