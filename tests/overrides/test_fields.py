"""Field names and values: every spelling is accepted; only preferred names with checked values are sent."""

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

    from tests.overrides.clients import Runner

NUMBER = "+14155551234"

# For each kind: a value as passed, the same value as sent, and a different value.
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
class Call:
    """A call, and how it gets the fields of a model.

    Attributes:
        name: The call, and how the fields are passed.
        model: The generated model of the body.
        send: Takes the fields and returns the JSON body.
        base: The body without any field.
    """

    name: str
    model: Any
    send: Callable[[Mapping[str, Any]], dict[str, Any]]
    base: Mapping[str, Any]


def _with_number(fields: Mapping[str, Any], model: Any) -> dict[str, Any]:  # noqa: ANN401  # a generated class
    """Add the required number to fields that have none."""
    name = next(name for name, field in model.FIELDS.items() if field.required)
    spellings = {name, *model.FIELDS[name].aliases}
    return dict(fields) if spellings & fields.keys() else {name: NUMBER, **fields}


def _json(operation: operations.Operation[Any]) -> dict[str, Any]:
    body: dict[str, Any] = operation.kwargs["json"]
    return body


UPSERT_BASE = {"number": NUMBER, "update_if_exists": True}
CALLS = [
    Call(
        "create-mapping",
        ContactCreate,
        lambda fields: _json(operations.create(_with_number(fields, ContactCreate), {})),
        {"number": NUMBER},
    ),
    Call("create-keywords", ContactCreate, lambda fields: _json(operations.create(NUMBER, fields)), {"number": NUMBER}),
    Call(
        "upsert-mapping",
        ContactCreate,
        lambda fields: _json(operations.upsert(_with_number(fields, ContactCreate), {})),
        UPSERT_BASE,
    ),
    Call("upsert-keywords", ContactCreate, lambda fields: _json(operations.upsert(NUMBER, fields)), UPSERT_BASE),
    Call("update-mapping", ContactUpdate, lambda fields: _json(operations.update(NUMBER, fields, {})), {}),
    Call("update-keywords", ContactUpdate, lambda fields: _json(operations.update(NUMBER, {}, fields)), {}),
    Call(
        "bulk",
        BulkContact,
        lambda fields: operations.bulk_item(_with_number(fields, BulkContact)).to_dict(),
        {"phone": NUMBER},
    ),
]
ONE_CALL_OF_EACH_MODEL = [call for call in CALLS if call.name in {"create-keywords", "update-keywords", "bulk"}]
EVERY_FIELD = [(call, name, field) for call in CALLS for name, field in call.model.FIELDS.items()]
EVERY_SPELLING = [
    pytest.param(call, name, spelling, id=f"{call.name}-{spelling}")
    for call, name, field in EVERY_FIELD
    for spelling in (name, *field.aliases)
]
EVERY_ALIAS = [
    pytest.param(call, name, alias, id=f"{call.name}-{name}-{alias}")
    for call in ONE_CALL_OF_EACH_MODEL
    for name, field in call.model.FIELDS.items()
    for alias in field.aliases
]
each_call = pytest.mark.parametrize("call", [pytest.param(call, id=call.name) for call in CALLS])
each_model = pytest.mark.parametrize("call", [pytest.param(call, id=call.name) for call in ONE_CALL_OF_EACH_MODEL])


@pytest.mark.parametrize(("call", "name", "spelling"), EVERY_SPELLING)
def test_every_spelling_is_sent_under_the_preferred_name(call: Call, name: str, spelling: str) -> None:
    """A field in any spelling is sent under its preferred name and in its wire form, and nothing else is."""
    value, wire, _ = SAMPLES[call.model.FIELDS[name].kind]
    assert call.send({spelling: value}) == {**call.base, name: wire}


