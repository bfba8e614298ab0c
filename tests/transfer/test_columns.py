"""Which column fills which field: by the column map, by its spelling, or by the titles of address books and CRMs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.types import Field
from sendblue_transfer import ColumnMap, ColumnsReport, TransferError, open_source, plan_import
from sendblue_transfer.rows.column_synonyms import SYNONYMS
from sendblue_transfer.rows.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MOBILE, OTHER = "+14155550123", "+14155550199"


def parse(row: Mapping[str, Any], column_map: ColumnMap | None = None) -> dict[str, Any]:
    """Return the contact of a row with these cells by title."""
    columns = Columns(column_map or ColumnMap())
    columns.check(tuple(row))
    return columns.parser(tuple(row)).parse(list(row.values()))


def report(*titles: str, column_map: ColumnMap | None = None) -> ColumnsReport:
    """Return how these titles are used."""
    columns = Columns(column_map or ColumnMap())
    columns.parser(titles)
    return columns.report()


ADA = {"phone": MOBILE, "first_name": "Ada", "last_name": "Lovelace", "company_name": "Engines"}
EXPORTS: dict[str, dict[str, str]] = {
    "HubSpot": {
        "Record ID": "1",
        "First Name": "Ada",
        "Last Name": "Lovelace",
        "Email": "ada@example.com",
        "Phone Number": OTHER,
        "Mobile Phone Number": MOBILE,
        "Contact owner": "Grace",
        "Associated Company": "Engines",
        "Create Date": "2024-01-15 10:30",
    },
    "HubSpot, property names": {
        "firstname": "Ada",
        "lastname": "Lovelace",
        "phone": OTHER,
        "mobilephone": MOBILE,
        "company": "Engines",
        "hs_object_id": "1",
    },
    "Salesforce report": {
        "Salutation": "Dr.",
        "First Name": "Ada",
        "Last Name": "Lovelace",
        "Account Name": "Engines",
        "Phone": OTHER,
        "Mobile": MOBILE,
        "Fax": OTHER,
    },
    "Salesforce, Data Loader": {
        "ID": "003",
        "FIRSTNAME": "Ada",
        "LASTNAME": "Lovelace",
        "ACCOUNT.NAME": "Engines",
        "PHONE": OTHER,
        "MOBILEPHONE": MOBILE,
        "ASSISTANTPHONE": OTHER,
    },
    "Google Contacts": {
        "First Name": "Ada",
        "Middle Name": "King",
        "Last Name": "Lovelace",
        "Organization Name": "Engines",
        "Labels": "* myContacts",
        "Phone 1 - Label": "Mobile",
        "Phone 1 - Value": f"{MOBILE} ::: {OTHER}",
        "Phone 2 - Label": "Home",
        "Phone 2 - Value": OTHER,
    },
    "Google Contacts before 2024": {
        "Name": "Ada Lovelace",
        "Given Name": "Ada",
        "Family Name": "Lovelace",
        "Group Membership": "* myContacts",
        "Phone 1 - Type": "Mobile",
        "Phone 1 - Value": MOBILE,
        "Organization 1 - Name": "Engines",
    },
    "Outlook": {
        "First Name": "Ada",
        "Last Name": "Lovelace",
        "Company": "Engines",
        "Assistant's Phone": OTHER,
        "Business Fax": OTHER,
        "Business Phone": OTHER,
        "Company Main Phone": OTHER,
        "Home Phone": OTHER,
        "Mobile Phone": MOBILE,
        "Pager": OTHER,
        "Primary Phone": OTHER,
    },
}


@pytest.mark.parametrize("row", EXPORTS.values(), ids=EXPORTS)
@pytest.mark.parametrize("spell", [str, str.upper, str.lower, lambda title: title.replace(" ", "_")])
def test_reads_exports_of_other_products(row: dict[str, str], spell: Callable[[str], str]) -> None:
    """In any spelling: the names, the company, and the mobile number."""
    assert parse({spell(title): cell for title, cell in row.items()}) == ADA


@pytest.mark.parametrize("row", EXPORTS.values(), ids=EXPORTS)
def test_every_column_is_reported(row: dict[str, str]) -> None:
    """Each column of an export is used, or reported as not used."""
    columns = report(*row)
    used = {title for _, titles in columns.used for title in titles}
    assert used | {*columns.unmapped, *columns.read_only} == set(row)


def test_outlook_categories_are_tags() -> None:
    """They are separated by semicolons."""
    assert parse({"Mobile Phone": MOBILE, "Categories": "VIP;Blue Category"})["tags"] == ["VIP", "Blue Category"]


def test_the_preferred_number_that_is_not_blank_is_used() -> None:
    """In the order of preference, whatever the order in the file."""
    row = {"Business Phone": "1", "Home Phone": "2", "phone": "3", "Mobile Phone": " "}
    assert parse(row)["phone"] == "3"
    assert parse({**row, "Mobile Phone": "4"})["phone"] == "4"
    assert parse({**row, "phone": ""})["phone"] == "2"


def test_the_order_of_preference_is_reported() -> None:
    """The preferred column comes first."""
    assert report("Business Phone", "phone", "Mobile Phone", "First Name").used == (
        ("phone", ("Mobile Phone", "phone", "Business Phone")),
        ("first_name", ("First Name",)),
    )


def test_the_first_of_equal_columns_is_preferred() -> None:
    """If its cell is blank, the other one is used."""
    assert parse({"phone": MOBILE, "firstName": "", "First Name": "Ada"})["first_name"] == "Ada"
    assert parse({"phone": MOBILE, "firstName": "Grace", "First Name": "Ada"})["first_name"] == "Grace"


OWN = [(name, spelling) for name, field in BulkContact.FIELDS.items() for spelling in (name, *field.aliases)]


@pytest.mark.parametrize(("name", "spelling"), OWN)
def test_spellings_of_the_document_come_before_synonyms(name: str, spelling: str) -> None:
    """Every spelling of a field fills that field."""
    assert report(spelling).used == ((name, (spelling,)),)


def test_synonyms_belong_to_known_fields() -> None:
    """Each list contains the name of its field, which gives that a rank."""
    assert SYNONYMS.keys() <= BulkContact.FIELDS.keys()
    assert [name for name, titles in SYNONYMS.items() if name not in titles] == []


def test_new_fields_are_matched() -> None:
    """A field that is added to the OpenAPI document needs no change here."""
    fields = {**BulkContact.FIELDS, "birthday": Field("date", aliases=("birthDate",), attribute="birthday")}
    parser = Columns(ColumnMap(), fields).parser(("phone", "Birth Date"))
    assert parser.parse([MOBILE, "1815-12-10"]) == {"phone": MOBILE, "birthday": "1815-12-10"}


@pytest.mark.parametrize("title", sorted(set(Contact.FIELDS) - set(BulkContact.FIELDS)))
def test_read_only_columns_are_reported(title: str) -> None:
    """They are in exported files."""
    assert report("phone", title).read_only == (title,)


# --- the column map


def test_column_map_comes_first() -> None:
    """It takes precedence over spellings and synonyms."""
    column_map = ColumnMap({"Kontakt": "phone", "Stufe": "customVariables.Plan", "company": "first name"})
    row = {"Kontakt": MOBILE, "Stufe": "Plus", "company": "Ada"}
    assert parse(row, column_map) == {"phone": MOBILE, "custom_variables": {"Plan": "Plus"}, "first_name": "Ada"}


def test_a_mapped_field_is_filled_from_no_other_column() -> None:
    """A blank cell is not filled from a column that was not named."""
    column_map = ColumnMap({"Work Phone": "phone"})
    row = {"Work Phone": "", "Mobile Phone": MOBILE}
    assert parse(row, column_map) == {}
    assert report(*row, column_map=column_map).unmapped == ("Mobile Phone",)


def test_several_mapped_columns_for_one_field() -> None:
    """The order of the map is the order of preference."""
    column_map = ColumnMap({"b": "phone", "a": "phone"})
    assert parse({"a": OTHER, "b": MOBILE}, column_map) == {"phone": MOBILE}
    assert parse({"a": OTHER, "b": ""}, column_map) == {"phone": OTHER}


def test_a_column_can_be_ignored() -> None:
    """It fills nothing, and is not reported as unmapped."""
    column_map = ColumnMap({"First Name": ""}, rest_as_variables=True)
    assert parse({"phone": MOBILE, "First Name": "Ada"}, column_map) == {"phone": MOBILE}
    assert report("phone", "First Name", column_map=column_map).unmapped == ()


def test_rest_as_variables() -> None:
    """Every column that matches no field becomes a custom variable, but read-only ones do not."""
    row = {"phone": MOBILE, "Lead Source": "Web", "created_at": "2024-01-15", "": "x", "_line": "7", "Score": ""}
    column_map = ColumnMap(rest_as_variables=True)
    assert parse(row, column_map) == {"phone": MOBILE, "custom_variables": {"Lead Source": "Web"}}
    columns = report(*row, column_map=column_map)
    assert (columns.unmapped, columns.as_variables) == (("Lead Source", "Score"), True)


def test_columns_of_labels_come_before_rest_as_variables() -> None:
    """`custom_variables.Plan` takes precedence over `Plan`."""
    column_map = ColumnMap(rest_as_variables=True)
    row = {"Plan": "Free", "phone": MOBILE, "custom_variables.Plan": "Plus"}
    assert parse(row, column_map)["custom_variables"] == {"Plan": "Plus"}


@pytest.mark.parametrize(
    ("columns", "titles", "message"),
    [
        (
            {},
            ["Kontakt", "name"],
            "no column matches the phone number; the columns are 'Kontakt', 'name'; .*--map 'COLUMN=phone'",
        ),
        ({"Telefon": "phone"}, ["phone"], "no column 'Telefon'; its columns are 'phone'"),
        ({"phone": "phon"}, ["phone"], "unknown field 'phon' .did you mean phone.*custom_variables.<label>"),
        ({"phone": "created_at"}, ["phone"], "unknown field 'created_at'"),
    ],
)
def test_invalid_maps_and_headers_are_errors(columns: dict[str, str], titles: list[str], message: str) -> None:
    """The error names the columns and fields that exist."""
    with pytest.raises(TransferError, match=message):
        Columns(ColumnMap(columns)).check(tuple(titles))


def test_error_about_the_header_shows_no_number() -> None:
    """A file without titles begins with a phone number."""
    with pytest.raises(TransferError) as caught:
        Columns(ColumnMap()).check((MOBILE, "Ada"))
    assert MOBILE not in str(caught.value)


def test_keys_of_json_are_reported(write_text: Callable[..., Path]) -> None:
    """They are known once all rows are read."""
    text = f'{{"phone": "{MOBILE}", "a": 1}}\n{{"Mobile": "{OTHER}", "b": 2, "created_at": null}}\n'
    with open_source(write_text(text, "contacts.jsonl")) as source:
        columns = plan_import(source).columns
    assert (columns.used, columns.unmapped) == ((("phone", ("Mobile", "phone")),), ("a", "b"))
    assert columns.read_only == ("created_at",)


# --- parsing, saving and loading column maps

unicode_text = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("pair", "columns"),
    [
        ("Mobile Phone=phone", {"Mobile Phone": "phone"}),
        (" a = b = custom_variables.Plan ", {"a = b": "custom_variables.Plan"}),
        ("Internal=", {"Internal": ""}),
    ],
)
def test_parse(pair: str, columns: dict[str, str]) -> None:
    """The last `=` separates, because titles can contain any text."""
    assert ColumnMap.parse([pair]) == ColumnMap(columns)


@pytest.mark.parametrize("pair", ["phone", "=phone", ""])
def test_parse_rejects_invalid_pairs(pair: str) -> None:
    """The error shows the syntax."""
    with pytest.raises(TransferError, match="COLUMN=FIELD"):
        ColumnMap.parse([pair])


@pytest.mark.parametrize("suffix", ["toml", "json"])
@given(column_map=st.builds(ColumnMap, st.dictionaries(unicode_text, unicode_text), st.booleans()))
def test_a_saved_map_can_be_loaded(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, column_map: ColumnMap
) -> None:
    """As TOML and as JSON, whatever the titles are."""
    path = tmp_path_factory.mktemp("map") / f"mapping.{suffix}"
    column_map.save(path)
    assert ColumnMap.load(path) == column_map


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", "columns = 3"),
        ("a.toml", "[columns]\nphone = 1"),
        ("a.toml", "[column]\nphone = 'phone'"),
        ("a.toml", "not toml"),
        ("a.json", "[]"),
        ("a.json", '{"rest_as_variables": "yes"}'),
    ],
)
def test_load_rejects_invalid_files(write_text: Callable[..., Path], name: str, content: str) -> None:
    """The error names the file, and what is wrong with it."""
    with pytest.raises(TransferError, match=f"{name} is not a valid mapping file: "):
        ColumnMap.load(write_text(content, name))


def test_combining_maps() -> None:
    """The second map takes precedence."""
    both = ColumnMap({"a": "phone", "b": "tags"}) | ColumnMap({"b": "", "c": "company"}, rest_as_variables=True)
    assert both == ColumnMap({"b": "", "c": "company", "a": "phone"}, rest_as_variables=True)
