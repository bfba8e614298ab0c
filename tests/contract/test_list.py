"""`contacts.list()` over TCP against the sandbox, with every kind of client: every contact once, or an error."""

from __future__ import annotations

import gc
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

import anyio
import httpx
import pytest
from sendblue_contacts import AsyncSendblue, Contact, IncompleteListError
from sendblue_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from tests.contract.conftest import Api

NAMES = ["Ada", "Bob", "Cy", "Di", "Eve"]
NUMBERS = [f"+1415555123{place}" for place in range(len(NAMES))]
START = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
PAST_THE_MAXIMUM = 11_500


def queries(sandbox: Sandbox) -> list[dict[str, str]]:
    """Return the query parameters of each request."""
    return [{name: values[0] for name, values in parse_qs(each.query).items()} for each in sandbox.requests]


class TickingClock:
    """A clock that advances by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> float:
        """Return the time in seconds since 1970."""
        self.now += 1
        return self.now


@pytest.fixture(scope="session")
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


# --- few contacts


def test_oldest_first(few: Api) -> None:
    """The default order is oldest first."""
    assert names(few(lambda client: client.contacts.list())) == NAMES


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({"order_direction": "desc"}, NAMES[::-1]),
        ({"order_by": "created_at"}, NAMES),
        ({"order_by": "firstName", "order_direction": "desc"}, NAMES[::-1]),
        ({"order_by": "lastName"}, NAMES[::-1]),
        ({"order_by": "phone", "order_direction": "asc"}, NAMES),
    ],
)
def test_order(few: Api, order: dict[str, str], expected: list[str]) -> None:
    """The order of the caller applies to all pages."""
    assert names(few(lambda client: client.contacts.list(page_size=2, **order))) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"phone_number": "+1 (415) 555-1232"}, ["Cy"]),
        ({"phone_number": "+14155559999"}, []),
        ({"created_at_gte": START + timedelta(hours=1)}, []),
        ({"created_at_gte": START}, NAMES),
    ],
)
def test_filters(few: Api, filters: dict[str, Any], expected: list[str]) -> None:
    """A filter returns only matching contacts."""
    assert names(few(lambda client: client.contacts.list(**filters))) == expected


def test_filter_by_time(few: Api) -> None:
    """`created_at_gte` returns contacts created at that time or later."""
    third = few(lambda client: client.contacts.retrieve(NUMBERS[2])).created_at
    assert names(few(lambda client: client.contacts.list(created_at_gte=third))) == NAMES[2:]


def test_filter_by_id(few: Api) -> None:
    """`cid` returns the contact with this contact ID."""
    bob = few(lambda client: client.contacts.retrieve(NUMBERS[1]))
    assert names(few(lambda client: client.contacts.list(cid=bob.contact_id))) == ["Bob"]


def test_pages(few: Api) -> None:
    """Pages are lists of contacts, none longer than the page size."""
    pages = few(lambda client: client.contacts.list(page_size=2).pages())
    assert [names(page) for page in pages] == [NAMES[:2], NAMES[2:4], NAMES[4:]]


@pytest.mark.parametrize("max_items", [1, 2, 3, 5, 9])
def test_max_items(few: Api, max_items: int) -> None:
    """No more contacts are returned than requested."""
    assert names(few(lambda client: client.contacts.list(page_size=2, max_items=max_items))) == NAMES[:max_items]


def test_first(few: Api, five: Sandbox) -> None:
    """The first contact takes one request for one contact."""
    before = len(five.requests)
    assert few(lambda client: client.contacts.list(order_direction="desc").first()).first_name == "Eve"
    assert [query["limit"] for query in queries(five)[before:]] == ["1"]


def test_first_of_an_empty_listing(few: Api) -> None:
    """Without a contact it is None."""
    assert few(lambda client: client.contacts.list(phone_number="+14155559999").first()) is None


def test_listings_can_be_iterated_again(few: Api) -> None:
    """Each iteration starts again."""
    listing = few.client().contacts.list(page_size=2)
    assert [names(few(lambda _: listing)) for _ in range(2)] == [NAMES, NAMES]


def test_nothing_is_sent_before_the_iteration(api: Api, sandbox: Sandbox) -> None:
    """Creating a listing sends nothing."""
    client = api.client()
    client.contacts.list()
    client.contacts.list().pages()
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"page_size": 0}, ValueError, "page_size must be between 1 and 1000, not 0"),
        ({"page_size": 1001}, ValueError, "page_size must be between 1 and 1000, not 1001"),
        ({"page_size": "10"}, TypeError, "page_size must be an int, not str"),
        ({"max_items": 0}, ValueError, "max_items must be 1 or more, not 0"),
        ({"order_direction": "up"}, ValueError, "order_direction must be 'asc' or 'desc', not 'up'"),
        ({"created_at_gte": datetime(2024, 1, 15)}, ValueError, "created_at_gte has no time zone"),  # noqa: DTZ001  # that it is naive is the point
        ({"created_at_gte": "2024-01-15"}, TypeError, "created_at_gte must be a datetime, not str"),
    ],
)
def test_invalid_arguments(api: Api, arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    """They raise when the listing is created."""
    with pytest.raises(error, match=text):
        api.client().contacts.list(**arguments)


# --- many contacts


def test_every_contact_once(api: Api, sandbox: Sandbox) -> None:
    """2,500 contacts are listed once, oldest first; a last page with a multiple of 100 takes one more request."""
    numbers = sandbox.seed(2_500)
    listed = api(lambda client: client.contacts.list())
    assert [contact.phone for contact in listed] == numbers
    assert [query.get("offset", "0") for query in queries(sandbox)] == ["0", "1000", "2000", "2500"]


def test_a_thousand_take_one_request(api: Api, sandbox: Sandbox) -> None:
    """One page takes one request, even if there are more contacts."""
    sandbox.seed(2_500)
    assert len(api(lambda client: client.contacts.list(max_items=1000, page_size=1000))) == 1000
    assert len(sandbox.requests) == 1


def test_an_iteration_that_ends_early(api: Api, sandbox: Sandbox) -> None:
    """An iteration that stops after the first contact has sent one request."""
    sandbox.seed(2_500)
    pages = api.client().contacts.list().pages()
    step = pages.__next__ if api.driver.name == "sync" else pages.__anext__
    assert len(api(lambda _: step())) == 1000
    api(lambda _: pages.close() if api.driver.name == "sync" else pages.aclose())
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_iteration_that_ends_early(sandbox: Sandbox, backend: str) -> None:
    """Closing the iteration over contacts closes the one over pages: trio would warn about an open one."""
    numbers = sandbox.seed(2_500)

    async def main() -> str | None:
        async with AsyncSendblue("key", "secret", base_url=sandbox.url, rate_limit=None) as client:
            contacts = cast("AsyncGenerator[Contact]", aiter(client.contacts.list()))
            async with aclosing(contacts):
                return (await anext(contacts)).phone

    assert (anyio.run(main, backend=backend), len(sandbox.requests)) == (numbers[0], 1)
    gc.collect()


# --- past the maximum offset


@pytest.fixture(scope="session", params=["clamp", "refuse"])
def large(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, list[str]]]:
    """Return a sandbox with more contacts than offsets reach, which clamps or rejects larger ones. It is only read."""
    with Sandbox(limit=None, offset_ceiling=request.param) as sandbox:
        yield sandbox, sandbox.seed(PAST_THE_MAXIMUM)


def test_every_contact_past_the_maximum_offset(connect: Callable[[str], Api], large: tuple[Sandbox, list[str]]) -> None:
    """Past the first 11,000 the listing continues with `created_at_gte`: every contact is listed once."""
    sandbox, numbers = large
    listed = connect(sandbox.url)(lambda client: client.contacts.list())
    assert [contact.phone for contact in listed] == numbers


@pytest.mark.parametrize("order", [{"order_direction": "desc"}, {"order_by": "phone"}])
def test_an_order_that_cannot_reach_every_contact(
    connect: Callable[[str], Api], large: tuple[Sandbox, list[str]], order: dict[str, str]
) -> None:
    """The listing raises with the number of listed contacts, and never ends early."""
    with pytest.raises(IncompleteListError, match=r"\(11000 contacts were listed\)") as raised:
        connect(large[0].url)(lambda client: client.contacts.list(**order))
    assert raised.value.seen == 11_000


def test_too_many_contacts_with_the_same_timestamp(api: Api, sandbox: Sandbox) -> None:
    """Contacts with one timestamp beyond the maximum offset raise."""
    items = [{"phone": f"+1415{number:07}"} for number in range(PAST_THE_MAXIMUM)]
    sent = httpx.post(
        f"{sandbox.url}/api/v2/contacts/bulk",
        json={"contacts": items},
        headers=CREDENTIALS,
        timeout=30,
        trust_env=False,
    )
    assert sent.status_code == 200
    with pytest.raises(IncompleteListError, match="have the same created_at") as raised:
        api(lambda client: client.contacts.list())
    assert raised.value.seen == 11_000
