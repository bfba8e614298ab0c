"""Reprs: which fields have a value, and not a word of what they hold. A repr ends up in logs."""

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
    """Return `value` with every text in it, labels and keys of its own included, replaced by a planted one."""
    if isinstance(value, str):
        return NAME
    if isinstance(value, list):
        return [planted(item) for item in value]
    return value


def plant(case: Case) -> object:
    """Return a value for the field with planted text wherever it can hold text."""
    if case.field.kind == "map":
        return {NAME: PHONE}
    if case.field.kind in TEXTS:
        return TEXTS[case.field.kind]
    return planted(case.value)


def test_shows_no_text(case: Case) -> None:
    """The text of a field is not in the repr."""
    assert PLANTED not in repr(case.read({case.key: plant(case)}))


def test_shows_no_text_of_an_alias(spelled: Case) -> None:
    """Nor when it came under another spelling."""
    assert PLANTED not in repr(spelled.read({spelled.key: plant(spelled)}))


def test_shows_that_there_is_a_value(case: Case) -> None:
    """That the field has a value is in the repr."""
    assert f"{case.field.attribute}=" in repr(case.read({case.key: case.value}))


def test_does_not_show_what_has_none(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """A field without a value is not in the repr."""
    shown = [field.attribute for field in model.FIELDS.values() if field.required]
    assert repr(model.from_dict(required_only(model))).count("=") == len(shown)


def test_shows_no_unknown_key(model: Any, required_only: Callable[[Any], dict[str, Any]]) -> None:  # noqa: ANN401 - a generated class
    """Neither keys nor values that the document does not know are in the repr."""
    assert PLANTED not in repr(model.from_dict({**required_only(model), KEY: NAME}))


def test_shows_nothing_of_what_it_holds() -> None:
    """A model inside a model shows as little."""
    failure = {"contact": {"phone": PHONE, "firstName": NAME, "assignedToEmail": EMAIL}, "error": NAME}
    assert PLANTED not in repr(BulkCreateResponse.from_dict({"contacts": [failure["contact"]], "failures": [failure]}))


def test_shows_no_text_in_a_list_of_models() -> None:
    """A list of models, as a listing is, shows as little."""
    assert PLANTED not in repr([Contact.from_dict({"phone": PHONE}), ContactCreate(PHONE, first_name=NAME)])


def test_shows_numbers_and_truth() -> None:
    """What is no text is shown."""
    assert repr(BulkDeleteResponse(amount=2, failures=0)) == "BulkDeleteResponse(amount=2, failures=0)"


def test_shows_no_text_where_a_number_should_be() -> None:
    """`failures` is a number in a bulk delete and an array in a bulk create; the wrong one shows nothing either."""
    assert PLANTED not in repr(BulkDeleteResponse.from_dict({"failures": [{"contact": {"phone": PHONE}}]}))


def test_shows_no_text_where_truth_should_be() -> None:
    """Text in a field that should be true or false is not in the repr."""
    assert PLANTED not in repr(Contact.from_dict({"verified": PHONE}))


def test_client_shows_no_header() -> None:
    """Neither client shows its headers, its token or its cookies."""
    arguments: dict[str, Any] = {"headers": {"sb-api-secret-key": KEY}, "cookies": {"session": KEY}}
    clients = [Client("https://example.com", **arguments), AuthenticatedClient("https://example.com", KEY, **arguments)]
    assert PLANTED not in repr(clients)


def test_response_shows_no_body() -> None:
    """What a `…_detailed` function returns shows neither the body nor a header."""
    response = Response(HTTPStatus.OK, NAME.encode(), {"set-cookie": KEY}, Contact(phone=PHONE))
    assert PLANTED not in repr(response)
