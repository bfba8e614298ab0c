"""Listing: every contact exactly once whatever their number, or an error; against a model of the server."""

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
from sendblue_contacts.pagination import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.overrides.conftest import World

EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
OLDEST_FIRST = {"order_by": "created_at", "order_direction": "asc"}


def _contact(number: int, second: float | None) -> Contact:
    moment = None if second is None else EPOCH + dt.timedelta(seconds=second)
    return Contact(phone=f"+1{number:010}", first_name=f"{number % 7}", created_at=moment)


def _contacts(count: int) -> list[Contact]:
    return [_contact(number, number) for number in range(count)]


@dataclass
class Server:
    """A model of the server, as documented and as feared.

    Attributes:
        contacts: In the order of their creation.
        ceiling: The highest offset.
        most: The largest page, whatever is asked for.
        refuses: Whether an offset beyond the ceiling is refused and not clamped.
        honours: Whether `created_at_gte` is looked at.
        requests: The parameters that were asked for, oldest first.
        arriving: Contacts that are created one by one, each just before a request is answered.
    """

    contacts: list[Contact]
    ceiling: int = 10_000
    most: int = 1_000
    refuses: bool = True
    honours: bool = True
    requests: list[dict[str, Any]] = field(default_factory=list)
    arriving: list[Contact] = field(default_factory=list)

    def answer(self, params: dict[str, Any]) -> list[Contact]:
        """One page."""
        self.requests.append(params)
        if self.arriving:
            self.contacts.append(self.arriving.pop(0))
        offset = params.get("offset", 0)
        if offset > self.ceiling and self.refuses:
            raise BadRequestError("offset", request=RequestSummary("GET", "/api/v2/contacts"))
        start = min(offset, self.ceiling)
        return self._found(params)[start : start + min(params["limit"], self.most)]

    def _found(self, params: dict[str, Any]) -> list[Contact]:
        found = self.contacts
        if self.honours and "created_at_gte" in params:
            since = dt.datetime.fromisoformat(params["created_at_gte"])
            found = found[bisect_left(found, since, key=_moment) :]
        if params["order_by"] == "firstName":
            found = sorted(found, key=lambda contact: contact.first_name or "")
        return found if params["order_direction"] == "asc" else found[::-1]


def _moment(contact: Contact) -> dt.datetime:
    return contact.created_at or EPOCH


def _steps(server: Server, walk: Walk) -> Iterator[list[Contact]]:
    while (operation := walk.next()) is not None:
        yield walk.accept(server.answer(operation.kwargs["params"]))


def _walked(server: Server, walk: Walk | None = None) -> list[str | None]:
    return [contact.phone for page in _steps(server, walk or Walk(OLDEST_FIRST)) for contact in page]


def _phones(contacts: list[Contact]) -> list[str | None]:
    return [contact.phone for contact in contacts]


each_ceiling = pytest.mark.parametrize("refuses", [True, False], ids=["refused", "clamped"])


@each_ceiling
@pytest.mark.parametrize(
    "count", [0, 1, 99, 100, 101, 999, 1_000, 1_001, 10_000, 10_999, 11_000, 11_001, 21_998, 21_999, 22_000, 25_000]
)
def test_every_contact_comes_exactly_once_in_order(count: int, refuses: bool) -> None:  # noqa: FBT001  # a parameter
    """Whatever their number, and whether larger offsets are clamped or refused."""
    server = Server(_contacts(count), refuses=refuses)
    assert _walked(server) == _phones(server.contacts)


@pytest.mark.parametrize("page_size", [1_000, 999, 700, 333, 300])
def test_every_contact_comes_exactly_once_with_any_page_size(page_size: int) -> None:
    """Also where the page does not divide the ceiling."""
    server = Server(_contacts(23_456))
    assert _walked(server, Walk(OLDEST_FIRST, page_size)) == _phones(server.contacts)


