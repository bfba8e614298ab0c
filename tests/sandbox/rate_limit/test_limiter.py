"""The rate limit: for each key, with an exact log by default, and with a clock that the tests move."""

import pytest
from sendblue_sandbox.rate_limit.limiter import MAX_KEYS, Limiter

from tests.sandbox.contacts_api import PATH, Connect, Serve


def waits(limit: Limiter, *times: float) -> list[float | None]:
    """Return what `arrive` returns at these times."""
    return [limit.arrive("key", time) for time in times]


@pytest.mark.parametrize(
    ("limit", "times", "expected"),
    [
        (Limiter(3, 10.0), (0.0, 1.0, 2.0, 3.0), [None, None, None, 7]),
        (Limiter(1, 10.0), (0.0, 9.75, 10.0), [None, 0.25, None]),
        (Limiter(1, 10.0), (0.0, 5.0, 9.0, 10.0), [None, 5, 1, None]),
        (Limiter(1, 10.0, "log_all"), (0.0, 5.0, 10.0, 15.0, 25.0), [None, 10, 10, 10, None]),
    ],
)
def test_wait(limit: Limiter, times: tuple[float, ...], expected: list[float | None]) -> None:
    """A request above the limit gets the wait until a slot is free; with `log_all` a refused one prolongs the wait."""
    assert waits(limit, *times) == expected


def test_max_arrivals() -> None:
    """`max_arrivals` is the highest number of requests of one key in any window, refused ones included."""
    limit = Limiter(2, 10.0)
    waits(limit, 0.0, 1.0, 2.0, 11.5, 30.0)
    assert limit.max_arrivals == 3
    unlimited = Limiter(None, 10.0)
    assert (set(waits(unlimited, *[0.0] * 500)), unlimited.max_arrivals) == ({None}, 500)


def test_idle_keys_are_dropped() -> None:
    """Thousands of keys that were used once do not stay in memory."""
    limit = Limiter(1, 10.0)
    for number in range(MAX_KEYS * 3):
        limit.arrive(str(number), number * 1.0)
    assert len(limit._keys) <= MAX_KEYS  # pyright: ignore[reportPrivateUsage] - tests may access private members


def test_429(serve: Serve, connect: Connect) -> None:
    """The 101st request in 10 seconds gets 429 with `Retry-After`; after that time a slot is free (page 003)."""
    sandbox = serve(limit=100)
    sandbox.clock.set(1000.0)
    api = connect(sandbox)
    assert api.post(f"{PATH}/bulk", json={"contacts": []}).status_code == 200
    assert {api.get(f"{PATH}/count").status_code for _ in range(99)} == {200}
    sandbox.clock.advance(2.5)
    refused = api.post(PATH, json={"number": "+14155551234"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "8")
    assert refused.json() == {"status": "ERROR", "message": "Too many requests"}
    sandbox.clock.advance(8)
    assert api.get(PATH).json() == []
    assert sandbox.arrivals() == 101


def test_unauthenticated_requests_do_not_count(serve: Serve, connect: Connect) -> None:
    """Unknown routes and requests without valid credentials use no slot; a request with an invalid body does."""
    sandbox = serve(limit=1, api_key="key", api_secret="secret")  # noqa: S106 - not a real secret
    api = connect(sandbox)
    refused = [
        api.get("/api/v2/unknown"),
        api.patch(PATH),
        api.get(PATH, headers={"sb-api-key-id": ""}),
        api.get(PATH, headers={"sb-api-secret-key": "wrong"}),
    ]
    assert [response.status_code for response in refused] == [404, 405, 403, 401]
    assert sandbox.arrivals() == 0
    assert [api.post(PATH, json={}).status_code, api.get(PATH).status_code] == [400, 429]


@pytest.mark.parametrize(
    ("retry_after", "expected"), [("seconds", "8"), ("date", "Mon, 15 Jan 2024 10:30:11 GMT"), ("none", None)]
)
def test_retry_after(serve: Serve, connect: Connect, retry_after: str, expected: str | None) -> None:
    """A 429 has the wait in whole seconds, an HTTP date, or neither; the wait is never too short."""
    api = connect(sandbox := serve(limit=1, retry_after=retry_after))
    sandbox.clock.set(1_705_314_600.5)
    assert api.get(PATH).headers.get_list("Date") == ["Mon, 15 Jan 2024 10:30:00 GMT"]
    sandbox.clock.advance(2.25)
    refused = api.get(PATH)
    assert (refused.status_code, refused.headers.get("Retry-After")) == (429, expected)


def test_window_setting(serve: Serve, connect: Connect) -> None:
    """With `window="fixed"` twice the limit is admitted around the edge of a window, unlike with the default."""
    for window, expected in (("fixed", [200] * 4), ("log", [200, 200, 429, 429])):
        api = connect(sandbox := serve(limit=2, window=window))
        sandbox.clock.set(9.9)
        codes = [api.get(PATH).status_code for _ in range(2)]
        sandbox.clock.advance(0.2)
        assert codes + [api.get(PATH).status_code for _ in range(2)] == expected


def test_history() -> None:
    """`history` has the admitted requests in the window before each second of the last minute."""
    limit = Limiter(5, 10.0)
    for now in (100.0, 100.5, 105.0, 130.0):
        limit.arrive("key", now)
    history = limit.history(150.0)
    assert len(history) == 60
    assert history[9:21] == [1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 2, 1]
    assert (history[39], history[49], history[-1]) == (1, 0, 0)


def test_history_is_of_the_busiest_key() -> None:
    """Each key has its limit; the history is that of the one with the most requests, without refused requests."""
    limit = Limiter(2, 10.0)
    assert (limit.used(100.0), limit.history(100.0)) == (0, [0] * 60)
    keys = ("one", "other", "other", "other")
    assert [limit.arrive(key, 100.0) for key in keys] == [None, None, None, 10]
    assert (limit.used(100.0), limit.history(100.0)[-1]) == (2, 2)
