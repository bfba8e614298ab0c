"""Plans of imports (the dry run), which need only the file."""

import io
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import RateLimit, Sendblue
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_sandbox import Sandbox
from sendblue_transfer import (
    ColumnMap,
    Duplicates,
    ImportProgress,
    Problem,
    TransferError,
    open_source,
    plan_import,
    run_import,
)

from tests.transfer.contact_files import WriteFile, import_file, number, person, plan_file, row

INVALID = ["+1 415 CALL NOW", "Vanity", "", "", ""]
WITHOUT_NUMBER = ["", "Nobody", "", "", ""]


def test_counts_rows(write_rows: WriteFile) -> None:
    """Rows that would be sent, and rows that would not, with their lines and reasons."""
    found = plan_file(write_rows(3, INVALID, WITHOUT_NUMBER, row(person(1)), WITHOUT_NUMBER))
    assert number(0) not in repr(found)  # a plan may be logged
    assert (found.rows, found.valid, found.rejected, found.duplicates) == (7, 3, 3, 1)
    assert found.reasons[0] == ("the phone number is missing", 2)
    assert [problem.line for problem in found.problems] == [5, 6, 8]
    assert found.problems[1] == Problem(6, "the phone number is missing")


def test_equal_reasons_are_counted_together(write_rows: WriteFile) -> None:
    """Numbers of different shapes without a country code have one reason; each problem shows its shape."""
    found = plan_file(write_rows(0, ["415 555", "", "", "", ""], ["(415) 555-0142", "", "", "", ""]))
    ((reason, count),) = found.reasons
    assert (count, "the country code is missing" in reason, "#" in reason) == (2, True, False)
    assert "(###) ###-####" in found.problems[1].reason


@pytest.mark.parametrize(("rows", "chunk_size", "requests"), [(0, 100, 0), (14, 7, 2), (15, 7, 3)])
def test_request_count_is_that_of_the_import(
    client: Sendblue, write_rows: WriteFile, rows: int, chunk_size: int, requests: int
) -> None:
    """The import then sends as many requests."""
    path = write_rows(rows, INVALID)
    found = plan_file(path, chunk_size=chunk_size)
    with open_source(path) as source:
        run_import(client, source, chunk_size=chunk_size)
    assert found.requests == found.requests_at_most == client.rate_limit.statistics().requests == requests


def test_duration_at_the_rate_limit(write_rows: WriteFile) -> None:
    """At the pace of bulk callers; without a limit it is 0."""
    path = write_rows(50)
    limit = RateLimit(10, per=10.0)
    assert math.isclose(plan_file(path, chunk_size=5, rate_limit=limit).seconds, 10 * limit.pace)
    assert plan_file(path, rate_limit=None).seconds == 0


@pytest.mark.parametrize(("mode", "requests"), [("create", (1, 3)), ("upsert", (1, 253)), ("update", (250, 250))])
def test_updates_are_a_request_each(write_rows: WriteFile, mode: str, requests: tuple[int, int]) -> None:
    """In the mode `upsert` that depends on how many contacts exist, and with the size `auto` on the server."""
    found = plan_file(write_rows(250), mode=mode)
    assert (found.requests, found.requests_at_most) == requests
    assert (found.seconds < found.seconds_at_most) == (requests[0] < requests[1])


def test_preview_shows_contacts_as_they_would_be_sent(write_rows: WriteFile) -> None:
    """Under preferred names, with numbers in E.164 form, and no more than requested."""
    found = plan_file(
        write_rows(0, ["+1 (415) 555-0123", " Ada ", "", "VIP; lead", ""], *[row(person(1))] * 3), preview=1
    )
    assert found.preview == ({"phone": "+14155550123", "first_name": " Ada ", "tags": ["VIP", "lead"]},)


def test_numbers_in_national_form(write_text: WriteFile) -> None:
    """They are valid with a region, and sent in E.164 form."""
    path = write_text("phone\n(415) 555-0123\n0000\n")
    assert plan_file(path).valid == 0
    assert plan_file(path, default_region="us").preview == ({"phone": "+14155550123"},)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "merge"}, "mode must be one of create, upsert, update, not 'merge'"),
        ({"duplicates": "all"}, "duplicates must be one of last, first, error, merge, not 'all'"),
        ({"columns": ColumnMap({"phone": ""})}, "no column matches the phone number"),
    ],
)
def test_invalid_settings(write_rows: WriteFile, settings: dict[str, Any], message: str) -> None:
    """The error names the valid values; without a column of numbers, every row would be rejected."""
    with pytest.raises(TransferError, match=message):
        plan_file(write_rows(1), **settings)


