"""Field names and values: every spelling is accepted; only preferred names with checked values are sent."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest
from sendblue_contacts import fields, operations
from sendblue_contacts.bulk import requests
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact_create import ContactCreate
from sendblue_contacts_api.models.contact_update import ContactUpdate
from sendblue_contacts_api.types import Field

NUMBER = "+14155551234"
OTHER = "+14155550000"

# For each kind: a value as passed, and the same value as sent.
SAMPLES: Mapping[str, tuple[Any, Any]] = {
    "string": ("Zoë", "Zoë"),
    "e164": ("+1 (415) 555-1234", NUMBER),
    "boolean": (True, True),
    "integer": (3, 3),
    "number": (1.5, 1.5),
    "array[string]": (("VIP",), ["VIP"]),
    "map": ({"firstName": "a", "first_name": "b"}, {"firstName": "a", "first_name": "b"}),
    "date": ("10 December 1815", "1815-12-10"),
    "date-time": ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00+00:00"),
}

EMPTY: Mapping[str, object] = {"string": "", "array[string]": [], "map": {}}


def _body(operation: operations.Operation[Any]) -> dict[str, Any]:
    body: dict[str, Any] = operation.kwargs["json"]
    return body


# For each call: the model of its body, how it gets the fields, and its body without any field.
CALLS: Mapping[str, tuple[Any, Callable[[Mapping[Any, Any]], dict[str, Any]], Mapping[str, Any]]] = {
    "create": (ContactCreate, lambda pairs: _body(operations.create(NUMBER, pairs)), {"number": NUMBER}),
    "create-mapping": (
        ContactCreate,
        lambda pairs: _body(operations.create({"number": NUMBER, **pairs}, {})),
        {"number": NUMBER},
    ),
    "upsert": (
        ContactCreate,
        lambda pairs: _body(operations.upsert(NUMBER, pairs)),
        {"number": NUMBER, "update_if_exists": True},
    ),
    "update": (ContactUpdate, lambda pairs: _body(operations.update(NUMBER, {}, pairs)), {}),
    "update-mapping": (ContactUpdate, lambda pairs: _body(operations.update(NUMBER, pairs, {})), {}),
    "bulk": (BulkContact, lambda pairs: requests.bulk_item({"phone": NUMBER, **pairs}).to_dict(), {"phone": NUMBER}),
}
each_call = pytest.mark.parametrize("call", CALLS)


def samples(fields: Mapping[str, Field], spelling: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a value for each field as passed, by one of its spellings, and as sent."""
    passed, sent = {}, {}
    for name, field in fields.items():
        if field.choices:
            sample: tuple[Any, Any] = (field.choices[0], field.choices[0])
        elif field.kind == "object":
            sample = samples(field.model_class.FIELDS, spelling)
        else:
            sample = SAMPLES[field.kind]
        names = (name, *field.aliases)
        passed[names[spelling % len(names)]], sent[name] = sample
    return passed, sent


@pytest.mark.parametrize("spelling", range(4), ids=["preferred", "first-alias", "second-alias", "third-alias"])
@each_call
def test_every_spelling_is_sent_under_the_preferred_name(call: str, spelling: int) -> None:
    """All fields in any spelling are sent under their preferred names and in their wire forms."""
    model, send, base = CALLS[call]
    passed, sent = samples(model.FIELDS, spelling)
    assert send(passed) == {**base, **sent}


@pytest.mark.parametrize(
    ("call", "pairs", "text"),
    [
        ("create", {"first_name": "Ada", "firstName": "Grace"}, "contacts.create: first_name and firstName are"),
        ("create", {"phoneNumber": OTHER}, "contacts.create: number and phoneNumber are"),
        ("upsert", {"tags": ["a"], "lastName": "a", "last_name": "b"}, "contacts.upsert: lastName and last_name are"),
        ("update", {"company": "a", "companyName": "b"}, "contacts.update: company and companyName are"),
        ("update", {"first_name": None, "firstName": "Ada"}, "contacts.update: first_name and firstName are"),
        ("bulk", {"number": OTHER}, "contacts.bulk.create: phone and number are"),
    ],
)
def test_two_spellings_with_different_values_raise(call: str, pairs: dict[str, Any], text: str) -> None:
    """The error names both spellings as they were given, and the call. None clears a field on update: a value."""
    with pytest.raises(TypeError) as caught:
        CALLS[call][1](pairs)
    assert f"{text} the same field but have different values; pass one of them" in str(caught.value)


