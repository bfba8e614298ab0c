"""`with_raw_response` of each call, over TCP against the sandbox, with every kind of client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import ConflictError, Contact, NotFoundError, OptOut, RawResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.conftest import Api

ADA, MISSING = "+14155551234", "+14155559999"
CALLS: dict[str, Callable[[Any], Any]] = {
    "upsert": lambda raw: raw.upsert(ADA, firstName="Ada"),
    "retrieve": lambda raw: raw.retrieve(ADA),
    "get": lambda raw: raw.get(ADA),
    "update": lambda raw: raw.update(ADA, first_name="Ada"),
    "list": lambda raw: raw.list(),
    "count": lambda raw: raw.count(),
    "verify": lambda raw: raw.verify(ADA),
    "opt_out": lambda raw: raw.opt_out(ADA),
    "delete": lambda raw: raw.delete(ADA),
    "create": lambda raw: raw.create("+14155551235", firstName="Ada"),
}
VALUES: dict[str, object] = {"count": 1, "verify": "OK", "opt_out": OptOut(ADA, opted_out=True), "delete": None}


def value(call: str, parsed: Any) -> object:  # noqa: ANN401  # differs between calls
    """Return what to compare: the name of a contact."""
    if call == "list":
        return [contact.first_name for contact in parsed]
    return parsed.first_name if isinstance(parsed, Contact) else parsed


@pytest.mark.parametrize("call", CALLS)
def test_the_response_and_its_value(api: Api, call: str) -> None:
    """Each call returns the httpx response; parse() returns what the call itself returns."""
    api(lambda client: client.contacts.create(ADA, first_name="Ada"))
    response = api(lambda client: CALLS[call](client.contacts.with_raw_response))
    received = (isinstance(response, httpx.Response), response.status_code, response.headers["content-type"])
    assert (*received, response.request.url.host) == (True, 200, "application/json", "127.0.0.1")
    assert value(call, response.parse()) == VALUES.get(call, ["Ada"] if call == "list" else "Ada")


def test_every_call_exists(api: Api) -> None:
    """`with_raw_response` has every call of `contacts` that is one request."""
    contacts = api.driver.shared_client(api.url).contacts
    calls = {name for name in dir(contacts) if not name.startswith("_")} - {"bulk", "with_raw_response"}
    assert set(vars(contacts.with_raw_response)) == calls == set(CALLS)


def test_an_error_is_a_response_too(api: Api) -> None:
    """A response with an error status is returned; parse() raises the error of the call."""
    response = api(lambda client: client.contacts.with_raw_response.retrieve(MISSING))
    assert (response.status_code, response.json()["status"]) == (404, "ERROR")
    with pytest.raises(NotFoundError) as raised:
        response.parse()
    assert raised.value.response is response


def test_get_of_a_missing_contact(api: Api) -> None:
    """parse() returns None, like `get`."""
    assert api(lambda client: client.contacts.with_raw_response.get(MISSING)).parse() is None


def test_a_conflict(api: Api) -> None:
    """parse() raises the class of the status."""
    api(lambda client: client.contacts.create(ADA))
    with pytest.raises(ConflictError):
        api(lambda client: client.contacts.with_raw_response.create(ADA)).parse()


def test_the_class_of_a_response(api: Api) -> None:
    """It is the public class RawResponse."""
    assert type(api(lambda client: client.contacts.with_raw_response.count())) is RawResponse


def test_list_returns_its_first_page(api: Api) -> None:
    """The response of a listing is that of its first page, with its page size."""
    api(lambda client: client.contacts.bulk.create([{"phone": ADA}, {"phone": MISSING}]))
    page = api(lambda client: client.contacts.with_raw_response.list(page_size=1))
    assert ([contact.phone for contact in page.parse()], len(page.json())) == ([ADA], 1)
