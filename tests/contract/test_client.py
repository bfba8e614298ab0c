"""The clients: settings, closing, event loops and threads, the rate limit, redirects, plain http, proxies."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from sendblue_contacts import (
    APIConnectionError,
    APIResponseError,
    AsyncSendblue,
    CredentialsError,
    RateLimit,
    RateLimiter,
    RateLimitError,
    Sendblue,
    SendblueError,
)
from sendblue_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.conftest import Api, StubServer

ADA = "+14155551234"
KEY, SECRET, URL = "SENDBLUE_API_API_KEY", "SENDBLUE_API_API_SECRET", "SENDBLUE_API_BASE_URL"
SECRET_HEADERS = {"sb-api-key-id", "sb-api-secret-key"}
VARIABLE_NAMES = {
    "first": ("SENDBLUE_API_API_KEY", "SENDBLUE_API_API_SECRET"),
    "short": ("SENDBLUE_API_KEY", "SENDBLUE_API_SECRET"),
}


def new_client(api: Api, **settings: Any) -> Any:  # noqa: ANN401  # either client
    """Create a client with these settings only."""
    return api.client(**{"api_key": None, "api_secret": None, "base_url": None, **settings})


# --- settings from the environment


@pytest.mark.parametrize("names", VARIABLE_NAMES.values(), ids=VARIABLE_NAMES)
def test_settings_from_the_environment(
    api: Api, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    """Key, secret and base URL are read from the environment, under either name."""
    for name, value in zip((*names, URL), ("env-key", "env-secret", sandbox.url), strict=True):
        monkeypatch.setenv(name, value)
    client = new_client(api)
    api(lambda _: client.contacts.count())
    headers = sandbox.requests[-1].headers
    assert (headers["sb-api-key-id"], headers["sb-api-secret-key"]) == ("env-key", "env-secret")


def test_arguments_take_precedence(api: Api, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments override the environment."""
    for name in (KEY, SECRET, URL):
        monkeypatch.setenv(name, "https://elsewhere.example")
    client = api.client(api_key="mine", api_secret="my-own")  # noqa: S106  # not a secret
    api(lambda _: client.contacts.count())
    headers = sandbox.requests[-1].headers
    assert (headers["sb-api-key-id"], headers["sb-api-secret-key"]) == ("mine", "my-own")


def test_the_longer_name_takes_precedence(api: Api, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """If both names are set, the one in the vendor's documentation wins; an empty variable is not set."""
    values = {KEY: "long", "SENDBLUE_API_KEY": "short", SECRET: "", "SENDBLUE_API_SECRET": "short-secret"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    client = new_client(api, base_url=sandbox.url)
    api(lambda _: client.contacts.count())
    headers = sandbox.requests[-1].headers
    assert (headers["sb-api-key-id"], headers["sb-api-secret-key"]) == ("long", "short-secret")


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({}, f"api_key is missing: set the environment variable {KEY}"),
        ({"api_key": ""}, f"api_key is missing: set the environment variable {KEY}"),
        ({"api_key": "key"}, f"api_secret is missing: set the environment variable {SECRET}"),
        ({"api_key": "key", "api_secret": ""}, f"api_secret is missing: set the environment variable {SECRET}"),
    ],
)
def test_missing_credentials(api: Api, settings: dict[str, str], missing: str) -> None:
    """A client without credentials raises, and the error names the variable to set."""
    with pytest.raises(CredentialsError, match=missing):
        new_client(api, **settings)


