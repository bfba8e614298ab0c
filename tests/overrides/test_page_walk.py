"""Listings against a model of the server: every contact once or an error, whatever the server does, in few requests.

The highest offset is 100 and a page has at most 10 contacts, so that offsets reach 110 contacts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from sendblue_contacts import Contact, IncompleteListError
from sendblue_contacts.pagination import walk, window
from sendblue_contacts.pagination.page import CONTACTS, ROWS, ListPage
from sendblue_contacts.pagination.walk import PageWalk

from tests.overrides.list_server import EPOCH, OLDEST_FIRST, ListServer, Stored, account, listed

BY_NAME = {"order_by": "firstName", "order_direction": "asc"}
NEWEST_FIRST = {"order_by": "created_at", "order_direction": "desc"}
ORDERS = {"oldest first": OLDEST_FIRST, "by name": BY_NAME, "newest first": NEWEST_FIRST}
each_order = pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)


@pytest.fixture(autouse=True)
def small_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the limits of the API."""
    for module in (walk, window):
        monkeypatch.setattr(module, "MAX_OFFSET", 100)
        monkeypatch.setattr(module, "MAX_PAGE_SIZE", 10)
    monkeypatch.setattr(window, "MAX_KNOWN", 220)
    monkeypatch.setattr(walk, "MAX_NEARLY_EMPTY_PAGES", 100)


def server(contacts: list[Stored], **traits: Any) -> ListServer:
    """Return a server with the lower limits."""
    return ListServer(contacts, **{"max_offset": 100, "max_page": 10, **traits})


def seconds(count: int, step: float = 1) -> list[Stored]:
    """Return contacts that were created one after the other."""
    return account(*(number * step for number in range(count)))


def ties(count: int, before: int = 25, after: int = 25) -> list[Stored]:
    """Return contacts of which some were created at the same time."""
    return account(*range(before), *[before] * count, *range(before + 1, before + 1 + after))


def undated(count: int) -> list[Stored]:
    """Return 140 contacts with `created_at`, and some without."""
    return account(*[None] * count, *range(140))


@dataclass
class Case:
    """A server, and how many requests the listing takes at most. `problem` is in the error, if there must be one."""

    contacts: list[Stored]
    requests: int
    traits: dict[str, Any] = field(default_factory=dict[str, Any])
    problem: str = ""
    order: dict[str, str] = field(default_factory=lambda: OLDEST_FIRST)
    filtered: bool = False


