"""Listing: every contact exactly once, or an error; against a model of the server."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import (
    BadRequestError,
    Contact,
    IncompleteListError,
    InvalidPhoneNumberError,
    pagination,
)
from sendblue_contacts.errors import RequestSummary
from sendblue_contacts.pagination import Paginator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.overrides.clients import Runner

EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
OLDEST_FIRST = {"order_by": "created_at", "order_direction": "asc"}


def _contact(number: int, second: float | None) -> Contact:
    created_at = None if second is None else EPOCH + dt.timedelta(seconds=second)
    return Contact(phone=f"+1{number:010}", first_name=f"{number % 7}", created_at=created_at)


def _contacts(count: int) -> list[Contact]:
    return [_contact(number, number) for number in range(count)]


@dataclass
class Server:
    """A model of the server, as documented and with the deviations that a real one might have.

    Attributes:
        contacts: In the order of their creation.
        max_offset: The highest offset.
        max_limit: The largest page, whatever `limit` is.
        rejects: Whether an offset beyond the maximum is rejected instead of clamped.
        filters: Whether `created_at_gte` is applied.
        requests: The query parameters of all requests, oldest first.
        arriving: Contacts that are created one by one, each just before a response.
    """

    contacts: list[Contact]
    max_offset: int = 10_000
    max_limit: int = 1_000
    rejects: bool = True
    filters: bool = True
    requests: list[dict[str, Any]] = field(default_factory=list)
    arriving: list[Contact] = field(default_factory=list)

    def respond(self, params: dict[str, Any]) -> list[Contact]:
        """Return one page."""
        self.requests.append(params)
        if self.arriving:
            self.contacts.append(self.arriving.pop(0))
        offset = params.get("offset", 0)
        if offset > self.max_offset and self.rejects:
            raise BadRequestError("offset", request=RequestSummary("GET", "/api/v2/contacts"))
        start = min(offset, self.max_offset)
        return self._found(params)[start : start + min(params["limit"], self.max_limit)]

    def _found(self, params: dict[str, Any]) -> list[Contact]:
        found = self.contacts
        if self.filters and "created_at_gte" in params:
            since = dt.datetime.fromisoformat(params["created_at_gte"])
            found = found[bisect_left(found, since, key=_created_at) :]
        if params["order_by"] == "firstName":
            found = sorted(found, key=lambda contact: contact.first_name or "")
        return found if params["order_direction"] == "asc" else found[::-1]


def _created_at(contact: Contact) -> dt.datetime:
    return contact.created_at or EPOCH


def _pages(server: Server, paginator: Paginator) -> Iterator[list[Contact]]:
    while (operation := paginator.next_request()) is not None:
        yield paginator.accept(server.respond(operation.kwargs["params"]))


def _listed(server: Server, paginator: Paginator | None = None) -> list[str | None]:
    return [contact.phone for page in _pages(server, paginator or Paginator(OLDEST_FIRST)) for contact in page]


def _phones(contacts: list[Contact]) -> list[str | None]:
    return [contact.phone for contact in contacts]


each_max_offset = pytest.mark.parametrize("rejects", [True, False], ids=["rejected", "clamped"])


@each_max_offset
@pytest.mark.parametrize(
    "count", [0, 1, 99, 100, 101, 999, 1_000, 1_001, 10_000, 10_999, 11_000, 11_001, 21_998, 21_999, 22_000, 25_000]
)
def test_every_contact_is_listed_once_in_order(count: int, rejects: bool) -> None:  # noqa: FBT001  # a parameter
    """For any number of contacts, and whether larger offsets are clamped or rejected."""
    server = Server(_contacts(count), rejects=rejects)
    assert _listed(server) == _phones(server.contacts)


@pytest.mark.parametrize("page_size", [1_000, 999, 700, 333, 300])
def test_every_contact_is_listed_once_with_any_page_size(page_size: int) -> None:
    """Also if the page size does not divide the maximum offset."""
    server = Server(_contacts(23_456))
    assert _listed(server, Paginator(OLDEST_FIRST, page_size)) == _phones(server.contacts)


def test_no_request_exceeds_the_maximum_offset() -> None:
    """No offset above 10,000 is requested, because its effect is undocumented."""
    server = Server(_contacts(25_000))
    _listed(server)
    assert max(request.get("offset", 0) for request in server.requests) == 10_000


def test_the_first_request_has_no_offset_and_no_timestamp() -> None:
    """A default of the server is not sent."""
    server = Server([])
    _listed(server)
    assert server.requests == [{"limit": 1_000, **OLDEST_FIRST}]


@pytest.mark.parametrize("before", [10_990, 10_999, 9_999, 10_500])
@pytest.mark.parametrize("ties", [2, 500, 5_000, 10_000])
def test_contacts_with_the_same_timestamp_at_the_boundary_are_listed_once(before: int, ties: int) -> None:
    """The listing continues from a timestamp that many share: repeats are dropped, and nothing is lost."""
    tied = [_contact(before + number, before) for number in range(ties)]
    later = [_contact(number, number) for number in range(before + ties, before + ties + 50)]
    server = Server([*_contacts(before), *tied, *later])
    assert _listed(server) == _phones(server.contacts)


@each_max_offset
@pytest.mark.parametrize("before", [0, 5, 11_000])
def test_too_many_contacts_with_the_same_timestamp_raise(before: int, rejects: bool) -> None:  # noqa: FBT001  # a parameter
    """Beyond 11,000 contacts with one timestamp, the listing raises with the number of listed contacts."""
    server = Server(
        [*_contacts(before), *(_contact(20_000 + number, before) for number in range(12_000))], rejects=rejects
    )
    paginator = Paginator(OLDEST_FIRST)
    seen: list[Contact] = []
    with pytest.raises(
        IncompleteListError, match="more contacts have the same created_at than the server can list"
    ) as caught:
        seen.extend(contact for page in _pages(server, paginator) for contact in page)
    assert caught.value.seen == paginator.returned
    assert paginator.returned >= 11_000
    assert f"({paginator.returned} contacts were listed)" in str(caught.value)


ORDERS = [
    {"order_by": "created_at", "order_direction": "desc"},
    {"order_by": "firstName", "order_direction": "asc"},
    {"order_by": "lastName", "order_direction": "asc"},
    {"order_by": "phone", "order_direction": "desc"},
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order.values()))
def test_another_order_raises_at_the_maximum_offset(order: dict[str, str]) -> None:
    """In another order the rest cannot be reached: an error after 11,000 correct contacts."""
    server = Server(_contacts(11_001))
    with pytest.raises(IncompleteListError, match="remove order_by and order_direction") as caught:
        _listed(server, Paginator(order))
    assert caught.value.seen == 11_000


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order.values()))
def test_another_order_is_sent_below_the_maximum_offset(order: dict[str, str]) -> None:
    """The order of the caller is sent, and every contact is listed."""
    server = Server(_contacts(10_999))
    assert sorted(map(str, _listed(server, Paginator(order)))) == sorted(map(str, _phones(server.contacts)))
    assert {(request["order_by"], request["order_direction"]) for request in server.requests} == {
        (order["order_by"], order["order_direction"])
    }


def test_a_server_that_ignores_created_at_gte_is_detected() -> None:
    """It would return the same contacts forever."""
    server = Server(_contacts(11_001), filters=False)
    with pytest.raises(IncompleteListError, match="the server ignores created_at_gte") as caught:
        _listed(server)
    assert (caught.value.seen, len(server.requests)) == (11_000, 12)


@pytest.mark.parametrize("max_limit", [100, 200, 500])
def test_a_server_that_reduces_the_limit_does_not_end_the_listing(max_limit: int) -> None:
    """A short page whose length is a multiple of 100 is not taken for the last one."""
    server = Server(_contacts(12_345), max_limit=max_limit)
    assert _listed(server) == _phones(server.contacts)


def test_a_short_page_is_the_last_one() -> None:
    """No request is spent on an empty page."""
    server = Server(_contacts(1_234))
    _listed(server)
    assert len(server.requests) == 2


def test_a_missing_timestamp_raises_at_the_maximum_offset() -> None:
    """Without created_at, the listing cannot continue from a timestamp."""
    contacts = _contacts(11_500)
    contacts[500] = _contact(500, None)
    with pytest.raises(IncompleteListError, match="the server did not sort by created_at, or left it out"):
        _listed(Server(contacts))


def test_missing_timestamps_raise_at_the_maximum_offset() -> None:
    """The same if no contact has a timestamp."""
    with pytest.raises(IncompleteListError, match="or left it out"):
        _listed(Server([_contact(number, None) for number in range(11_001)]))


def test_missing_timestamps_below_the_maximum_offset_do_not_matter() -> None:
    """While offsets reach every contact, timestamps are not needed."""
    contacts = [_contact(number, None) for number in range(3_456)]
    assert _listed(Server(contacts)) == _phones(contacts)


def test_an_unsorted_listing_raises_at_the_maximum_offset() -> None:
    """Continuing from a timestamp would lose contacts."""
    contacts = _contacts(11_500)
    contacts[3], contacts[4] = contacts[4], contacts[3]
    with pytest.raises(IncompleteListError, match="did not sort"):
        _listed(Server(contacts))


def test_contacts_created_during_the_listing_are_listed_once() -> None:
    """Oldest first, new contacts are at the end: none is missed or repeated."""
    server = Server(_contacts(11_500), arriving=[_contact(number, number) for number in range(11_500, 11_510)])
    assert _listed(server) == _phones(server.contacts)


@pytest.mark.parametrize("page_size", [10, 100, 1_000])
def test_contacts_without_number_and_id_are_distinct(page_size: int) -> None:
    """They cannot be compared, so none is dropped, even when earlier ones are garbage-collected."""
    paginator = Paginator(OLDEST_FIRST, page_size)
    listed = 0
    while (operation := paginator.next_request()) is not None:
        start = operation.kwargs["params"].get("offset", 0)
        page = [Contact(first_name="Ada", created_at=EPOCH) for _ in range(start, min(start + page_size, 2_500))]
        listed += len(paginator.accept(page))
        del page
    assert listed == 2_500


@pytest.mark.parametrize(
    ("max_items", "page_size", "limits"),
    [
        (1, 1_000, [1]),
        (1_000, 1_000, [1_000]),
        (1_001, 1_000, [1_000, 1]),
        (2_500, 1_000, [1_000, 1_000, 500]),
        (100, 1_000, [100]),
        (250, 100, [100, 100, 50]),
        (11_000, 1_000, [1_000] * 11),
        (11_001, 1_000, [1_000] * 11 + [2]),
        (11_100, 1_000, [1_000] * 11 + [101]),
    ],
)
def test_max_items_needs_few_requests(max_items: int, page_size: int, limits: list[int]) -> None:
    """No request asks for more than is needed, apart from repeats, and none is useless."""
    server = Server(_contacts(25_000))
    assert _listed(server, Paginator(OLDEST_FIRST, page_size, max_items)) == _phones(server.contacts[:max_items])
    assert [request["limit"] for request in server.requests] == limits


def test_max_items_among_repeats_needs_few_requests() -> None:
    """Repeats are requested in pages, not one by one."""
    server = Server([*_contacts(10_000), *(_contact(number, 10_000) for number in range(10_000, 15_000))])
    assert len(_listed(server, Paginator(OLDEST_FIRST, 1_000, 11_001))) == 11_001
    assert len(server.requests) == 11 + 2


def test_max_items_limits_a_page_that_is_too_long() -> None:
    """A server that ignores `limit` does not make the listing return more."""
    paginator = Paginator(OLDEST_FIRST, 10, 5)
    paginator.next_request()
    assert len(paginator.accept(_contacts(10))) == 5
    assert paginator.next_request() is None


def test_memory_does_not_grow_with_the_list() -> None:
    """After 200,000 contacts the paginator remembers one window and the contacts of the last timestamp."""
    server = Server(_contacts(200_000))
    paginator = Paginator(OLDEST_FIRST)
    largest = total = 0
    for page in _pages(server, paginator):
        total += len(page)
        largest = max(largest, len(paginator._seen) + len(paginator._latest_keys))
    assert total == 200_000
    assert largest <= 11_000 + 1


@pytest.mark.parametrize(
    "shown", [Paginator(OLDEST_FIRST), pagination.list_settings({"phone_number": "+14155551234"}, 10, None)]
)
def test_a_repr_contains_no_number(shown: object) -> None:
    """Neither the filters nor the listed contacts appear in a repr."""
    if isinstance(shown, Paginator):
        shown.accept([_contact(4155551234, 0)])
    assert "4155551234" not in repr(shown)


SMALL = {"MAX_OFFSET": 10, "_REDUCED_LIMIT_MULTIPLE": 2}


@settings(deadline=None)
@given(
    seconds=st.lists(st.integers(0, 25), max_size=70),
    page_size=st.integers(1, 6),
    rejects=st.booleans(),
    max_items=st.none() | st.integers(1, 60),
    lowered=st.booleans(),
)
def test_any_listing_is_complete_or_raises(
    *, seconds: list[int], page_size: int, rejects: bool, max_items: int | None, lowered: bool
) -> None:
    """With a maximum offset of 10: every contact once and in order, or an error if too many share a timestamp."""
    contacts = [_contact(number, second) for number, second in enumerate(sorted(seconds))]
    server = Server(contacts, max_offset=10, max_limit=2 if lowered else 1_000, rejects=rejects)
    paginator = Paginator(OLDEST_FIRST, page_size, max_items)
    seen: list[Contact] = []
    complete = False
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            patch.setattr(pagination, name, value)
        try:
            for page in _pages(server, paginator):
                seen += page
            complete = True
        except IncompleteListError as error:
            reported = error.seen
    if complete:
        assert _phones(seen) == _phones(contacts[:max_items])
    else:
        assert (_phones(seen), reported) == (_phones(contacts[: len(seen)]), len(seen))
        assert max(Counter(seconds).values()) > 10


# The arguments of `list`.


@pytest.mark.parametrize(
    ("arguments", "text", "error"),
    [
        ({"order_direction": "ascending"}, "order_direction must be 'asc' or 'desc', not 'ascending'", ValueError),
        ({"created_at_gte": dt.datetime(2024, 1, 1)}, "created_at_gte has no time zone", ValueError),  # noqa: DTZ001  # the point
        ({"created_at_gte": "2024-01-01"}, "created_at_gte must be a datetime, not str", TypeError),
        ({"created_at_gte": dt.date(2024, 1, 1)}, "created_at_gte must be a datetime, not date", TypeError),
        ({"phone_number": "555"}, "phone_number .* the country code is missing", InvalidPhoneNumberError),
        ({"page_size": 0}, "page_size must be between 1 and 1000, not 0", ValueError),
        ({"page_size": 1_001}, "page_size must be between 1 and 1000, not 1001", ValueError),
        ({"page_size": "10"}, "page_size must be an int, not str", TypeError),
        ({"page_size": True}, "page_size must be an int, not bool", TypeError),
        ({"max_items": 0}, "max_items must be 1 or more, not 0", ValueError),
        ({"max_items": 1.5}, "max_items must be an int, not float", TypeError),
    ],
)
def test_an_invalid_argument_raises_at_once(
    runner: Runner, arguments: dict[str, Any], text: str, error: type[Exception]
) -> None:
    """The error is raised by `list`, before the iteration."""

    def called(client: Any) -> None:  # noqa: ANN401  # of either kind
        client.contacts.list(**arguments)

    with pytest.raises(error, match=text):
        runner.run(called, lambda _: httpx.Response(200, json=[]))


def _page(request: httpx.Request) -> httpx.Response:
    """Return a page of seven contacts over HTTP."""
    start, limit = (int(request.url.params.get(name, default)) for name, default in (("offset", 0), ("limit", 100)))
    numbers = range(start, min(start + limit, 7))
    return httpx.Response(200, json=[{"phone": f"+1415555000{n}", "created_at": f"2024-01-0{n + 1}"} for n in numbers])


SEVEN = [f"+1415555000{number}" for number in range(7)]


def test_both_clients_list_every_contact(runner: Runner) -> None:
    """They request page after page."""
    found = runner.run(lambda client: client.contacts.list(page_size=3), _page)
    assert _phones(found) == SEVEN
    assert [request.url.params.get("offset") for request in runner.sent] == [None, "3", "6"]


def test_pages_are_one_for_each_request(runner: Runner) -> None:
    """`.pages()` returns lists of at most `page_size` contacts."""
    pages = runner.run(lambda client: client.contacts.list(page_size=3).pages(), _page)
    assert [_phones(page) for page in pages] == [SEVEN[:3], SEVEN[3:6], SEVEN[6:]]


def test_an_empty_list_has_no_pages(runner: Runner) -> None:
    """No page is empty."""
    assert runner.run(lambda client: client.contacts.list().pages(), lambda _: httpx.Response(200, json=[])) == []


def test_first_is_one_request_for_one_contact(runner: Runner) -> None:
    """`.first()` does not fetch a page."""
    found = runner.run(lambda client: client.contacts.list().first(), _page)
    assert (found.phone, [request.url.params["limit"] for request in runner.sent]) == (SEVEN[0], ["1"])


def test_max_items_of_one_page_is_one_request(runner: Runner) -> None:
    """`list(max_items=3, page_size=3)` sends one request."""
    assert len(runner.run(lambda client: client.contacts.list(page_size=3, max_items=3), _page)) == 3
    assert len(runner.sent) == 1


def test_nothing_is_sent_before_the_iteration(runner: Runner) -> None:
    """A listing without an iteration sends no request."""

    def called(client: Any) -> None:  # noqa: ANN401  # of either kind
        client.contacts.list()
        client.contacts.list().pages()

    runner.run(called, _page)
    assert runner.sent == []


def test_pages_are_fetched_as_they_are_needed(runner: Runner) -> None:
    """An iteration that stops after the first contact fetches one page."""

    def first_of(client: Any) -> Any:  # noqa: ANN401  # a contact, or a coroutine
        listing = client.contacts.list(page_size=3)
        return next(iter(listing)) if runner.kind == "sync" else anext(aiter(listing))

    assert runner.run(first_of, _page).phone == SEVEN[0]
    assert len(runner.sent) == 1


def test_each_iteration_starts_again(runner: Runner) -> None:
    """A listing can be iterated over twice."""

    def twice(client: Any) -> Any:  # noqa: ANN401  # a list, or a coroutine
        listing = client.contacts.list(page_size=5)

        async def awaited() -> list[Contact]:
            return [contact async for contact in listing] + [contact async for contact in listing]

        return [*listing, *listing] if runner.kind == "sync" else awaited()

    assert _phones(runner.run(twice, _page)) == SEVEN * 2


def test_filters_are_sent(runner: Runner) -> None:
    """Filters and order are query parameters; the number is normalised."""
    since = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    runner.run(
        lambda client: client.contacts.list(
            order_by="firstName", order_direction="desc", phone_number="+1 415 555 1234", cid="c1", created_at_gte=since
        ),
        lambda _: httpx.Response(200, json=[]),
    )
    assert dict(runner.sent[0].url.params) == {
        "limit": "1000",
        "order_by": "firstName",
        "order_direction": "desc",
        "phone_number": "+14155551234",
        "cid": "c1",
        "created_at_gte": "2024-01-15T10:30:00+02:00",
    }


def test_both_clients_raise_if_the_listing_is_incomplete(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error comes after the contacts that can be listed."""
    monkeypatch.setattr(pagination, "MAX_OFFSET", 3)
    with pytest.raises(IncompleteListError, match=r"\(6 contacts were listed\)"):
        runner.run(lambda client: client.contacts.list(page_size=3, order_direction="desc"), _page)


def test_created_at_gte_of_the_caller_is_sent_first() -> None:
    """It is sent first, and then replaced by later timestamps of the listing."""
    server = Server(_contacts(12_000))
    since = EPOCH + dt.timedelta(seconds=500)
    assert _listed(server, Paginator({**OLDEST_FIRST, "created_at_gte": since})) == _phones(server.contacts[500:])
    assert {request["created_at_gte"] for request in server.requests} == {
        since.isoformat(),
        (EPOCH + dt.timedelta(seconds=11_499)).isoformat(),
    }
