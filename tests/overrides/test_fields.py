"""Spelling: every spelling of every field comes in, only preferred names with checked values go out."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import InvalidPhoneNumberError, fields, operations
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact_create import ContactCreate
from sendblue_contacts_api.models.contact_update import ContactUpdate
from sendblue_contacts_api.types import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.overrides.conftest import World

NUMBER = "+14155551234"

# For each kind: a value as people give it, the same on the wire, and a value that differs.
SAMPLES: Mapping[str, tuple[Any, Any, Any]] = {
    "string": ("Ada", "Ada", "Grace"),
    "e164": ("+1 (415) 555-1234", NUMBER, "+14155550000"),
    "boolean": (True, True, False),
    "integer": (3, 3, 4),
    "number": (1.5, 1.5, 2.5),
    "array[string]": (("VIP",), ["VIP"], ["Lead"]),
    "map": ({"firstName": "a", "first_name": "b"}, {"firstName": "a", "first_name": "b"}, {"firstName": "c"}),
    "date": ("10 December 1815", "1815-12-10", "1906-12-09"),
    "date-time": ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00+00:00", "2024-01-16T10:30:00Z"),
}


@dataclass(frozen=True)
class Way:
    """One way to give the fields of one model.

    Attributes:
        name: Of the call, and how the fields are given.
        model: The generated model of the body.
        send: The fields in, the wire body out.
        base: What the body holds when no field is given.
    """

    name: str
    model: Any
    send: Callable[[Mapping[str, Any]], dict[str, Any]]
    base: Mapping[str, Any]


def _whole(fields: Mapping[str, Any], model: Any) -> dict[str, Any]:  # noqa: ANN401  # a generated class
    """Add the required number to fields that hold it under no spelling."""
    name = next(name for name, field in model.FIELDS.items() if field.required)
    spellings = {name, *model.FIELDS[name].aliases}
    return dict(fields) if spellings & fields.keys() else {name: NUMBER, **fields}


def _json(operation: operations.Operation[Any]) -> dict[str, Any]:
    body: dict[str, Any] = operation.kwargs["json"]
    return body


UPSERTED = {"number": NUMBER, "update_if_exists": True}
WAYS = [
    Way(
        "create-mapping",
        ContactCreate,
        lambda fields: _json(operations.create(_whole(fields, ContactCreate), {})),
        {"number": NUMBER},
    ),
    Way("create-keywords", ContactCreate, lambda fields: _json(operations.create(NUMBER, fields)), {"number": NUMBER}),
    Way(
        "upsert-mapping",
        ContactCreate,
        lambda fields: _json(operations.upsert(_whole(fields, ContactCreate), {})),
        UPSERTED,
    ),
    Way("upsert-keywords", ContactCreate, lambda fields: _json(operations.upsert(NUMBER, fields)), UPSERTED),
    Way("update-mapping", ContactUpdate, lambda fields: _json(operations.update(NUMBER, fields, {})), {}),
    Way("update-keywords", ContactUpdate, lambda fields: _json(operations.update(NUMBER, {}, fields)), {}),
    Way(
        "bulk",
        BulkContact,
        lambda fields: operations.bulk_item(_whole(fields, BulkContact)).to_dict(),
        {"phone": NUMBER},
    ),
]
EVERY_FIELD = [(way, name, field) for way in WAYS for name, field in way.model.FIELDS.items()]
EVERY_SPELLING = [
    pytest.param(way, name, spelling, id=f"{way.name}-{spelling}")
    for way, name, field in EVERY_FIELD
    for spelling in (name, *field.aliases)
]
EVERY_ALIAS = [
    pytest.param(way, name, alias, id=f"{way.name}-{name}-{alias}")
    for way, name, field in EVERY_FIELD
    for alias in field.aliases
]
each_way = pytest.mark.parametrize("way", [pytest.param(way, id=way.name) for way in WAYS])


@pytest.mark.parametrize(("way", "name", "spelling"), EVERY_SPELLING)
def test_every_spelling_goes_out_under_the_preferred_name(way: Way, name: str, spelling: str) -> None:
    """A field in any spelling is sent under its preferred name, in its wire form, and nothing else is."""
    value, wire, _ = SAMPLES[way.model.FIELDS[name].kind]
    assert way.send({spelling: value}) == {**way.base, name: wire}


@pytest.mark.parametrize(("way", "name", "alias"), EVERY_ALIAS)
def test_two_spellings_with_different_values_are_an_error_that_names_both(way: Way, name: str, alias: str) -> None:
    """Nobody guesses which of two values was meant."""
    value, _, other = SAMPLES[way.model.FIELDS[name].kind]
    with pytest.raises(TypeError, match="are one field and differ") as caught:
        way.send({name: value, alias: other})
    said = str(caught.value)
    assert alias in said
    assert name in said


@pytest.mark.parametrize(("way", "name", "alias"), EVERY_ALIAS)
def test_two_spellings_with_the_same_value_are_one_field(way: Way, name: str, alias: str) -> None:
    """The same value twice is no contradiction, also where only its form differs."""
    value, wire, _ = SAMPLES[way.model.FIELDS[name].kind]
    assert way.send({name: value, alias: wire}) == {**way.base, name: wire}


def test_the_number_given_first_and_another_among_the_fields_are_an_error() -> None:
    """The positional number is a spelling of the number like any other."""
    with pytest.raises(TypeError, match="number and phoneNumber are one field and differ"):
        operations.create(NUMBER, {"phoneNumber": "+14155550000"})


def test_the_spellings_that_were_given_are_the_ones_that_are_named() -> None:
    """Neither of the two is the preferred one, and the error does not speak of a third."""
    with pytest.raises(TypeError, match=r"contacts\.update: company and companyName are one field and differ"):
        operations.update(NUMBER, {}, {"company": "a", "companyName": "b"})


def test_on_update_the_number_among_the_fields_is_the_new_one() -> None:
    """The number that is addressed stands in the path, and the new one in the body."""
    kwargs = operations.update(NUMBER, {}, {"phone": "+14155550000"}).kwargs
    assert (kwargs["url"], kwargs["json"]) == ("/api/v2/contacts/%2B14155551234", {"phone_number": "+14155550000"})


@pytest.mark.parametrize(
    ("typo", "nearest"),
    [
        ("firstname", "first_name"),
        ("fist_name", "first_name"),
        ("tag", "tags"),
        ("custom_variable", "custom_variables"),
    ],
)
@each_way
def test_an_unknown_key_is_a_type_error_with_the_nearest_name(way: Way, typo: str, nearest: str) -> None:
    """A typing error is found before anything is sent, and the right name is told."""
    with pytest.raises(TypeError, match=rf"unknown field '{typo}'; did you mean {nearest}\?"):
        way.send({typo: "x"})


@each_way
def test_an_unknown_key_like_no_other_is_answered_with_all_names(way: Way) -> None:
    """Where no name is near, all of them are told."""
    with pytest.raises(TypeError) as caught:
        way.send({"zzzzzz": "x"})
    assert str(caught.value).endswith(f"the fields are {', '.join(way.model.FIELDS)}")


def test_a_key_that_is_no_text_is_an_unknown_field() -> None:
    """A row with more cells than columns, as csv.DictReader gives it, is refused and does not crash."""
    with pytest.raises(TypeError, match="unknown field None"):
        operations.bulk_item({"phone": NUMBER, None: ["one cell too many"]})


def test_a_phone_number_as_a_key_is_not_shown() -> None:
    """A column whose title is a number is personal data too."""
    with pytest.raises(TypeError) as caught:
        operations.bulk_item({NUMBER: "x"})
    assert "4155551234" not in str(caught.value)


@pytest.mark.parametrize("spelling", ["company_name", "companyName", "company"])
@pytest.mark.parametrize("call", [operations.create, operations.upsert])
def test_the_company_given_to_create_names_update(call: Callable[..., object], spelling: str) -> None:
    """The API takes no company when it creates; the error says where it goes."""
    with pytest.raises(TypeError, match=f"{spelling} is no field of this call; set it with contacts.update"):
        call(NUMBER, {spelling: "Analytical Engines"})


@pytest.mark.parametrize(
    ("field", "call"),
    [("updateIfExists", "contacts.create"), ("optOut", "contacts.update"), ("assignedToEmail", "contacts.create")],
)
def test_a_field_that_bulk_does_not_take_names_the_call_that_does(field: str, call: str) -> None:
    """Fields of single calls are refused in bulk, with the name of the call."""
    with pytest.raises(TypeError, match=f"{field} is no field of this call; set it with {call}"):
        operations.bulk_item({"phone": NUMBER, field: True})


def test_update_if_exists_given_to_update_names_create() -> None:
    """Update always updates."""
    with pytest.raises(TypeError, match=r"set it with contacts\.create"):
        operations.update(NUMBER, {}, {"update_if_exists": True})


@each_way
def test_labels_are_never_touched(way: Way) -> None:
    """A label stays as it is, also where it looks like a field, and both spellings may stand side by side."""
    labels = {"firstName": "a", "first_name": "b", "phone": "none", "customVariables": "c", "": "d", "Größe": "e"}
    assert way.send({"customVariables": labels})["custom_variables"] == labels


@pytest.mark.parametrize("value", ["VIP", b"VIP", {"VIP": 1}, 7, (tag for tag in ["VIP"])])
@each_way
def test_tags_that_are_no_list_are_a_type_error(way: Way, value: object) -> None:
    """A string would be taken letter by letter; it and its like are refused by name."""
    with pytest.raises(TypeError, match=f"tags must be a list of str, not {type(value).__name__}"):
        way.send({"tags": value})


@each_way
def test_a_tag_that_is_no_text_is_named_by_its_place(way: Way) -> None:
    """The error tells which tag it is."""
    with pytest.raises(TypeError, match=r"tags\[1\] must be a str, not int"):
        way.send({"tags": ["VIP", 7]})


@pytest.mark.parametrize(("value", "type_name"), [(7, "int"), (None, "NoneType"), (["a"], "list"), (True, "bool")])
@each_way
def test_a_custom_variable_that_is_no_text_is_named_by_its_label(way: Way, value: object, type_name: str) -> None:
    """Custom variables are text; nothing is turned into text by guesswork."""
    with pytest.raises(TypeError, match=rf"custom_variables\['Lead Source'\] must be a str, not {type_name}"):
        way.send({"customVariables": {"Lead Source": value}})


@pytest.mark.parametrize("value", ["Lead Source=Web", [("Lead Source", "Web")], 7])
@each_way
def test_custom_variables_that_are_no_mapping_are_a_type_error(way: Way, value: object) -> None:
    """A text or a list is no mapping."""
    with pytest.raises(TypeError, match="custom_variables must be a mapping of str to str"):
        way.send({"custom_variables": value})


@each_way
def test_a_label_that_is_no_text_is_a_type_error(way: Way) -> None:
    """Labels are text."""
    with pytest.raises(TypeError, match="a label of custom_variables must be a str, not int"):
        way.send({"custom_variables": {7: "x"}})


def test_a_label_that_is_a_phone_number_is_not_shown() -> None:
    """Where a label must be named in an error, a number in it is masked."""
    with pytest.raises(TypeError) as caught:
        operations.create(NUMBER, {"custom_variables": {"+14155550000": 7}})
    assert "4155550000" not in str(caught.value)


@pytest.mark.parametrize("value", [7, True, b"Ada", ["Ada"]])
@each_way
def test_a_name_that_is_no_text_is_a_type_error(way: Way, value: object) -> None:
    """Text fields take text."""
    with pytest.raises(TypeError, match=f"first_name must be a str, not {type(value).__name__}"):
        way.send({"firstName": value})


@each_way
def test_text_that_cannot_be_encoded_is_an_error_that_names_the_field(way: Way) -> None:
    """Half a surrogate pair, as a badly decoded file has it, is found before the request."""
    with pytest.raises(ValueError, match=r"first_name .*cannot be sent") as caught:
        way.send({"first_name": "Ad\udce4"})
    assert "Ad" not in str(caught.value).replace("first_name", "")


@pytest.mark.parametrize("value", [1, "true", "False", 0])
def test_a_boolean_that_is_none_is_a_type_error(value: object) -> None:
    """The text "False" is true in Python; only True and False are taken."""
    with pytest.raises(TypeError, match="opt_out must be True or False"):
        operations.update(NUMBER, {}, {"optOut": value})


def test_the_sendblue_number_is_normalised_as_any_other() -> None:
    """Every phone number goes out in E.164 form."""
    with pytest.raises(InvalidPhoneNumberError, match="sendblue_number"):
        operations.create(NUMBER, {"sendblueNumber": "555 1234"})


@pytest.mark.parametrize(
    ("kind", "value", "wire"),
    [
        ("date", "1815-12-10", "1815-12-10"),
        ("date", "10 December 1815", "1815-12-10"),
        ("date-time", "2024-01-15T10:30:00Z", "2024-01-15T10:30:00+00:00"),
        ("integer", 3, 3),
        ("number", 1.5, 1.5),
        ("enum", "asc", "asc"),
        ("any", {"a": [1]}, {"a": [1]}),
    ],
)
def test_kinds_that_the_document_does_not_use_yet_have_a_wire_form(kind: str, value: object, wire: object) -> None:
    """A field that is added to the document needs no change by hand."""
    assert fields.check("birthday", Field(kind), value) == wire


@pytest.mark.parametrize(
    ("kind", "value", "error", "says"),
    [
        ("date", "someday", ValueError, "is no date that can be read; write it as 2024-01-15"),
        ("date-time", dt.datetime(2024, 1, 15), ValueError, "has no time zone"),  # noqa: DTZ001  # the point
        ("date-time", "someday", ValueError, "write it as 2024-01-15T10:30:00Z"),
        ("integer", "3", TypeError, "must be a number, not str"),
        ("number", True, TypeError, "must be a number, not bool"),
        ("enum", 3, TypeError, "must be a str, not int"),
    ],
)
def test_kinds_that_the_document_does_not_use_yet_are_checked(
    kind: str, value: object, error: type[Exception], says: str
) -> None:
    """A wrong value is refused by name, whatever the field holds."""
    with pytest.raises(error, match=f"birthday {says}|birthday.*{says}"):
        fields.check("birthday", Field(kind), value)


# The table at the top of operations.py, cell by cell.


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way.name.startswith(("create", "bulk"))], ids=lambda way: way.name
)
def test_none_is_as_absent_where_nothing_can_be_cleared(way: Way) -> None:
    """Create and bulk send nothing for None: there is nothing to clear."""
    assert way.send({"first_name": None, "tags": None, "customVariables": None}) == way.base


@pytest.mark.parametrize("way", [way for way in WAYS if way.name.startswith("up")], ids=lambda way: way.name)
def test_none_clears_where_a_contact_may_exist(way: Way) -> None:
    """Upsert and update send null for None, and nothing for what is absent."""
    assert way.send({"firstName": None, "tags": None, "custom_variables": None}) == {
        **way.base,
        "first_name": None,
        "tags": None,
        "custom_variables": None,
    }


@pytest.mark.parametrize("way", [way for way in WAYS if way.name.startswith("up")], ids=lambda way: way.name)
@pytest.mark.parametrize(
    "name", [name for name, field in ContactUpdate.FIELDS.items() if field.nullable and name in ContactCreate.FIELDS]
)
def test_every_field_that_may_be_null_can_be_cleared(way: Way, name: str) -> None:
    """What the document calls nullable can be cleared by None."""
    assert way.send({name: None}) == {**way.base, name: None}


def test_a_number_cannot_be_cleared() -> None:
    """A contact without a number is none: None for the new number is refused."""
    with pytest.raises(TypeError, match="phone_number must be a phone number as a str, not NoneType"):
        operations.update(NUMBER, {}, {"phone_number": None})


def test_none_under_one_spelling_and_a_value_under_the_other_are_the_value_on_create() -> None:
    """On create None is as absent, under whatever spelling."""
    body = _json(operations.create(NUMBER, {"first_name": None, "firstName": "Ada"}))
    assert body == {"number": NUMBER, "first_name": "Ada"}


def test_none_under_one_spelling_and_a_value_under_the_other_differ_on_update() -> None:
    """On update None means to clear, which is not the other value."""
    with pytest.raises(TypeError, match="first_name and firstName are one field and differ"):
        operations.update(NUMBER, {}, {"first_name": None, "firstName": "Ada"})


@pytest.mark.parametrize(
    ("empty", "name"), [("", "first_name"), ([], "tags"), ({}, "custom_variables"), (False, "update_if_exists")]
)
def test_what_is_empty_is_sent(empty: object, name: str) -> None:
    """Only None and absence are special: what is false or empty is a value."""
    assert _json(operations.create(NUMBER, {name: empty})) == {"number": NUMBER, name: empty}


def test_nothing_is_sent_for_what_was_not_given() -> None:
    """A default of the server is never sent."""
    assert _json(operations.create(NUMBER, {})) == {"number": NUMBER}


def test_upsert_refuses_not_to_update() -> None:
    """`upsert(update_if_exists=False)` is a contradiction; the error names create."""
    with pytest.raises(TypeError, match=r"use contacts\.create"):
        operations.upsert(NUMBER, {"updateIfExists": False})


@pytest.mark.parametrize("call", [operations.create, operations.upsert])
def test_a_mapping_without_a_number_is_an_error(call: Callable[..., object]) -> None:
    """The number is required, and the error says how to give it."""
    with pytest.raises(TypeError, match="the phone number is missing; give it first, or as number in the mapping"):
        call({"first_name": "Ada"}, {})


def test_a_bulk_item_without_a_number_is_an_error() -> None:
    """The number is required in bulk too."""
    with pytest.raises(TypeError, match="the phone number is missing"):
        operations.bulk_item({"first_name": "Ada"})


@pytest.mark.parametrize("item", ["+14155551234", 7, None, ["phone"]])
def test_a_bulk_item_that_is_no_mapping_is_an_error(item: object) -> None:
    """Rows are mappings."""
    with pytest.raises(TypeError, match=f"a contact must be a mapping, not {type(item).__name__}"):
        operations.bulk_item(item)


def test_both_clients_send_preferred_names_only(world: World) -> None:
    """What arrives at the server is the normalised body, whichever client sent it."""
    answer = {"status": "OK", "contact": {"phone": NUMBER}}
    world.do(
        lambda client: client.contacts.create({"phoneNumber": NUMBER, "firstName": "Ada", "tags": ("VIP",)}),
        lambda _: httpx.Response(200, json=answer),
    )
    assert json.loads(world.sent[0].content) == {"number": NUMBER, "first_name": "Ada", "tags": ["VIP"]}


def test_both_clients_take_changes_as_a_mapping_and_as_keywords(world: World) -> None:
    """The two ways to give changes can stand side by side."""
    answer = {"status": "OK", "contact": {"phone": NUMBER}}
    world.do(
        lambda client: client.contacts.update(NUMBER, {"companyName": "AE"}, optOut=True),
        lambda _: httpx.Response(200, json=answer),
    )
    assert json.loads(world.sent[0].content) == {"company_name": "AE", "opt_out": True}


def test_nothing_is_sent_where_a_field_is_wrong(world: World) -> None:
    """Every check comes before the request."""
    with pytest.raises(TypeError):
        world.do(lambda client: client.contacts.create(NUMBER, frist_name="Ada"), lambda _: httpx.Response(200))
    assert world.sent == []


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LABELS = sorted({spelling for _, name, field in EVERY_FIELD for spelling in (name, *field.aliases)})
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "e164": st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
    "boolean": st.just(value=True),  # upsert takes no other for update_if_exists
    "array[string]": st.lists(TEXT, max_size=3),
    "map": st.dictionaries(st.sampled_from(LABELS) | TEXT, TEXT, max_size=3),
}


@st.composite
def spelled_fields(draw: st.DrawFn, fields: Mapping[str, Field]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Any subset of the fields, each under any of its spellings: as it is given, and as it must be sent."""
    pairs: list[tuple[str, Any]] = []
    wire: dict[str, Any] = {}
    for name, field in fields.items():
        spellings = draw(st.sets(st.sampled_from((name, *field.aliases))))
        if spellings or field.required:
            wire[name] = draw(VALUES[field.kind])
            pairs += [(spelling, wire[name]) for spelling in spellings or {name}]
    return dict(draw(st.permutations(pairs))), wire


@each_way
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_choice_of_spellings_goes_out_under_preferred_names_with_the_right_values(
    way: Way, data: st.DataObject
) -> None:
    """Whatever the subset of fields and the spellings: the body has preferred names only, and the values given."""
    by_keyword = way.name in {"create-keywords", "upsert-keywords"}
    fields = {name: field for name, field in way.model.FIELDS.items() if not (by_keyword and field.required)}
    given_fields, wire = data.draw(spelled_fields(fields))
    assert way.send(given_fields) == {**way.base, **wire}
