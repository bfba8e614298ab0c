"""The list operation: a bare array, its filters, its order and its pages."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    import httpx
    from sendblue_sandbox import Sandbox

PATH = "/api/v2/contacts"
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


def test_a_list_is_a_bare_array(people: httpx.Client) -> None:
    """A list is an array of contacts, not wrapped in an object (vendor's page 004)."""
    listed = people.get(PATH).json()
    assert [contact["phone"] for contact in listed] == ["+14155550002", "+14155550001", "+14155550003"]


def test_an_empty_list_is_an_empty_array(api: httpx.Client) -> None:
    """An account without contacts has the list `[]`."""
    assert api.get(PATH).json() == []


def test_newest_come_first(people: httpx.Client) -> None:
    """The default order is `created_at` descending (vendor's page 003)."""
    assert names(people) == ["Bob", "Ada", "Cleo"]


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ("created_at", ["Cleo", "Ada", "Bob"]),
        ("firstName", ["Ada", "Bob", "Cleo"]),
        ("first_name", ["Ada", "Bob", "Cleo"]),
        ("lastName", ["Bob", "Cleo", "Ada"]),
        ("last_name", ["Bob", "Cleo", "Ada"]),
        ("phone", ["Ada", "Bob", "Cleo"]),
    ],
)
def test_the_order_can_be_chosen(people: httpx.Client, order_by: str, expected: list[str]) -> None:
    """The order can be `created_at`, `firstName`, `lastName` or `phone` (vendor's page 003), in either spelling."""
    assert names(people, order_by=order_by, order_direction="asc") == expected
    assert names(people, order_by=order_by, order_direction="desc") == expected[::-1]


def test_order_of_equal_contacts(api: httpx.Client) -> None:
    """Contacts that compare equal are in order of creation, so that pages neither miss nor repeat any."""
    many(api, 250)
    pages = [names(api, order_direction="asc", limit=100, offset=offset) for offset in (0, 100, 200)]
    assert list(chain.from_iterable(pages)) == [str(number) for number in range(250)]
    assert names(api, limit=3) == ["249", "248", "247"]


def test_a_page_has_100_contacts(api: httpx.Client) -> None:
    """`limit` defaults to 100 (as in the vendor's own library)."""
    many(api, 101)
    assert len(names(api)) == 100


def test_a_page_has_at_most_1000_contacts(api: httpx.Client) -> None:
    """A `limit` over 1000 is clamped."""
    many(api, 1001)
    assert len(names(api, limit=5000)) == 1000
    assert len(names(api, limit="9" * 5000)) == 1000


def test_offset_skips(people: httpx.Client) -> None:
    """`offset` skips contacts; a page past the end is empty."""
    assert names(people, offset=1) == ["Ada", "Cleo"]
    assert names(people, offset=3) == []


def test_a_high_offset_is_clamped(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """By default an offset above the documented maximum is clamped: a naive loop never ends."""

    def lower_the_ceiling(document: dict[str, Any]) -> None:
        parameters = document["paths"][PATH]["get"]["parameters"]
        next(each for each in parameters if each["name"] == "offset")["schema"]["maximum"] = 1

    api = connect(serve(document=edited(lower_the_ceiling)))
    many(api, 3)
    assert [names(api, offset=offset) for offset in (1, 2, 1000)] == [["1", "0"]] * 3


def test_a_high_offset_can_be_refused(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """With `offset_ceiling="refuse"` an offset above the maximum gets 400, and the maximum itself does not."""
    api = connect(serve(offset_ceiling="refuse"))
    assert api.get(PATH, params={"offset": 10_000}).status_code == 200
    response = api.get(PATH, params={"offset": 10_001})
    assert (response.status_code, response.json()["message"]) == (
        400,
        "Invalid parameter: offset must be at most 10000",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "1.5"),
        ("limit", ""),
        ("limit", "1_0"),
        ("limit", "٣"),
        ("offset", "-1"),
        ("offset", "x"),
        ("order_by", "color"),
        ("order_by", "tags"),
        ("order_by", ""),
        ("order_direction", "up"),
        ("order_direction", "DESC"),
        ("created_at_gte", "yesterday"),
        ("created_at_gte", "2024-01-15T10:30:00"),
        ("created_at_gte", "2024-01-15"),
        ("created_at_gte", ""),
        ("phone_number", "4155551234"),
        ("phone_number", ""),
    ],
)
def test_invalid_parameter(api: httpx.Client, name: str, value: str) -> None:
    """An invalid parameter gets a 400 that names it."""
    response = api.get(PATH, params={name: value})
    assert response.status_code == 400
    assert f": {name} " in response.json()["message"]


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        (PATH, "color=red", "Unknown parameter: color"),
        (PATH, "Limit=1", "Unknown parameter: Limit"),
        (f"{PATH}/count", "limit=1", "Unknown parameter: limit"),
        (PATH, "limit=1&limit=2", "Invalid parameter: limit was sent twice"),
        (PATH, "limit=x", "Invalid parameter: limit must be integer"),
        (PATH, "offset=-0", "Invalid parameter: offset must be integer"),
        (PATH, "limit=0", "Invalid parameter: limit must be at least 1"),
        (PATH, "order_direction=up", "Invalid parameter: order_direction must be one of asc, desc"),
    ],
)
def test_the_query_is_checked_against_the_document(api: httpx.Client, path: str, query: str, message: str) -> None:
    """A parameter that does not match the document gets a 400 that names it: no filter is ignored."""
    response = api.get(f"{path}?{query}")
    assert (response.status_code, response.json()["message"]) == (400, message)


