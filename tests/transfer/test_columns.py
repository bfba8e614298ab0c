"""Which column fills which field: by the column map, by its spelling, or by the titles of address books and CRMs."""

import random
from collections.abc import Callable, Mapping
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts.bulk.requests import bulk_item
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.types import Field
from sendblue_transfer import ColumnMap, ColumnsReport, TransferError, read_csv
from sendblue_transfer.importing.planner import UPDATE_FIELDS
from sendblue_transfer.rows.columns import Columns
from sendblue_transfer.rows.contact_encoder import ColumnValidator, ContactEncoder
from sendblue_transfer.rows.named_fields import OPT_OUT

from tests.transfer.contact_files import WriteFile, plan_file

MOBILE, OTHER = "+14155550123", "+14155550199"


def parse(
    row: Mapping[str, Any], column_map: ColumnMap | None = None, fields: Mapping[str, Field] = BulkContact.FIELDS
) -> dict[str, Any]:
    """Return the contact of a row with these cells by title."""
    columns = Columns(column_map or ColumnMap(), fields, is_text=False)
    columns.check(tuple(row))
    return columns.parser(tuple(row)).parse(list(row.values()))


def report(*titles: str, column_map: ColumnMap | None = None) -> ColumnsReport:
    """Return how these titles are used."""
    columns = Columns(column_map or ColumnMap())
    columns.parser(titles)
    return columns.report()


def test_each_field_of_an_object_is_a_column() -> None:
    """A column `owner.firstName` fills a field of the object `owner`, in any spelling, with a value of its kind."""
    fields = {**BulkContact.FIELDS, "owner": Field("object", ("theOwner",), model="ContactUpdate")}
    row = {"phone": MOBILE, "owner.firstName": "Ada", "Owner.tags": "a;b", "theOwner.opt_out": "TRUE", "owner.x": "y"}
    assert parse(row, fields=fields)["owner"] == {"first_name": "Ada", "tags": ["a", "b"], "opt_out": True}
    parser = Columns(ColumnMap(), fields).parser(("phone", "owner.first_name", "owner.optOut"))
    assert parser.validated([MOBILE, "Ada", "true"]) == {
        "phone": MOBILE,
        "owner": {"first_name": "Ada", "opt_out": True},
    }
    with pytest.raises(TypeError, match=r"^owner\.opt_out must be True or False, not str$"):
        parser.validated_number([MOBILE, "Ada", "maybe"])


