"""Outcomes and results of bulk calls: lists, repr and HTML without personal data, and errors."""

import copy
import pickle
from typing import Any

import pytest
from sendblue_contacts import (
    BulkCreateResult,
    BulkDeleteResult,
    BulkError,
    BulkOutcome,
    Contact,
    FailedContact,
)
from sendblue_contacts.bulk.types import BulkStatus

ROW = {"phone": "+14155551234", "firstName": "Ada"}


def _created(index: int) -> BulkOutcome[Contact]:
    return BulkOutcome(index, ROW, "created", Contact(phone="+14155551234", first_name="Ada"))


def _failed(index: int, reason: str = "Invalid phone number") -> BulkOutcome[Any]:
    return BulkOutcome(index, ROW, "failed", None, reason)


def _with(status: BulkStatus, index: int = 0, reason: str = "why") -> BulkOutcome[Any]:
    return BulkOutcome(index, ROW, status, None, reason)


@pytest.mark.parametrize(("cls", "status"), [(BulkCreateResult, "created"), (BulkDeleteResult, "deleted")])
def test_each_outcome_is_in_one_list(cls: Any, status: BulkStatus) -> None:
    """According to its status, in the order of the input, with its index, item and reason."""
    statuses: list[BulkStatus] = ["failed", status, "unknown", "duplicate", "failed", status]
    values = [f"value {index}" if each == status else None for index, each in enumerate(statuses)]
    outcomes = [BulkOutcome(index, ROW, each, values[index], "why") for index, each in enumerate(statuses)]
    result = cls.of(outcomes)
    assert [outcome.ok for outcome in outcomes] == [each == status for each in statuses]
    lists = (result.failed, result.unknown, result.duplicates)
    assert [[(item.index, item.item, item.reason) for item in found] for found in lists] == [
        [(index, ROW, "why") for index in indices] for indices in ([0, 4], [2], [3])
    ]
    assert (getattr(result, status), result.requested) == (["value 1", "value 5"], 6)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (_created(3), "BulkOutcome(index=3, created)"),
        (_failed(4, "taken"), "BulkOutcome(index=4, failed, reason='taken')"),
        (FailedContact(4, ROW, "taken"), "FailedContact(index=4, reason='taken')"),
        (
            BulkCreateResult.of([_failed(index, reason) for index, reason in enumerate("aaabbccd")]),
            "BulkCreateResult(0 of 8 created; 8 failed: 3 \u00d7 'a', 2 \u00d7 'b', 2 \u00d7 'c', …)",
        ),
        (
            BulkDeleteResult.of(
                [BulkOutcome(0, "+1", "deleted", "+14155551234"), BulkOutcome(1, "+1", "failed", None, "unknown")]
            ),
            "BulkDeleteResult(1 of 2 deleted; 1 failed: 1 \u00d7 'unknown')",
        ),
        (
            BulkCreateResult.of([_created(0), _with("duplicate"), _failed(2, "a"), _with("unknown"), _with("unknown")]),
            "BulkCreateResult(1 of 5 created; 1 failed: 1 \u00d7 'a'; 2 unknown: 2 \u00d7 'why'; 1 duplicates)",
        ),
    ],
)
def test_a_repr_has_counts_and_reasons_and_no_item(value: object, text: str) -> None:
    """The counts and the most frequent reasons, on one line."""
    assert repr(value) == text


def test_a_failed_contact_is_the_mapping_of_the_caller() -> None:
    """It can be read, converted to a dict, and retried."""
    failure = FailedContact(4, ROW, "taken")
    assert (dict(failure), failure["firstName"], len(failure), list(failure)) == (ROW, "Ada", 2, ["phone", "firstName"])
    assert (failure == ROW, failure.item is ROW, failure.get("tags")) == (True, True, None)
    with pytest.raises(KeyError):
        failure["tags"]
    assert dict(FailedContact(4, "no mapping", "invalid")) == {}


def _pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # our own pickle


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, _pickled])
def test_copies(copied: Any) -> None:
    """A result can be sent to another process. An error has no items then: a pickle may be stored in a queue."""
    result = BulkCreateResult.of([_created(0), _failed(1)])
    other = copied(result)
    assert (repr(other), other.created, dict(other.failed[0])) == (repr(result), result.created, ROW)
    assert other.failed[0].reason == "Invalid phone number"
    with pytest.raises(BulkError) as caught:
        result.raise_for_failures()
    error = copied(caught.value)
    assert (type(error), str(error), error.result) == (BulkError, str(caught.value), None)
    assert b"4155551234" not in pickle.dumps(caught.value)


def test_an_unknown_item_raises() -> None:
    """As one that failed. The error has the result, and states the counts and reasons."""
    result = BulkDeleteResult.of([_with("unknown", 0, "taken")])
    with pytest.raises(BulkError, match=r"1 unknown: 1 . 'taken'.*result has the items") as caught:
        result.raise_for_failures()
    assert caught.value.result is result


def test_html_is_escaped_and_bounded_and_has_no_item() -> None:
    """The server sends the reasons, so they must be escaped, and not every one of a thousand is listed."""
    script = [_failed(index, "<script>alert(1)</script>") for index in range(2)]
    result = BulkCreateResult.of([*script, _created(2), *(_failed(index, f"reason {index}") for index in range(1_000))])
    html = result._repr_html_()
    assert ("&lt;script&gt;" in html, html.count("<tr>") < 30) == (True, True)
    assert not any(text in html for text in ("<script", "4155551234", "Ada"))