def test_an_empty_key_is_missing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty argument is not replaced by the environment, which may belong to another account."""
    monkeypatch.setenv(KEY, "of-another-account")
    with pytest.raises(CredentialsError, match="api_key is missing"):
        new_client(api, api_key="", api_secret="secret")  # noqa: S106  # not a secret


@pytest.mark.parametrize("url", ["http://api.example.com", "http://10.0.0.1:80", "http://localhost.example.com"])
def test_plain_http_is_rejected(api: Api, url: str) -> None:
    """An unencrypted URL would disclose the secret; the error names the argument that permits it."""
    with pytest.raises(
        ValueError, match="sends the API secret unencrypted; use https://, or in Python pass allow_http=True"
    ):
        api.client(base_url=url)


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "http://localhost:1"},
        {"base_url": "http://127.1.2.3:1"},
        {"base_url": "http://[::1]:1"},
        {"base_url": "http://api.example.com", "allow_http": True},
        {"base_url": "https://api.example.com"},
    ],
)
def test_accepted_base_urls(api: Api, settings: dict[str, Any]) -> None:
    """This machine, https, and http with `allow_http` are accepted."""
    assert api.client(**settings).base_url == settings["base_url"]


# --- closing


def test_close_twice(api: Api) -> None:
    """A second call of close does nothing."""
    client = api.client()
    api.driver.close(client, client)
    with pytest.raises(SendblueError):
        api(lambda _: client.contacts.count())


@pytest.mark.parametrize("action", [lambda client: client.contacts.count(), lambda client: client.request("GET", "/")])
def test_use_after_close(api: Api, sandbox: Sandbox, action: Callable[[Any], Any]) -> None:
    """A call after closing raises, and nothing is sent."""
    client = api.client()
    api(lambda _: client.contacts.count())
    api.driver.close(client)
    with pytest.raises(SendblueError, match="this client is closed; create a new one"):
        api(lambda _: action(client))
    assert len(sandbox.requests) == 1


def test_context_manager(sandbox: Sandbox) -> None:
    """A client is closed at the end of its block, also after an error."""
    with suppress(KeyError), Sendblue("key", "secret", base_url=sandbox.url) as client:
        client.contacts.count()
        raise KeyError
    with pytest.raises(SendblueError, match="closed"):
        client.contacts.count()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async_context_manager(sandbox: Sandbox, backend: str) -> None:
    """An async client too."""

    async def main() -> None:
        with suppress(KeyError):
            async with AsyncSendblue("key", "secret", base_url=sandbox.url) as client:
                await client.contacts.count()
                raise KeyError
        with pytest.raises(SendblueError, match="closed"):
            await client.contacts.count()

    anyio.run(main, backend=backend)


# --- loops and threads


def test_a_client_in_each_of_two_loops(sandbox: Sandbox) -> None:
    """A client works inside each of two `asyncio.run`; both share their rate limit."""

    async def main() -> int:
        async with AsyncSendblue("two-loops", "secret", base_url=sandbox.url) as client:
            await asyncio.gather(*(client.contacts.upsert(f"+1415555123{digit}") for digit in range(5)))
            await client.contacts.count()
            return client.rate_limit.statistics().requests

    assert [asyncio.run(main()), asyncio.run(main())] == [6, 12]


def test_many_threads_share_a_client(sandbox: Sandbox) -> None:
    """Twenty threads create contacts with one new client: every contact exists, and each response is its own."""
    numbers = [f"+1415{number:07}" for number in range(400)]
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None) as client, ThreadPoolExecutor(20) as pool:
        create = lambda number: client.contacts.create(number).phone  # noqa: E731  # the first use of contacts is a race too
        made = list(pool.map(create, numbers))
        statistics = client.rate_limit.statistics()
    assert (made, len(sandbox.contacts()), statistics.requests) == (numbers, 400, 400)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_many_tasks_share_a_client(sandbox: Sandbox, backend: str) -> None:
    """Two hundred tasks share a client too."""
    numbers = [f"+1415{number:07}" for number in range(200)]
    made: dict[str, str | None] = {}

    async def main() -> None:
        async with AsyncSendblue("key", "secret", base_url=sandbox.url, rate_limit=None) as client:

            async def create(number: str) -> None:
                made[number] = (await client.contacts.create(number)).phone

            async with anyio.create_task_group() as group:
                for number in numbers:
                    group.start_soon(create, number)

    anyio.run(main, backend=backend)
    assert (made, len(sandbox.contacts())) == ({number: number for number in numbers}, 200)


# --- the limit


def test_statistics(api: Api) -> None:
    """`rate_limit.statistics()` returns the state of the limiter, which is immutable."""
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    for _ in range(3):
        api(lambda _: client.contacts.count())
    statistics = client.rate_limit.statistics()
    assert (statistics.limit, statistics.requests, statistics.free, statistics.in_flight) == (5, 3, 2, 0)
    with pytest.raises(FrozenInstanceError):
        statistics.requests = 0


def test_statistics_without_a_limit(api: Api) -> None:
    """With `rate_limit=None` the limiter only counts."""
    client = api.client(rate_limit=None)
    api(lambda _: client.contacts.count())
    statistics = client.rate_limit.statistics()
    assert (statistics.limit, statistics.requests, statistics.free) == (None, 1, None)


def test_clients_of_one_account_share_the_limit(api: Api, sandbox: Sandbox) -> None:
    """Two clients with one key share a limiter; a client with another key does not."""
    mine, again, other = (
        api.client(api_key=f"{api.driver.name}-{key}", rate_limit=RateLimit(50)) for key in ("mine", "mine", "other")
    )
    with Sendblue(f"{api.driver.name}-mine", "secret", base_url=sandbox.url, rate_limit=RateLimit(50)) as sync:
        limiters = [each.rate_limit is mine.rate_limit for each in (again, sync, other)]
    assert limiters == [True, True, False]


def test_a_429_freezes_the_limiter(connect: Callable[[str], Api]) -> None:
    """A 429 raises RateLimitError with the seconds to wait, and freezes the limiter for that time."""
    with Sandbox(limit=1, per=7.0) as strict:
        api = connect(strict.url)
        client = api.client(rate_limit=RateLimiter(RateLimit(50)))
        api(lambda _: client.contacts.count())
        with pytest.raises(RateLimitError, match="429") as raised:
            api(lambda _: client.contacts.count())
    statistics = client.rate_limit.statistics()
    assert statistics.frozen_until is not None
    frozen_for = (statistics.frozen_until - datetime.now(UTC)).total_seconds()
    assert [raised.value.retry_after, frozen_for] == [pytest.approx(7, abs=1)] * 2
    assert (statistics.refusals, statistics.free) == (1, 0)


def test_the_rate_limit_is_kept(connect: Callable[[str], Api]) -> None:
    """Concurrent requests are spread: the server rejects none, and counts no more than the limit."""
    with Sandbox(limit=10, per=0.2) as strict:
        api = connect(strict.url)
        client = api.client(rate_limit=RateLimiter(RateLimit(10, per=0.2, reserve=2)))
        items = [{"phone": f"+1415{number:07}"} for number in range(25)]
        result = api(lambda _: client.contacts.bulk.create(items, chunk_size=1, concurrency=25))
        assert (len(result.created), strict.arrivals() <= 10, len(strict.requests)) == (25, True, 25)


# --- redirects


def test_redirects_are_not_followed(api: Api, sandbox: Sandbox, stub_server: Callable[..., StubServer]) -> None:
    """A redirect raises, and nothing is sent to its location."""
    elsewhere = stub_server(302, location=f"{sandbox.url}/api/v2/contacts/count")
    client = api.client(base_url=elsewhere.url)
    with pytest.raises(
        APIResponseError, match="a redirect, which is not followed because that would forward the credentials"
    ):
        api(lambda _: client.contacts.count())
    assert (len(elsewhere.requests), sandbox.requests) == (1, [])


# --- proxies


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment(
    api: Api, stub_server: Callable[..., StubServer], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Requests use the proxy of the environment."""
    proxy = stub_server(200, b'{"count": 3}')
    monkeypatch.setenv(variable, proxy.url)
    client = api.client(transport=None, base_url="http://contacts.example", allow_http=True)
    assert api(lambda _: client.contacts.count()) == 3
    assert [line for line, _ in proxy.requests] == ["GET http://contacts.example/api/v2/contacts/count HTTP/1.1"]