ADA = {"phone": MOBILE, "first_name": "Ada", "last_name": "Lovelace", "company_name": "Engines"}
EXPORTS = {
    "HubSpot": f"""
        Record ID=1|First Name=Ada|Last Name=Lovelace|Email=ada@example.com|Phone Number={OTHER}|
        Mobile Phone Number={MOBILE}|Contact owner=Grace|Associated Company=Engines|Create Date=2024-01-15 10:30""",
    "HubSpot, property names": f"""
        firstname=Ada|lastname=Lovelace|phone={OTHER}|mobilephone={MOBILE}|company=Engines|hs_object_id=1""",
    "Salesforce report": f"""
        Salutation=Dr.|First Name=Ada|Last Name=Lovelace|Account Name=Engines|Phone={OTHER}|Mobile={MOBILE}|
        Fax={OTHER}""",
    "Salesforce, Data Loader": f"""
        ID=003|FIRSTNAME=Ada|LASTNAME=Lovelace|ACCOUNT.NAME=Engines|PHONE={OTHER}|MOBILEPHONE={MOBILE}|
        ASSISTANTPHONE={OTHER}""",
    "Google Contacts": f"""
        First Name=Ada|Middle Name=King|Last Name=Lovelace|Organization Name=Engines|Labels=* myContacts|
        Phone 1 - Label=Mobile|Phone 1 - Value={MOBILE} ::: {OTHER}|Phone 2 - Label=Home|Phone 2 - Value={OTHER}""",
    "Google Contacts before 2024": f"""
        Name=Ada Lovelace|Given Name=Ada|Family Name=Lovelace|Group Membership=* myContacts|Phone 1 - Type=Mobile|
        Phone 1 - Value={MOBILE}|Organization 1 - Name=Engines""",
    "Outlook": f"""
        First Name=Ada|Last Name=Lovelace|Company=Engines|Assistant's Phone={OTHER}|Business Fax={OTHER}|
        Business Phone={OTHER}|Company Main Phone={OTHER}|Home Phone={OTHER}|Mobile Phone={MOBILE}|Pager={OTHER}|
        Primary Phone={OTHER}""",
    "Pipedrive": f"""
        ID=1|Name=Ada Lovelace|First name=Ada|Last name=Lovelace|Organization=Engines|Phone - Work={OTHER}|
        Phone - Home={OTHER}|Phone - Mobile={MOBILE}|Email - Work=ada@example.com""",
    "Pipedrive, with prefixes": f"""
        Person - Name=Ada Lovelace|Person - Organization=Engines|Person - Phone - Work={OTHER}|
        Person - Phone - Mobile={MOBILE}|Person - Owner=Grace""",
    "Zoho": f"""
        Record Id=zcrm_1|Contact Owner=Grace|First Name=Ada|Last Name=Lovelace|Account Name=Engines|Phone={OTHER}|
        Mobile={MOBILE}|Asst Phone={OTHER}|Contact Name=Ada Lovelace""",
    "Outlook, German": f"""
        Anrede=Frau|Vorname=Ada|Nachname=Lovelace|Firma=Engines|Telefon geschäftlich={OTHER}|Telefon privat={OTHER}|
        Mobiltelefon={MOBILE}|Fax geschäftlich={OTHER}""",
    "HubSpot, German": f"""
        Vorname=Ada|Nachname=Lovelace|Telefonnummer={OTHER}|Mobiltelefonnummer={MOBILE}|
        Name des Unternehmens=Engines""",
    "German, Name beside Vorname": f"Name=Lovelace|Vorname=Ada|Unternehmen=Engines|Handy={MOBILE}|Telefon={OTHER}",
    "Outlook, French": f"""
        Titre=Mme|Prénom=Ada|Nom=Lovelace|Société=Engines|Téléphone (bureau)={OTHER}|Tél. mobile={MOBILE}|
        Télécopie (bureau)={OTHER}""",
    "French, one name": f"Nom=Ada Lovelace|Entreprise=Engines|Téléphone={OTHER}|Portable={MOBILE}",
    "Outlook, Spanish": f"""
        Nombre=Ada|Apellidos=Lovelace|Compañía=Engines|Teléfono del trabajo={OTHER}|Teléfono móvil={MOBILE}|
        Fax del trabajo={OTHER}""",
    "Spanish, without accents": f"Nombre=Ada Lovelace|Empresa=Engines|Telefono={OTHER}|Movil={MOBILE}",
}
SPELLS: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.lower,
    lambda title: title.replace(" ", "_").replace("'", "-"),
]


@pytest.mark.parametrize(("product", "spell"), list(zip(EXPORTS, cycle(SPELLS), strict=False)), ids=EXPORTS)
def test_reads_exports_of_other_products(product: str, spell: Callable[[str], str]) -> None:
    """In any spelling: the names, the company, and the mobile number; all other columns are reported."""
    cells = (cell.strip().split("=") for cell in EXPORTS[product].split("|"))
    row = {spell(title): cell for title, cell in cells}
    assert parse(row) == ADA
    columns = report(*row)
    used = {title for _, titles in columns.used for title in titles} | {*columns.split}
    assert used | {*columns.unmapped, *columns.read_only} == set(row)


@pytest.mark.parametrize(
    ("title", "cell", "tags"),
    [
        ("Categories", "VIP;Blue Category", ["VIP", "Blue Category"]),
        ("tags", "a, b;c", ["a, b", "c"]),
        ("Labels", "VIP ::: * myContacts ::: Team A, B", ["VIP", "Team A, B"]),
        ("Group Membership", "* myContacts", None),
        ("Person - Labels", "Hot lead, Customer", ["Hot lead", "Customer"]),
    ],
)
def test_tags_of_other_products(title: str, cell: str, tags: list[str] | None) -> None:
    """Each product separates them in its own way; Google's own labels are not tags."""
    assert parse({"Mobile Phone": MOBILE, title: cell}).get("tags") == tags


@pytest.mark.parametrize(
    ("title", "name", "first", "last"),
    [
        ("Name", "Ada Lovelace", "Ada", "Lovelace"),
        ("FULL NAME", " Ludwig  van Beethoven ", "Ludwig", "van Beethoven"),
        ("Nom complet", "Lovelace, Ada", "Ada", "Lovelace"),
        ("Nombre", "Plato", "Plato", None),
        ("Contact name", " ", None, None),
    ],
)
def test_full_names_are_split(title: str, name: str, first: str | None, last: str | None) -> None:
    """After the first word, if the names have no columns of their own and none is mapped; the report says so."""
    found = parse({"phone": MOBILE, title: name})
    assert (found.get("first_name"), found.get("last_name"), report("phone", title).split) == (first, last, (title,))
    assert report("phone", title, "First Name", "Last Name").split == ()
    assert report("phone", title, column_map=ColumnMap({title: "last_name"})).split == ()


