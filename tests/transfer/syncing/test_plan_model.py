"""Plans, their predicted requests and their results, compared with an independent model of random accounts and rows."""

import csv
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import SyncPlan, SyncRefusedError, apply_sync, open_source, plan_sync
from sendblue_transfer.importing.fingerprint import account_fingerprint
from sendblue_transfer.rows.cells import format_cell
from sendblue_transfer.syncing.state import SyncState

from tests.transfer.contact_files import FAST_RETRY, number
from tests.transfer.syncing.sync_model import LABELS, TEXTS, Model, Outcome, complete

NUMBERS = [number(index) for index in range(6)]
NAMES = st.sampled_from(["Ada", "Ada", " Ada", "Zoë", "", None])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("first_name", "last_name", "company_name", "assigned_to_email"), NAMES),
    "sendblue_number": st.sampled_from(["+19175559876", "+19175550000"]),
    "tags": st.lists(st.sampled_from(["VIP", "lead", "crm"]), max_size=3, unique=True),
    "custom_variables": st.dictionaries(st.sampled_from(LABELS), st.sampled_from(["Plus", "Pro", ""])),
}
CONTACTS = st.fixed_dictionaries({}, optional=FIELDS)
ROWS = st.fixed_dictionaries({}, optional={**FIELDS, "opt_out": st.sampled_from([True, False, None, "maybe"])})
OPTIONS = st.fixed_dictionaries(
    {
        "delete": st.sampled_from(["none", "tracked", "all"]),
        "max_delete": st.sampled_from(["100%", "100%", "50%", 1]),
        "tags": st.sampled_from(["replace", "add"]),
        "blank": st.sampled_from(["keep", "clear"]),
        "scope_tag": st.sampled_from([None, "crm"]),
        "allow_opt_in": st.booleans(),
        "allow_unreadable": st.booleans(),
        "duplicates": st.sampled_from(["last", "first", "error", "merge"]),
        "chunk_size": st.integers(1, 4),
    }
)


class Row(NamedTuple):
    """A row: its number, how that is written, and its values."""

    number: str | None
    spelling: str
    values: dict[str, Any]


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """A row whose number has one of three spellings, or cannot be read."""
    digits = draw(st.sampled_from([*NUMBERS, *NUMBERS, None]))
    if digits is None:
        return Row(None, "unknown", draw(ROWS))
    spelling = draw(st.sampled_from(["{0}", "+1 ({1}) {2}-{3}", " {0} "]))
    return Row(digits, spelling.format(digits, digits[2:5], digits[5:8], digits[8:]), draw(ROWS))


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """A sandbox in this process, for all examples."""
    sandbox = Sandbox(limit=None)
    yield sandbox
    sandbox.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    account=st.dictionaries(st.sampled_from(NUMBERS), CONTACTS),
    source=st.lists(rows(), max_size=8),
    is_file=st.booleans(),
    opted_out=st.sets(st.sampled_from(NUMBERS), max_size=2),
    tracked=st.sets(st.sampled_from(NUMBERS)),
    options=OPTIONS,
)
def test_plan_and_result_are_those_of_the_model(
    *,
    server: Sandbox,
    account: dict[str, dict[str, Any]],
    source: list[Row],
    is_file: bool,
    opted_out: set[str],
    tracked: set[str],
    options: dict[str, Any],
) -> None:
    """For all options: what is planned, how many writes the server counts, and what the account holds afterwards."""
    source = [row._replace(values=as_cells(row.values)) for row in source] if is_file else source
    with Sendblue("key", "secret", transport=server.transport, rate_limit=None, retry=FAST_RETRY) as client:
        fill(server, client, account, opted_out)
        known = {phone: {**contact, "opt_out": phone in opted_out} for phone, contact in account.items()}
        expected = Model(known, opted_out, tracked, options).sync(
            [(row.number, row.values.get("opt_out") != "maybe", row.values) for row in source]
        )
        with tempfile.TemporaryDirectory() as folder:
            state = Path(folder, "state") if options["delete"] == "tracked" else "none"
            if isinstance(state, Path):
                write_state(state, client, tracked)
            check(
                server, client, Given(source, Path(folder, "rows.csv") if is_file else None, state, options), expected
            )


class Given(NamedTuple):
    """A source and the options of a sync."""

    source: list[Row]
    file: Path | None
    state: Path | str
    options: dict[str, Any]

    def plan(self, client: Sendblue) -> SyncPlan:
        """Plan the sync."""
        if self.file is None:
            mappings = [{"phone": row.spelling, **row.values} for row in self.source]
            return plan_sync(client, mappings, state=self.state, **self.options)
        write_rows(self.file, self.source)
        with open_source(self.file) as opened:
            return plan_sync(client, opened, state=self.state, **self.options)


def check(server: Sandbox, client: Sendblue, given: Given, expected: Outcome) -> None:
    """Plan, apply and plan again, and compare each with what is expected."""
    if expected.refused:
        with pytest.raises(SyncRefusedError):
            given.plan(client)
        return
    before = writes(server)
    plan = given.plan(client)
    assert writes(server) == before
    planned = sorted((each.kind, each.phone) for each in plan.changes() if each.kind != "skip")
    assert planned == sorted(expected.changes)
    assert (plan.unchanged, plan.skipped, plan.requests) == (expected.unchanged, expected.skipped, expected.requests)
    report = apply_sync(client, plan)
    assert (report.created, report.updated, report.deleted) == (plan.creates, plan.updates, plan.deletes)
    assert (report.complete, report.rejected, report.drifted) == (True, 0, 0)
    assert writes(server) - before == plan.requests
    assert {contact["phone"]: complete(contact) for contact in server.contacts()} == expected.account
    again = given.plan(client)
    assert (again.creates, again.updates, again.deletes, again.requests) == (0, 0, 0, 0)


def writes(server: Sandbox) -> int:
    """Return the number of write requests so far."""
    return sum(each.method != "GET" for each in server.requests)


def fill(server: Sandbox, client: Sendblue, account: dict[str, dict[str, Any]], opted_out: set[str]) -> None:
    """Put contacts into the empty sandbox, and opt numbers out."""
    server.reset()
    client.contacts.bulk.create({"phone": phone} for phone in account)
    for phone, contact in account.items():
        if contact:
            client.contacts.update(phone, **contact)
    for phone in opted_out:
        client.contacts.opt_out(phone, opted_out=True)


def write_state(path: Path, client: Sendblue, tracked: set[str]) -> None:
    """Write the state of an earlier sync that tracks these numbers."""
    with SyncState(path) as state:
        state.begin("plan", account_fingerprint(client), [])
        state.track(tracked, ())
        state.end()


def as_cells(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row of a table, which has a cell for each field."""
    labels = values.get("custom_variables", {})
    return {
        **{name: values.get(name) for name in (*TEXTS, "tags", "opt_out")},
        "custom_variables": {label: labels.get(label) for label in LABELS},
    }


def write_rows(path: Path, source: list[Row]) -> None:
    """Write rows as CSV."""
    names = (*TEXTS, "tags", "opt_out")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["phone", *names, *(f"custom_variables.{label}" for label in LABELS)])
        for row in source:
            values = [*map(row.values.get, names), *map(row.values["custom_variables"].get, LABELS)]
            writer.writerow([row.spelling, *map(format_cell, values)])
