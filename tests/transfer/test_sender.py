"""Sending rows: the three modes, and what happens when the server rejects rows, fails, or cannot be reached."""

import itertools
import socket

import pytest
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import ImportProgress, Mode, open_source, run_import
from sendblue_transfer.sending import REQUEST_ATTEMPTS

from tests.transfer.contact_files import (
    FAST_RETRY,
    OTHER_VALUES,
    WriteFile,
    import_file,
    number,
    people,
    person,
    plan_file,
    stored,
)


def test_upsert_updates_existing_contacts(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """One bulk request for all rows; for an existing contact, one that reads its values for an undo, and an update."""
    client.contacts.bulk.create([OTHER_VALUES])
    before = len(sandbox.requests)
    report = import_file(client, write_rows(50), mode="upsert")
    assert (report.created, report.updated, report.rejected) == (49, 1, 0)
    assert stored(sandbox) == people(50)
    assert [request.method for request in sandbox.requests[before:]] == ["POST", "GET", "PUT"]


def test_upsert_ignores_blank_cells(sandbox: Sandbox, client: Sendblue, write_text: WriteFile) -> None:
    """A blank cell changes nothing, and labels are merged; a row with only a number counts as updated."""
    client.contacts.bulk.create([OTHER_VALUES, person(2)])
    text = f"phone,first_name,custom_variables.Source\n{number(1)},,Web\n{number(2)},,\n{number(3)},,\n"
    report = import_file(client, write_text(text), mode="upsert")
    assert (report.ok, report.created, report.updated) == (True, 1, 2)
    assert [contact["first_name"] for contact in stored(sandbox)] == ["Grace", "Ada 2", None]
    assert stored(sandbox)[0]["custom_variables"] == {"Plan": "Pro", "Source": "Web"}


def test_upsert_if_the_bulk_call_updates(write_rows: WriteFile) -> None:
    """If the server updates in bulk, no other requests are sent."""
    with Sandbox(limit=None, bulk_existing="update") as sandbox:
        with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None) as client:
            client.contacts.bulk.create([OTHER_VALUES])
            assert import_file(client, write_rows(50), mode="upsert").ok
        assert stored(sandbox) == people(50)
        assert len(sandbox.requests) == 2


def test_upsert_of_a_number_that_was_just_created(write_text: WriteFile) -> None:
    """Reads do not show the contact yet; a row with only its number counts as updated, and changes nothing."""
    with (
        Sandbox(limit=None, read_lag=3600) as sandbox,
        Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=FAST_RETRY) as client,
    ):
        client.contacts.bulk.create([OTHER_VALUES])
        report = import_file(client, write_text(f"phone\n{number(1)}\n"), mode="upsert")
        assert (report.ok, report.updated, stored(sandbox)) == (True, 1, [OTHER_VALUES])


def test_update_creates_no_contacts(sandbox: Sandbox, client: Sendblue, write_text: WriteFile) -> None:
    """An unknown number is rejected, and so is a row with nothing to update, without a request."""
    client.contacts.bulk.create([OTHER_VALUES, person(2)])
    text = f"phone,first_name\n{number(1)},Ada\n{number(2)},\n{number(3)},Ada\n"
    report = import_file(client, write_text(text), mode="update")
    assert (report.created, report.updated, report.rejected) == (0, 1, 2)
    assert dict(report.reasons) == {
        "no contact has this number; use the mode upsert to create it": 1,
        "the row has only a number, so there is nothing to update": 1,
    }
    assert [contact["first_name"] for contact in stored(sandbox)] == ["Ada", "Ada 2"]
    assert [request.method for request in sandbox.requests] == ["POST", "PUT", "PUT"]


def test_update_sets_fields_that_the_bulk_call_lacks(sandbox: Sandbox, client: Sendblue, write_text: WriteFile) -> None:
    """In any spelling, and validated first; `phone_number` is not a new number, but finds the contact."""
    client.contacts.create(number(1))
    cells = f"{number(1)},ada@x.org,true,+1 415 555 0001"
    path = write_text(f"phone_number,assignedToEmail,opt_out,sendblue_number\n{cells}\n")
    (contact,) = plan_file(path, mode="update").preview
    assert (contact["phone"], contact["assigned_to_email"]) == (number(1), "ada@x.org")
    assert import_file(client, path, mode="update").ok
    (updated,) = sandbox.contacts()
    names = ("phone", "assigned_to_email", "opt_out", "sendblue_number")
    assert [updated[name] for name in names] == [number(1), "ada@x.org", True, "+14155550001"]


