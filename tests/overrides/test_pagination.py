"""`contacts.list()` with both clients: its arguments, its pages, and when it sends a request."""

import datetime as dt
from typing import Any

import httpx
import pytest
from sendblue_contacts import Contact, IncompleteListError, InvalidPhoneNumberError, Retry
from sendblue_contacts.pagination import new_walk

from tests.overrides.clients import Runner


@pytest.mark.parametrize(
    ("arguments", "text", "error"),
    [
        ({"order_direction": "ascending"}, "order_direction must be 'asc' or 'desc', not 'ascending'", ValueError),
        ({"created_at_gte": dt.datetime(2024, 1, 1)}, "created_at_gte has no time zone", ValueError),  # noqa: DTZ001  # the point
        ({"created_at_gte": "yesterday"}, "created_at_gte is not ISO 8601; write it like 2024-01-15", ValueError),
        ({"created_at_gte": dt.date(2024, 1, 1)}, "must be a datetime or ISO 8601 text, not date", TypeError),
        ({"phone_number": "555"}, "phone_number .* the country code is missing", InvalidPhoneNumberError),
        ({"page_size": 0}, "page_size must be between 1 and 1000, not 0", ValueError),
        ({"page_size": 1_001}, "page_size must be between 1 and 1000, not 1001", ValueError),
        ({"page_size": "10"}, "page_size must be an int, not str", TypeError),
        ({"page_size": True}, "page_size must be an int, not bool", TypeError),
        ({"max_items": 0}, "max_items must be 1 or more, not 0", ValueError),
        ({"max_items": 1.5}, "max_items must be an int, not float", TypeError),
    ],
)
def test_an_invalid_argument_raises_at_once(arguments: dict[str, Any], text: str, error: type[Exception]) -> None:
    """The error is raised by `list`, before the iteration."""
    with pytest.raises(error, match=text):
        Runner("sync").run(lambda client: client.contacts.list(**arguments).first, _empty)


def _page(request: httpx.Request) -> httpx.Response:
    """Return a page of seven contacts over HTTP, or their number."""
    if request.url.path.endswith("/count"):
        return httpx.Response(200, json={"count": 7})
    start, limit = (int(request.url.params.get(name, default)) for name, default in (("offset", 0), ("limit", 100)))
    since = int(request.url.params.get("created_at_gte", "2024-01-01")[8:10]) - 1
    contacts = [{"phone": f"+1415555000{n}", "created_at": f"2024-01-0{n + 1}"} for n in range(since, 7)]
    return httpx.Response(200, json=contacts[start : start + limit])


SEVEN = [f"+1415555000{number}" for number in range(7)]


def _phones(contacts: list[Contact]) -> list[str | None]:
    return [contact.phone for contact in contacts]


@pytest.mark.parametrize("page_size", [1, 3])
def test_pages_have_at_most_page_size_contacts(runner: Runner, page_size: int) -> None:
    """`.pages()` returns lists of at most `page_size` contacts, also if more were requested at once."""
    pages = runner.run(lambda client: client.contacts.list(page_size=page_size).pages(), _page)
    assert [phone for page in pages for phone in _phones(page)] == SEVEN
    assert {len(page) for page in pages} == {page_size, 1}


def _empty(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"count": 0} if request.url.path.endswith("/count") else [])


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


@pytest.mark.parametrize("text", ["2024-01-05", "2024-01-05T00:00:00Z", "2024-01-05T02:00+02:00"])
def test_created_at_gte_may_be_text(text: str) -> None:
    """ISO 8601, in UTC if it has no time zone."""
    found = Runner("sync").run(lambda client: client.contacts.list(created_at_gte=text, page_size=2), _page)
    assert _phones(found) == SEVEN[4:]


def test_times_in_an_array_are_converted() -> None:
    """Each item of an array of times, or of dates, is checked and sent as a single one is."""
    given = [dt.datetime(2024, 1, 15, tzinfo=dt.UTC), "2024-01-16"]
    walk = new_walk(filters={"since": ("array[date-time]", given), "days": ("array[date]", ("2024-01-17",))})()
    assert walk.filters["since"] == [given[0], dt.datetime(2024, 1, 16, tzinfo=dt.UTC)]
    assert walk.filters["days"] == [dt.date(2024, 1, 17)]
    for value, text in ((["soon"], r"since\[0\] is not ISO 8601"), ("2024-01-16", "since must be a list")):
        with pytest.raises((TypeError, ValueError), match=text):
            new_walk(filters={"since": ("array[date-time]", value)})


def test_extra_query_may_be_a_filter(runner: Runner) -> None:
    """With a query parameter that the listing does not know, it does not compare itself with the count."""
    runner.run(lambda client: client.with_options(extra_query={"tag": "VIP"}).contacts.list(), _page)
    assert all(request.url.params["tag"] == "VIP" and "count" not in request.url.path for request in runner.sent)


@pytest.mark.parametrize(("read_lag", "pauses"), [(5.0, [0.25, 0.5, 1.0, 2.0, 1.25]), (0.6, [0.25, 0.35]), (0.0, [])])
def test_pauses_before_further_looks(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, read_lag: float, pauses: list[float]
) -> None:
    """Reads may lag behind writes: what is counted and not listed is looked for again, for `Retry.read_lag` seconds."""
    paused: list[float] = []

    async def task_sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr("sendblue_contacts._sync.listing.thread_sleep", paused.append)
    monkeypatch.setattr("sendblue_contacts._async.listing.task_sleep", task_sleep)

    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"count": 8}) if "count" in request.url.path else _page(request)

    with pytest.raises(IncompleteListError, match=r"the account has 8 contacts \(7 contacts were listed\)"):
        runner.run(lambda client: client.contacts.list(), respond, retry=Retry(read_lag=read_lag))
    assert paused == pytest.approx(pauses)
