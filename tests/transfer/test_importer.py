"""Imports into a sandbox over a real socket: what is sent, what becomes of each row, and what is said of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sendblue_contacts import RateLimit, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import (
    MODES,
    Duplicates,
    ImportProgress,
    Mode,
    TransferError,
)

from tests.transfer.contact_files import FAST_RETRY, import_file, number, person, row, stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BAD = ["+1 415 CALL NOW", "Vanity", "", "", ""]
CHANGED = {**person(1), "first_name": "Grace", "custom_variables": {"Plan": "Pro"}}


def test_everything_goes_in(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """In bulk, a hundred in a request, and the report says so."""
    report = import_file(client, write_rows(250))
    assert stored(sandbox) == [person(place) for place in range(250)]
    assert [request.path for request in sandbox.requests] == ["/api/v2/contacts/bulk"] * 3
    assert (report.rows, report.created, report.rejected, report.not_sent, report.unknown) == (250, 250, 0, 0, 0)
    assert (report.ok, report.complete, report.stopped, report.resumed, report.rejects) == (True, True, "", False, None)


def test_a_file_with_nothing_in_it(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """It is complete without a request."""
    report = import_file(client, write_rows(0))
    assert (report.ok, report.rows, sandbox.requests) == (True, 0, [])


@pytest.mark.parametrize("name", ["contacts.jsonl", "contacts.json"])
def test_json_goes_in(sandbox: Sandbox, client: Sendblue, write_text: Callable[..., Path], name: str) -> None:
    """Lines and arrays alike."""
    people = [person(place) for place in range(150)]
    text = json.dumps(people) if name.endswith(".json") else "\n".join(map(json.dumps, people))
    assert import_file(client, write_text(text, name)).ok
    assert stored(sandbox) == people


def test_it_leaves_room_for_others(sandbox: Sandbox, write_rows: Callable[..., Path]) -> None:
    """An import is bulk work: it is paced, and never takes the slots that are reserved."""
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=RateLimit(100, per=0.1, reserve=98)) as client:
        assert import_file(client, write_rows(30), chunk_size=5, concurrency=8).ok
        assert sandbox.arrivals() <= 30
        assert client.rate_limit.statistics().total_waited > 0


# --- modes


def test_create_rejects_a_number_that_exists(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """The contact stays as it is, and the reason is the server's."""
    client.contacts.bulk.create([CHANGED])
    report = import_file(client, write_rows(3))
    assert (report.created, report.rejected) == (2, 1)
    assert [problem.line for problem in report.problems] == [3]
    assert "exists" in report.reasons[0][0]
    assert stored(sandbox) == [person(0), CHANGED, person(2)]


def test_upsert_updates_what_exists(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """One bulk request for all, and one more for each that exists."""
    client.contacts.bulk.create([CHANGED])
    before = len(sandbox.requests)
    report = import_file(client, write_rows(50), mode="upsert")
    assert (report.created, report.updated, report.rejected) == (49, 1, 0)
    assert stored(sandbox) == [person(place) for place in range(50)]
    assert [request.method for request in sandbox.requests[before:]] == ["POST", "PUT"]


def test_upsert_leaves_what_is_blank(sandbox: Sandbox, client: Sendblue, write_text: Callable[..., Path]) -> None:
    """A blank cell changes nothing, and labels are merged."""
    client.contacts.bulk.create([CHANGED])
    import_file(client, write_text(f"phone,first_name,custom_variables.Source\n{number(1)},,Web\n"), mode="upsert")
    kept = sandbox.contacts()[0]
    assert (kept["first_name"], kept["custom_variables"]) == ("Grace", {"Plan": "Pro", "Source": "Web"})


def test_upsert_where_the_bulk_call_updates(write_rows: Callable[..., Path]) -> None:
    """A server that updates in bulk is asked for nothing more."""
    with Sandbox(limit=None, bulk_existing="update") as sandbox:
        with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None) as client:
            client.contacts.bulk.create([CHANGED])
            assert import_file(client, write_rows(50), mode="upsert").ok
        assert stored(sandbox) == [person(place) for place in range(50)]
        assert len(sandbox.requests) == 2