@pytest.mark.parametrize(
    ("call", "pairs", "body"),
    [
        ("create", {"phone": "+1 (415) 555-1234", "phoneNumber": NUMBER}, {"number": NUMBER}),
        ("update", {"tags": ("VIP",), "firstName": "Ada", "first_name": "Ada"}, {"tags": ["VIP"], "first_name": "Ada"}),
        ("bulk", {"company": "AE", "companyName": "AE"}, {"phone": NUMBER, "company_name": "AE"}),
        ("create", {"first_name": None, "firstName": "Ada"}, {"number": NUMBER, "first_name": "Ada"}),
    ],
)
def test_two_spellings_with_the_same_value_are_one_field(call: str, pairs: dict[str, Any], body: object) -> None:
    """The same value twice is valid, even in two forms. On creation, None is the same as an absent field."""
    assert CALLS[call][1](pairs) == body


@pytest.mark.parametrize(
    ("call", "key", "text"),
    [
        ("create", "first-name", "unknown field 'first-name'; did you mean first_name?"),
        ("update", "first_name ", "unknown field 'first_name '; did you mean first_name?"),
        ("bulk", "custom_variable", "unknown field 'custom_variable'; did you mean custom_variables?"),
        ("bulk", None, "unknown field None; "),  # as csv.DictReader returns a row with more cells than columns
        ("create", "company", "company is not a field of this call; set it with contacts.update"),
        ("upsert", "companyName", "companyName is not a field of this call; set it with contacts.update"),
        ("bulk", "updateIfExists", "updateIfExists is not a field of this call; set it with contacts.create"),
        ("bulk", "optOut", "optOut is not a field of this call; set it with contacts.update"),
        ("bulk", "assignedToEmail", "assignedToEmail is not a field of this call; set it with contacts.create"),
        ("update", "update_if_exists", "update_if_exists is not a field of this call; set it with contacts.create"),
    ],
)
def test_an_unknown_key_raises_with_a_hint(call: str, key: object, text: str) -> None:
    """The error has the nearest name, or the call that has the field."""
    with pytest.raises(TypeError) as caught:
        CALLS[call][1]({key: "x"})
    assert text in str(caught.value)


@each_call
def test_an_unknown_key_without_a_similar_name_raises_with_all_names(call: str) -> None:
    """If no name is similar, the error lists all of them."""
    model, send, _ = CALLS[call]
    with pytest.raises(TypeError) as caught:
        send({"zzzzzz": "x"})
    assert str(caught.value).endswith(f"the fields are {', '.join(model.FIELDS)}")


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ({"tags": "VIP"}, "tags must be a list of str, not str"),
        ({"tags": b"VIP"}, "tags must be a list of str, not bytes"),
        ({"tags": {"VIP": 1}}, "tags must be a list of str, not dict"),
        ({"tags": (tag for tag in ["VIP"])}, "tags must be a list of str, not generator"),
        ({"tags": ["VIP", 7]}, "tags[1] must be a str, not int"),
        ({"custom_variables": {"Lead": 7}}, "custom_variables['Lead'] must be a str, not int"),
        ({"customVariables": {"Lead": None}}, "custom_variables['Lead'] must be a str, not NoneType"),
        ({"custom_variables": {7: "x"}}, "a key of custom_variables must be a str, not int"),
        ({"custom_variables": "Lead=Web"}, "custom_variables must be a mapping of str to str, not str"),
        ({"custom_variables": [("Lead", "Web")]}, "custom_variables must be a mapping of str to str, not list"),
        ({"firstName": 7}, "first_name must be a str, not int"),
        ({"firstName": b"Ada"}, "first_name must be a str, not bytes"),
        ({"optOut": 1}, "opt_out must be True or False, not int"),
        ({"opt_out": "False"}, "opt_out must be True or False, not str"),
        ({"phone_number": None}, "phone_number must be a phone number as a str, not NoneType"),
    ],
)
def test_a_value_of_the_wrong_type_raises(pairs: dict[str, Any], text: str) -> None:
    """Values are not converted: a string is not a list of characters, and "False" is not false."""
    with pytest.raises(TypeError) as caught:
        CALLS["update"][1](pairs)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ({"first_name": "Ad\udce4"}, "first_name"),
        ({"tags": ["a", "Ad\udce4"]}, "tags[1]"),
        ({"custom_variables": {"Lead": "Ad\udce4"}}, "custom_variables['Lead']"),
    ],
)
def test_a_string_that_cannot_be_encoded_raises(pairs: dict[str, Any], field: str) -> None:
    """Half a surrogate pair, from a badly decoded file, raises with the field name before the request."""
    with pytest.raises(ValueError, match="cannot be sent") as caught:
        CALLS["create"][1](pairs)
    assert str(caught.value).startswith(f"{field} contains half a character")
    assert "Ad" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "value", "wire"),
    [
        *((kind, *sample) for kind, sample in SAMPLES.items() if kind in {"integer", "number", "date", "date-time"}),
        ("date", "1815-12-10", "1815-12-10"),
        ("integer", 5.0, 5),
        ("enum", "asc", "asc"),
        ("any", {"a": [1]}, {"a": [1]}),
        ("integer", 10**400, 10**400),
        ("array[integer]", (1, 2.0), [1, 2]),
        ("array[date]", ["9 December 1906"], ["1906-12-09"]),
        ("object", {"company": "X", "phoneNumber": "+1 415 555 1234"}, {"company_name": "X", "phone_number": NUMBER}),
        ("object", {"lastName": None}, {"last_name": None}),
        ("object", ContactUpdate(first_name="Ada", tags=["a"]), {"first_name": "Ada", "tags": ["a"]}),
        ("array[object]", [ContactUpdate(last_name=None), {"optOut": True}], [{"last_name": None}, {"opt_out": True}]),
    ],
)
def test_kinds_that_the_document_does_not_use_yet_are_converted(kind: str, value: object, wire: object) -> None:
    """A field that is added to the document needs no change by hand. An object is a mapping or a model."""
    assert fields.check("birthday", Field(kind, model="ContactUpdate"), value) == wire