def test_the_preferred_number_that_is_not_blank_is_used() -> None:
    """In the order of preference, which is reported, whatever the order in the file."""
    row = {"Business Phone": "1", "Home Phone": "2", "phone": "3", "Mobile Phone": " "}
    assert parse(row)["phone"] == "3"
    assert parse({**row, "Mobile Phone": "4"})["phone"] == "4"
    assert parse({**row, "phone": ""})["phone"] == "2"
    assert report("Business Phone", "phone", "Mobile Phone", "First Name").used == (
        ("phone", ("Mobile Phone", "phone", "Business Phone")),
        ("first_name", ("First Name",)),
    )


def test_every_spelling_of_the_document_is_a_title() -> None:
    """Every spelling of a field fills that field, before any synonym; what only the server sets is reported."""
    own = {spelling: name for name, field in BulkContact.FIELDS.items() for spelling in (name, *field.aliases)}
    assert {spelling: report(spelling).used for spelling in own} == {
        spelling: ((name, (spelling,)),) for spelling, name in own.items()
    }
    server = sorted(set(Contact.FIELDS) - set(BulkContact.FIELDS))
    assert [report("phone", title).read_only for title in server] == [(title,) for title in server]


def test_labels_are_kept_as_they_are() -> None:
    """What follows the first dot of a map's column is the label, unchanged."""
    row = {"phone": MOBILE, "Custom Variables.Lead Source v1.0 ": "Website"}
    assert parse(row)["custom_variables"] == {"Lead Source v1.0 ": "Website"}


OPT_OUTS: list[tuple[str, list[object], list[object]]] = [
    ("DONOTCALL", ["true", "TRUE", "1", True], ["false", "0", "", False]),
    ("Do Not Call", ["Yes"], ["No"]),
    ("HasOptedOutOfSMS", ["1"], ["0"]),
    ("et4ae5__HasOptedOutOfMobile__c", ["true"], ["false"]),
    ("SMS Opt-Out", ["x", "Opted Out"], ["", "opted in"]),
    ("Do not allow Phone Calls", ["Do Not Allow"], ["Allow"]),
    ("Accepts SMS Marketing", ["no", "No", 0, False], ["yes", 1.0, True, ""]),
    ("SMS Marketing Consent", ["UNSUBSCRIBED"], ["SUBSCRIBED", "NEVER_SUBSCRIBED", "pending"]),
    ("sms_subscription_status", ["unsubscribed"], ["subscribed", "nonsubscribed"]),
]


@pytest.mark.parametrize(("title", "out", "unchanged"), OPT_OUTS, ids=[each[0] for each in OPT_OUTS])
def test_opt_outs_of_crms(title: str, out: list[object], unchanged: list[object]) -> None:
    """Whichever way the column is put, it opts contacts out and never in, mapped explicitly or not."""
    for column_map in (None, ColumnMap({title: OPT_OUT})):
        for cells, expected in ((out, {OPT_OUT: True}), (unchanged, {})):
            rows = [{"phone": MOBILE, title: cell} for cell in cells]
            assert [parse(row, column_map, UPDATE_FIELDS) for row in rows] == [{"phone": MOBILE, **expected}] * len(
                rows
            )


def test_each_column_about_opt_outs_can_opt_out() -> None:
    """Also where another one, or the column of the field itself, is filled; only the field's own column opts in."""
    row = {"phone": MOBILE, "opt_out": False, "Do Not Call": "no", "Accepts SMS Marketing": "yes"}
    assert parse(row, fields=UPDATE_FIELDS)[OPT_OUT] is False
    assert parse({**row, "Do Not Call": "yes"}, fields=UPDATE_FIELDS)[OPT_OUT] is True
    assert parse({**row, "Accepts SMS Marketing": "no"}, fields=UPDATE_FIELDS)[OPT_OUT] is True


