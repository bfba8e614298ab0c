"""Undoing a sync or an upsert import: what is restored, what is kept, and that it can be interrupted and repeated."""

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import (
    ImportReport,
    JournalError,
    Mode,
    SyncReport,
    TransferError,
    apply_sync,
    export_contacts,
    open_source,
    plan_sync,
    run_import,
    undo_sync,
)

from tests.transfer.contact_files import FAST_RETRY, number, people, person, writes

ROWS: list[dict[str, Any]] = [
    {**person(0), "first_name": "Augusta", "tags": [], "custom_variables": {"Plan": "Pro", "Source": "Web"}},
    person(1),
    {"phone": number(3), "first_name": "Ada", "opt_out": True},
]
"""With two people in the account, one update, one that is unchanged, one to create, and one to delete."""


def exported(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return what an export writes, without IDs and dates, in the order of numbers."""
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=FAST_RETRY) as client:
        file = io.BytesIO()
        export_contacts(client.contacts.list(), file, format="jsonl")
    contacts = map(json.loads, file.getvalue().splitlines())
    without = ({name: each[name] for name in each.keys() - {"contact_id", "created_at"}} for each in contacts)
    return sorted(without, key=lambda contact: contact["phone"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the state."""
    return tmp_path / "crm.csv.sendblue-sync"


@pytest.fixture
def filled(sandbox: Sandbox, client: Sendblue) -> Sandbox:
    """A sandbox with three people."""
    client.contacts.bulk.create(people(3))
    client.contacts.update(number(2), opt_out=True, assigned_to_email="ada@example.org")
    return sandbox


@pytest.fixture
def synced(filled: Sandbox, client: Sendblue, path: Path) -> list[dict[str, Any]]:
    """What an export wrote before the sync, which has taken place."""
    before = exported(filled)
    assert sync(client, ROWS, path).ok
    return before


def sync(client: Sendblue, rows: list[dict[str, Any]], path: Path) -> SyncReport:
    """Sync these rows, deletions included."""
    return apply_sync(client, plan_sync(client, rows, delete="all", max_delete="100%", blank="clear", state=path))


def counts(report: SyncReport) -> tuple[int, int, int, int]:
    """Return how many contacts were created, updated, deleted, and kept."""
    return report.created, report.updated, report.deleted, report.kept


def test_undo_restores_the_account(filled: Sandbox, client: Sendblue, path: Path, synced: list[dict[str, Any]]) -> None:
    """Everything but new IDs and dates, and labels that the sync added are gone; a second undo does nothing."""
    report = undo_sync(client, path)
    assert (counts(report), report.ok) == ((1, 1, 1, 0), True)
    assert exported(filled) == synced
    ids = {contact["phone"]: contact["contact_id"] for contact in filled.contacts()}
    assert [(each.change.phone, each.outcome, each.contact_id) for each in report.results()] == [
        (number(2), "created", ids[number(2)]),
        (number(0), "updated", ids[number(0)]),
        (number(3), "deleted", None),
    ]
    count = len(filled.requests)
    again = undo_sync(client, path)
    assert (counts(again), again.ok, len(filled.requests)) == ((0, 0, 0, 0), True, count)


def test_dry_run(filled: Sandbox, client: Sendblue, path: Path, synced: list[dict[str, Any]]) -> None:
    """It shows what would be done, and changes neither the account nor the state."""
    before, after, content = writes(filled), exported(filled), path.read_bytes()
    report = undo_sync(client, path, dry_run=True)
    assert (counts(report), report.planned) == ((1, 1, 1, 0), True)
    assert {result.outcome for result in report.results()} == {"planned"}
    update = next(result.change for result in report.results() if result.change.kind == "update")
    assert update.fields["custom_variables.Source"] == ("Web", None)
    assert (writes(filled), exported(filled), path.read_bytes()) == (before, after, content)
    assert synced != after


EDITS: dict[str, tuple[Callable[[Sendblue], object], str, str]] = {
    "a created contact": (
        lambda client: client.contacts.update(number(3), last_name="King"),
        number(3),
        "the contact was edited since",
    ),
    "an updated field": (
        lambda client: client.contacts.update(number(0), first_name="Somebody"),
        number(0),
        "the contact was edited since",
    ),
    "an updated contact that was deleted": (
        lambda client: client.contacts.delete(number(0)),
        number(0),
        "the contact was deleted since",
    ),
    "a deleted contact that exists again": (
        lambda client: client.contacts.create(number(2), first_name="Somebody"),
        number(2),
        "a contact with this number was created since",
    ),
}


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("case", EDITS.values(), ids=EDITS)
def test_contacts_edited_since_are_kept(
    filled: Sandbox, client: Sendblue, path: Path, case: tuple[Callable[[Sendblue], object], str, str]
) -> None:
    """They are named with the reason, and the others are restored."""
    edit, phone, reason = case
    edit(client)
    edited = [contact for contact in exported(filled) if contact["phone"] == phone]
    report = undo_sync(client, path)
    kept = [(each.change.phone, each.outcome, each.reason) for each in report.results() if each.outcome == "kept"]
    assert kept == [(phone, "kept", reason)]
    assert (report.kept, report.ok, sum(counts(report))) == (1, False, 3)
    assert [contact for contact in exported(filled) if contact["phone"] == phone] == edited


@pytest.mark.usefixtures("synced")
def test_number_that_changed_its_owner_is_kept(client: Sendblue, path: Path) -> None:
    """Even if the contact that has the number now has the same values."""
    for index in (0, 3):
        client.contacts.update(number(index), phone_number=number(index + 100))
    client.contacts.bulk.create([{name: value for name, value in row.items() if name != "opt_out"} for row in ROWS])
    report = undo_sync(client, path)
    assert {result.change.phone: result.reason for result in report.results() if result.outcome == "kept"} == {
        number(index): "the number belongs to another contact now" for index in (0, 3)
    }


@pytest.mark.usefixtures("synced")
def test_fields_that_the_sync_did_not_change_may_be_edited(filled: Sandbox, client: Sendblue, path: Path) -> None:
    """An edit of another field is no obstacle for an update, and is kept; so is a label that was added since."""
    client.contacts.update(number(0), last_name="King", custom_variables={"Seat": "4A"})
    assert undo_sync(client, path).ok
    contact = exported(filled)[0]
    assert (contact["first_name"], contact["last_name"]) == ("Ada 0", "King")
    assert contact["custom_variables"] == {"Plan": "Plus", "Seat": "4A"}


STOPS: dict[str, dict[str, Any]] = {
    "the creation": {"operation": "bulk_create_contacts"},
    "the second request of the creation": {"operation": "update_contact", "nth": [1]},
    "the update": {"operation": "update_contact", "nth": [2]},
    "the second request of the update": {"operation": "update_contact", "nth": [3]},
    "the deletion": {"operation": "bulk_delete_contacts"},
}


@pytest.mark.parametrize("fault", STOPS.values(), ids=STOPS)
def test_interrupted_undo_is_resumed(
    filled: Sandbox, client: Sendblue, path: Path, synced: list[dict[str, Any]], fault: dict[str, Any]
) -> None:
    """By the same call. A dry run in between shows the rest."""
    filled.faults.add(status=401, **fault)
    stopped = undo_sync(client, path)
    assert (stopped.complete, type(stopped.error).__name__) == (False, "AuthenticationError")
    filled.faults.clear()
    assert not undo_sync(client, path, dry_run=True).kept
    report = undo_sync(client, path)
    assert (report.resumed, report.complete, counts(report)) == (True, True, (1, 1, 1, 0))
    assert exported(filled) == synced


def test_undo_of_a_sync_that_never_finished(filled: Sandbox, client: Sendblue, path: Path) -> None:
    """What was created, and what may have been, is deleted."""
    before = exported(filled)
    filled.faults.add(operation="bulk_create_contacts", status=401, nth=[2])
    plan = plan_sync(client, [*ROWS, *people(9)[4:]], chunk_size=3, state=path)
    stopped = apply_sync(client, plan, concurrency=1)
    assert (stopped.complete, stopped.created > 0 or stopped.unknown > 0) == (False, True)
    filled.faults.clear()
    report = undo_sync(client, path)
    assert (report.deleted, report.complete) == (3, True)
    assert exported(filled) == before
    assert apply_sync(client, plan).ok


def test_undo_of_an_opt_out_and_a_later_deletion(filled: Sandbox, client: Sendblue, path: Path) -> None:
    """A number stays opted out when its contact is deleted, so the undo also opts it in again."""
    before = exported(filled)
    filled.faults.add(operation="bulk_delete_contacts", status=401, nth=[1])
    assert not sync(client, [{**person(0), "opt_out": True}, person(1)], path).complete
    assert sync(client, [person(1)], path).deleted == 2
    assert undo_sync(client, path).complete
    assert exported(filled) == before


def test_sync_without_changes_can_be_undone_no_more_than_the_one_before(
    filled: Sandbox, client: Sendblue, path: Path, synced: list[dict[str, Any]]
) -> None:
    """A night without changes does not take away the undo of the last sync that changed something."""
    assert sync(client, ROWS, path).ok
    assert counts(undo_sync(client, path)) == (1, 1, 1, 0)
    assert exported(filled) == synced


def test_nothing_to_undo(client: Sendblue, tmp_path: Path) -> None:
    """A path without a state is an error that names it."""
    with pytest.raises(TransferError, match=r"no state of a sync and no journal of an import at .*gone"):
        undo_sync(client, tmp_path / "gone")


def upsert(client: Sendblue, path: Path, rows: list[dict[str, Any]], **options: Any) -> ImportReport:
    """Import these rows in the mode `upsert`."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_source(path) as source:
        return run_import(client, source, mode="upsert", **options)


IMPORTED = [{**person(0), "first_name": "Augusta", "custom_variables": {"Source": "Web"}}, person(1), *people(9)[3:]]


def test_undo_of_an_upsert_import(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """New contacts are deleted, and existing ones get their values back, in a file that only the owner can read."""
    before = exported(filled)
    report = upsert(client, tmp_path / "crm.jsonl", IMPORTED)
    assert (report.created, report.updated) == (6, 2)
    assert report.journal.stat().st_mode & 0o777 == 0o600
    (cut := tmp_path / "cut.json").write_text(json.dumps(IMPORTED)[:-20])
    with open_source(cut) as source, pytest.raises(TransferError):
        run_import(client, source, mode="upsert", journal=report.journal)  # nothing is sent, and nothing is forgotten
    undone = undo_sync(client, report.journal)
    assert (counts(undone), undone.ok) == ((0, 1, 6, 0), True)
    assert exported(filled) == before
    assert counts(undo_sync(client, report.journal)) == (0, 0, 0, 0)
    assert upsert(client, tmp_path / "crm.jsonl", IMPORTED).created == 6


def test_undo_of_an_upsert_import_that_never_finished(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """The next import starts over, since nothing that the journal shows is there any more."""
    before, path = exported(filled), tmp_path / "crm.jsonl"
    filled.faults.add(operation="bulk_create_contacts", status=401, nth=[3])
    stopped = upsert(client, path, IMPORTED, chunk_size=3, concurrency=1)
    assert (stopped.complete, stopped.created + stopped.updated > 0) == (False, True)
    filled.faults.clear()
    assert undo_sync(client, stopped.journal).complete
    assert exported(filled) == before
    report = upsert(client, path, IMPORTED)
    assert (report.created, report.updated, report.resumed) == (6, 2, False)


def test_import_while_its_undo_is_not_complete(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """It would discard what the undo has still to restore, which must be asked for."""
    journal = upsert(client, tmp_path / "crm.jsonl", IMPORTED).journal
    filled.faults.add(operation="update_contact", status=401)
    assert not undo_sync(client, journal).complete
    filled.faults.clear()
    with pytest.raises(JournalError, match=r"undo of the import .* is not complete; run it again, .*--restart"):
        upsert(client, tmp_path / "crm.jsonl", IMPORTED)
    assert upsert(client, tmp_path / "crm.jsonl", IMPORTED, restart=True).ok


@pytest.mark.usefixtures("filled")
def test_number_that_changed_its_owner_since_an_import_is_kept(client: Sendblue, tmp_path: Path) -> None:
    """Even if the contact that has the number now has the values of the import."""
    journal = upsert(client, tmp_path / "crm.jsonl", IMPORTED[:1]).journal
    client.contacts.update(number(0), phone_number=number(100))
    client.contacts.bulk.create(IMPORTED[:1])
    results = undo_sync(client, journal).results()
    assert [each.reason for each in results] == ["the number belongs to another contact now"]


def test_undo_of_an_import_waits_for_reads(tmp_path: Path) -> None:
    """Right after the import, until reads show what it wrote."""
    waited: list[float] = []
    retry = dataclasses.replace(FAST_RETRY, read_lag=2.0)
    with (
        Sandbox(limit=None, read_lag=2.0) as sandbox,
        Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=retry) as client,
    ):

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            sandbox.clock.advance(2)  # it stands still otherwise

        client.contacts.bulk.create(people(1))
        sandbox.clock.advance(2)
        journal = upsert(client, tmp_path / "crm.jsonl", IMPORTED[:1]).journal
        assert counts(undo_sync(client, journal, sleep=sleep)) == (0, 1, 0, 0)
    assert [0 < seconds <= 2 for seconds in waited] == [True]


def test_values_before_an_update_that_is_sent_again(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """The first values are restored, although the contact had the new ones when the import was resumed."""
    before, path = exported(filled), tmp_path / "crm.jsonl"
    filled.faults.add(operation="update_contact", status=500, after=True)
    stopped = upsert(client, path, IMPORTED[:1], concurrency=1)
    assert not stopped.complete
    filled.faults.clear()
    assert upsert(client, path, IMPORTED[:1]).complete
    assert counts(undo_sync(client, stopped.journal)) == (0, 1, 0, 0)
    assert exported(filled) == before


def test_requests_for_the_values_before(sandbox: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """A few contacts are looked up; for many, the account is counted and listed."""
    client.contacts.bulk.create(people(40))
    for rows, extra in ((people(10), 10), (people(40), 10 + 1 + 3)):
        count = len(sandbox.requests)
        upsert(client, tmp_path / "crm.jsonl", [{**row, "first_name": "New"} for row in rows])
        methods = [request.method for request in sandbox.requests[count:]]
        assert (methods.count("PUT"), methods.count("GET")) == (len(rows), extra)


@pytest.mark.parametrize("mode", ["create", "update"])
def test_only_upserts_can_be_undone(client: Sendblue, tmp_path: Path, mode: Mode) -> None:
    """The error says so."""
    path = tmp_path / "crm.jsonl"
    path.write_text(json.dumps(person(0)))
    with open_source(path) as source:
        journal = run_import(client, source, mode=mode).journal
    with pytest.raises(TransferError, match=f"in the mode {mode}, and only one in the mode upsert can be undone"):
        undo_sync(client, journal)
