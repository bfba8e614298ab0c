"""The rate limit: for each key, by an exact log unless asked otherwise, with a clock that the tests move."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendblue_sandbox.rate_limit.limiter import MOST_KEYS, Limit

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from sendblue_sandbox import Sandbox

PATH = "/api/v2/contacts"


def waits(limit: Limit, *times: float) -> list[float | None]:
    """What arrivals at these times are told."""
    return [limit.arrive("key", time) for time in times]


def test_so_many_are_admitted() -> None:
    """The limit itself is admitted, and one more is told after how many seconds there is a place again."""
    assert waits(Limit(3, 10.0), 0.0, 1.0, 2.0, 3.0) == [None, None, None, 7]


def test_a_place_comes_back_after_the_window() -> None:
    """An arrival exactly one window after another is not in one window with it."""
    assert waits(Limit(1, 10.0), 0.0, 9.75, 10.0) == [None, 0.25, None]


def test_a_refused_request_does_not_count() -> None:
    """A client that knocks on is admitted as soon as one that waits in silence."""
    assert waits(Limit(1, 10.0), 0.0, 5.0, 9.0, 10.0) == [None, 5, 1, None]


def test_a_refused_request_can_count() -> None:
    """With the model `log_all` a refused request takes a place, so knocking on makes the wait longer."""
    assert waits(Limit(1, 10.0, "log_all"), 0.0, 5.0, 10.0, 15.0, 25.0) == [None, 10, 10, 10, None]


def test_keys_have_limits_of_their_own() -> None:
    """The arrivals of one key take no place of another."""
    limit = Limit(1, 10.0)
    assert [limit.arrive(key, 0.0) for key in ("one", "other", "one")] == [None, None, 10]


def test_no_limit_refuses_nobody() -> None:
    """Without a limit everybody is admitted, and arrivals are counted all the same."""
    limit = Limit(None, 10.0)
    assert set(waits(limit, *[0.0] * 500)) == {None}
    assert limit.most == 500


def test_the_most_arrivals_are_remembered() -> None:
    """`most` is the largest number of arrivals of one key in any window so far, refused ones included."""
    limit = Limit(2, 10.0)
    waits(limit, 0.0, 1.0, 2.0, 11.5, 30.0)
    assert limit.most == 3


def test_idle_keys_are_forgotten() -> None:
    """Thousands of keys that came once do not stay in memory."""
    limit = Limit(1, 10.0)
    for number in range(MOST_KEYS * 3):
        limit.arrive(str(number), number * 1.0)
    assert len(limit._accounts) <= MOST_KEYS  # pyright: ignore[reportPrivateUsage] - a test may look inside


@given(
    st.lists(st.floats(0, 5), max_size=200),
    st.integers(1, 20),
)
def test_no_window_holds_more_than_the_limit(pauses: list[float], most: int) -> None:
    """Whatever the arrivals, no window holds more than the limit, and nobody is refused without reason."""
    limit, now = Limit(most, 10.0), 0.0
    admitted: list[float] = []
    for pause in pauses:
        now += pause
        before = [time for time in admitted if time + 10.0 > now]
        if limit.arrive("key", now) is None:
            admitted.append(now)
            assert len(before) < most
        else:
            assert len(before) == most


def test_one_too_many_is_answered_with_429(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """The 101st request in 10 seconds answers 429 with `Retry-After`; after that there is a place again (page 003)."""
    clock = SimpleNamespace(now=1000.0)
    sandbox = serve(limit=100, clock=lambda: clock.now)
    api = connect(sandbox)
    assert {api.get(f"{PATH}/count").status_code for _ in range(100)} == {200}
    clock.now += 2.5
    refused = api.get(PATH)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "8")
    assert refused.json() == {"status": "ERROR", "message": "Too many requests"}
    clock.now += 8
    assert api.get(PATH).status_code == 200
    assert sandbox.arrivals() == 101


def test_all_operations_share_the_limit(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """The limit counts over all operations together, and a refused request does nothing (vendor's page 003, note 6)."""
    sandbox = serve(limit=3)
    api = connect(sandbox)
    api.get(PATH)
    api.post(f"{PATH}/bulk", json={"contacts": []})
    api.get(f"{PATH}/%2B14155551234")
    assert api.post(PATH, json={"number": "+14155551234"}).status_code == 429
    assert sandbox.contacts() == []


def test_what_is_no_request_of_the_account_does_not_count(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]
) -> None:
    """Unknown routes and requests without the right credentials take no place in the account's window."""
    sandbox = serve(limit=1, api_key="key", api_secret="secret")  # noqa: S106 - of a sandbox
    api = connect(sandbox)
    refused = [
        api.get("/api/v2/unknown"),
        api.patch(PATH),
        api.get(PATH, headers={"sb-api-key-id": ""}),
        api.get(PATH, headers={"sb-api-secret-key": "wrong"}),
    ]
    assert [response.status_code for response in refused] == [404, 405, 403, 401]
    assert sandbox.arrivals() == 0
    assert api.get(PATH).status_code == 200


