"""Parquet: typed columns are read as contacts, in imports and syncs, and exports have types."""

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sendblue_contacts import Contact, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import ColumnMap, TransferError, export_contacts, open_source, plan_sync

from tests.transfer.contact_files import import_file, number, people, person, plan_file, stored

PEOPLE = people(5)
LABELS = pa.struct([("Plan", pa.string())])
COLUMNS: dict[str, Any] = {
    "struct": pa.array([{"Plan": "Plus"}] * 5, LABELS),
    "map": pa.array([[("Plan", "Plus")]] * 5, pa.map_(pa.string(), pa.string())),
}


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    """Write columns as a Parquet file."""
    pq.write_table(pa.table(columns), path, **options)
    return path


def columns_of_people(count: int = 5, **changes: Any) -> dict[str, Any]:
    """Return the columns of so many people, with the numbers as integers and the tags as lists."""
    contacts = people(count)
    columns = {name: [contact[name] for contact in contacts] for name in ("first_name", "company_name", "tags")}
    numbers = pa.array([int(contact["phone"]) for contact in contacts])
    plans = pa.array(["Plus"] * count).dictionary_encode()
    return {"phone": numbers, **columns, "custom_variables.Plan": plans, **changes}


@pytest.mark.parametrize("name", ["labels", "struct", "map"])
def test_typed_columns_are_imported(client: Sendblue, sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    """Integers are numbers with their plus, lists are tags, and structs, maps and columns have the variables."""
    columns = columns_of_people()
    if name in COLUMNS:
        del columns["custom_variables.Plan"]
        columns["custom_variables"] = COLUMNS[name]
    path = write(tmp_path / "contacts.parquet", columns, row_group_size=2)
    report = import_file(client, path)
    assert (report.created, report.rejected) == (5, 0)
    assert stored(sandbox) == PEOPLE


VALUES: list[tuple[Any, str]] = [
    (pa.array([1.0, None]), "1"),
    (pa.array([2.5, None]), "2.5"),
    (pa.array([0.1, None], pa.float32()), "0.1"),
    (pa.array([7, None], pa.uint8()), "7"),
    (pa.array([True, None]), "true"),
    (pa.array([Decimal("1.50"), None]), "1.50"),
    (pa.array([Decimal("2.00"), None]), "2"),
    (pa.array([dt.date(2024, 1, 15), None]), "2024-01-15"),
    (pa.array([dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC), None]), "2024-01-15T10:00:00+00:00"),
    (pa.array([1_705_312_800_000_000_001, None], pa.timestamp("ns", "UTC")), "2024-01-15T10:00:00+00:00"),
    (pa.array([dt.time(10, 30), None]), "10:30:00"),
    (pa.array(["Gold", None], pa.large_string()), "Gold"),
    (pa.array([{"Plan": [1]}, None]), '{"Plan": [1]}'),
]


@pytest.mark.parametrize(("column", "text"), VALUES)
def test_values_of_any_type_are_text_in_variables(tmp_path: Path, column: Any, text: str) -> None:
    """Missing values are absent: null and NaN."""
    name = "Nested" if pa.types.is_struct(column.type) else "custom_variables.Value"
    columns = {
        "phone": [number(0), number(1)],
        name: column if name != "Nested" else pa.array([{"a": x} for x in column]),
    }
    mapping = ColumnMap({"Nested.a": "custom_variables.Value"} if name == "Nested" else {})
    plan = plan_file(write(tmp_path / "contacts.parquet", columns), columns=mapping)
    assert [contact.get("custom_variables") for contact in plan.preview] == [{"Value": text}, None]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([4155551234]), "as a number it has lost its country code or its leading zeros; keep it as text"),
        (pa.array([14155551234.5]), "it is negative, a fraction, infinite, or longer than 15 digits"),
        (pa.array([14155551234.0], pa.float32()), "a spreadsheet has shortened the phone number, as in 1.41556E+10"),
        (pa.array(["1.41556E+10"]), "a spreadsheet has shortened the phone number, as in 1.41556E+10"),
        (pa.array([float("nan")]), "the phone number is missing"),
        (pa.array([None], pa.int64()), "the phone number is missing"),
        (pa.array([None]), "the phone number is missing"),
        (pa.array([b"+14155551234"]), "phone must be a phone number as a str, not bytes"),
        (pa.array([["+14155551234"]]), "phone must be a phone number as a str, not list"),
    ],
)
def test_numbers_are_read_exactly_or_rejected(tmp_path: Path, column: Any, reason: str) -> None:
    """A number that may have lost digits is rejected with a sentence."""
    plan = plan_file(write(tmp_path / "contacts.parquet", {"phone": column}))
    assert [reason in problem.reason for problem in plan.problems] == [True]


def test_a_column_of_another_type_is_checked(tmp_path: Path) -> None:
    """A list in the column of a name rejects the row, and does not become text."""
    columns = {"phone": [number(0), number(1)], "first_name": [["Ada"], None], "tags": [None, ["VIP", None]]}
    plan = plan_file(write(tmp_path / "contacts.parquet", columns))
    assert [problem.reason for problem in plan.problems] == ["first_name must be a str, not list"]
    assert plan.preview == ({"phone": number(1), "tags": ["VIP"]},)