@pytest.mark.parametrize(("call", "name", "alias"), EVERY_ALIAS)
def test_two_spellings_with_different_values_raise(call: Call, name: str, alias: str) -> None:
    """The error names both spellings."""
    value, _, other = SAMPLES[call.model.FIELDS[name].kind]
    with pytest.raises(TypeError, match="are the same field but have different values") as caught:
        call.send({name: value, alias: other})
    text = str(caught.value)
    assert alias in text
    assert name in text


@pytest.mark.parametrize(("call", "name", "alias"), EVERY_ALIAS)
def test_two_spellings_with_the_same_value_are_one_field(call: Call, name: str, alias: str) -> None:
    """The same value twice is valid, even in two forms."""
    value, wire, _ = SAMPLES[call.model.FIELDS[name].kind]
    assert call.send({name: value, alias: wire}) == {**call.base, name: wire}


def test_a_second_number_among_the_fields_raises() -> None:
    """The positional number is a spelling of the number like any other."""
    with pytest.raises(TypeError, match="number and phoneNumber are the same field but have different values"):
        operations.create(NUMBER, {"phoneNumber": "+14155550000"})


def test_the_error_names_the_given_spellings() -> None:
    """If neither is the preferred one, the error does not mention a third."""
    with pytest.raises(
        TypeError, match=r"contacts\.update: company and companyName are the same field but have different values"
    ):
        operations.update(NUMBER, {}, {"company": "a", "companyName": "b"})


def test_update_sends_the_new_number_in_the_body() -> None:
    """The current number is in the path, and the new one in the body."""
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
@each_model
def test_an_unknown_key_raises_with_the_nearest_name(call: Call, typo: str, nearest: str) -> None:
    """A typing error raises before a request, with the correct name."""
    with pytest.raises(TypeError, match=rf"unknown field '{typo}'; did you mean {nearest}\?"):
        call.send({typo: "x"})


@each_call
def test_an_unknown_key_without_a_similar_name_raises_with_all_names(call: Call) -> None:
    """If no name is similar, the error lists all of them."""
    with pytest.raises(TypeError) as caught:
        call.send({"zzzzzz": "x"})
    assert str(caught.value).endswith(f"the fields are {', '.join(call.model.FIELDS)}")


def test_a_key_that_is_not_a_str_is_an_unknown_field() -> None:
    """A row with more cells than columns, as csv.DictReader returns it, raises a TypeError."""
    with pytest.raises(TypeError, match="unknown field None"):
        operations.bulk_item({"phone": NUMBER, None: ["one cell too many"]})


def test_a_phone_number_as_a_key_is_not_shown() -> None:
    """A column title that is a number is personal data too."""
    with pytest.raises(TypeError) as caught:
        operations.bulk_item({NUMBER: "x"})
    assert "4155551234" not in str(caught.value)


@pytest.mark.parametrize("spelling", ["company_name", "companyName", "company"])
@pytest.mark.parametrize("call", [operations.create, operations.upsert])
def test_a_company_on_create_suggests_update(call: Callable[..., object], spelling: str) -> None:
    """The API accepts no company on creation; the error names the call that does."""
    with pytest.raises(TypeError, match=f"{spelling} is not a field of this call; set it with contacts.update"):
        call(NUMBER, {spelling: "Analytical Engines"})


@pytest.mark.parametrize(
    ("field", "call"),
    [("updateIfExists", "contacts.create"), ("optOut", "contacts.update"), ("assignedToEmail", "contacts.create")],
)
def test_a_field_that_bulk_does_not_accept_suggests_the_right_call(field: str, call: str) -> None:
    """Fields of single calls are rejected in bulk, with the name of the call."""
    with pytest.raises(TypeError, match=f"{field} is not a field of this call; set it with {call}"):
        operations.bulk_item({"phone": NUMBER, field: True})


def test_update_if_exists_on_update_suggests_create() -> None:
    """Update always updates."""
    with pytest.raises(TypeError, match=r"set it with contacts\.create"):
        operations.update(NUMBER, {}, {"update_if_exists": True})