def test_no_request_goes_beyond_the_ceiling() -> None:
    """No offset over 10,000 is ever asked for, for nobody knows what it returns."""
    server = Server(_contacts(25_000))
    _walked(server)
    assert max(request.get("offset", 0) for request in server.requests) == 10_000


def test_the_first_request_has_no_offset_and_no_moment() -> None:
    """A default of the server is not sent."""
    server = Server([])
    _walked(server)
    assert server.requests == [{"limit": 1_000, **OLDEST_FIRST}]


@pytest.mark.parametrize("before", [10_990, 10_999, 9_999, 10_500])
@pytest.mark.parametrize("ties", [2, 500, 5_000, 10_000])
def test_contacts_of_one_moment_across_the_boundary_come_exactly_once(before: int, ties: int) -> None:
    """The walk starts again at a moment that many share: those it has seen are dropped, the others are not lost."""
    tied = [_contact(before + number, before) for number in range(ties)]
    later = [_contact(number, number) for number in range(before + ties, before + ties + 50)]
    server = Server([*_contacts(before), *tied, *later])
    assert _walked(server) == _phones(server.contacts)


@each_ceiling
@pytest.mark.parametrize("before", [0, 5, 11_000])
def test_more_of_one_moment_than_can_be_reached_is_an_error(before: int, refuses: bool) -> None:  # noqa: FBT001  # a parameter
    """Nobody can reach the twelfth thousand of one moment: the error says so and how many were seen."""
    server = Server(
        [*_contacts(before), *(_contact(20_000 + number, before) for number in range(12_000))], refuses=refuses
    )
    walk = Walk(OLDEST_FIRST)
    seen: list[Contact] = []
    with pytest.raises(
        IncompleteListError, match="more contacts share one created_at than the server lets anyone reach"
    ) as caught:
        seen.extend(contact for page in _steps(server, walk) for contact in page)
    assert caught.value.seen == walk.given
    assert walk.given >= 11_000
    assert f"so far {walk.given} contacts were listed" in str(caught.value)


ORDERS = [
    {"order_by": "created_at", "order_direction": "desc"},
    {"order_by": "firstName", "order_direction": "asc"},
    {"order_by": "lastName", "order_direction": "asc"},
    {"order_by": "phone", "order_direction": "desc"},
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order.values()))
def test_another_order_ends_in_an_error_at_the_ceiling(order: dict[str, str]) -> None:
    """In such an order nothing reaches the rest: an error, after 11,000 contacts that are right."""
    server = Server(_contacts(11_001))
    with pytest.raises(IncompleteListError, match="list without an order") as caught:
        _walked(server, Walk(order))
    assert caught.value.seen == 11_000


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order.values()))
def test_another_order_is_respected_beneath_the_ceiling(order: dict[str, str]) -> None:
    """The order that the caller asked for is the one that is sent, and all contacts come."""
    server = Server(_contacts(10_999))
    assert sorted(map(str, _walked(server, Walk(order)))) == sorted(map(str, _phones(server.contacts)))
    assert {(request["order_by"], request["order_direction"]) for request in server.requests} == {
        (order["order_by"], order["order_direction"])
    }


def test_a_server_that_ignores_created_at_gte_is_noticed() -> None:
    """It would send the same contacts again for ever."""
    server = Server(_contacts(11_001), honours=False)
    with pytest.raises(IncompleteListError, match="the server ignores created_at_gte") as caught:
        _walked(server)
    assert (caught.value.seen, len(server.requests)) == (11_000, 12)


@pytest.mark.parametrize("most", [100, 200, 500])
def test_a_server_that_lowers_the_limit_by_itself_does_not_end_the_walk(most: int) -> None:
    """A short page of a round number is not taken for the last one."""
    server = Server(_contacts(12_345), most=most)
    assert _walked(server) == _phones(server.contacts)


def test_a_short_page_is_the_last_one() -> None:
    """No request is spent on an empty page."""
    server = Server(_contacts(1_234))
    _walked(server)
    assert len(server.requests) == 2


