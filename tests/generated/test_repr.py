"""A repr shows which fields have a value, but no personal data, because reprs are logged."""

from http import HTTPStatus
from typing import Any

from sendblue_contacts_api import AuthenticatedClient, Client
from sendblue_contacts_api.models import BulkCreateResponse, BulkDeleteResponse, Contact, ContactCreate
from sendblue_contacts_api.types import Response

from tests.generated.conftest import Case, Tables

PLANTED = "PLANTED"
PHONE, NAME, EMAIL, KEY = (
    f"+1415555{PLANTED}",
    f"Ada {PLANTED}",
    f"{PLANTED}@example.com",
    f"sb-{PLANTED}",
)
TEXTS = {"string": NAME, "e164": PHONE, "enum": KEY, "any": EMAIL, "date": KEY, "date-time": KEY}


def planted(case: Case) -> object:
    """Return a value for the field, with a planted string wherever it can contain a string."""
    if case.field.kind == "map":
        return {NAME: PHONE}
    if case.field.kind == "array[string]":
        return [NAME]
    return TEXTS.get(case.field.kind, case.value())


def test_shows_which_fields_have_a_value_but_no_text(tables: Tables) -> None:
    """The repr shows that a field has a value under any of its names, but not its text."""
    for case in tables.cases:
        for key in (case.name, *case.field.aliases):
            shown = repr(case.read({key: planted(case)}))
            assert PLANTED not in shown, str(case)
            assert f"{case.field.attribute}=" in shown or case.field.kind.startswith("date"), str(case)


def test_omits_fields_without_a_value_and_undocumented_ones(tables: Tables) -> None:
    """The repr omits fields without a value, and the keys and values of undocumented fields."""
    for model in tables.models:
        shown = repr(model.from_dict({**tables.smallest(model), KEY: NAME}))
        assert (PLANTED in shown, shown.count("=")) == (False, len(tables.smallest(model)))


def test_shows_no_text_of_nested_models() -> None:
    """The repr of a nested model or of a list of models contains no text either."""
    failure = {"contact": {"phone": PHONE, "firstName": NAME, "assignedToEmail": EMAIL}, "error": NAME}
    response = BulkCreateResponse.from_dict({"contacts": [failure["contact"]], "failures": [failure]})
    assert PLANTED not in repr([response, Contact.from_dict({"phone": PHONE}), ContactCreate(PHONE, first_name=NAME)])


def test_shows_numbers_but_no_text_in_their_place() -> None:
    """The repr shows numbers and booleans, but no text that was received in place of one."""
    assert repr(BulkDeleteResponse(amount=2, failures=0)) == "BulkDeleteResponse(amount=2, failures=0)"
    strange = BulkDeleteResponse.from_dict({"failures": [{"contact": {"phone": PHONE}}]})
    assert PLANTED not in repr([strange, Contact.from_dict({"verified": PHONE})])


def test_client_shows_no_header() -> None:
    """The reprs of the clients contain no headers, token or cookies."""
    arguments: dict[str, Any] = {"headers": {"sb-api-secret-key": KEY}, "cookies": {"session": KEY}}
    clients = [Client("https://example.com", **arguments), AuthenticatedClient("https://example.com", KEY, **arguments)]
    assert PLANTED not in repr(clients)


def test_response_shows_no_body() -> None:
    """The repr of a detailed response contains neither the body nor a header."""
    response = Response(HTTPStatus.OK, NAME.encode(), {"set-cookie": KEY}, Contact(phone=PHONE))
    assert PLANTED not in repr(response)