@each_model
def test_custom_variable_names_are_unchanged(call: Call) -> None:
    """Names that look like fields stay as they are, and both spellings can occur together."""
    names = {"firstName": "a", "first_name": "b", "phone": "none", "customVariables": "c", "": "d", "Größe": "e"}
    assert call.send({"customVariables": names})["custom_variables"] == names


@pytest.mark.parametrize("value", ["VIP", b"VIP", {"VIP": 1}, 7, (tag for tag in ["VIP"])])
@each_model
def test_tags_that_are_not_a_list_raise(call: Call, value: object) -> None:
    """A string would be read character by character; it and similar types are rejected."""
    with pytest.raises(TypeError, match=f"tags must be a list of str, not {type(value).__name__}"):
        call.send({"tags": value})


@each_model
def test_a_tag_that_is_not_a_str_raises_with_its_index(call: Call) -> None:
    """The error says which tag it is."""
    with pytest.raises(TypeError, match=r"tags\[1\] must be a str, not int"):
        call.send({"tags": ["VIP", 7]})


@pytest.mark.parametrize(("value", "type_name"), [(7, "int"), (None, "NoneType"), (["a"], "list"), (True, "bool")])
@each_model
def test_a_custom_variable_that_is_not_a_str_raises_with_its_name(call: Call, value: object, type_name: str) -> None:
    """Values are not converted to strings."""
    with pytest.raises(TypeError, match=rf"custom_variables\['Lead Source'\] must be a str, not {type_name}"):
        call.send({"customVariables": {"Lead Source": value}})


@pytest.mark.parametrize("value", ["Lead Source=Web", [("Lead Source", "Web")], 7])
@each_model
def test_custom_variables_that_are_not_a_mapping_raise(call: Call, value: object) -> None:
    """A string or a list is not a mapping."""
    with pytest.raises(TypeError, match="custom_variables must be a mapping of str to str"):
        call.send({"custom_variables": value})


@each_model
def test_a_custom_variable_name_that_is_not_a_str_raises(call: Call) -> None:
    """Names are strings."""
    with pytest.raises(TypeError, match="a key of custom_variables must be a str, not int"):
        call.send({"custom_variables": {7: "x"}})


def test_a_custom_variable_name_that_is_a_phone_number_is_masked() -> None:
    """The error names the variable without the number in it."""
    with pytest.raises(TypeError) as caught:
        operations.create(NUMBER, {"custom_variables": {"+14155550000": 7}})
    assert "4155550000" not in str(caught.value)


@pytest.mark.parametrize("value", [7, True, b"Ada", ["Ada"]])
@each_model
def test_a_string_field_that_is_not_a_str_raises(call: Call, value: object) -> None:
    """String fields accept only strings."""
    with pytest.raises(TypeError, match=f"first_name must be a str, not {type(value).__name__}"):
        call.send({"firstName": value})


@each_model
def test_a_string_that_cannot_be_encoded_raises(call: Call) -> None:
    """Half a surrogate pair, from a badly decoded file, raises with the field name before the request."""
    with pytest.raises(ValueError, match=r"first_name .*cannot be sent") as caught:
        call.send({"first_name": "Ad\udce4"})
    assert "Ad" not in str(caught.value).replace("first_name", "")


@pytest.mark.parametrize("value", [1, "true", "False", 0])
def test_a_boolean_field_that_is_not_a_bool_raises(value: object) -> None:
    """The string "False" is true in Python; only True and False are accepted."""
    with pytest.raises(TypeError, match="opt_out must be True or False"):
        operations.update(NUMBER, {}, {"optOut": value})


def test_the_sendblue_number_is_normalised() -> None:
    """Every phone number is sent in E.164 format."""
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
def test_kinds_that_the_document_does_not_use_yet_are_converted(kind: str, value: object, wire: object) -> None:
    """A field that is added to the document needs no change by hand."""
    assert fields.check("birthday", Field(kind), value) == wire