def test_a_moment_that_is_null_ends_in_an_error_at_the_ceiling() -> None:
    """Where the server leaves created_at out, nothing tells where to go on."""
    contacts = _contacts(11_500)
    contacts[500] = _contact(500, None)
    with pytest.raises(IncompleteListError, match="the server did not sort by created_at, or left it out"):
        _walked(Server(contacts))


def test_moments_that_are_all_null_end_in_an_error_at_the_ceiling() -> None:
    """The same where none has one."""
    with pytest.raises(IncompleteListError, match="or left it out"):
        _walked(Server([_contact(number, None) for number in range(11_001)]))


def test_null_moments_beneath_the_ceiling_do_no_harm() -> None:
    """As long as offsets reach everything, moments are not needed."""
    contacts = [_contact(number, None) for number in range(3_456)]
    assert _walked(Server(contacts)) == _phones(contacts)


def test_a_server_that_does_not_sort_is_noticed_at_the_ceiling() -> None:
    """Going on by created_at would lose contacts there."""
    contacts = _contacts(11_500)
    contacts[3], contacts[4] = contacts[4], contacts[3]
    with pytest.raises(IncompleteListError, match="did not sort"):
        _walked(Server(contacts))


def test_contacts_that_are_created_during_the_walk_come_once() -> None:
    """Oldest first, they are added at the end: nobody is missed or doubled."""
    server = Server(_contacts(11_500), arriving=[_contact(number, number) for number in range(11_500, 11_510)])
    assert _walked(server) == _phones(server.contacts)


@pytest.mark.parametrize("page_size", [10, 100, 1_000])
def test_contacts_without_number_and_identifier_are_not_taken_for_each_other(page_size: int) -> None:
    """They cannot be told apart, so none is dropped, also when earlier ones have been forgotten."""
    walk = Walk(OLDEST_FIRST, page_size)
    given_out = 0
    while (operation := walk.next()) is not None:
        start = operation.kwargs["params"].get("offset", 0)
        page = [Contact(first_name="Ada", created_at=EPOCH) for _ in range(start, min(start + page_size, 2_500))]
        given_out += len(walk.accept(page))
        del page
    assert given_out == 2_500


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
def test_max_items_takes_as_few_requests_as_can_be(max_items: int, page_size: int, limits: list[int]) -> None:
    """No request asks for more than is wanted, beside the repeats that come again, and none is spent on nothing."""
    server = Server(_contacts(25_000))
    assert _walked(server, Walk(OLDEST_FIRST, page_size, max_items)) == _phones(server.contacts[:max_items])
    assert [request["limit"] for request in server.requests] == limits


def test_max_items_among_contacts_of_one_moment_takes_few_requests() -> None:
    """The repeats are asked for in pages, not one by one."""
    server = Server([*_contacts(10_000), *(_contact(number, 10_000) for number in range(10_000, 15_000))])
    assert len(_walked(server, Walk(OLDEST_FIRST, 1_000, 11_001))) == 11_001
    assert len(server.requests) == 11 + 2


def test_max_items_is_kept_where_the_server_sends_more_than_was_asked_for() -> None:
    """A server that ignores `limit` does not make the walk give more."""
    walk = Walk(OLDEST_FIRST, 10, 5)
    walk.next()
    assert len(walk.accept(_contacts(10))) == 5
    assert walk.next() is None


def test_memory_does_not_grow_with_the_list() -> None:
    """After 200,000 contacts the walk remembers no more than one window and those of the last moment."""
    server = Server(_contacts(200_000))
    walk = Walk(OLDEST_FIRST)
    most = total = 0
    for page in _steps(server, walk):
        total += len(page)
        most = max(most, len(walk._seen) + len(walk._tail))
    assert total == 200_000
    assert most <= 11_000 + 1


