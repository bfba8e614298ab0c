"""Tables of pandas, polars and pyarrow as the source of imports and syncs."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import TransferError, open_source, plan_sync, run_import

from tests.tables.test_bulk_tables import SENT, TABLES
from tests.transfer.conftest import client, sandbox, state
from tests.transfer.contact_files import plan_file

__all__ = ["client", "sandbox", "state"]

ADA, GRACE = "+14155551234", "+14155551235"


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_kind_of_table_is_planned(table: Any) -> None:
    """The plan has the same contacts as a bulk call."""
    plan = plan_file(table)
    assert (list(plan.preview), plan.rejected) == (SENT, 0)


def test_titles_of_other_products_are_known() -> None:
    """Columns are matched by their titles as those of files; numbers are read as in bulk calls."""
    frame = pd.DataFrame({"Mobile Phone": [14155551234, 4155551234], "Given Name": ["Ada", pd.NA], "Notes": [1, 2]})
    plan = plan_file(frame)
    assert plan.preview == ({"phone": ADA, "first_name": "Ada"},)
    assert plan.columns.unmapped == ("Notes",)
    assert "as a number it has lost its country code" in plan.problems[0].reason
    preview = plan_file(frame, default_region="US", duplicates="error").preview
    assert [contact["phone"] for contact in preview] == [ADA]


def test_a_table_is_imported_and_resumed(client: Sendblue, sandbox: Sandbox, state: Path, tmp_path: Path) -> None:
    """The same table has the same journal, and its rejected rows are a file that can be corrected."""
    frame = pl.DataFrame({"phone": [ADA, "12", GRACE], "tags": [["VIP"], None, []]})
    sandbox.faults.add(what="status", operation="bulk_create_contacts", status=401, times=1)
    with open_source(frame) as source:
        stopped = run_import(client, source)
    with open_source(frame.clone()) as source:
        report = run_import(client, source)
    assert (stopped.complete, report.resumed, report.created, report.rejected) == (False, True, 2, 1)
    assert report.rejects is not None
    assert (report.rejects.resolve().parent, report.rejects.name) == (tmp_path, "table.rejects.jsonl")
    assert state.is_dir()


def test_a_table_is_synced(client: Sendblue, state: Path) -> None:
    """A missing value is a blank cell: it leaves a field alone, or clears it."""
    assert not state.exists()
    client.contacts.bulk.create([{"phone": ADA, "first_name": "Ada", "last_name": "Lovelace"}])
    table = pa.table({"phone": [14155551234], "first_name": ["Augusta"], "last_name": pa.nulls(1)})
    kept, cleared = plan_sync(client, table), plan_sync(client, table.to_pandas(), blank="clear")
    assert [dict(change.fields) for change in kept.changes()] == [{"first_name": ("Ada", "Augusta")}]
    assert [dict(change.fields) for change in cleared.changes()] == [
        {"first_name": ("Ada", "Augusta"), "last_name": ("Lovelace", None)}
    ]


def test_the_rows_of_a_listing_are_in_sync(client: Sendblue, state: Path) -> None:
    """A table of `to_dicts` changes nothing; columns that only the server sets are ignored."""
    assert not state.exists()
    client.contacts.bulk.create([{"phone": ADA, "tags": ["VIP"], "custom_variables": {"Plan": "1"}}, {"phone": GRACE}])
    rows = client.contacts.list().to_dicts()
    for table in (pd.DataFrame(rows), pl.DataFrame(rows), pa.Table.from_pylist(rows), rows):
        plan = plan_sync(client, table)
        assert (plan.unchanged, plan.creates, plan.updates, plan.skipped) == (2, 0, 0, 0)


def test_a_value_without_a_form_in_json_is_one_sentence() -> None:
    """It names the row, and not the value."""
    with pytest.raises((TypeError, TransferError), match="row 1 cannot be sent: a value is of the type Timedelta"):
        open_source(pd.DataFrame({"phone": [ADA], "age": [pd.Timedelta(1, "D")]}))