@pytest.mark.parametrize(
    ("kind", "value", "error", "text"),
    [
        ("date", "someday", ValueError, "is not a valid date; write it as 2024-01-15"),
        ("date-time", dt.datetime(2024, 1, 15), ValueError, "with a time zone; write it as"),  # noqa: DTZ001  # the point
        ("date-time", "someday", ValueError, "write it as 2024-01-15T10:30:00Z"),
        ("integer", "3", TypeError, "must be a number, not str"),
        ("number", True, TypeError, "must be a number, not bool"),
        ("enum", 3, TypeError, "must be a str, not int"),
    ],
)
def test_kinds_that_the_document_does_not_use_yet_are_checked(
    kind: str, value: object, error: type[Exception], text: str
) -> None:
    """An invalid value raises with the field name."""
    with pytest.raises(error, match=f"birthday {text}|birthday.*{text}"):
        fields.check("birthday", Field(kind), value)


# The table at the top of operations.py, one cell after the other.


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.name.startswith(("create", "bulk"))], ids=lambda call: call.name
)
def test_none_is_absent_on_creation(call: Call) -> None:
    """Create and bulk send nothing for None: there is nothing to clear."""
    assert call.send({"first_name": None, "tags": None, "customVariables": None}) == call.base


@pytest.mark.parametrize("call", [call for call in CALLS if call.name.startswith("up")], ids=lambda call: call.name)
def test_none_clears_on_upsert_and_update(call: Call) -> None:
    """They send null for None, and nothing for an absent field."""
    assert call.send({"firstName": None, "tags": None, "custom_variables": None}) == {
        **call.base,
        "first_name": None,
        "tags": None,
        "custom_variables": None,
    }


@pytest.mark.parametrize("call", [call for call in CALLS if call.name.startswith("up")], ids=lambda call: call.name)
@pytest.mark.parametrize(
    "name", [name for name, field in ContactUpdate.FIELDS.items() if field.nullable and name in ContactCreate.FIELDS]
)
def test_every_nullable_field_can_be_cleared(call: Call, name: str) -> None:
    """None clears every field that is nullable in the document."""
    assert call.send({name: None}) == {**call.base, name: None}


def test_a_number_cannot_be_cleared() -> None:
    """A contact must have a number, so None for the new number raises."""
    with pytest.raises(TypeError, match="phone_number must be a phone number as a str, not NoneType"):
        operations.update(NUMBER, {}, {"phone_number": None})


def test_none_and_a_value_are_the_value_on_create() -> None:
    """On creation, None is the same as an absent field, in any spelling."""
    body = _json(operations.create(NUMBER, {"first_name": None, "firstName": "Ada"}))
    assert body == {"number": NUMBER, "first_name": "Ada"}


def test_none_and_a_value_differ_on_update() -> None:
    """On update, None clears the field, which contradicts the other value."""
    with pytest.raises(TypeError, match="first_name and firstName are the same field but have different values"):
        operations.update(NUMBER, {}, {"first_name": None, "firstName": "Ada"})


@pytest.mark.parametrize(
    ("empty", "name"), [("", "first_name"), ([], "tags"), ({}, "custom_variables"), (False, "update_if_exists")]
)
def test_empty_values_are_sent(empty: object, name: str) -> None:
    """Only None and absent fields are special: false and empty values are sent."""
    assert _json(operations.create(NUMBER, {name: empty})) == {"number": NUMBER, name: empty}


def test_absent_fields_are_not_sent() -> None:
    """A default of the server is never sent."""
    assert _json(operations.create(NUMBER, {})) == {"number": NUMBER}


def test_upsert_rejects_update_if_exists_false() -> None:
    """`upsert(update_if_exists=False)` is a contradiction; the error suggests create."""
    with pytest.raises(TypeError, match=r"use contacts\.create"):
        operations.upsert(NUMBER, {"updateIfExists": False})