@pytest.mark.parametrize("made", [Walk(OLDEST_FIRST), pagination.walker({"phone_number": "+14155551234"}, 10, None)])
def test_a_walk_shows_no_number(made: object) -> None:
    """Neither the filter nor what was seen is in a repr."""
    if isinstance(made, Walk):
        made.accept([_contact(4155551234, 0)])
    assert "4155551234" not in repr(made)


SMALL = {"HIGHEST_OFFSET": 10, "_ROUND": 2}


@settings(deadline=None)
@given(
    seconds=st.lists(st.integers(0, 25), max_size=70),
    page_size=st.integers(1, 6),
    refuses=st.booleans(),
    max_items=st.none() | st.integers(1, 60),
    lowered=st.booleans(),
)
def test_any_list_is_walked_in_whole_or_says_that_it_is_not(
    *, seconds: list[int], page_size: int, refuses: bool, max_items: int | None, lowered: bool
) -> None:
    """With a ceiling of 10: every contact once and in order, or an error, and that only where ties are too many."""
    contacts = [_contact(number, second) for number, second in enumerate(sorted(seconds))]
    server = Server(contacts, ceiling=10, most=2 if lowered else 1_000, refuses=refuses)
    walk = Walk(OLDEST_FIRST, page_size, max_items)
    seen: list[Contact] = []
    complete = False
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL.items():
            patch.setattr(pagination, name, value)
        try:
            for page in _steps(server, walk):
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
    ("given_filters", "says", "error"),
    [
        ({"order_direction": "ascending"}, "order_direction must be 'asc' or 'desc', not 'ascending'", ValueError),
        ({"created_at_gte": dt.datetime(2024, 1, 1)}, "created_at_gte has no time zone", ValueError),  # noqa: DTZ001  # the point
        ({"created_at_gte": "2024-01-01"}, "created_at_gte must be a datetime, not str", TypeError),
        ({"created_at_gte": dt.date(2024, 1, 1)}, "created_at_gte must be a datetime, not date", TypeError),
        ({"phone_number": "555"}, "phone_number .* has no country code", InvalidPhoneNumberError),
        ({"page_size": 0}, "page_size must be between 1 and 1000, not 0", ValueError),
        ({"page_size": 1_001}, "page_size must be between 1 and 1000, not 1001", ValueError),
        ({"page_size": "10"}, "page_size must be a whole number, not str", TypeError),
        ({"page_size": True}, "page_size must be a whole number, not bool", TypeError),
        ({"max_items": 0}, "max_items must be 1 or more, not 0", ValueError),
        ({"max_items": 1.5}, "max_items must be a whole number, not float", TypeError),
    ],
)
def test_a_wrong_argument_is_an_error_at_once(
    world: World, given_filters: dict[str, Any], says: str, error: type[Exception]
) -> None:
    """When `list` is called, before anything is iterated over."""

    def called(client: Any) -> None:  # noqa: ANN401  # of either kind
        client.contacts.list(**given_filters)

    with pytest.raises(error, match=says):
        world.do(called, lambda _: httpx.Response(200, json=[]))


def _page(request: httpx.Request) -> httpx.Response:
    """A list of seven contacts over HTTP."""
    start, limit = (int(request.url.params.get(name, default)) for name, default in (("offset", 0), ("limit", 100)))
    numbers = range(start, min(start + limit, 7))
    return httpx.Response(200, json=[{"phone": f"+1415555000{n}", "created_at": f"2024-01-0{n + 1}"} for n in numbers])


SEVEN = [f"+1415555000{number}" for number in range(7)]


def test_both_clients_list_every_contact(world: World) -> None:
    """Page by page, until all have come."""
    found = world.do(lambda client: client.contacts.list(page_size=3), _page)
    assert _phones(found) == SEVEN
    assert [request.url.params.get("offset") for request in world.sent] == [None, "3", "6"]