def test_a_new_parameter_is_checked_too(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """A parameter added to the document is accepted and checked against its schema."""

    def add(document: dict[str, Any]) -> None:
        schema = {"type": "integer", "minimum": 3}
        document["paths"][PATH]["get"]["parameters"].append({"name": "depth", "in": "query", "schema": schema})

    api = connect(serve(document=edited(add)))
    assert [api.get(PATH, params={"depth": depth}).status_code for depth in (3, 2)] == [200, 400]


def test_filter_by_number(people: httpx.Client) -> None:
    """`phone_number` selects the contact with this number, or none."""
    assert names(people, phone_number="+14155550001") == ["Ada"]
    assert names(people, phone_number="+14155559999") == []


def test_a_plus_in_a_query_must_be_escaped(people: httpx.Client) -> None:
    """An unescaped `+` in a query string is a space, which makes the number invalid: 400, not an empty list."""
    assert people.get(f"{PATH}?phone_number=+14155550001").status_code == 400
    assert len(people.get(f"{PATH}?phone_number=%2B14155550001").json()) == 1


def test_cid_filters_by_contact_id(people: httpx.Client) -> None:
    """`cid` selects the contact with this `contact_id`, or none."""
    ada = people.get(f"{PATH}/%2B14155550001").json()["contact"]
    assert names(people, cid=ada["contact_id"]) == ["Ada"]
    assert names(people, cid="nobody") == []


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2024-01-15T10:30:00Z", ["Bob", "Ada", "Cleo"]),
        ("2024-01-15T10:30:01.123Z", ["Bob", "Ada"]),
        ("2024-01-15T10:30:01.123001Z", ["Bob"]),
        ("2024-01-15T11:30:01.123+01:00", ["Bob", "Ada"]),
        ("2024-01-15T10:30:03Z", []),
        ("0001-01-01T00:00:00+14:00", ["Bob", "Ada", "Cleo"]),
    ],
)
def test_created_at_gte_filters(people: httpx.Client, moment: str, expected: list[str]) -> None:
    """`created_at_gte` selects contacts created at this time or later (as in the vendor's own library)."""
    assert names(people, created_at_gte=moment) == expected


def test_filters_combined(people: httpx.Client) -> None:
    """Filters, order and page work in one request."""
    query = {"created_at_gte": "2024-01-15T10:30:01Z", "order_by": "firstName", "order_direction": "asc"}
    assert names(people, **query, limit=1, offset=1) == ["Bob"]


def test_every_contact_is_reached_by_created_at(api: httpx.Client, shared_clock: SimpleNamespace) -> None:
    """Pages in ascending order of `created_at`, each from the last time of the one before, reach every contact."""
    for second in range(7):
        shared_clock.now += 1
        api.post(PATH, json={"number": f"+1415555000{second}", "first_name": str(second)})
    seen: list[str] = []
    query = {"order_direction": "asc", "limit": "3"}
    while len(page := api.get(PATH, params=query).json()) > 1:
        seen += [contact["first_name"] for contact in page if contact["first_name"] not in seen]
        query["created_at_gte"] = page[-1]["created_at"]
    assert seen == ["0", "1", "2", "3", "4", "5", "6"]