def test_a_proxy_for_https(api: Api, stub_server: Callable[..., StubServer], monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy gets only the host of an encrypted request, not the credentials."""
    proxy = stub_server(403)
    monkeypatch.setenv("https_proxy", proxy.url)
    client = api.client(transport=None, base_url="https://contacts.example")
    with pytest.raises(APIConnectionError):
        api(lambda _: client.contacts.count())
    ((line, headers),) = proxy.requests
    assert (line, SECRET_HEADERS & set(headers)) == ("CONNECT contacts.example:443 HTTP/1.1", set())


def test_no_proxy_for_this_machine(
    api: Api, stub_server: Callable[..., StubServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server on this machine is reached without the proxy."""
    proxy = stub_server(500)
    monkeypatch.setenv("http_proxy", proxy.url)
    client = api.client(transport=None)
    assert (api(lambda _: client.contacts.count()), proxy.requests) == (0, [])


def test_hosts_without_a_proxy(
    api: Api, stub_server: Callable[..., StubServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`no_proxy` names hosts that are reached without the proxy."""
    proxy = stub_server(200, b'{"count": 3}')
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "contacts.invalid")
    client = api.client(transport=None, base_url="http://contacts.invalid", allow_http=True)
    with pytest.raises(APIConnectionError):
        api(lambda _: client.contacts.count())
    assert proxy.requests == []