def test_pages_come_one_for_each_request(world: World) -> None:
    """`.pages()` gives lists of at most `page_size`."""
    pages = world.do(lambda client: client.contacts.list(page_size=3).pages(), _page)
    assert [_phones(page) for page in pages] == [SEVEN[:3], SEVEN[3:6], SEVEN[6:]]


def test_an_empty_list_has_no_pages(world: World) -> None:
    """No page without a contact is given."""
    assert world.do(lambda client: client.contacts.list().pages(), lambda _: httpx.Response(200, json=[])) == []


def test_first_is_one_request_for_one_contact(world: World) -> None:
    """`.first()` does not fetch a page."""
    found = world.do(lambda client: client.contacts.list().first(), _page)
    assert (found.phone, [request.url.params["limit"] for request in world.sent]) == (SEVEN[0], ["1"])


def test_max_items_of_one_page_is_one_request(world: World) -> None:
    """`list(max_items=3, page_size=3)` asks once."""
    assert len(world.do(lambda client: client.contacts.list(page_size=3, max_items=3), _page)) == 3
    assert len(world.sent) == 1


def test_nothing_is_sent_before_a_contact_is_asked_for(world: World) -> None:
    """A listing that nobody iterates over costs nothing."""

    def called(client: Any) -> None:  # noqa: ANN401  # of either kind
        client.contacts.list()
        client.contacts.list().pages()

    world.do(called, _page)
    assert world.sent == []


def test_pages_are_fetched_as_they_are_needed(world: World) -> None:
    """Who stops after the first contact has paid for one page."""

    def first_of(client: Any) -> Any:  # noqa: ANN401  # a contact, or a coroutine
        listing = client.contacts.list(page_size=3)
        return next(iter(listing)) if world.name == "sync" else anext(aiter(listing))

    assert world.do(first_of, _page).phone == SEVEN[0]
    assert len(world.sent) == 1


def test_each_iteration_starts_anew(world: World) -> None:
    """A listing can be iterated over twice."""

    def twice(client: Any) -> Any:  # noqa: ANN401  # a list, or a coroutine
        listing = client.contacts.list(page_size=5)

        async def awaited() -> list[Contact]:
            return [contact async for contact in listing] + [contact async for contact in listing]

        return [*listing, *listing] if world.name == "sync" else awaited()

    assert _phones(world.do(twice, _page)) == SEVEN * 2


def test_filters_are_sent(world: World) -> None:
    """Every filter and the order are parameters of the request; the number is normalised."""
    since = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    world.do(
        lambda client: client.contacts.list(
            order_by="firstName", order_direction="desc", phone_number="+1 415 555 1234", cid="c1", created_at_gte=since
        ),
        lambda _: httpx.Response(200, json=[]),
    )
    assert dict(world.sent[0].url.params) == {
        "limit": "1000",
        "order_by": "firstName",
        "order_direction": "desc",
        "phone_number": "+14155551234",
        "cid": "c1",
        "created_at_gte": "2024-01-15T10:30:00+02:00",
    }


def test_both_clients_raise_where_the_list_is_incomplete(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was listed so far has been given, and then the error comes."""
    monkeypatch.setattr(pagination, "HIGHEST_OFFSET", 3)
    with pytest.raises(IncompleteListError, match="so far 6 contacts were listed"):
        world.do(lambda client: client.contacts.list(page_size=3, order_direction="desc"), _page)


def test_a_caller_filter_is_kept_beneath_the_moment_of_the_walk() -> None:
    """A `created_at_gte` of the caller is sent first, and then replaced by the later moment of the walk."""
    server = Server(_contacts(12_000))
    since = EPOCH + dt.timedelta(seconds=500)
    assert _walked(server, Walk({**OLDEST_FIRST, "created_at_gte": since})) == _phones(server.contacts[500:])
    assert {request["created_at_gte"] for request in server.requests} == {
        since.isoformat(),
        (EPOCH + dt.timedelta(seconds=11_499)).isoformat(),
    }
