"""Outcomes of bulk calls: what they say of each item, and results that explain themselves without showing anybody."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from sendblue_contacts import (
    BulkCreateResult,
    BulkDeleteResult,
    BulkOutcome,
    BulkProgress,
    Contact,
    FailedContact,
    FailedNumber,
)
from sendblue_contacts.outcomes import Tally

ROW = {"phone": "+14155551234", "firstName": "Ada"}


def _created(index: int) -> BulkOutcome[Contact]:
    return BulkOutcome(index, ROW, Contact(phone="+14155551234", first_name="Ada"))


def _failed(index: int, reason: str = "Invalid phone number") -> BulkOutcome[Any]:
    return BulkOutcome(index, ROW, None, reason)


def test_an_outcome_is_ok_when_it_has_a_value() -> None:
    """What went in has a value, what did not has a reason."""
    assert (_created(0).ok, _failed(1).ok, _failed(2, "").ok) == (True, False, False)


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (_created(3), "BulkOutcome(index=3, ok)"),
        (_failed(4, "taken"), "BulkOutcome(index=4, reason='taken')"),
        (FailedContact(4, ROW, "taken"), "FailedContact(index=4, reason='taken')"),
        (FailedNumber(4, "+14155551234", "unknown"), "FailedNumber(index=4, reason='unknown')"),
        (BulkCreateResult.of([]), "BulkCreateResult(0 of 0 created)"),
        (BulkCreateResult.of([_created(0), _created(1)]), "BulkCreateResult(2 of 2 created)"),
        (
            BulkCreateResult.of([_created(0), _failed(1, "a"), _failed(2, "b"), _failed(3, "b")]),
            "BulkCreateResult(1 of 4 created; 3 failed: 2 \u00d7 'b', 1 \u00d7 'a')",
        ),
        (
            BulkCreateResult.of([_failed(index, reason) for index, reason in enumerate("aaabbccd")]),
            "BulkCreateResult(0 of 8 created; 8 failed: 3 \u00d7 'a', 2 \u00d7 'b', 2 \u00d7 'c', …)",
        ),
        (
            BulkDeleteResult.of([BulkOutcome(0, "+1", "+14155551234"), BulkOutcome(1, "+1", None, "unknown")]),
            "BulkDeleteResult(1 of 2 deleted; 1 failed: 1 \u00d7 'unknown')",
        ),
        (BulkProgress(3, 1, None), "BulkProgress(done=3, failed=1, total=None)"),
    ],
)
def test_the_repr_explains_itself_and_shows_no_item(made: object, shown: str) -> None:
    """Counts and the most frequent reasons, in one line."""
    assert repr(made) == shown


def test_a_result_keeps_the_order_of_the_input() -> None:
    """Created and failed each in the order in which they were given, the failed ones with their places."""
    result = BulkCreateResult.of([_failed(0, "a"), _created(1), _failed(2, "b")])
    assert [(failure.index, failure.reason) for failure in result.failed] == [(0, "a"), (2, "b")]
    assert (len(result.created), result.requested) == (1, 3)


def test_a_failed_contact_is_the_mapping_that_was_given() -> None:
    """It can be read, turned into a dict and given again."""
    failure = FailedContact(4, ROW, "taken")
    assert (dict(failure), failure["firstName"], len(failure), list(failure), failure == ROW) == (
        ROW,
        "Ada",
        2,
        ["phone", "firstName"],
        True,
    )
    assert failure.item is ROW


def test_a_key_that_was_not_given_is_missing() -> None:
    """As in any mapping."""
    failure = FailedContact(4, ROW, "taken")
    assert failure.get("tags") is None
    with pytest.raises(KeyError):
        failure["tags"]


@pytest.mark.parametrize("item", ["+14155551234", None, 7, ["a"]])
def test_a_failed_item_that_is_no_mapping_is_an_empty_one(item: object) -> None:
    """What was given is in `item`."""
    failure = FailedContact(4, item, "a contact must be a mapping")
    assert (dict(failure), failure.item) == ({}, item)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])  # noqa: S301  # our own
def test_results_survive_copies(copied: Any) -> None:  # noqa: ANN401  # any of these functions
    """A result can be handed to another process."""
    result = BulkCreateResult.of([_created(0), _failed(1)])
    other = copied(result)
    assert repr(other) == repr(result)
    assert (other.created, dict(other.failed[0]), other.failed[0].reason) == (
        result.created,
        ROW,
        "Invalid phone number",
    )


@pytest.mark.parametrize(
    ("items", "total"), [([1, 2, 3], 3), ((1,), 1), (iter([1, 2]), None), ((n for n in [1]), None)]
)
def test_the_total_is_told_where_it_is_known(items: object, total: int | None) -> None:
    """A list has a length, a generator has none."""
    heard: list[BulkProgress] = []
    tally = Tally[Contact](items, heard.append)
    tally.add([_created(0), _failed(1)])
    assert heard == [BulkProgress(2, 1, total)]


def test_progress_is_a_snapshot() -> None:
    """What was heard does not change when more is done."""
    heard: list[BulkProgress] = []
    tally = Tally[Contact]([1] * 3, heard.append)
    tally.add([_created(0)])
    tally.add([_failed(1), _created(2)])
    assert heard == [BulkProgress(1, 0, 3), BulkProgress(3, 1, 3)]