def test_update_changes_what_exists_and_rejects_the_rest(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """One request for each row; nothing is created."""
    client.contacts.bulk.create([CHANGED])
    report = import_file(client, write_rows(3), mode="update")
    assert (report.created, report.updated, report.rejected) == (0, 1, 2)
    assert report.reasons == (("no contact has this number; use the mode upsert to create it", 2),)
    assert stored(sandbox) == [person(1)]


def test_a_row_with_nothing_to_update(client: Sendblue, write_text: Callable[..., Path]) -> None:
    """It is rejected without a request, for nobody can say that it was done."""
    client.contacts.bulk.create([CHANGED])
    report = import_file(client, write_text(f"phone,first_name\n{number(1)},\n"), mode="update")
    assert report.reasons == (("the row has only a number, so there is nothing to update", 1),)


def test_what_the_server_refuses_is_rejected(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """A 400 for one contact is its reason, and the others go in."""
    client.contacts.bulk.create([CHANGED, person(2)])
    sandbox.faults.add(operation="update_contact", status=400, body={"message": "No such plan"}, times=1)
    report = import_file(client, write_rows(4), mode="upsert", concurrency=1)
    assert (report.created, report.updated, report.rejected) == (2, 1, 1)
    assert "No such plan" in report.reasons[0][0]


# --- what stops an import


@pytest.mark.parametrize("mode", ["create", "update"])
def test_wrong_credentials(write_rows: Callable[..., Path], mode: Mode) -> None:
    """Nothing is rejected for what is not its fault: the report says why it stopped."""
    with (
        Sandbox(limit=None, api_key="right", api_secret="pair") as strict,  # noqa: S106  # a sandbox
        Sendblue("wrong", "pair", base_url=strict.url, rate_limit=None) as client,
    ):
        report = import_file(client, write_rows(300), mode=mode)
    assert (report.rejected, report.not_sent + report.unknown, report.complete, report.ok) == (0, 300, False, False)
    assert "SENDBLUE_API_API_KEY" in report.stopped
    assert type(report.error).__name__ == "AuthenticationError"


@pytest.mark.parametrize("status", [401, 403, 429, 503])
@pytest.mark.parametrize("mode", MODES)
def test_what_is_no_refusal_rejects_nothing(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path], mode: Mode, status: int
) -> None:
    """When the server fails from some moment on, what it did not answer is sent when the same import is run again."""
    operation = "bulk_create_contacts" if mode == "create" else "update_contact"
    if mode != "create":
        client.contacts.bulk.create([{**person(place), "first_name": "Old"} for place in range(300)])
    path = write_rows(300)
    sandbox.faults.add(operation=operation, status=status, headers={"Retry-After": "0"}, nth=list(range(4, 1000)))
    stopped = import_file(client, path, mode=mode, chunk_size=20)
    sandbox.faults.clear()
    report = import_file(client, path, mode=mode, chunk_size=20)
    assert (stopped.complete, stopped.rejected, stopped.stopped != "") == (False, 0, True)
    assert (report.ok, report.resumed, stored(sandbox)) == (True, True, [person(place) for place in range(300)])


def test_a_few_updates_that_the_server_fails_at(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """When the others go in, it is about these: they are rejected, and the import ends."""
    client.contacts.bulk.create([person(place) for place in range(30)])
    sandbox.faults.add(operation="update_contact", status=500, path=f"*{number(7)}")
    report = import_file(client, write_rows(30), mode="update")
    assert (report.complete, report.updated, report.rejected) == (True, 29, 1)
    assert (report.problems[0].line, "500" in report.problems[0].reason) == (9, True)


def test_some_updates_that_the_server_fails_at(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """However many there are: as long as others go in between, it is about them."""
    client.contacts.bulk.create([person(place) for place in range(60)])
    for place in range(0, 60, 5):
        sandbox.faults.add(operation="update_contact", status=500, path=f"*{number(place)}")
    report = import_file(client, write_rows(60), mode="update", concurrency=1)
    assert (report.complete, report.updated, report.rejected) == (True, 48, 12)


def test_contacts_that_the_server_fails_at_in_bulk(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """They are tried once more when all others are in, and then they are rejected: it is about them."""
    path = write_rows(100)
    sandbox.faults.add(operation="bulk_create_contacts", status=500, nth=list(range(5, 100)))
    report = import_file(client, path, chunk_size=20, concurrency=1)
    assert (report.complete, report.created, report.rejected) == (True, 80, 20)
    assert "500" in report.reasons[0][0]
    assert stored(sandbox) == [person(place) for place in range(80)]


def test_an_update_that_fails_alone(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """When nothing else went in, nobody can say whether it is about the contact or about the server."""
    client.contacts.bulk.create([person(0)])
    sandbox.faults.add(operation="update_contact", status=500)
    report = import_file(client, write_rows(1), mode="update")
    assert (report.complete, report.rejected, report.not_sent) == (False, 0, 1)
    assert "500" in report.stopped


# --- rows with one number


@pytest.mark.parametrize("policy", ["last", "first", "error", "merge"])
def test_each_number_is_sent_once(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path], policy: Duplicates
) -> None:
    """Whichever row counts; also when its repeats are far from it."""
    again = [row({**person(place), "first_name": "Again", "tags": ["new"]}) for place in range(0, 250, 2)]
    report = import_file(client, write_rows(250, *again), duplicates=policy)
    assert (report.created, report.rejected + report.duplicates) == (250, 125)
    expected = {"last": ("Again", ["new"]), "merge": ("Again", ["VIP", "lead", "new"])}.get(
        policy, ("Ada 0", ["VIP", "lead"])
    )
    kept = {contact["phone"]: contact for contact in stored(sandbox)}
    assert (kept[number(0)]["first_name"], kept[number(0)]["tags"]) == expected
    assert kept[number(1)] == person(1)


def test_merged_rows_are_whole_after_a_stop(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """What stands before the place where an import goes on is merged all the same."""
    again = [row({**person(place), "tags": ["new"]}) for place in range(100)]
    path = write_rows(100, *again)
    sandbox.faults.add(operation="bulk_create_contacts", status=401, nth=[3])
    assert not import_file(client, path, duplicates="merge", chunk_size=20, concurrency=1).complete
    assert import_file(client, path, duplicates="merge", chunk_size=20).ok
    assert [contact["tags"] for contact in stored(sandbox)] == [["VIP", "lead", "new"]] * 100


# --- how far it is


def test_it_tells_how_far_it_is(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """First while it reads, then while it sends; at the end all rows have their fate."""
    told: list[ImportProgress] = []
    import_file(client, write_rows(250, BAD, row(person(0))), on_progress=told.append)
    assert [each.phase for each in told] == ["reading", *["sending"] * (len(told) - 1)]
    assert (told[0].done, told[1].done, told[1].rejected, told[1].duplicates) == (252, 2, 1, 1)
    assert [each.done for each in told[1:]] == sorted(each.done for each in told[1:])
    last = told[-1]
    assert (last.done, last.total, last.created, last.rejected, last.duplicates) == (252, 252, 250, 1, 1)
    assert last.eta == 0


def test_the_rate_is_of_this_run(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """What an earlier run did counts as done, and not for the rate."""
    path = write_rows(200)
    sandbox.faults.add(operation="bulk_create_contacts", status=401, nth=[2])
    import_file(client, path, concurrency=1)
    told: list[ImportProgress] = []
    import_file(client, path, on_progress=told.append)
    assert (told[0].phase, told[0].done, told[0].created, told[0].rate) == ("sending", 100, 100, 0)
    assert (told[-1].done, told[-1].created) == (200, 200)


def test_settings_that_there_are_not(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """They are refused before a journal is made."""
    path = write_rows(1)
    with pytest.raises(TransferError, match="mode must be one of"):
        import_file(client, path, mode="merge")
    assert list(path.parent.iterdir()) == [path]


def test_an_error_in_the_progress_callback(sandbox: Sandbox, write_rows: Callable[..., Path]) -> None:
    """It is raised, and the same import goes on."""
    path = write_rows(300)

    def fail(progress: ImportProgress) -> None:
        if progress.created:
            raise RuntimeError("no terminal")

    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=FAST_RETRY) as client:
        with pytest.raises(RuntimeError, match="no terminal"):
            import_file(client, path, on_progress=fail)
        assert import_file(client, path).ok
    assert stored(sandbox) == [person(place) for place in range(300)]
