"""`contacts.list()` over TCP, with every kind of client: against the sandbox, and a server whose account changes."""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

import anyio
import httpx
import pytest
from sendblue_contacts import AsyncSendblue, Contact, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import export_contacts

from tests.contract.conftest import Api

NAMES = ["Ada", "Bob", "Cy", "Di", "Eve"]
NUMBERS = [f"+1415555123{place}" for place in range(len(NAMES))]
START = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}


def limits(sandbox: Sandbox) -> list[str | None]:
    """Return the `limit` of each request; None for a count."""
    return [dict(parse_qsl(each.query)).get("limit") for each in sandbox.requests]


class TickingClock:
    """A clock that advances by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> float:
        """Return the time in seconds since 1970."""
        self.now += 1
        return self.now


@pytest.fixture(scope="module")
def five() -> Iterator[Sandbox]:
    """Return a sandbox with five contacts, created a second apart, with reversed last names. It is only read."""
    with Sandbox(limit=None, clock=TickingClock()) as sandbox:
        for place, number in enumerate(NUMBERS):
            body = {"number": number, "first_name": NAMES[place], "last_name": NAMES[-place - 1]}
            httpx.post(f"{sandbox.url}/api/v2/contacts", json=body, headers=CREDENTIALS, trust_env=False)
        yield sandbox


@pytest.fixture
def few(connect: Callable[[str], Api], five: Sandbox) -> Api:
    """Return clients of that sandbox."""
    return connect(five.url)


def names(contacts: list[Contact]) -> list[str | None]:
    """Return the first names of contacts."""
    return [contact.first_name for contact in contacts]


def listing_of(listing: object) -> Callable[[], object]:
    """Return a function that returns a listing."""
    return lambda: listing


ARGUMENTS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, NAMES),
    ({"order_direction": "desc"}, NAMES[::-1]),
    ({"order_by": "firstName", "order_direction": "desc"}, NAMES[::-1]),
    ({"order_by": "lastName"}, NAMES[::-1]),
    ({"order_by": "phone", "max_items": 3}, NAMES[:3]),
    ({"max_items": 9}, NAMES),
    ({"phone_number": "+1 (415) 555-1232"}, ["Cy"]),
    ({"phone_number": "+14155559999"}, []),
    ({"created_at_gte": START}, NAMES),
    ({"created_at_gte": "2024-01-15T11:00:00Z"}, []),
]


def test_order_and_filters(few: Api) -> None:
    """The order and the filters apply to all pages; `created_at_gte` and `cid` take what a contact has."""
    contacts = few.client().contacts
    for arguments, expected in ARGUMENTS:
        listing = contacts.list(page_size=2, **arguments)
        assert (arguments, names(few.driver.run(listing_of(listing)))) == (arguments, expected)
    third = few(lambda client: client.contacts.retrieve(NUMBERS[2]))
    assert names(few(lambda client: client.contacts.list(created_at_gte=third.created_at))) == NAMES[2:]
    assert names(few(lambda client: client.contacts.list(cid=third.contact_id))) == ["Cy"]


def test_pages_and_first(few: Api, five: Sandbox) -> None:
    """Pages are lists of at most the page size, a listing can be iterated again, and the first takes one request."""
    before = len(five.requests)
    few.client().contacts.list().pages()
    assert len(five.requests) == before
    pages = few(lambda client: client.contacts.list(page_size=2).pages())
    assert [names(page) for page in pages] == [NAMES[:2], NAMES[2:4], NAMES[4:]]
    listing = few.client().contacts.list(page_size=2)
    assert [names(few(lambda _: listing)) for _ in range(2)] == [NAMES, NAMES]
    before = len(five.requests)
    assert few(lambda client: client.contacts.list(order_direction="desc").first()).first_name == "Eve"
    assert few(lambda client: client.contacts.list(phone_number="+14155559999").first()) is None
    assert limits(five)[before:] == ["1", "1"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_iteration_that_ends_early(five: Sandbox, backend: str) -> None:
    """Closing the iteration over contacts closes the one over pages: trio would warn about an open one."""

    async def main() -> str | None:
        async with AsyncSendblue("key", "secret", base_url=five.url, rate_limit=None) as client:
            contacts = cast("AsyncGenerator[Contact]", aiter(client.contacts.list(page_size=2)))
            async with aclosing(contacts):
                return (await anext(contacts)).phone

    assert anyio.run(main, backend=backend) == NUMBERS[0]
    gc.collect()


@contextmanager
def client_of(url: str) -> Iterator[Sendblue]:
    """Return a client for threads."""
    with Sendblue("key", "secret", base_url=url, rate_limit=None, retry=None) as client:
        yield client


def test_deleting_each_contact_while_listing(server: Sandbox) -> None:
    """`for contact in client.contacts.list(): client.contacts.delete(contact.phone)` meets every contact."""
    server.reset()
    numbers, met = server.seed(60), list[str | None]()
    with client_of(server.url) as client:
        for contact in client.contacts.list(page_size=25):
            client.contacts.delete(contact.phone or "")
            met.append(contact.phone)
    assert (met, server.contacts()) == (numbers, [])


def test_deleting_a_listing_in_bulk(api: Api, sandbox: Sandbox) -> None:
    """`contacts.bulk.delete(contact.phone for contact in contacts.list())` deletes every contact."""
    numbers = sandbox.seed(600)

    def delete(client: Any) -> Any:
        listing = client.contacts.list(page_size=100)
        if api.driver.name == "sync":
            return client.contacts.bulk.delete((contact.phone for contact in listing), chunk_size=50)
        return client.contacts.bulk.delete((contact.phone async for contact in listing), chunk_size=50)

    result = api(delete)
    assert (sorted(result.deleted), result.failed, sandbox.contacts()) == (sorted(numbers), [], [])


def test_an_export_while_contacts_are_deleted(server: Sandbox, tmp_path: Path) -> None:
    """An export lacks none of the contacts that exist all the time."""
    server.reset()
    numbers = server.seed(3_000)
    path = tmp_path / "contacts.csv"

    def listed(client: Sendblue) -> Iterator[Contact]:
        for place, contact in enumerate(client.contacts.list()):
            if place == 1_500:
                client.contacts.bulk.delete(numbers[100:125])
            yield contact

    with client_of(server.url) as client:
        export_contacts(listed(client), path)
    exported = [line.split(",")[0].strip("\"'") for line in path.read_text(encoding="utf-8-sig").splitlines()[1:]]
    assert len(exported) == len(set(exported))
    assert {*numbers[:100], *numbers[125:]} <= set(exported)
