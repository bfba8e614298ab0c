"""Applying plans: what is written, in which order, what is left alone, and how a sync resumes."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sendblue_contacts import Sendblue
from sendblue_contacts.bulk import chunk_size
from sendblue_sandbox import Sandbox
from sendblue_transfer import (
    AccountLockedError,
    FieldCounts,
    JournalError,
    SyncPlan,
    SyncProgress,
    SyncReport,
    TransferError,
    apply_sync,
    plan_sync,
    undo_sync,
)
from sendblue_transfer.importing.fingerprint import account_fingerprint
from sendblue_transfer.syncing.account_lock import AccountLock
from sendblue_transfer.syncing.change_log import SENDING, ChangeLog
from sendblue_transfer.syncing.state import SyncState

from tests.transfer.contact_files import FAST_RETRY, number, people, person, stored, writes

pytestmark = pytest.mark.usefixtures("filled")

Contact = dict[str, Any]
LATER = ("opt_out", "assigned_to_email")
"""Fields that the bulk call lacks."""


def sync(client: Sendblue, rows: Iterable[Contact], **options: Any) -> SyncReport:
    """Plan and apply a sync."""
    return apply_sync(client, plan_sync(client, rows, max_delete="100%", **options))


NEW_ROWS = [
    {**person(0), "first_name": "Augusta", "tags": ["VIP"], "custom_variables": {"Source": "Web"}},
    person(1),
    {**person(3), "opt_out": True, "assigned_to_email": "ada@example.org"},
    person(4),
]
"""One row to update, one that is unchanged, and two to create, of which one takes a second request."""


@pytest.fixture
def filled(sandbox: Sandbox, client: Sendblue) -> Sandbox:
    """A sandbox with three people, and no recorded requests before them."""
    client.contacts.bulk.create(people(3))
    return sandbox


def test_account_equals_the_source_afterwards(filled: Sandbox, client: Sendblue) -> None:
    """Creations, updates and deletions are sent in this order, as many as were planned; then nothing is left."""
    plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%", chunk_size=100)
    before = len(writes(filled))
    report = apply_sync(client, plan)
    assert writes(filled)[before:] == ["POST", "PUT", "PUT", "DELETE"]
    assert plan.requests == 4
    assert (report.created, report.updated, report.deleted, report.unchanged) == (2, 1, 1, 1)
    assert (report.ok, report.complete, report.stopped, report.resumed) == (True, True, "", False)
    expected = [{**NEW_ROWS[0], "custom_variables": {"Plan": "Plus", "Source": "Web"}}, person(1), person(3), person(4)]
    assert stored(filled) == expected
    later = [(each["opt_out"], each["assigned_to_email"]) for each in stored(filled, "phone", *LATER)]
    assert later == [(False, None), (False, None), (True, "ada@example.org"), (False, None)]
    again = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")
    assert (again.creates, again.updates, again.deletes, again.requests) == (0, 0, 0, 0)
    assert apply_sync(client, again).ok
    assert len(writes(filled)) == before + 4


def test_report_names_every_change(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """With its outcome and the ID of the contact, also as JSON Lines that only the owner can read."""
    report = sync(client, [*NEW_ROWS, {"phone": "no number"}], delete="none")
    ids = {contact["phone"]: contact["contact_id"] for contact in filled.contacts()}
    results = [(each.change.phone, each.outcome, each.contact_id) for each in report.results()]
    assert results == [
        (number(3), "created", ids[number(3)]),
        (number(4), "created", ids[number(4)]),
        (number(0), "updated", ids[number(0)]),
        ("", "skipped", None),
    ]
    assert report.changes_by_field["first_name"] == FieldCounts(set=2, changed=1)
    assert report.changes_by_field["custom_variables.Source"] == FieldCounts(set=1)
    assert (report.skipped, report.ok) == (1, False)
    path = tmp_path / "report.jsonl"
    path.touch(mode=0o644)
    report.write(path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["outcome"] for line in lines] == ["created", "created", "updated", "skipped"]
    assert lines[2]["fields"]["first_name"] == ["Ada 0", "Augusta"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert number(0)[1:] not in repr(report) + repr(list(report.results()))
    opted_in = sync(client, [{"phone": number(3), "opt_out": False}], allow_opt_in=True)
    assert opted_in.changes_by_field == {"opt_out": FieldCounts(changed=1)}


def test_plan_twice_writes_nothing(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """Also if it was saved and loaded; and the sync can still be undone."""
    before = stored(filled)
    plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")
    plan.save(tmp_path / "plan")
    report = apply_sync(client, plan)
    count = len(writes(filled))
    again = apply_sync(client, SyncPlan.load(tmp_path / "plan"))
    assert len(writes(filled)) == count
    assert (again.created, again.updated, again.deleted, again.unchanged, again.ok) == (0, 0, 0, 5, True)
    assert report.state is not None
    undo_sync(client, report.state)
    assert stored(filled) == before


DRIFTS: dict[str, tuple[Callable[[Sendblue], object], str]] = {
    "a number that was to be created": (
        lambda client: client.contacts.create(number(4), first_name="Somebody"),
        "a contact with this number was created since the plan",
    ),
    "a field that was to be updated": (
        lambda client: client.contacts.update(number(0), first_name="Somebody"),
        "first_name changed since the plan",
    ),
    "a contact that was to be updated": (
        lambda client: client.contacts.delete(number(0)),
        "the contact was deleted since the plan",
    ),
    "a contact that was to be deleted": (
        lambda client: client.contacts.update(number(2), last_name="King"),
        "last_name changed since the plan",
    ),
}


@pytest.mark.parametrize(("edit", "reason"), DRIFTS.values(), ids=DRIFTS)
def test_contacts_that_changed_since_the_plan_are_left_alone(
    filled: Sandbox, client: Sendblue, edit: Callable[[Sendblue], object], reason: str
) -> None:
    """They are reported with the reason, and everything else is written."""
    plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")
    edit(client)
    edited = filled.contacts()
    report = apply_sync(client, plan)
    (drifted,) = (result for result in report.results() if result.outcome == "drifted")
    assert (report.drifted, report.ok, report.complete, drifted.reason) == (1, False, True, reason)
    left = {contact["phone"]: contact for contact in filled.contacts()}
    was = {contact["phone"]: contact for contact in edited}
    assert left.get(drifted.change.phone) == was.get(drifted.change.phone)
    assert report.created + report.updated + report.deleted == 3


def test_changes_that_were_made_already_are_not_sent(client: Sendblue) -> None:
    """Another program made them since the plan, in the listing or while the sync was running."""
    plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")
    client.contacts.bulk.create([person(4)])
    client.contacts.delete(number(2))
    report = apply_sync(client, plan)
    assert (report.created, report.updated, report.deleted, report.unchanged, report.ok) == (1, 1, 0, 3, True)


@pytest.mark.parametrize("delete", ["tracked", "all"])
def test_a_contact_that_the_plan_did_not_list(filled: Sandbox, client: Sendblue, delete: Any) -> None:
    """It is reported instead of created again or deleted, is tracked like the others, and the next plan is empty."""

    class Hiding(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = super().handle_request(request)
            page = json.loads(response.read())
            shown = [contact for contact in page if contact["phone"] != number(1)] if isinstance(page, list) else page
            return httpx.Response(200, json={"count": 2} if "count" in page else shown)

    sync(client, people(3))
    rows = [person(0), {**person(1), "last_name": "Byron"}, person(2)]
    with Sendblue("key", "secret", base_url=filled.url, rate_limit=None, transport=Hiding()) as hiding:
        options = {"delete": delete, "max_delete": "50%", "allow_unreadable": True}
        plans = [plan_sync(hiding, wanted, **options) for wanted in (people(3), rows, people(1))]
    found, drifted, gone = (apply_sync(client, plan) for plan in plans)
    assert (str(plans[0]), found.unchanged) == (str(plans[1]), 3)
    assert [(result.change.phone, result.outcome) for result in drifted.results()] == [(number(1), "drifted")]
    assert (gone.deleted, stored(filled)) == (1, people(2))
    assert sync(client, people(1), delete=delete, allow_unreadable=True).deleted == 1


def test_contacts_of_other_programs_meanwhile(client: Sendblue) -> None:
    """After the listing, a number is taken, an updated contact is deleted, and a deleted one too."""
    plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")
    calls: list[str] = []

    def interfere(progress: Any) -> None:
        if progress.phase == "listing" and not calls:
            calls.append("once")
            client.contacts.create(number(4), first_name="Somebody")
            client.contacts.delete(number(0))
            client.contacts.delete(number(2))

    report = apply_sync(client, plan, on_progress=interfere, clock=iter(range(10_000)).__next__)
    outcomes = {result.change.phone: result.outcome for result in report.results()}
    assert outcomes == {number(3): "created", number(4): "drifted", number(0): "drifted", number(2): "unchanged"}


def test_rejected_changes(filled: Sandbox, client: Sendblue) -> None:
    """The reason is the server's, and the others are made; a rejected second request leaves the contact."""
    reasons = {"update_contact": "No such plan", "bulk_create_contacts": "No such tag"}
    filled.faults.add(operation="update_contact", status=400, body={"message": reasons["update_contact"]}, times=2)
    report = sync(client, NEW_ROWS, delete="all")
    rejected = {result.change.phone: result.reason for result in report.results() if result.outcome == "rejected"}
    assert (report.created, report.rejected, report.complete, report.ok) == (1, 2, True, False)
    assert rejected.keys() == {number(3), number(0)}
    assert all("No such plan" in reason for reason in rejected.values())
    assert [contact["phone"] for contact in stored(filled)] == [number(index) for index in (0, 1, 3, 4)]
    assert sync(client, NEW_ROWS, delete="all").ok
    assert [each["opt_out"] for each in stored(filled, "phone", "opt_out")] == [False, False, True, False]