def test_rejected_rows_keep_their_types(client: Sendblue, sandbox: Sandbox, tmp_path: Path) -> None:
    """They are JSON Lines, which can be corrected and imported."""
    client.contacts.bulk.create([person(0)])
    report = import_file(client, write(tmp_path / "contacts.parquet", columns_of_people(2)))
    assert report.rejects == tmp_path / "contacts.rejects.jsonl"
    sandbox.reset()
    assert import_file(client, report.rejects).created == 1
    assert stored(sandbox) == [person(0)]


def test_a_parquet_file_is_synced(client: Sendblue, tmp_path: Path, state: Path) -> None:
    """The plan reads typed columns like rows of text: after it, there is nothing to do."""
    assert state.parent == tmp_path / "state"
    client.contacts.bulk.create([*people(40), {**person(41), "first_name": "Grace"}])
    columns = columns_of_people(42)
    columns["phone"] = pa.array([int(number(index)) for index in range(42)])
    with open_source(write(tmp_path / "contacts.parquet", columns)) as source:
        plan = plan_sync(client, source)
    assert (plan.creates, plan.updates, plan.unchanged, plan.skipped) == (1, 1, 40, 0)


@pytest.mark.parametrize("content", [b"PAR1 and no footer", b"PAR1" + b"\0" * 100 + b"PAR1"])
def test_a_damaged_file_is_one_sentence(content: bytes) -> None:
    """It is found when the file is opened."""
    with pytest.raises(TransferError, match="the file is not valid Parquet, or is damaged; write it again"):
        open_source(io.BytesIO(content))


def test_a_damaged_row_group_ends_the_import(tmp_path: Path) -> None:
    """Before anything is sent."""
    path = write(tmp_path / "contacts.parquet", columns_of_people(5_000), compression="gzip")
    content = bytearray(path.read_bytes())
    content[100:20_000] = b"\xff" * 19_900
    with pytest.raises(TransferError, match="not valid Parquet"):
        plan_file(io.BytesIO(bytes(content)))


def test_an_export_has_types(tmp_path: Path) -> None:
    """Labels that occur first in a later row group are columns, too; a time that cannot be read keeps its text."""
    path, count = tmp_path / "out.parquet", 10_001
    contacts = [Contact.from_dict({"phone": number(index), "tags": ["VIP"]}) for index in range(count)]
    contacts[-1].custom_variables = {"Plan": "Plus"}
    contacts[0].created_at = dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC)
    contacts[0].verified = True
    assert export_contacts(contacts, path).contacts == count
    file = pq.ParquetFile(path)
    first, last = (file.read_row_group(group).to_pylist()[-1 if group else 0] for group in (0, 1))
    assert file.num_row_groups == 2
    assert {name: first[name] for name in ("phone", "tags", "verified", "created_at", "custom_variables.Plan")} == {
        "phone": number(0),
        "tags": ["VIP"],
        "verified": True,
        "created_at": dt.datetime(2024, 1, 15, 10, tzinfo=dt.UTC),
        "custom_variables.Plan": None,
    }
    assert (last["custom_variables.Plan"], last["created_at"]) == ("Plus", None)
    export_contacts([contacts[0], Contact.from_dict({"phone": number(1), "created_at": "today"})], path)
    assert pq.read_table(path)["created_at"].to_pylist() == ["2024-01-15T10:00:00+00:00", "today"]


def test_a_value_of_the_wrong_type_is_one_sentence() -> None:
    """The error names the formats that can hold it."""
    with pytest.raises(TransferError, match="does not have the type of its field; export as jsonl or csv"):
        export_contacts([Contact.from_dict({"phone": "\ud800"})], io.BytesIO(), format="parquet")


@pytest.mark.parametrize("kind", ["string", "large_string"])
def test_cells_of_several_batches(tmp_path: Path, kind: str) -> None:
    """Text of any length and alphabet, lists, and nulls, in several row groups that are larger than a batch."""
    names: Any = ["Ada", None, "Zoë", "", "é" * 300, "😀"]
    tags: Any = [["VIP"], None, [], ["lead", "Ä"], ["a", None]]
    rows = [
        {"name": names[each % 6], "tags": tags[each % 5], "owner": {"id": names[each % 4]}} for each in range(4_321)
    ]
    text = getattr(pa, kind)()
    schema = pa.schema({"name": text, "tags": pa.list_(text), "owner": pa.struct({"id": text})})
    for nullable in (rows, [row for row in rows if None not in (row["name"], row["tags"], *(row["tags"] or []))]):
        pq.write_table(pa.Table.from_pylist(nullable, schema=schema), tmp_path / "a.parquet", row_group_size=1_700)
        with open_source(tmp_path / "a.parquet") as source:
            found = [list(record.cells) for record in source]
        assert found == [
            [
                row["name"] or "",
                None if row["tags"] is None else tuple(filter(None, row["tags"])),
                row["owner"]["id"] or "",
            ]
            for row in nullable
        ]
