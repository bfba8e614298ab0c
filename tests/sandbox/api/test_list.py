"""The list operation: a bare array, its filters, its order and its pages."""

from itertools import chain
from types import SimpleNamespace

import httpx
import pytest

from tests.sandbox.contacts_api import PATH, outcome

PEOPLE = [("+14155550003", "Cleo", "Abbot"), ("+14155550001", "Ada", "Beck"), ("+14155550002", "Bob", None)]


@pytest.fixture
def people(api: httpx.Client, shared_clock: SimpleNamespace) -> httpx.Client:
    """A sandbox with Cleo, Ada and Bob, created one second apart from 10:30:00.123 on."""
    for second, (phone, first, last) in enumerate(PEOPLE):
        shared_clock.now = 1_705_314_600.123 + second
        api.post(PATH, json={"number": phone, "first_name": first, "last_name": last})
    return api


def names(api: httpx.Client, **query: str | int) -> list[str]:
    """Return the first names on a page."""
    response = api.get(PATH, params=query)
    assert response.status_code == 200
    return [contact["first_name"] for contact in response.json()]


def many(api: httpx.Client, count: int) -> None:
    """Create contacts with the same `created_at`."""
    items = [{"phone": f"+1415{number:07d}", "first_name": str(number)} for number in range(count)]
    assert api.post(f"{PATH}/bulk", json={"contacts": items}).json()["numberOfContactsCreated"] == count


def test_the_order_can_be_chosen(people: httpx.Client) -> None:
    """The order can be `created_at`, `firstName`, `lastName` or `phone` (vendor's page 003), in either spelling."""
    orders = {
        "created_at": ["Cleo", "Ada", "Bob"],
        "firstName": ["Ada", "Bob", "Cleo"],
        "first_name": ["Ada", "Bob", "Cleo"],
        "lastName": ["Bob", "Cleo", "Ada"],
        "last_name": ["Bob", "Cleo", "Ada"],
        "phone": ["Ada", "Bob", "Cleo"],
    }
    assert {order: names(people, order_by=order, order_direction="asc") for order in orders} == orders
    assert {order: names(people, order_by=order, order_direction="desc")[::-1] for order in orders} == orders


def test_order_of_equal_contacts(api: httpx.Client) -> None:
    """Contacts that compare equal are in order of creation, so that pages neither miss nor repeat any."""
    many(api, 250)
    pages = [names(api, order_direction="asc", limit=100, offset=offset) for offset in (0, 100, 200)]
    assert list(chain.from_iterable(pages)) == [str(number) for number in range(250)]
    assert names(api, limit=3) == ["249", "248", "247"]


def test_size_of_a_page(api: httpx.Client) -> None:
    """`limit` defaults to 100 (as in the vendor's own library); one over 1000 is clamped."""
    many(api, 1001)
    assert [len(names(api, **query)) for query in ({}, {"limit": 5000}, {"limit": "9" * 5000})] == [100, 1000, 1000]


def test_invalid_parameters(people: httpx.Client) -> None:
    """A parameter that does not match the document gets a 400 that names it: no filter is ignored."""
    messages = {
        "?color=red": "Unknown parameter: color",
        "?Limit=1": "Unknown parameter: Limit",
        "/count?limit=1": "Unknown parameter: limit",
        "?limit=1&limit=2": "Invalid parameter: limit was sent twice",
        "?limit=x": "Invalid parameter: limit must be integer",
        "?offset=-0": "Invalid parameter: offset must be integer",
        "?limit=0": "Invalid parameter: limit must be at least 1",
        "?order_direction=up": "Invalid parameter: order_direction must be one of asc, desc",
    }
    assert {query: outcome(people.get(f"{PATH}{query}")) for query in messages} == {
        query: (400, message) for query, message in messages.items()
    }
    values = {
        "limit": ["-1", "1.5", "", "1_0", "٣"],
        "offset": ["-1"],
        "order_by": ["color", "tags", ""],
        "order_direction": ["DESC"],
        "created_at_gte": ["yesterday", "2024-01-15T10:30:00", "2024-01-15", ""],
        "phone_number": ["4155551234", "", " 14155550001"],  # a plus that is not escaped is a space
    }
    for name, value in ((name, value) for name, listed in values.items() for value in listed):
        status, message = outcome(people.get(PATH, params={name: value}))
        assert (name, value, status, f": {name} " in message) == (name, value, 400, True)
    assert len(people.get(f"{PATH}?phone_number=%2B14155550001").json()) == 1


def test_created_at_gte_filters(people: httpx.Client) -> None:
    """`created_at_gte` selects contacts created at this time or later (as in the vendor's own library)."""
    moments = {
        "2024-01-15T10:30:00Z": ["Bob", "Ada", "Cleo"],
        "2024-01-15T10:30:01.123Z": ["Bob", "Ada"],
        "2024-01-15T10:30:01.123001Z": ["Bob"],
        "2024-01-15T11:30:01.123+01:00": ["Bob", "Ada"],
        "2024-01-15T10:30:03Z": [],
        "0001-01-01T00:00:00+14:00": ["Bob", "Ada", "Cleo"],
    }
    assert {moment: names(people, created_at_gte=moment) for moment in moments} == moments