def test_invalid_sizes_are_found_before_the_file_is_read(client: Sendblue, write_rows: WriteFile) -> None:
    """The error is about the size, although the file is closed and cannot be read."""
    with open_source(write_rows(1)) as source:
        pass
    calls: dict[str, Callable[[], object]] = {
        "chunk_size must be 1 or more, not 0": lambda: run_import(client, source, chunk_size=0),
        "concurrency must be 1 or more, not 0": lambda: run_import(client, source, concurrency=0),
        "chunk_size must be 1 or more, not -1": lambda: plan_import(source, chunk_size=-1),
    }
    for message, call in calls.items():
        with pytest.raises(ValueError, match=message):
            call()


def test_reports_progress(write_rows: WriteFile) -> None:
    """After every thousand rows, and at the end."""
    reports: list[ImportProgress] = []
    plan_file(write_rows(1_001), on_progress=reports.append, clock=iter(range(100)).__next__)
    assert [(report.phase, report.done, report.total) for report in reports] == [
        ("reading", 1_000, None),
        ("reading", 1_001, None),
    ]


ROWS_WITH_DUPLICATES = [
    ["+14155550100", "Ada", "", "a", ""],
    ["+14155550101", "Grace", "", "", ""],
    ["+1 (415) 555-0100", "", "Engines", "b;a", "Plus"],
    ["+14155550100", "no number after the next one", "", "", ""],
    ["+1415555010", "Nobody", "", "", ""],
    ["+1-415-555-0100", "Augusta", "", "", ""],
]
CONTACT_BY_POLICY = {
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


@pytest.mark.parametrize(("policy", "expected"), CONTACT_BY_POLICY.items())
def test_which_duplicate_is_imported(
    sandbox: Sandbox, client: Sendblue, write_rows: WriteFile, policy: Duplicates, expected: list[dict[str, Any]]
) -> None:
    """Numbers are one whatever their punctuation; under `error` the later rows are rejected, else they do not count."""
    path = write_rows(0, *ROWS_WITH_DUPLICATES)
    found, report = plan_file(path, duplicates=policy), import_file(client, path, duplicates=policy)
    assert [contact for contact in found.preview if contact["phone"] == "+14155550100"] == expected
    assert (found.valid, found.rejected, found.duplicates) == ((3, 3, 0) if policy == "error" else (3, 0, 3))
    assert (report.created, report.rejected, report.duplicates) == (found.valid, found.rejected, found.duplicates)
    (contact,) = (contact for contact in sandbox.contacts() if contact["phone"] == "+14155550100")
    assert {name: contact[name] for name in expected[0]} == expected[0]


def test_rejected_duplicate_names_the_imported_line(write_rows: WriteFile) -> None:
    """So that users can compare both."""
    found = plan_file(write_rows(0, *ROWS_WITH_DUPLICATES), duplicates="error")
    assert found.reasons == (("another row has the same number, and only the first one is imported", 3),)
    assert [(problem.line, problem.reason[-8:]) for problem in found.problems] == [
        (4, "(line 2)"),
        (5, "(line 2)"),
        (7, "(line 2)"),
    ]


@pytest.mark.parametrize("policy", ["last", "merge"])
def test_invalid_rows_are_not_duplicates(write_rows: WriteFile, policy: Duplicates) -> None:
    """An invalid later row does not supersede a valid one."""
    found = plan_file(write_rows(1, [number(0), "Ada", "", '"broken', ""]), duplicates=policy)
    assert (found.preview, found.rejected) == ((person(0),), 1)


TITLES = [*BulkContact.FIELDS, "custom_variables.Plan"]


cell = st.sampled_from(["+14155550123", "4155550123", "", "VIP;lead", '"broken', "TRUE", "{}"]) | st.text()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | cell,
    lambda inner: st.lists(inner) | st.dictionaries(cell, inner),
    max_leaves=4,
)


@settings(deadline=None, max_examples=25)  # each example is a file
@given(st.dictionaries(st.sampled_from([*TITLES, "firstName", "Mobile"]), json_values))
def test_any_json_is_sent_or_rejected(contact: dict[str, Any]) -> None:
    """Any JSON is a contact that can be sent, or is rejected with a reason."""
    with open_source(io.BytesIO(json.dumps(contact).encode()), format="jsonl") as source:
        found = plan_import(source)
    assert found.valid + found.rejected == 1
    assert all(found.reasons)