@pytest.mark.parametrize(
    ("kind", "value", "error", "text"),
    [
        ("date", "someday", ValueError, "birthday is not a valid date; write it as 2024-01-15"),
        ("date-time", dt.datetime(2024, 1, 15), ValueError, "birthday is .*with a time zone; write it as"),  # noqa: DTZ001  # the point
        ("date-time", "someday", ValueError, "birthday is .*write it as 2024-01-15T10:30:00Z"),
        ("integer", "3", TypeError, "birthday must be an integer, not str"),
        ("integer", 5.5, TypeError, "birthday must be an integer, not float"),
        ("integer", float("inf"), TypeError, "birthday must be an integer, not float"),
        ("number", True, TypeError, "birthday must be a number, not bool"),
        ("integer", True, TypeError, "birthday must be an integer, not bool"),
        ("enum", 3, TypeError, "birthday must be a str, not int"),
        ("object", {"firstNam": "A"}, TypeError, "birthday: unknown field 'firstNam'; did you mean firstName?"),
        ("object", {"first_name": 1}, TypeError, "birthday.first_name must be a str, not int"),
        ("object", {"company": "a", "companyName": "b"}, TypeError, "birthday: company and companyName are the same"),
        ("object", "Ada", TypeError, "birthday must be a mapping or ContactUpdate, not str"),
        ("array[integer]", "12", TypeError, "birthday must be a list, not str"),
        ("array[integer]", [1, 1.5], TypeError, r"birthday\[1\] must be an integer, not float"),
        ("array[object]", [{"tags": "a"}], TypeError, r"birthday\[0\].tags must be a list of str, not str"),
    ],
)
def test_kinds_that_the_document_does_not_use_yet_are_checked(
    kind: str, value: object, error: type[Exception], text: str
) -> None:
    """An invalid value raises with the field name."""
    with pytest.raises(error, match=text):
        fields.check("birthday", Field(kind, model="ContactUpdate"), value)


@each_call
def test_none_and_empty_values(call: str) -> None:
    """Create and bulk send nothing for None; upsert and update send null if it is allowed. Empty values are sent."""
    model, send, base = CALLS[call]
    clears = model is ContactUpdate or call == "upsert"
    optional = [name for name, field in model.FIELDS.items() if (field.nullable if clears else not field.required)]
    nothing = dict.fromkeys(optional)
    assert len(nothing) > 4
    assert (send(nothing), send({})) == ({**base, **nothing} if clears else base, base)
    empty = {name: EMPTY[field.kind] for name, field in model.FIELDS.items() if field.kind in EMPTY}
    assert send(empty) == {**base, **empty}


def test_false_is_sent() -> None:
    """Only None and absent fields are special, also where False is the default of the server."""
    assert CALLS["create"][1]({"update_if_exists": False}) == {"number": NUMBER, "update_if_exists": False}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: operations.create({"first_name": "Ada"}, {}), r"contacts\.create: the phone number is missing; pass"),
        (
            lambda: operations.upsert(None, {"first_name": "Ada"}),
            r"contacts\.upsert: the phone number is missing; pass",
        ),
        (lambda: operations.upsert({"first_name": "Ada"}, {}), r"contacts\.upsert: the phone number is missing; pass"),
        (lambda: requests.bulk_item({"first_name": "Ada"}), "the phone number is missing"),
        (lambda: requests.bulk_item(NUMBER), "a contact must be a mapping, not str"),
        (lambda: requests.bulk_item(["phone"]), "a contact must be a mapping, not list"),
        (lambda: operations.upsert(NUMBER, {"updateIfExists": False}), r"use contacts\.create"),
        (lambda: operations.opt_out(NUMBER, cast("Any", "false")), "opted_out must be True or False, not str"),
    ],
)
def test_a_contact_without_its_number_or_of_another_type_raises(call: Callable[[], object], text: str) -> None:
    """The number is required, rows are mappings, and an upsert always updates."""
    with pytest.raises(TypeError, match=text):
        call()
