"""Which column is which field: by hand, by its spelling, or by what address books and CRMs call it."""

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


def read(row: Mapping[str, Any], column_map: ColumnMap | None = None) -> dict[str, Any]:
    """The contact of a row with these cells."""
    columns = Columns(column_map or ColumnMap())
    columns.check(tuple(row))
    return columns.parser(tuple(row)).parse(list(row.values()))


def report(*titles: str, column_map: ColumnMap | None = None) -> ColumnsReport:
    """What becomes of these titles."""
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
    "Salesforce, a report": {
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
def test_exports_of_others_are_understood(row: dict[str, str], spell: Callable[[str], str]) -> None:
    """In every spelling: who it is, where they work, and the number that messages reach."""
    assert read({spell(title): cell for title, cell in row.items()}) == ADA


@pytest.mark.parametrize("row", EXPORTS.values(), ids=EXPORTS)
def test_nothing_of_an_export_is_dropped_in_silence(row: dict[str, str]) -> None:
    """Each column is used, or named as not used."""
    found = report(*row)
    used = {title for _, titles in found.used for title in titles}
    assert used | {*found.unmapped, *found.read_only} == set(row)


def test_outlook_categories_are_tags() -> None:
    """They stand between semicolons."""
    assert read({"Mobile Phone": MOBILE, "Categories": "VIP;Blue Category"})["tags"] == ["VIP", "Blue Category"]


def test_the_first_number_that_is_not_blank_counts() -> None:
    """In the order of preference, whatever the order in the file."""
    row = {"Business Phone": "1", "Home Phone": "2", "phone": "3", "Mobile Phone": " "}
    assert read(row)["phone"] == "3"
    assert read({**row, "Mobile Phone": "4"})["phone"] == "4"
    assert read({**row, "phone": ""})["phone"] == "2"


def test_the_order_of_preference_is_reported() -> None:
    """Best first."""
    assert report("Business Phone", "phone", "Mobile Phone", "First Name").used == (
        ("phone", ("Mobile Phone", "phone", "Business Phone")),
        ("first_name", ("First Name",)),
    )


def test_one_column_twice() -> None:
    """Of two columns with equal right the first one in the file counts."""
    assert read({"phone": MOBILE, "firstName": "", "First Name": "Ada"})["first_name"] == "Ada"
    assert read({"phone": MOBILE, "firstName": "Grace", "First Name": "Ada"})["first_name"] == "Grace"


OWN = [(name, spelling) for name, field in BulkContact.FIELDS.items() for spelling in (name, *field.aliases)]


@pytest.mark.parametrize(("name", "spelling"), OWN)
def test_no_synonym_takes_a_spelling_of_the_document(name: str, spelling: str) -> None:
    """A field's own spellings are always its own."""
    assert report(spelling).used == ((name, (spelling,)),)


def test_synonyms_are_of_fields_that_there_are() -> None:
    """And the field itself has a place among them, so that its rank is said."""
    assert SYNONYMS.keys() <= BulkContact.FIELDS.keys()
    assert [name for name, titles in SYNONYMS.items() if name not in titles] == []


def test_a_field_of_the_document_needs_no_hand() -> None:
    """A new one is known in every spelling, without a word here."""
    fields = {**BulkContact.FIELDS, "birthday": Field("date", aliases=("birthDate",), attribute="birthday")}
    layout = Columns(ColumnMap(), fields).parser(("phone", "Birth Date"))
    assert layout.parse([MOBILE, "1815-12-10"]) == {"phone": MOBILE, "birthday": "1815-12-10"}


@pytest.mark.parametrize("title", sorted(set(Contact.FIELDS) - set(BulkContact.FIELDS)))
def test_columns_that_only_the_server_sets(title: str) -> None:
    """They come with an exported file, and are named as such."""
    assert report("phone", title).read_only == (title,)


# --- by hand


def test_a_column_is_mapped_by_hand() -> None:
    """What is said by hand counts before all that is known."""
    column_map = ColumnMap({"Kontakt": "phone", "Stufe": "customVariables.Plan", "company": "first name"})
    row = {"Kontakt": MOBILE, "Stufe": "Plus", "company": "Ada"}
    assert read(row, column_map) == {"phone": MOBILE, "custom_variables": {"Plan": "Plus"}, "first_name": "Ada"}


def test_a_field_mapped_by_hand_is_taken_from_nowhere_else() -> None:
    """Else a blank cell would be filled with what was not meant."""
    column_map = ColumnMap({"Work Phone": "phone"})
    row = {"Work Phone": "", "Mobile Phone": MOBILE}
    assert read(row, column_map) == {}
    assert report(*row, column_map=column_map).unmapped == ("Mobile Phone",)


def test_several_columns_by_hand() -> None:
    """They are in the order of preference in which they were named."""
    column_map = ColumnMap({"b": "phone", "a": "phone"})
    assert read({"a": OTHER, "b": MOBILE}, column_map) == {"phone": MOBILE}
    assert read({"a": OTHER, "b": ""}, column_map) == {"phone": OTHER}


def test_a_column_is_left_out_by_hand() -> None:
    """It is used for nothing, and not named as unmapped."""
    column_map = ColumnMap({"First Name": ""}, rest_as_variables=True)
    assert read({"phone": MOBILE, "First Name": "Ada"}, column_map) == {"phone": MOBILE}
    assert report("phone", "First Name", column_map=column_map).unmapped == ()


def test_the_rest_as_variables() -> None:
    """Every column that is no field becomes a custom variable with its title; those that the server sets do not."""
    row = {"phone": MOBILE, "Lead Source": "Web", "created_at": "2024-01-15", "": "x", "_line": "7", "Score": ""}
    column_map = ColumnMap(rest_as_variables=True)
    assert read(row, column_map) == {"phone": MOBILE, "custom_variables": {"Lead Source": "Web"}}
    found = report(*row, column_map=column_map)
    assert (found.unmapped, found.as_variables) == (("Lead Source", "Score"), True)


def test_a_label_of_its_own_counts_before_the_rest() -> None:
    """`custom_variables.Plan` says more than `Plan`."""
    column_map = ColumnMap(rest_as_variables=True)
    row = {"Plan": "Free", "phone": MOBILE, "custom_variables.Plan": "Plus"}
    assert read(row, column_map)["custom_variables"] == {"Plan": "Plus"}


@pytest.mark.parametrize(
    ("columns", "titles", "said"),
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
def test_what_cannot_be_meant(columns: dict[str, str], titles: list[str], said: str) -> None:
    """The error names what there is."""
    with pytest.raises(TransferError, match=said):
        Columns(ColumnMap(columns)).check(tuple(titles))


def test_a_number_in_the_first_line_is_not_shown() -> None:
    """A file without titles begins with somebody's number."""
    with pytest.raises(TransferError) as caught:
        Columns(ColumnMap()).check((MOBILE, "Ada"))
    assert MOBILE not in str(caught.value)


def test_json_has_its_keys_reported_all_the_same(write_text: Callable[..., Path]) -> None:
    """They are known when all rows were read."""
    text = f'{{"phone": "{MOBILE}", "a": 1}}\n{{"Mobile": "{OTHER}", "b": 2, "created_at": null}}\n'
    with open_source(write_text(text, "contacts.jsonl")) as source:
        found = plan_import(source).columns
    assert (found.used, found.unmapped) == ((("phone", ("Mobile", "phone")),), ("a", "b"))
    assert found.read_only == ("created_at",)


# --- saying it

sound = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("pair", "columns"),
    [
        ("Mobile Phone=phone", {"Mobile Phone": "phone"}),
        (" a = b = custom_variables.Plan ", {"a = b": "custom_variables.Plan"}),
        ("Internal=", {"Internal": ""}),
    ],
)
def test_pairs(pair: str, columns: dict[str, str]) -> None:
    """The last `=` divides, for titles may hold anything."""
    assert ColumnMap.parse([pair]) == ColumnMap(columns)


@pytest.mark.parametrize("pair", ["phone", "=phone", ""])
def test_pairs_that_map_nothing(pair: str) -> None:
    """The error shows how it is written."""
    with pytest.raises(TransferError, match="COLUMN=FIELD"):
        ColumnMap.parse([pair])


@pytest.mark.parametrize("suffix", ["toml", "json"])
@given(column_map=st.builds(ColumnMap, st.dictionaries(sound, sound), st.booleans()))
def test_a_saved_map_is_loaded(tmp_path_factory: pytest.TempPathFactory, suffix: str, column_map: ColumnMap) -> None:
    """In either form, whatever the titles are."""
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
def test_a_file_that_is_no_map(write_text: Callable[..., Path], name: str, content: str) -> None:
    """The error names the file, and what may stand in it or where it breaks."""
    with pytest.raises(TransferError, match=f"{name} is not a valid mapping file: "):
        ColumnMap.load(write_text(content, name))


def test_a_file_and_pairs_together() -> None:
    """What is said on the command line counts before what a file says."""
    both = ColumnMap({"a": "phone", "b": "tags"}) | ColumnMap({"b": "", "c": "company"}, rest_as_variables=True)
    assert both == ColumnMap({"b": "", "c": "company", "a": "phone"}, rest_as_variables=True)