def test_unknown_opt_out_rejects_the_row(write_text: WriteFile) -> None:
    """The reason names the column and shows no value."""
    text = f"phone,DND\n{MOBILE},yes\n{OTHER},since March\n"
    plan = plan_file(write_text(text), mode="update")
    reason = (
        "the column 'DND' says neither yes nor no, so it is not known whether the contact has opted out; correct the "
        "cell, or ignore the column with --map 'DND=' (ColumnMap({'DND': ''}))"
    )
    assert (plan.valid, plan.problems, plan.preview) == (1, ((3, reason),), ({"phone": MOBILE, OPT_OUT: True},))
    assert [row.problem for row in read_csv(text.splitlines(keepends=True), UPDATE_FIELDS)] == ["", reason]


def test_opt_outs_that_the_mode_cannot_set() -> None:
    """The bulk call has no such field: the columns are reported as those that the mode cannot set, also as the rest."""
    titles = ("phone", "Do Not Call", "Accepts SMS Marketing", "Accepts Email Marketing")
    columns = report(*titles, column_map=ColumnMap(rest_as_variables=True))
    assert (columns.read_only, columns.unmapped) == (titles[1:3], titles[3:])


def test_column_map_comes_first() -> None:
    """It takes precedence over spellings and synonyms."""
    column_map = ColumnMap({"Kontakt": "phone", "Stufe": "customVariables.Plan", "company": "first name"})
    row = {"Kontakt": MOBILE, "Stufe": "Plus", "company": "Ada"}
    assert parse(row, column_map) == {"phone": MOBILE, "custom_variables": {"Plan": "Plus"}, "first_name": "Ada"}


def test_mapped_columns_for_one_field() -> None:
    """The order of the map is the order of preference, and no other column fills the field."""
    column_map = ColumnMap({"b": "phone", "a": "phone"})
    assert parse({"a": OTHER, "b": MOBILE}, column_map) == {"phone": MOBILE}
    assert parse({"a": OTHER, "b": ""}, column_map) == {"phone": OTHER}
    row = {"a": "", "b": "", "Mobile Phone": MOBILE}
    assert parse(row, column_map) == {}
    assert report(*row, column_map=column_map).unmapped == ("Mobile Phone",)


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


@pytest.mark.parametrize(
    ("columns", "titles", "message"),
    [
        (
            {},
            ["Kontakt", "first name"],
            "no column matches the phone number; the columns are 'Kontakt', 'first name'; .*--map 'COLUMN=phone' .C",
        ),
        ({"Telefon": "phone"}, ["Kontakt"], "no column 'Telefon'; the first row has no known title and is not shown"),
        ({"Telefon": "phone"}, ["phone"], "no column 'Telefon'; the columns are 'phone'"),
        ({"phone": "phon"}, ["phone"], "unknown field 'phon' .did you mean phone.*custom_variables.<label>"),
        ({"phone": "created_at"}, ["phone"], "unknown field 'created_at'"),
    ],
)
def test_invalid_maps_and_headers_are_errors(columns: dict[str, str], titles: list[str], message: str) -> None:
    """The error names the columns and fields that exist, but no number: that is the title of a file without titles."""
    with pytest.raises(TransferError, match=message):
        Columns(ColumnMap(columns)).check(tuple(titles))


@pytest.mark.parametrize(
    "row", [(MOBILE, "Ada"), ("Ada", "(415) 555-1234"), ("Ada", "ada@example.com"), ("Ada", "Lovelace", "VIP")]
)
def test_error_about_a_file_without_titles_shows_no_contact(row: tuple[str, ...]) -> None:
    """The first row of a file without titles is a person, if it has a number, an e-mail address or no known title."""
    with pytest.raises(TransferError, match=r"the first row (contains|has no known title).*; add a row") as caught:
        Columns(ColumnMap()).check(row)
    assert [cell for cell in row if cell in str(caught.value)] == []


def test_errors_about_many_titles_are_short() -> None:
    """Twenty titles are shown, and the first hundred characters of each."""
    titles = ["first name", "x" * 10_000, *(f"column {index}" for index in range(2_000))]
    with pytest.raises(TransferError, match=r"'column 17' and 1,982 more; name the column") as caught:
        Columns(ColumnMap()).check(tuple(titles))
    assert len(str(caught.value)) < 1_000
    with pytest.raises(TransferError, match="unknown column 'column 17'") as caught:
        read_csv([",".join(["phone", *titles])])
    assert len(str(caught.value)) < 10_000


def test_keys_of_json_are_reported(write_text: WriteFile) -> None:
    """They are known once all rows are read."""
    text = f'{{"phone": "{MOBILE}", "a": 1}}\n{{"Mobile": "{OTHER}", "b": 2, "created_at": null}}\n'
    columns = plan_file(write_text(text, "contacts.jsonl")).columns
    assert (columns.used, columns.unmapped) == ((("phone", ("Mobile", "phone")),), ("a", "b"))
    assert columns.read_only == ("created_at",)


