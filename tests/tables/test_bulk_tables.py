"""Tables of pandas, polars and pyarrow in bulk calls, and contacts as rows of a table."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sendblue_contacts.bulk import tables
from sendblue_contacts.fields import FieldSet
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.types import Field

from tests.overrides.bulk.bulk_responses import sent_items, succeed
from tests.overrides.clients import Runner

ADA, GRACE, KURT = "+14155551234", "+14155551235", "+4915112345678"
WHEN = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
FRAME = pd.DataFrame(
    {
        "phone": [ADA, GRACE, KURT],
        "firstName": pd.Categorical(["Ada", None, "Kurt"]),
        "last_name": ["Lovelace", float("nan"), None],
        "company_name": [1815, None, pd.NA],
        "tags": [["VIP", None], None, np.array(["lead"])],
        "custom_variables.Plan": [1.0, None, 2.5],
        "custom_variables.Since": [pd.Timestamp(WHEN), pd.NaT, None],
        "custom_variables.Paid": pd.array([True, None, False], dtype="boolean"),
    }
)
SENT = [
    {
        "phone": ADA,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "company_name": "1815",
        "tags": ["VIP"],
        "custom_variables": {"Plan": "1", "Since": "2024-01-15T10:30:00+00:00", "Paid": "true"},
    },
    {"phone": GRACE},
    {"phone": KURT, "first_name": "Kurt", "tags": ["lead"], "custom_variables": {"Plan": "2.5", "Paid": "false"}},
]
ARROW = pa.Table.from_pandas(FRAME.astype({"company_name": "Int64"}))
TABLES: dict[str, Any] = {
    "pandas": FRAME,
    "pandas, nullable": FRAME.convert_dtypes(),
    "polars": pl.from_arrow(ARROW),
    "polars, lazy": pl.DataFrame(pl.from_arrow(ARROW)).lazy(),
    "pyarrow": ARROW,
    "pyarrow, batch": ARROW.to_batches()[0],
}


def create(items: object, kind: str = "sync", **settings: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what `bulk.create` sends for these items, and the reasons why others are not sent."""
    runner = Runner(kind)
    result = runner.run(lambda client: client.contacts.bulk.create(items), succeed, **settings)
    return [item for request in runner.sent for item in sent_items(request)], [each.reason for each in result.failed]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_kind_of_table_is_created(table: object, kind: str) -> None:
    """Missing values are absent fields; categories, numbers, times, lists and columns for labels are read."""
    assert create(table, kind) == (SENT, [])


def test_the_records_of_a_table_are_created() -> None:
    """Missing values in mappings are absent, too: NaN, NaT, NA and None."""
    missing = (float("nan"), np.nan, pd.NaT, pd.NA, None, Decimal("nan"), np.float32("nan"))
    frame = pd.DataFrame({"phone": ADA, "last_name": list(missing)}, dtype=object)
    records = frame.assign(phone=[f"+1415555{number:04}" for number in range(len(missing))]).to_dict("records")
    assert create(records) == ([{"phone": record["phone"]} for record in records], [])


@pytest.mark.parametrize(
    "variables",
    [
        pl.Series([{"Plan": "Gold", "Seats": 3}, {"Plan": None, "Seats": None}]),
        pa.array([[("Plan", "Gold"), ("Seats", "3")], []], pa.map_(pa.string(), pa.string())),
        pd.Series([{"Plan": "Gold", "Seats": 3.0, "Left": None}, None]),
    ],
    ids=["struct", "map", "dicts"],
)
def test_a_column_of_structs_has_the_variables(variables: Any) -> None:
    """Their members are the labels. Numbers become text, and missing members are absent."""
    if isinstance(variables, pd.Series):
        table: Any = pd.DataFrame({"phone": [ADA, GRACE], "custom_variables": variables})
    else:
        table = pa.table({"phone": [ADA, GRACE], "custom_variables": pa.array(variables)})
    sent, failed = create(table)
    assert [contact.get("custom_variables") or {} for contact in sent] == [{"Plan": "Gold", "Seats": "3"}, {}]
    assert failed == []


def test_each_field_of_an_object_is_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """The values have the types of the fields of the object; a misspelled field is refused before a row is read."""
    fields = {**BulkContact.FIELDS, "owner": Field("object", ("theOwner",), model="ContactUpdate")}
    monkeypatch.setattr(tables, "BULK_ITEM", FieldSet("contacts.bulk.create", fields, {}))
    frame = pd.DataFrame({"phone": [ADA, GRACE], "theOwner.lastName": [1815, None], "theOwner.optOut": [True, None]})
    owner = {"lastName": "1815", "optOut": True}
    assert list(tables.TableContacts(frame)) == [{"phone": ADA, "theOwner": owner}, {"phone": GRACE}]
    with pytest.raises(TypeError, match=r"^owner: unknown field 'last_nam'; did you mean last_name\?$"):
        tables.TableContacts(pd.DataFrame({"phone": [ADA], "owner.last_nam": ["Byron"]}))