def test_a_bad_request_counts(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A request that is refused for what it says has arrived and counts."""
    api = connect(serve(limit=1))
    assert api.post(PATH, json={}).status_code == 400
    assert api.get(PATH).status_code == 429


@pytest.mark.parametrize(
    ("retry_after", "expected"), [("seconds", "8"), ("date", "Mon, 15 Jan 2024 10:30:11 GMT"), ("none", None)]
)
def test_what_a_refused_request_is_told(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], retry_after: str, expected: str | None
) -> None:
    """A 429 says when to come back in whole seconds, as an HTTP date, or not at all; early enough is never said."""
    api = connect(sandbox := serve(limit=1, retry_after=retry_after))
    sandbox.clock.set(1_705_314_600.5)
    api.get(PATH)
    sandbox.clock.advance(2.25)
    refused = api.get(PATH)
    assert (refused.status_code, refused.headers.get("Retry-After")) == (429, expected)


def test_the_date_of_an_answer_is_that_of_the_clock(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]
) -> None:
    """`Date` and a date in `Retry-After` are of one clock, so that a client can take the difference."""
    api = connect(sandbox := serve())
    sandbox.clock.set(1_705_314_600)
    assert api.get(PATH).headers.get_list("Date") == ["Mon, 15 Jan 2024 10:30:00 GMT"]


def test_the_model_can_be_chosen(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """With `window="fixed"` twice the limit passes at the edge of a window, which the default does not let through."""
    for window, expected in (("fixed", [200] * 4), ("log", [200, 200, 429, 429])):
        api = connect(sandbox := serve(limit=2, window=window))
        sandbox.clock.set(9.9)
        codes = [api.get(PATH).status_code for _ in range(2)]
        sandbox.clock.advance(0.2)
        assert codes + [api.get(PATH).status_code for _ in range(2)] == expected


def test_the_last_minute_is_remembered() -> None:
    """`history` is, for each second of the last minute, how many requests were admitted in the window before it."""
    limit = Limit(5, 10.0)
    for now in (100.0, 100.5, 105.0, 130.0):
        limit.arrive("key", now)
    history = limit.history(150.0)
    assert len(history) == 60
    assert history[9:21] == [1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 2, 1]
    assert (history[39], history[49], history[-1]) == (1, 0, 0)


def test_history_is_of_the_busiest_key() -> None:
    """Of several keys the one with the most requests in the last minute is shown; refused requests are not."""
    limit = Limit(2, 10.0)
    for key in ("one", "other", "other", "other"):
        limit.arrive(key, 100.0)
    assert (limit.used(100.0), limit.history(100.0)[-1]) == (2, 2)


def test_without_requests_nothing_is_used() -> None:
    """A sandbox that nobody asked has an empty minute."""
    limit = Limit(2, 10.0)
    assert (limit.used(100.0), limit.history(100.0)) == (0, [0] * 60)