SAME_TIME = "more contacts have the same created_at than the server can list"
OTHER_ORDER = "remove order_by and order_direction"
NO_ORDER = "leaves out created_at, does not sort by it, or does not filter by the time that it shows"
MISFIT = "the pages of the server do not fit together"
TOO_FAST = "contacts are created, deleted or sorted anew faster than they can be listed"
EVERY_4TH = {number: ("empty", "repeat")[number % 8 // 4] for number in range(4, 60, 4)}

COMPLETE = {
    **{f"{count} contacts": Case(seconds(count), count // 9 + 3) for count in (0, 1, 10, 11, 110, 111, 240)},
    **{f"{count} by name": Case(seconds(count), count // 9 + 3, order=BY_NAME) for count in (0, 11, 109, 110)},
    "offsets are clamped": Case(seconds(240), 29, {"rejects": False}),
    **{f"pages of {size}": Case(seconds(60), 60 // (size - 1) + 4, {"max_page": size}) for size in (2, 3, 7, 9)},
    "times with ties": Case(ties(8), 9),
    "a time with many ties": Case(ties(100), 19),
    "ties change their order": Case(ties(30), 100, {"shuffles": True}),
    "an order that changes": Case(seconds(60), 20, {"shuffles": True}),
    "greater than": Case(seconds(240, 1 / 3), 40, {"strict": True}),
    "truncated to seconds": Case(seconds(240, 1 / 3), 32, {"shown": "truncated"}),
    "rounded to seconds": Case(seconds(240, 1 / 3), 60, {"shown": "rounded"}),
    "rounded to seconds, greater than": Case(seconds(240, 1 / 3), 60, {"shown": "rounded", "strict": True}),
    "local time in the east": Case(seconds(240), 46, {"shown": "east"}),
    "local time in the west": Case(seconds(240, 100), 41, {"shown": "west"}, filtered=True),
    "local time, to summer time": Case(seconds(240, 60), 61, {"shown": "spring"}),
    "empty and repeated pages": Case(seconds(240), 50, {"glitches": EVERY_4TH}),
    "an empty page at first": Case(seconds(60), 11, {"glitches": {1: "empty"}}),
    "a repeated page, by name": Case(seconds(60), 20, {"glitches": {3: "repeat"}}, order=BY_NAME),
    "offset ignored": Case(seconds(240), 29, {"ignores": {"offset"}}),
    "limit ignored": Case(seconds(240), 4, {"ignores": {"limit"}}),
    "order ignored": Case(seconds(100), 14, {"ignores": {"order"}}),
    "order ignored, a time with ties, filtered": Case(
        ties(15, before=30, after=0), 9, {"ignores": {"order"}}, filtered=True
    ),
    "filter ignored": Case(seconds(100), 25, {"ignores": {"created_at_gte"}}),
    "twice as many as asked for": Case(seconds(240), 28, {"exceeds": True, "max_page": 20}),
    "no number and no ID": Case(seconds(140), 19, {"identity": "none"}),
    "one ID for all": Case(ties(100), 19, {"identity": "one_id"}),
    **{
        f"3 undated {place}, {'kept' if kept else 'left out'}{', filtered' if filtered else ''}": Case(
            undated(3), 26, {"undated": place, "keeps_undated": kept}, filtered=filtered
        )
        for place, kept, filtered in (("first", True, False), ("first", False, True), ("last", True, True))
    },
    "3 undated last": Case(undated(3), 26, {"undated": "last"}),
    "3 undated last, filtered": Case(undated(3), 26, {"undated": "last"}, filtered=True),
    "30 undated last": Case(undated(30), 26, {"undated": "last"}),
    "30 undated first": Case(undated(30), 22, {"undated": "first"}),
}

INCOMPLETE = {
    "too many ties": Case(ties(120), 17, {}, SAME_TIME),
    "too many ties at first": Case(ties(120, before=0), 14, {"rejects": False}, SAME_TIME),
    "too many by name": Case(seconds(111), 14, {}, OTHER_ORDER, BY_NAME),
    "too many, newest first": Case(seconds(240), 14, {"rejects": False}, OTHER_ORDER, NEWEST_FIRST),
    "local time, from summer time": Case(seconds(340, 60), 50, {"shown": "autumn"}, NO_ORDER),
    "order ignored": Case(seconds(240), 14, {"ignores": {"order"}}, NO_ORDER),
    "filter ignored": Case(seconds(240), 24, {"ignores": {"created_at_gte"}}, NO_ORDER),
    "offset ignored among ties": Case(ties(30), 20, {"ignores": {"offset"}}, SAME_TIME),
    "offset ignored by name": Case(seconds(60), 20, {"ignores": {"offset"}}, OTHER_ORDER, BY_NAME, filtered=True),
    "pages of one contact": Case(seconds(60), 20, {"max_page": 1}, MISFIT),
    "pages of one contact, filtered": Case(seconds(60), 20, {"max_page": 1}, MISFIT, filtered=True),
    "pages of one contact, order ignored, filtered": Case(
        seconds(60), 20, {"max_page": 1, "ignores": {"order"}}, MISFIT, filtered=True
    ),
    "pages of one contact, empty": Case(
        seconds(60), 20, {"max_page": 1, "glitches": {2: "empty", 3: "empty"}}, MISFIT, filtered=True
    ),
    "contacts that cannot be told apart": Case(seconds(60), 400, {"identity": "same"}, TOO_FAST, filtered=True),
    "undated, offset ignored, filtered": Case(undated(30), 60, {"ignores": {"offset"}}, MISFIT, filtered=True),
    "too many undated": Case(undated(140), 40, {"undated": "last"}, NO_ORDER),
    "too many undated first": Case(undated(140), 14, {"undated": "first"}, NO_ORDER),
    "a count that is too high": Case(seconds(60), 24, {"uncounted": -3}, "the account has 63 contacts"),
}


@pytest.mark.parametrize("case", COMPLETE.values(), ids=COMPLETE)
def test_every_contact_is_listed_once(case: Case) -> None:
    """The listing is complete and ends, within few requests; for a sync too, whose walk returns rows."""
    for form in (CONTACTS, ROWS):
        tested = server(case.contacts, **case.traits)
        found = listed(tested, PageWalk(case.order, filtered=case.filtered, form=form))
        assert (found.error, sorted(found.names)) == (None, sorted(stored.name for stored in case.contacts))
        assert len(tested.requests) <= case.requests


@pytest.mark.parametrize("case", INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_listing_that_cannot_be_complete_ends_in_an_error(case: Case) -> None:
    """The error says why, and how many contacts were listed; none was listed twice, and the requests are few."""
    tested = server(case.contacts, **case.traits)
    found = listed(tested, PageWalk(case.order, filtered=case.filtered))
    assert case.problem in str(found.error)
    assert f"({len(found.names)} contacts were listed)" in str(found.error)
    assert isinstance(found.error, IncompleteListError)
    assert found.error.seen == len(found.names)
    assert len(found.names) == len(set(found.names)) or case.traits.get("identity") == "same"
    assert len(tested.requests) <= case.requests


@pytest.mark.parametrize(
    ("count", "order", "trusts"), [(240, OLDEST_FIRST, False), (240, OLDEST_FIRST, True), (105, BY_NAME, True)]
)
def test_a_listing_takes_two_requests_more_than_its_pages(count: int, order: dict[str, str], trusts: bool) -> None:
    """Each page repeats one contact; the count and the last contacts end it, for a plan of a sync the count alone."""
    tested = server(seconds(count))
    found = listed(tested, PageWalk(order, trusts_count=trusts))
    pages = 1 + -(-(count - 10) // 9)
    opposite = {**order, "order_direction": "desc", "limit": 10}
    verification = ["count"] if trusts and order is OLDEST_FIRST else ["count", opposite]
    assert (len(found.names), tested.requests[pages:]) == (count, verification)
    assert tested.requests[0] == {**order, "limit": 10}
    assert max(request.get("offset", 0) for request in tested.requests[:pages]) <= 100


@pytest.mark.parametrize("filtered", [True, False])
def test_a_short_listing_takes_three_requests(filtered: bool) -> None:
    """The second one is the count, or with a filter a page that has nothing new; without contacts it is left out."""
    filters = {**OLDEST_FIRST, "created_at_gte": EPOCH} if filtered else OLDEST_FIRST
    few, none = server(seconds(7)), server([])
    assert len(listed(few, PageWalk(filters)).names) == 7
    listed(none, PageWalk(filters))
    assert (len(few.requests), len(none.requests), "count" in few.requests) == (3, 2 if filtered else 3, not filtered)


@pytest.mark.parametrize(
    ("max_items", "page_size", "limits"),
    [
        (1, 10, [1]),
        (10, 10, [10]),
        (11, 10, [10, 2]),
        (25, 10, [10, 10, 7]),
        (3, 3, [3]),
        (7, 3, [3, 4, 2]),
        (1, 1, [1]),
    ],
)
def test_max_items_takes_no_request_too_many(max_items: int, page_size: int, limits: list[int]) -> None:
    """No request asks for more than is needed, apart from the repeated contact, and nothing is counted.

    No more contacts are returned, also if pages have more.
    """
    tested = server(seconds(60))
    assert len(listed(tested, PageWalk(OLDEST_FIRST, page_size, max_items)).names) == max_items
    assert [request["limit"] for request in tested.requests] == limits
    generous = server(seconds(60), exceeds=True, max_page=20)
    assert len(listed(generous, PageWalk(OLDEST_FIRST, page_size, max_items)).names) == max_items


DELETED: dict[str, Case] = {
    "few": Case(seconds(25), 20),
    "many": Case(seconds(240), 110),
    "ties, filtered": Case(ties(60), 110, filtered=True),
    "small pages": Case(seconds(60), 110, {"max_page": 7, "count_lag": 3}),
    "pages of one contact": Case(seconds(20), 70, {"max_page": 1}, filtered=True),
    "repeated pages": Case(seconds(60, 1 / 3), 60, {"glitches": {5: "repeat", 6: "repeat"}}),
}


@each_order
@pytest.mark.parametrize("case", DELETED.values(), ids=DELETED)
def test_deleting_while_listing_meets_every_contact(order: dict[str, str], case: Case) -> None:
    """Each contact is deleted as soon as it is listed. Random servers check what else can be deleted meanwhile."""
    tested = server(case.contacts, **case.traits)

    def delete(names: list[str]) -> None:
        tested.contacts = [stored for stored in tested.contacts if stored.name not in names]

    found = listed(tested, PageWalk(order, filtered=case.filtered), delete)
    assert (found.error, sorted(found.names)) == (None, sorted(stored.name for stored in case.contacts))
    assert len(tested.requests) <= case.requests


@each_order
@pytest.mark.parametrize("filtered", [True, False])
def test_creations_without_end(order: dict[str, str], filtered: bool) -> None:
    """A contact is created before each response: the listing is complete or raises, and does not follow forever."""
    tested = server(seconds(50))

    def create(server: ListServer) -> None:
        number = len(server.requests)
        server.contacts = [*server.contacts, Stored(str(1_000 + number), EPOCH + dt.timedelta(hours=1, seconds=number))]

    tested.meanwhile = create
    found = listed(tested, PageWalk(order, filtered=filtered), max_requests=500)
    assert {str(number) for number in range(50)} <= {*found.names}
    assert found.error is None or filtered or order is not OLDEST_FIRST


@pytest.mark.parametrize("deleted", [2, 3, 10])
def test_undated_contacts_while_others_are_deleted(deleted: int) -> None:
    """A count as low as the listed contacts, or lower or higher, hides none of those that the filter leaves out."""
    tested = server(undated(3))

    def delete(server: ListServer) -> None:
        if len(server.requests) == 5:
            server.contacts = server.contacts[:10] + server.contacts[10 + deleted :]

    tested.meanwhile = delete
    assert {"0", "1", "2", "142"} <= {*listed(tested).names}


@pytest.mark.parametrize(("count", "order"), [(5, OLDEST_FIRST), (5, BY_NAME), (220, NEWEST_FIRST)])
def test_as_many_contacts_are_deleted_as_are_missing(count: int, order: dict[str, str]) -> None:
    """A count that is right by coincidence hides none."""
    tested = server(seconds(count), lag=50, **({"max_page": 3} if count == 5 else {}))
    before = {stored.name for stored in tested.contacts}
    gone: set[str] = set()

    def delete(names: list[str]) -> None:
        gone.update(names)
        tested.contacts = [stored for stored in tested.contacts if stored.name not in gone]

    def delete_two(server: ListServer) -> None:
        if len(server.requests) == 1 and count == 5:
            delete([stored.name for stored in server.contacts[:2]])

    tested.meanwhile = delete_two
    found = listed(tested, PageWalk(order), delete if count > 5 else len)
    assert found.error or before - gone <= {*found.names}


@pytest.mark.parametrize("lag", ["lag", "count_lag"])
def test_reads_that_lag_behind_writes(lag: str) -> None:
    """A count or a list from before the last change is looked at again, after pauses."""
    contacts = seconds(60)
    tested = server(contacts if lag == "lag" else contacts[:50], **{lag: 14})
    tested._states.append(contacts[:50] if lag == "lag" else contacts)
    found = listed(tested)
    assert (found.error, len(found.names)) == (None, len(tested.contacts))
    assert 0 < found.paused < 6


def test_a_server_that_always_returns_the_same_contact() -> None:
    """It ignores the offset; a listing of one contact is nevertheless complete."""
    tested = server(seconds(1), ignores={"offset"})
    assert listed(tested, PageWalk({**OLDEST_FIRST, "phone_number": "+14150000000"})).error is None
    assert len(tested.requests) == 2


def test_a_contact_that_a_page_repeats_is_returned_once() -> None:
    """Also where contacts without a number and without a time follow, and where the last contacts are checked."""
    page = [Contact(phone="+14155550001"), Contact(phone="+14155550001"), Contact(first_name="Ada")]
    read = ListPage(page, CONTACTS.identities(page))
    assert [each.contacts for each in (read, *read.split_undated())] == [page[1:], page[1:], []]


@pytest.mark.parametrize(
    ("filters", "ignored"),
    [
        ({"phone_number": "+14150000003"}, "phone_number"),
        ({"cid": "c_3"}, "cid"),
        ({"created_at_gte": EPOCH + dt.timedelta(days=2)}, "created_at_gte"),
    ],
)
def test_a_filter_that_is_ignored(filters: dict[str, Any], ignored: str) -> None:
    """Contacts that do not match are not returned."""
    found = listed(server(seconds(20), ignores={"created_at_gte"}), PageWalk({**OLDEST_FIRST, **filters}))
    assert (found.names, f"the server ignores {ignored}" in str(found.error)) == ([], True)


def test_created_at_gte_of_the_caller() -> None:
    """It is sent first, and then replaced by later timestamps; nothing is counted."""
    tested = server(seconds(60))
    since = EPOCH + dt.timedelta(seconds=30)
    assert len(listed(tested, PageWalk({**OLDEST_FIRST, "created_at_gte": since})).names) == 30
    assert (tested.requests[0]["created_at_gte"], "count" in tested.requests) == (since.isoformat(), False)


@pytest.mark.parametrize("deletes", [True, False])
def test_memory_does_not_grow_with_the_list(deletes: bool) -> None:
    """Few contacts are remembered, also if each is deleted after it was listed."""
    tested = server(seconds(700))
    tested_walk = PageWalk(OLDEST_FIRST)
    known: list[int] = []

    def consume(names: list[str]) -> None:
        if deletes:
            tested.contacts = [stored for stored in tested.contacts if stored.name not in names]
        known.append(len(tested_walk._window.listed))

    assert len(listed(tested, tested_walk, consume).names) == 700
    assert max(known) < 500


def test_a_repr_contains_no_number() -> None:
    """Neither the filters nor the listed contacts appear in a repr."""
    shown = PageWalk({**OLDEST_FIRST, "phone_number": "+14155551234"})
    shown.accept([Contact(phone="+14155551234")])
    assert "4155551234" not in repr(shown)