STOPS: dict[str, dict[str, Any]] = {
    "the first creation": {"operation": "bulk_create_contacts", "nth": [1]},
    "the second request of a creation": {"operation": "update_contact", "nth": [1]},
    "an update": {"operation": "update_contact", "nth": [2]},
    "a deletion": {"operation": "bulk_delete_contacts", "nth": [1]},
}


@pytest.mark.parametrize("fault", STOPS.values(), ids=STOPS)
@pytest.mark.parametrize("replans", [False, True])
def test_stopped_sync_is_resumed(filled: Sandbox, client: Sendblue, fault: dict[str, Any], *, replans: bool) -> None:
    """By the same plan or by a new one; together they are one sync, and one undo puts both back."""
    before = stored(filled)
    plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")
    filled.faults.add(status=401, **fault)
    stopped = apply_sync(client, plan, concurrency=1)
    assert (stopped.complete, type(stopped.error).__name__) == (False, "AuthenticationError")
    filled.faults.clear()
    if replans:
        plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")
    report = apply_sync(client, plan)
    assert (report.complete, report.resumed, report.stopped) == (True, True, "")
    assert plan_sync(client, NEW_ROWS, delete="all").requests == 0
    assert report.state is not None
    undone = undo_sync(client, report.state)
    assert (undone.complete, undone.kept) == (True, 0)
    assert stored(filled) == before