@pytest.mark.parametrize("call", [operations.create, operations.upsert])
def test_a_mapping_without_a_number_raises(call: Callable[..., object]) -> None:
    """The number is required, and the error says how to pass it."""
    with pytest.raises(TypeError, match="the phone number is missing; pass it first, or as number in the mapping"):
        call({"first_name": "Ada"}, {})


def test_a_bulk_item_without_a_number_raises() -> None:
    """The number is required in bulk too."""
    with pytest.raises(TypeError, match="the phone number is missing"):
        operations.bulk_item({"first_name": "Ada"})


@pytest.mark.parametrize("item", ["+14155551234", 7, None, ["phone"]])
def test_a_bulk_item_that_is_not_a_mapping_raises(item: object) -> None:
    """Rows are mappings."""
    with pytest.raises(TypeError, match=f"a contact must be a mapping, not {type(item).__name__}"):
        operations.bulk_item(item)


def test_both_clients_send_preferred_names_only(runner: Runner) -> None:
    """The body that is sent has preferred names, with both clients."""
    body = {"status": "OK", "contact": {"phone": NUMBER}}
    runner.run(
        lambda client: client.contacts.create({"phoneNumber": NUMBER, "firstName": "Ada", "tags": ("VIP",)}),
        lambda _: httpx.Response(200, json=body),
    )
    assert json.loads(runner.sent[0].content) == {"number": NUMBER, "first_name": "Ada", "tags": ["VIP"]}


def test_both_clients_accept_changes_as_a_mapping_and_as_keywords(runner: Runner) -> None:
    """The two ways to pass changes can be combined."""
    body = {"status": "OK", "contact": {"phone": NUMBER}}
    runner.run(
        lambda client: client.contacts.update(NUMBER, {"companyName": "AE"}, optOut=True),
        lambda _: httpx.Response(200, json=body),
    )
    assert json.loads(runner.sent[0].content) == {"company_name": "AE", "opt_out": True}


def test_nothing_is_sent_if_a_field_is_invalid(runner: Runner) -> None:
    """Every check precedes the request."""
    with pytest.raises(TypeError):
        runner.run(lambda client: client.contacts.create(NUMBER, frist_name="Ada"), lambda _: httpx.Response(200))
    assert runner.sent == []


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SPELLINGS = sorted({spelling for _, name, field in EVERY_FIELD for spelling in (name, *field.aliases)})
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "string": TEXT,
    "e164": st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True),
    "boolean": st.just(value=True),  # upsert accepts nothing else for update_if_exists
    "array[string]": st.lists(TEXT, max_size=3),
    "map": st.dictionaries(st.sampled_from(SPELLINGS) | TEXT, TEXT, max_size=3),
}


@st.composite
def spelled_fields(draw: st.DrawFn, fields: Mapping[str, Field]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw a subset of the fields, each in any of its spellings: as passed, and as sent."""
    pairs: list[tuple[str, Any]] = []
    wire: dict[str, Any] = {}
    for name, field in fields.items():
        spellings = draw(st.sets(st.sampled_from((name, *field.aliases))))
        if spellings or field.required:
            wire[name] = draw(VALUES[field.kind])
            pairs += [(spelling, wire[name]) for spelling in spellings or {name}]
    return dict(draw(st.permutations(pairs))), wire


@each_call
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_choice_of_spellings_is_sent_under_preferred_names(call: Call, data: st.DataObject) -> None:
    """For any subset of fields and spellings, the body has preferred names and the given values."""
    by_keyword = call.name in {"create-keywords", "upsert-keywords"}
    fields = {name: field for name, field in call.model.FIELDS.items() if not (by_keyword and field.required)}
    passed, wire = data.draw(spelled_fields(fields))
    assert call.send(passed) == {**call.base, **wire}