LOST = "as a number it has lost its country code or its leading zeros; keep it as text"
NOT_WHOLE = "it is negative, a fraction, infinite, or longer than 15 digits"
SCIENTIFIC = "it is in scientific notation, which loses digits; keep it as text"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([14155551234]), ADA),
        (pd.Series([14155551234.0]), ADA),
        (pd.Series([14155551234], dtype="Int64"), ADA),
        (pd.Series([Decimal(14155551234)]), ADA),
        (pl.Series([4915112345678]), KURT),
        (pl.Series([14155551234], dtype=pl.UInt64), ADA),
        (pd.Series([14155551234], dtype="float32"), SCIENTIFIC),
        (pd.Series([14155551234.5]), NOT_WHOLE),
        (pd.Series([-14155551234]), NOT_WHOLE),
        (pd.Series([float("inf")]), NOT_WHOLE),
        (pd.Series([Decimal("Infinity")]), NOT_WHOLE),
        (pd.Series([1234567890123456]), NOT_WHOLE),
        (pd.Series([2.0**53]), NOT_WHOLE),
        (pd.Series([1e17]), SCIENTIFIC),
        (pd.Series(["1.41556E+10"]), SCIENTIFIC),
        (pd.Series(["+1,41556e+10"]), SCIENTIFIC),
        (pd.Series([4155551234]), LOST),
        (pd.Series(["04155551234"]), "the country code is missing"),
        (pd.Series([True]), "phone must be a phone number as a str, not bool"),
    ],
)
def test_numbers_are_read_exactly_or_refused(column: Any, expected: str) -> None:
    """A column of numbers is read with the plus. What may have lost digits is refused with a sentence."""
    sent, failed = create(column.to_frame("phone"))
    assert [contact["phone"] for contact in sent] == [expected] * expected.startswith("+")
    assert [expected in reason for reason in failed] == [True] * (not expected.startswith("+"))
    assert "5551234" not in "".join(failed).replace(ADA, "")


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        (4155551234, "US", ADA),
        (14155551234, "US", ADA),
        (15112345678, "DE", KURT),
        (4915112345678, "DE", KURT),
        (14155551234, "DE", ADA),
        (15205551234, "DE", "it can be national or have a country code; keep it as text"),
        (12, "US", "is not a valid phone number"),
    ],
)
def test_in_a_region_a_number_may_be_national(number: int, region: str, expected: str) -> None:
    """A number that has only one reading is read; one that has two is refused."""
    sent, failed = create(pd.DataFrame({"phone": [number]}), default_region=region)
    assert [contact["phone"] for contact in sent] == [expected] * expected.startswith("+")
    assert [expected in reason for reason in failed] == [True] * (not expected.startswith("+"))


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"phone": [ADA], "first-name": ["Ada"]}, "unknown field 'first-name'; did you mean first_name?"),
        ({"first_name": ["Ada"]}, "the table has no column phone; rename the column of phone numbers"),
        ({0: [ADA]}, "unknown field 0; the fields are phone"),
    ],
)
def test_a_wrong_column_is_one_error(table: dict[Any, Any], sentence: str) -> None:
    """It is raised before anything is sent, and not for each row."""
    with pytest.raises(TypeError, match=sentence.replace("?", r"\?")):
        create(pd.DataFrame(table))


@pytest.mark.parametrize(
    "numbers",
    [
        FRAME,
        FRAME["phone"],
        pd.Series([14155551234, 14155551235, 4915112345678.0], name="Mobile"),
        pl.Series([ADA, GRACE, KURT]),
        ARROW.select(["phone"]),
        ARROW["phone"],
    ],
    ids=["table", "column", "numbers", "polars", "pyarrow", "pyarrow, column"],
)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_numbers_of_a_table_are_deleted(numbers: object, kind: str) -> None:
    """A table has a column `phone` or one column only; a single column is read as it is."""
    runner = Runner(kind)
    result = runner.run(lambda client: client.contacts.bulk.delete(numbers), succeed)
    assert (result.deleted, result.failed) == ([ADA, GRACE, KURT], [])


def test_a_deletion_needs_a_column_of_numbers() -> None:
    """A missing number is a failed item; a table without a column of numbers is an error."""

    def delete(table: object) -> Any:
        return Runner("sync").run(lambda client: client.contacts.bulk.delete(table), succeed)

    assert [failure.index for failure in delete(pd.Series([None, ADA])).failed] == [0]
    with pytest.raises(TypeError, match="the table has no column phone; pass its column of phone numbers"):
        delete(FRAME.rename(columns={"phone": "Mobile"}))


def test_failed_rows_can_be_passed_back() -> None:
    """A row of a table is a mapping with the fields of the contact."""
    runner = Runner("sync")
    result = runner.run(lambda client: client.contacts.bulk.create(FRAME), lambda _: httpx.Response(400))
    assert create(result.failed) == (SENT, [])


def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without narwhals, the error says how to install it, and mappings still work."""
    monkeypatch.setitem(sys.modules, "narwhals", None)
    with pytest.raises(
        ModuleNotFoundError, match=r'requires the library narwhals: pip install "sendblue-contacts\[tab'
    ):
        create(FRAME)
    assert create([{"phone": ADA, "first_name": float("nan")}]) == ([{"phone": ADA}], [])


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_listing_becomes_a_table(kind: str) -> None:
    """`to_dicts` returns what `to_dict` of each contact returns, in order."""
    contacts = [{"phone": ADA, "tags": ["VIP"], "first_name": None}, {"phone": GRACE}]

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=contacts)

    rows = Runner(kind).run(lambda client: client.contacts.list(max_items=2).to_dicts(), respond)
    listed = Runner("sync").run(lambda client: client.contacts.list(max_items=2), respond)
    assert rows == [contact.to_dict() for contact in listed]
    assert pd.DataFrame(rows)["phone"].tolist() == [ADA, GRACE]