def test_the_state_remembers_the_chunk_sizes(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """A later process starts with that of creations, and with that of deletions."""
    largest = []
    for rows in (people(250), people(4), people(250), people(4)):
        chunk_size._LEARNED.clear()
        before = len(filled.requests)
        sync(client, rows, delete="all", allow_unreadable=True, state=tmp_path / "sizes.state")
        bodies = [request.json() for request in filled.requests[before:] if request.method in ("POST", "DELETE")]
        largest.append(max(len(body.get("contacts") or body["contact_ids"]) for body in bodies))
    assert largest == [147, 146, 200, 200]


FAULTS: dict[str, dict[str, Any]] = {
    "500 after the operation": {"status": 500, "after": True},
    "reset after the operation": {"what": "reset", "after": True},
    "reset before the operation": {"what": "reset"},
    "truncated response": {"what": "truncated"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_lost_responses(filled: Sandbox, client: Sendblue, fault: dict[str, Any]) -> None:
    """The same call, repeated until it is complete, ends as planned."""
    rows = [{**person(index), "first_name": "New"} for index in range(1, 40)]
    filled.faults.add(probability=0.2, **fault)
    plan = plan_sync(client, rows, delete="all", max_delete="50%", chunk_size=5)
    reports = [apply_sync(client, plan)]
    while not reports[-1].complete and len(reports) < 5:
        reports.append(apply_sync(client, plan))
    assert (reports[-1].created, reports[-1].updated, reports[-1].deleted) == (37, 2, 1)
    assert stored(filled) == rows


def test_changes_in_flight_are_looked_up(filled: Sandbox, client: Sendblue) -> None:
    """After a kill, those that had arrived are not sent again, and a contact that was edited since is left alone."""
    plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")
    filled.faults.add(status=401, method="POST")
    state = apply_sync(client, plan).state
    filled.faults.clear()
    assert state is not None
    with SyncState(state) as opened:
        opened.mark_sending([row.position for row in opened.rows("sync")])
    client.contacts.bulk.create([person(4)])
    client.contacts.update(number(0), first_name="Augusta", tags=["VIP"], custom_variables={"Source": "Web"})
    client.contacts.delete(number(2))
    count = len(writes(filled))
    report = apply_sync(client, plan)
    assert (report.created, report.updated, report.deleted, report.ok) == (2, 1, 1, True)
    assert writes(filled)[count:] == ["POST", "PUT"]


def test_tracked_contacts(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """Only contacts that the sync created or found in its source are deleted, and not once others made them anew."""
    rows = [person(0), person(3), person(4)]
    assert sync(client, rows, state=tmp_path / "kept", delete="tracked").ok
    assert sync(client, rows[:2], state=tmp_path / "kept", delete="tracked").deleted == 1
    client.contacts.delete(number(3))
    assert sync(client, rows[:1], state=tmp_path / "kept", delete="tracked").deleted == 0
    client.contacts.bulk.create([person(3)])
    assert sync(client, rows[:1], state=tmp_path / "kept", delete="tracked").deleted == 0
    assert [contact["phone"] for contact in stored(filled)] == [number(index) for index in range(4)]


def test_other_account(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """Neither its plan nor its state is used, and nothing is sent."""
    plan = plan_sync(client, NEW_ROWS, state=tmp_path / "kept")
    apply_sync(client, plan)
    count = len(filled.requests)
    with Sendblue("another", "pair", base_url=filled.url, rate_limit=None) as other:
        with pytest.raises(TransferError, match="the plan is one for another account"):
            apply_sync(other, plan)
        with pytest.raises(JournalError, match="belongs to another account"):
            plan_sync(other, NEW_ROWS, state=tmp_path / "kept")
        with pytest.raises(JournalError, match="belongs to another account"):
            undo_sync(other, tmp_path / "kept")
    assert len(filled.requests) == count


def test_account_in_use(client: Sendblue) -> None:
    """One sync at a time, whatever its state is."""
    plan = plan_sync(client, NEW_ROWS, state="none")
    with AccountLock(account_fingerprint(client)), pytest.raises(AccountLockedError, match="process"):
        apply_sync(client, plan)
    assert apply_sync(client, plan).ok


def test_reads_that_lag(tmp_path: Path) -> None:
    """An undo right after a sync waits until reads show what the sync wrote."""
    with Sandbox(limit=None, read_lag=2.0) as sandbox:
        retry = FAST_RETRY.__class__(base=0.001, throttling_base=0.001, read_lag=2.0)
        with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=retry) as client:
            client.contacts.bulk.create(people(3))
            sandbox.clock.advance(2)
            assert sync(client, NEW_ROWS, delete="all", state=tmp_path / "kept").ok
            waited: list[float] = []

            def sleep(seconds: float) -> None:
                waited.append(seconds)
                sandbox.clock.advance(2)  # it stands still otherwise

            report = undo_sync(client, tmp_path / "kept", sleep=sleep)
            assert (report.complete, report.kept) == (True, 0)
            assert [0 < seconds <= 2 for seconds in waited] == [True]
            sandbox.clock.advance(2)
            assert stored(sandbox) == people(3)


@pytest.mark.parametrize("phase", ["creating", "updating", "deleting"])
def test_new_plan_at_once_after_a_sync_was_killed(phase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads do not show yet what was written: the account equals the source all the same, and one undo restores it."""
    path, copy, wait = tmp_path / "kept", tmp_path / "copy", ChangeLog.wait_for_reads
    options: dict[str, Any] = {"delete": "all", "max_delete": "100%", "state": path, "chunk_size": 1}
    rows = [*({**person(index), "first_name": "Bea"} for index in range(3)), *people(9)[6:]]
    with Sandbox(limit=None, read_lag=2.0) as sandbox:

        def advance(_seconds: float) -> None:
            sandbox.clock.advance(2)  # it stands still otherwise

        def kill(progress: SyncProgress) -> None:
            if (progress.phase, progress.done) == (phase, 1):
                shutil.copy(path, copy)  # SIGKILL leaves the file as it is, without what Ctrl-C writes
                raise KeyboardInterrupt

        monkeypatch.setattr(ChangeLog, "wait_for_reads", lambda log, lag, *_: wait(log, lag, advance))
        retry = FAST_RETRY.__class__(base=0.001, throttling_base=0.001, read_lag=2.0)
        with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=retry) as client:
            client.contacts.bulk.create(people(6))
            advance(2)
            plan = plan_sync(client, rows, **options)
            with pytest.raises(KeyboardInterrupt):
                apply_sync(client, plan, concurrency=1, on_progress=kill, clock=iter(range(10_000)).__next__)
            copy.replace(path)
            report = apply_sync(client, plan_sync(client, rows, **options))
            assert (report.ok, report.resumed, report.drifted, report.rejected) == (True, True, 0, 0)
            assert stored(sandbox) == rows
            again = plan_sync(client, rows, **options)
            assert again.creates + again.updates + again.deletes == 0
            assert undo_sync(client, path).ok
            assert stored(sandbox) == people(6)


def test_interrupted_undo_must_be_completed_first(filled: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """A sync would discard what the undo has still to restore."""
    sync(client, NEW_ROWS, delete="all", state=tmp_path / "kept")
    filled.faults.add(status=401, method="PUT")
    assert not undo_sync(client, tmp_path / "kept").complete
    filled.faults.clear()
    plan = plan_sync(client, NEW_ROWS, state=tmp_path / "kept")
    with pytest.raises(JournalError, match=r"undo .* is not complete; run it again"):
        apply_sync(client, plan)
    assert undo_sync(client, tmp_path / "kept").complete
    with SyncState(tmp_path / "kept") as state:
        assert not list(state.rows("undo", SENDING))


@pytest.mark.parametrize("phase", ["listing", "creating", "updating", "deleting"])
def test_ctrl_c(filled: Sandbox, client: Sendblue, phase: str) -> None:
    """KeyboardInterrupt is raised, and the same plan does the rest."""
    plan = plan_sync(client, NEW_ROWS, delete="all", max_delete="50%")

    def interrupt(progress: SyncProgress) -> None:
        if progress.phase == phase:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_sync(client, plan, on_progress=interrupt, clock=iter(range(10_000)).__next__)
    report = apply_sync(client, plan)
    assert (report.created, report.updated, report.deleted, report.ok) == (2, 1, 1, True)
    assert [contact["phone"] for contact in stored(filled)] == [number(index) for index in (0, 1, 3, 4)]
    assert writes(filled)[1:] == ["POST", "PUT", "PUT", "DELETE"]