def test_rows_that_the_server_rejects(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """The message of a 400 is the reason for its row, and the other rows are imported."""
    client.contacts.bulk.create([OTHER_VALUES, person(2)])
    sandbox.faults.add(operation="update_contact", status=400, body={"message": "No such plan"}, times=1)
    report = import_file(client, write_rows(4), mode="upsert", concurrency=1)
    assert (report.created, report.updated, report.rejected) == (2, 1, 1)
    assert "No such plan" in report.reasons[0][0]


MODE_AND_STATUS: list[tuple[Mode, int]] = [
    ("create", 401),
    ("create", 429),
    ("create", 503),
    ("upsert", 403),
    ("upsert", 429),
    ("update", 401),
    ("update", 503),
]


@pytest.mark.parametrize(("mode", "status"), MODE_AND_STATUS)
def test_server_failures_reject_no_rows(
    sandbox: Sandbox, client: Sendblue, write_rows: WriteFile, mode: Mode, status: int
) -> None:
    """Rows without a definite response are sent again when the same import runs again."""
    operation = "bulk_create_contacts" if mode == "create" else "update_contact"
    if mode != "create":
        client.contacts.bulk.create([{**contact, "first_name": "Old"} for contact in people(30)])
    path = write_rows(30)
    sandbox.faults.add(operation=operation, status=status, headers={"Retry-After": "0"}, nth=list(range(4, 1000)))
    stopped = import_file(client, path, mode=mode, chunk_size=5, concurrency=1)
    sandbox.faults.clear()
    report = import_file(client, path, mode=mode, chunk_size=5)
    assert (stopped.complete, stopped.ok, stopped.rejected, stopped.stopped != "") == (False, False, 0, True)
    assert stopped.created + stopped.updated + stopped.not_sent + stopped.unknown == 30
    assert ("SENDBLUE_API_API_KEY" if status == 401 else str(status)) in stopped.stopped
    assert (report.ok, report.resumed, stored(sandbox)) == (True, True, people(30))


def test_updates_that_always_fail_are_rejected(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """However many: if other updates succeed in between, a failure concerns the contact, and the import completes."""
    client.contacts.bulk.create(people(60))
    for index in range(0, 60, 5):
        sandbox.faults.add(operation="update_contact", status=500, path=f"*{number(index)}")
    report = import_file(client, write_rows(60), mode="update", concurrency=1)
    assert (report.complete, report.updated, report.rejected) == (True, 48, 12)
    assert (report.problems[1].line, "500" in report.problems[1].reason) == (7, True)
    requests = [
        request for request in sandbox.requests if request.path.endswith(number(5)[1:]) and request.status == 500
    ]
    assert len(requests) == REQUEST_ATTEMPTS * FAST_RETRY.attempts


def test_creations_that_always_fail_are_rejected(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """They are sent once more after all others, and then rejected."""
    sandbox.faults.add(operation="bulk_create_contacts", status=500, nth=list(range(5, 100)))
    report = import_file(client, write_rows(25), chunk_size=5, concurrency=1)
    assert (report.complete, report.created, report.rejected) == (True, 20, 5)
    assert "500" in report.reasons[0][0]
    assert stored(sandbox) == people(20)


def test_a_row_that_cannot_be_looked_up(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """If the response to its creation was lost, it is neither rejected nor sent again, and the report says why."""
    sandbox.faults.add(
        {"operation": "bulk_create_contacts", "what": "reset", "after": True, "nth": [2]},
        {"status": 503, "method": "GET", "path": f"*{number(5)}"},
    )
    path = write_rows(30)
    report = import_file(client, path, chunk_size=5, concurrency=1)
    assert (report.created, report.unknown, report.rejected, report.complete) == (29, 1, 0, False)
    assert "the look-up failed" in report.stopped
    sandbox.faults.clear()
    assert (import_file(client, path).ok, stored(sandbox)) == (True, people(30))


def test_a_single_failing_update_stops_the_import(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """Nothing else succeeded, so the failure may concern the server and not the contact."""
    client.contacts.bulk.create([person(0)])
    sandbox.faults.add(operation="update_contact", status=500)
    report = import_file(client, write_rows(1), mode="update")
    assert (report.complete, report.rejected, report.not_sent) == (False, 0, 1)
    assert "500" in report.stopped


def test_unreachable_server_stops_the_import(write_rows: WriteFile) -> None:
    """The report says why; once the server is back, the same import resumes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def stop(progress: ImportProgress) -> None:
        if progress.created >= 30:
            sandbox.stop()

    with Sandbox(limit=None, port=port) as sandbox, open_source(write_rows(150)) as source:
        with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=FAST_RETRY) as client:
            # With this clock, each result is reported, and not only ten a second.
            report = run_import(client, source, chunk_size=10, on_progress=stop, clock=itertools.count().__next__)
            again = run_import(client, source)
            sandbox.start()
            back = run_import(client, source)
        contacts = stored(sandbox)
    assert (report.complete, "no response" in report.stopped, again.stopped != "") == (False, True, True)
    assert report.created + report.unknown + report.not_sent == 150
    assert (again.created, back.ok, contacts) == (report.created, True, people(150))
