"""The dry run: what an import would do, said from the file alone."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendblue_contacts import RateLimit, Sendblue
from sendblue_contacts.operations import bulk_item
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_transfer import (
    Duplicates,
    ImportPlan,
    ImportProgress,
    Problem,
    TransferError,
    open_source,
    plan_import,
    read_csv,
    run_import,
)

from tests.transfer.contact_files import number, person, row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendblue_sandbox import Sandbox


def plan(path: Path, **settings: Any) -> ImportPlan:  # noqa: ANN401  # as plan_import takes them
    """What an import of this file would do."""
    with open_source(path) as source:
        return plan_import(source, **settings)


BAD = ["+1 415 CALL NOW", "Vanity", "", "", ""]
NONE = ["", "Nobody", "", "", ""]


def test_it_counts(write_rows: Callable[..., Path]) -> None:
    """Rows, those that would be sent, and those that would not, with their lines and reasons."""
    found = plan(write_rows(3, BAD, NONE, row(person(1)), NONE))
    assert (found.rows, found.valid, found.rejected, found.duplicates) == (7, 3, 3, 1)
    assert found.reasons[0] == ("the phone number is missing", 2)
    assert [problem.line for problem in found.problems] == [5, 6, 8]
    assert found.problems[1] == Problem(6, "the phone number is missing")


def test_reasons_are_put_together_whatever_the_values_look_like(write_rows: Callable[..., Path]) -> None:
    """Numbers of two shapes without a country code are two rows with one reason; each shape is said in its place."""
    found = plan(write_rows(0, ["415 555", "", "", "", ""], ["(415) 555-0142", "", "", "", ""]))
    ((reason, count),) = found.reasons
    assert (count, "has no country code" in reason, "#" in reason) == (2, True, False)
    assert "(###) ###-####" in found.problems[1].reason


def test_nothing_is_sent_and_nothing_written(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """No request, no journal, no file of rejected rows."""
    path = write_rows(3, BAD)
    plan(path)
    assert (sandbox.requests, list(path.parent.iterdir())) == ([], [path])
    assert client.rate_limit.statistics().requests == 0


@pytest.mark.parametrize(
    ("rows", "chunk_size", "requests"), [(0, 100, 0), (1, 100, 1), (100, 100, 1), (101, 100, 2), (20, 7, 3)]
)
def test_it_tells_the_requests_that_there_will_be(
    client: Sendblue, write_rows: Callable[..., Path], rows: int, chunk_size: int, requests: int
) -> None:
    """As many as the import then makes."""
    path = write_rows(rows, BAD)
    found = plan(path, chunk_size=chunk_size)
    with open_source(path) as source:
        run_import(client, source, chunk_size=chunk_size)
    assert found.requests == found.requests_at_most == client.rate_limit.statistics().requests == requests


def test_it_tells_the_time_at_the_limit(write_rows: Callable[..., Path]) -> None:
    """At the pace of bulk work; without a limit it takes none."""
    path = write_rows(50)
    limit = RateLimit(10, per=10.0)
    assert math.isclose(plan(path, chunk_size=5, rate_limit=limit).seconds, 10 * limit.pace)
    assert plan(path, rate_limit=None).seconds == 0


def test_upsert_may_take_a_request_for_each_contact(write_rows: Callable[..., Path]) -> None:
    """If all exist, each is updated by a request of its own."""
    found = plan(write_rows(250), mode="upsert")
    assert (found.requests, found.requests_at_most) == (3, 253)
    assert found.seconds < found.seconds_at_most


def test_update_takes_a_request_for_each_contact(write_rows: Callable[..., Path]) -> None:
    """Whether they exist or not."""
    found = plan(write_rows(250), mode="update")
    assert (found.requests, found.requests_at_most) == (250, 250)


def test_the_first_contacts_are_shown_as_they_would_be_sent(write_rows: Callable[..., Path]) -> None:
    """Under preferred names, with numbers in E.164 form; no more than asked for."""
    found = plan(write_rows(0, ["+1 (415) 555-0123", " Ada ", "", "VIP; lead", ""], *[row(person(1))] * 3), preview=1)
    assert found.preview == ({"phone": "+14155550123", "first_name": " Ada ", "tags": ["VIP", "lead"]},)


def test_its_repr_shows_nobody(write_rows: Callable[..., Path]) -> None:
    """The plan may end up in a log."""
    assert number(0) not in repr(plan(write_rows(3)))


def test_numbers_in_national_form(write_text: Callable[..., Path]) -> None:
    """With a region they are read, and sent in E.164 form."""
    path = write_text("phone\n(415) 555-0123\n0000\n")
    assert plan(path).valid == 0
    assert plan(path, default_region="us").preview == ({"phone": "+14155550123"},)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"mode": "merge"}, "mode must be one of create, upsert, update, not 'merge'"),
        ({"duplicates": "all"}, "duplicates must be one of last, first, error, merge, not 'all'"),
    ],
)
def test_settings_that_there_are_not(write_rows: Callable[..., Path], settings: dict[str, Any], said: str) -> None:
    """The error names those that there are."""
    with pytest.raises(TransferError, match=said):
        plan(write_rows(1), **settings)


def test_a_file_without_a_number_is_an_error(write_text: Callable[..., Path]) -> None:
    """All of it would be rejected for the same reason."""
    with pytest.raises(TransferError, match="no column matches the phone number"):
        plan(write_text("name\nAda\n"))


def test_it_tells_how_far_it_is(write_rows: Callable[..., Path]) -> None:
    """Now and then, and at the end."""
    told: list[ImportProgress] = []
    plan(write_rows(2_001), on_progress=told.append, clock=iter(range(100)).__next__)
    assert [(each.phase, each.done, each.total) for each in told] == [
        ("reading", 1_000, None),
        ("reading", 2_000, None),
        ("reading", 2_001, None),
    ]


# --- rows with one number


REPEATS = [
    ["+14155550100", "Ada", "", "a", ""],
    ["+14155550101", "Grace", "", "", ""],
    ["+1 (415) 555-0100", "", "Engines", "b;a", "Plus"],
    ["+14155550100", "no number after the next one", "", "", ""],
    ["+1415555010", "Nobody", "", "", ""],
    ["+1-415-555-0100", "Augusta", "", "", ""],
]
OF_ADA = {
    "last": [{"phone": "+14155550100", "first_name": "Augusta"}],
    "first": [{"phone": "+14155550100", "first_name": "Ada", "tags": ["a"]}],
    "error": [{"phone": "+14155550100", "first_name": "Ada", "tags": ["a"]}],
    "merge": [
        {
            "phone": "+14155550100",
            "first_name": "Augusta",
            "company_name": "Engines",
            "tags": ["a", "b"],
            "custom_variables": {"Plan": "Plus"},
        }
    ],
}


@pytest.mark.parametrize(("policy", "expected"), OF_ADA.items())
def test_which_of_several_rows_counts(
    write_rows: Callable[..., Path], policy: Duplicates, expected: list[dict[str, Any]]
) -> None:  # a policy
    """Numbers are one whatever their punctuation; under `error` the later rows are rejected, else they do not count."""
    found = plan(write_rows(0, *REPEATS), duplicates=policy)
    assert [contact for contact in found.preview if contact["phone"] == "+14155550100"] == expected
    assert (found.valid, found.rejected, found.duplicates) == ((3, 3, 0) if policy == "error" else (3, 0, 3))


def test_a_rejected_repeat_names_the_line_that_counts(write_rows: Callable[..., Path]) -> None:
    """So that somebody can look at both."""
    found = plan(write_rows(0, *REPEATS), duplicates="error")
    assert found.reasons == (("another row has the same number, and only the first one is imported", 3),)
    assert [(each.line, each.reason[-8:]) for each in found.problems] == [
        (4, "(line 2)"),
        (5, "(line 2)"),
        (7, "(line 2)"),
    ]


@pytest.mark.parametrize("policy", ["last", "merge"])
def test_a_row_that_cannot_be_sent_repeats_nothing(write_rows: Callable[..., Path], policy: Duplicates) -> None:
    """A broken later row does not push out a good one."""
    found = plan(write_rows(1, [number(0), "Ada", "", '"broken', ""]), duplicates=policy)
    assert (found.preview, found.rejected) == ((person(0),), 1)


# --- the same rules as those of the call that sends

KINDS = [
    "+14155550123",
    "4155550123",
    "+44 (0)20",
    "",
    "VIP;lead",
    '"broken',
    "x",
    "=1+1",
    "'tis",
    "TRUE",
    "{}",
    '{"a": 1}',
]
cell = st.sampled_from(KINDS) | st.text(st.characters(exclude_categories=["Cs"]))
TITLES = [*BulkContact.FIELDS, "custom_variables.Plan"]


@given(st.lists(cell, min_size=len(TITLES), max_size=len(TITLES)))
def test_what_is_rejected_is_what_cannot_be_sent(cells: list[str]) -> None:
    """The plan agrees with `bulk.create` about each row of a table."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([TITLES, cells])
    content = text.getvalue().encode()
    with open_source(io.BytesIO(content), format="csv", encoding="utf-8", delimiter=",") as source:
        found = plan_import(source)
    (given_row,) = read_csv(io.StringIO(text.getvalue(), newline=""))
    assert [_sendable(given_row.contact)] == [found.valid == 1]


def _sendable(contact: dict[str, Any]) -> bool:
    try:
        return bool(bulk_item(contact))
    except (TypeError, ValueError):
        return False


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | cell,
    lambda inner: st.lists(inner) | st.dictionaries(cell, inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*TITLES, "firstName", "Mobile"]), json_values))
def test_any_json_is_sent_or_rejected(contact: dict[str, Any]) -> None:
    """Whatever stands in it, it is a contact that can be sent, or has a reason."""
    with open_source(io.BytesIO(json.dumps(contact).encode()), format="jsonl") as source:
        found = plan_import(source)
    assert found.valid + found.rejected == 1
    assert all(found.reasons)
