"""A repr shows which fields have a value, but no personal data, because reprs are logged."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sendblue_contacts_api import AuthenticatedClient, Client
from sendblue_contacts_api.models import BulkCreateResponse, BulkDeleteResponse, Contact, ContactCreate
from sendblue_contacts_api.types import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.generated.conftest import Case

PLANTED = "PLANTED"
PHONE, NAME, EMAIL, KEY = (
    f"+1415555{PLANTED}",
    f"Ada {PLANTED}",
    f"{PLANTED}@example.com",
    f"sb-{PLANTED}",
)
TEXTS = {"string": NAME, "e164": PHONE, "enum": KEY, "any": EMAIL, "date": KEY, "date-time": KEY}


def planted(value: object) -> object:
    """Return `value` with every string in it replaced by a planted string."""
    if isinstance(value, str):
        return NAME
    if isinstance(value, list):
        return [planted(item) for item in value]
    return value


def planted_value(case: Case) -> object:
    """Return a value for the field, with a planted string wherever it can contain a string."""
    if case.field.kind == "map":
        return {NAME: PHONE}
    if case.field.kind in TEXTS:
        return TEXTS[case.field.kind]
    return planted(case.value)


def test_shows_no_text(case: Case) -> None:
    """The repr does not contain the text of a field."""
    assert PLANTED not in repr(case.read({case.key: planted_value(case)}))


def test_shows_no_text_of_an_alias(aliased: Case) -> None:
    """The repr does not contain the text of a field that was received under an alias."""
    assert PLANTED not in repr(aliased.read({aliased.key: planted_value(aliased)}))


def test_shows_which_fields_have_a_value(case: Case) -> None:
    """The repr shows that a field has a value."""
    assert f"{case.field.attribute}=" in repr(case.read({case.key: case.value}))


def test_omits_fields_without_a_value(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """The repr omits fields without a value."""
    shown = [field.attribute for field in model.FIELDS.values() if field.required]
    assert repr(model.from_dict(required_only(model))).count("=") == len(shown)


def test_shows_no_unknown_key(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """The repr contains neither the keys nor the values of undocumented fields."""
    assert PLANTED not in repr(model.from_dict({**required_only(model), KEY: NAME}))


def test_shows_no_text_of_nested_models() -> None:
    """The repr of a nested model contains no text either."""
    failure = {"contact": {"phone": PHONE, "firstName": NAME, "assignedToEmail": EMAIL}, "error": NAME}
    assert PLANTED not in repr(BulkCreateResponse.from_dict({"contacts": [failure["contact"]], "failures": [failure]}))


def test_shows_no_text_in_a_list_of_models() -> None:
    """The repr of a list of models contains no text either."""
    assert PLANTED not in repr([Contact.from_dict({"phone": PHONE}), ContactCreate(PHONE, first_name=NAME)])


def test_shows_numbers_and_booleans() -> None:
    """The repr shows numbers and booleans."""
    assert repr(BulkDeleteResponse(amount=2, failures=0)) == "BulkDeleteResponse(amount=2, failures=0)"


def test_shows_no_text_where_a_number_should_be() -> None:
    """The repr contains no text if `failures` is an array where a number is documented."""
    assert PLANTED not in repr(BulkDeleteResponse.from_dict({"failures": [{"contact": {"phone": PHONE}}]}))


def test_shows_no_text_where_a_boolean_should_be() -> None:
    """The repr contains no text if a boolean field holds a string."""
    assert PLANTED not in repr(Contact.from_dict({"verified": PHONE}))


def test_client_shows_no_header() -> None:
    """The reprs of the clients contain no headers, token or cookies."""
    arguments: dict[str, Any] = {"headers": {"sb-api-secret-key": KEY}, "cookies": {"session": KEY}}
    clients = [Client("https://example.com", **arguments), AuthenticatedClient("https://example.com", KEY, **arguments)]
    assert PLANTED not in repr(clients)


def test_response_shows_no_body() -> None:
    """The repr of a detailed response contains neither the body nor a header."""
    response = Response(HTTPStatus.OK, NAME.encode(), {"set-cookie": KEY}, Contact(phone=PHONE))
    assert PLANTED not in repr(response)