@pytest.mark.parametrize("key", ["key {}", "custom_variables.key {}"])
def test_new_keys_in_every_object_do_not_fill_the_memory(write_text: WriteFile, key: str) -> None:
    """Of the keys of JSON objects, a thousand are reported; in a table, all titles are."""
    lines = (f'{{"phone": "{MOBILE}", "{key.format(index)}": "x"}}\n' for index in range(3_000))
    columns = plan_file(write_text("".join(lines), "contacts.jsonl"), preview=0).columns
    assert len(columns.unmapped) + len(columns.used) == 1_000
    titles = [key.format(index) for index in range(3_000)]
    columns = report("phone", *titles)
    assert len(columns.unmapped) + len(columns.used) == 3_001


unicode_text = st.text(st.characters(exclude_categories=["Cs"]))


def test_parse_separates_at_the_last_equals_sign() -> None:
    """Because titles can contain any text."""
    pairs = ["Mobile Phone=phone", " a = b = custom_variables.Plan ", "Internal="]
    expected = {"Mobile Phone": "phone", "a = b": "custom_variables.Plan", "Internal": ""}
    assert ColumnMap.parse(pairs) == ColumnMap(expected)


@pytest.mark.parametrize("suffix", ["toml", "json"])
@settings(deadline=None, max_examples=25)  # each example writes a file
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
def test_load_rejects_invalid_files(write_text: WriteFile, name: str, content: str) -> None:
    """The error names the file, and what is wrong with it."""
    with pytest.raises(TransferError, match=f"{name} is not a valid mapping file: "):
        ColumnMap.load(write_text(content, name))


@pytest.mark.parametrize(("cell", "valid"), [("work", True), ("Work", False), ("school", False)])
def test_the_value_of_an_enum_is_checked(cell: str, valid: bool) -> None:
    """A row with a value that the document does not list is rejected before it is sent, and so by a dry run."""
    fields = {**BulkContact.FIELDS, "place": Field("enum", choices=("home", "work"))}
    parser = Columns(ColumnMap(), fields).parser(("phone", "place"))
    if valid:
        assert parser.validated_number(("+14155551234", cell)) == "+14155551234"
    else:
        with pytest.raises(ValueError, match="place must be one of home, work"):
            parser.validated_number(("+14155551234", cell))


TITLES = {
    "one number": ("phone", "first_name", "tags", "custom_variables.Plan", 'custom_variables.Lead "Source"'),
    "two numbers, and a full name": ("mobile phone", "phone", "name", "tags", "tags", "custom_variables"),
    "a label and the whole map": ("phone", "last_name", "custom_variables.Plan", "custom_variables", "company"),
}
CELLS = (
    "",
    " ",
    "Ada",
    "'=1+1",
    "=2",
    "'",
    "VIP;lead",
    'a"b',
    "line\nbreak",
    "\\ \u2028 \x7f",
    "Zoë",
    "1",
    '{"Plan": "x"}',
)


@pytest.mark.parametrize("titles", TITLES.values(), ids=TITLES)
def test_rows_are_encoded_column_by_column_as_they_are_one_by_one(titles: tuple[str, ...]) -> None:
    """For any cells: the JSON of a request has the same contacts, and the same rows are invalid."""
    parser = Columns(ColumnMap(), BulkContact.FIELDS, escaped=True).parser(titles)
    encoder, validator = ContactEncoder(parser, None), ColumnValidator(parser, None)
    numbers = ("+1 415 555 0123", MOBILE, "nobody", "", f"{MOBILE}\n{OTHER}")
    choose = random.Random(len(titles))  # noqa: S311  # a reproducible choice
    valid: list[list[str]] = []
    for _ in range(300):
        row = [choose.choice(numbers if "phone" in title else CELLS) for title in titles]
        try:
            number = parser.validated_number(row)
        except (TypeError, ValueError):
            with pytest.raises((TypeError, ValueError)):
                [*map(int, validator.numbers([[cell] for cell in row]))]
        else:
            assert [*validator.numbers([[cell] for cell in row])] == [number]
            valid.append(row)
    expected = [bulk_item(parser.parse_validated(row)).to_dict() for row in valid]
    assert len(expected) > 20  # enough of them
    assert [contact.to_dict() for contact in encoder.encode([*zip(*valid, strict=True)])] == expected
