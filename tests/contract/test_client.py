"""The clients: settings, closing, event loops and threads, the rate limit, redirects, proxies."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import anyio
import pytest
from sendblue_contacts import (
    APIConnectionError,
    APIResponseError,
    AsyncSendblue,
    CredentialsError,
    Sendblue,
    SendblueError,
)
from sendblue_sandbox import Sandbox

from tests.contract.conftest import Api
from tests.contract.kinds import each_with_one_kind, one_kind
from tests.overrides.raw_http import RawHttpServer

KEY, SECRET, URL = "SENDBLUE_API_API_KEY", "SENDBLUE_API_API_SECRET", "SENDBLUE_API_BASE_URL"
SHORT_KEY, SHORT_SECRET = "SENDBLUE_API_KEY", "SENDBLUE_API_SECRET"
SECRET_HEADERS = {"sb-api-key-id", "sb-api-secret-key"}
MISSING_KEY = f"api_key is missing: set the environment variable {KEY}"
MISSING_SECRET = f"api_secret is missing: set the environment variable {SECRET}"
NO_SETTINGS = {"api_key": None, "api_secret": None, "base_url": None}

# Environment variables and arguments, and the credentials that are sent.
CREDENTIALS: dict[str, tuple[dict[str, str], dict[str, str], tuple[str, str]]] = {
    "long names": ({KEY: "env-key", SECRET: "env-secret"}, {}, ("env-key", "env-secret")),
    "short names": ({SHORT_KEY: "env-key", SHORT_SECRET: "env-secret"}, {}, ("env-key", "env-secret")),
    "long before short": (
        {KEY: "long", SHORT_KEY: "short", SECRET: "", SHORT_SECRET: "short-secret"},
        {},
        ("long", "short-secret"),
    ),
    "arguments": (
        {KEY: "env-key", SECRET: "env-secret"},
        {"api_key": "mine", "api_secret": "my-own"},
        ("mine", "my-own"),
    ),
}


@each_with_one_kind("environment,settings,sent", CREDENTIALS)
def test_where_credentials_come_from(
    api: Api,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    settings: dict[str, str],
    sent: tuple[str, str],
) -> None:
    """Arguments override the environment, and long names the short ones; an empty variable is not set."""
    for name, value in {**environment, URL: "https://elsewhere.example" if settings else sandbox.url}.items():
        monkeypatch.setenv(name, value)
    client = api.client(**{**NO_SETTINGS, **settings, **({"base_url": sandbox.url} if settings else {})})
    api(count, client)
    headers = sandbox.requests[-1].headers
    assert (headers["sb-api-key-id"], headers["sb-api-secret-key"]) == sent
    assert headers["accept"] == "application/json"


@each_with_one_kind(
    "settings,missing",
    [
        ({}, MISSING_KEY),
        ({"api_key": "", "api_secret": "secret"}, MISSING_KEY),
        ({"api_key": "key"}, MISSING_SECRET),
        ({"api_key": "key", "api_secret": ""}, MISSING_SECRET),
    ],
)
def test_missing_credentials(api: Api, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], missing: str) -> None:
    """The error names the variable to set; an empty argument is not replaced by another account's variable."""
    for name, value in {KEY: settings.get("api_key"), SECRET: settings.get("api_secret")}.items():
        if value == "":
            monkeypatch.setenv(name, "of-another-account")
    with pytest.raises(CredentialsError, match=missing):
        api.client(**{**NO_SETTINGS, **settings})


@each_with_one_kind(
    "settings,accepted",
    [
        ({"base_url": "http://api.example.com"}, False),
        ({"base_url": "http://localhost.example.com"}, False),
        ({"base_url": "http://127.0.0.1.example.com"}, False),
        ({"base_url": "http://mylocalhost"}, False),
        ({"base_url": "http://128.0.0.1"}, False),
        ({"base_url": "http://127.8.9.10:1"}, True),
        ({"base_url": "http://LOCALHOST"}, True),
        ({"base_url": "http://[::1]:1"}, True),
        ({"base_url": "http://api.example.com", "allow_http": True}, True),
        ({"base_url": "https://api.example.com"}, True),
    ],
)
def test_base_urls(api: Api, settings: dict[str, Any], accepted: bool) -> None:
    """An unencrypted URL of another machine would disclose the secret; the error names the argument that permits it."""
    if accepted:
        client = api.client(**settings)
        assert client.base_url == settings["base_url"]
        assert repr(client) == f"{type(client).__name__}(base_url='{client.base_url}')"
    else:
        with pytest.raises(
            ValueError, match="sends the API secret unencrypted; use https://, or in Python pass allow_"
        ):
            api.client(**settings)


def count(client: Any) -> Any:
    """Make a call."""
    return client.contacts.count()


@pytest.mark.parametrize("action", [count, lambda client: client.request("GET", "/")])
def test_use_after_close(api: Api, sandbox: Sandbox, action: Callable[[Any], Any]) -> None:
    """A call after closing raises, and nothing is sent; closing twice is allowed."""
    client = api.client()
    api(count, client)
    api.driver.close(client, client)
    with pytest.raises(SendblueError, match="this client is closed; create a new one"):
        api(lambda _: action(client))
    assert len(sandbox.requests) == 1


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
    numbers = [f"+1415{number:07}" for number in range(100)]
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None) as client, ThreadPoolExecutor(20) as pool:
        create = lambda number: client.contacts.create(number).phone  # noqa: E731  # the first use of contacts is a race too
        made = list(pool.map(create, numbers))
        statistics = client.rate_limit.statistics()
    assert (made, len(sandbox.contacts()), statistics.requests) == (numbers, 100, 100)


@one_kind("asyncio")
def test_redirects_are_not_followed(api: Api, sandbox: Sandbox, stub_server: Callable[..., RawHttpServer]) -> None:
    """A redirect raises, and nothing is sent to its location."""
    elsewhere = stub_server(302, location=f"{sandbox.url}/api/v2/contacts/count")
    client = api.client(base_url=elsewhere.url)
    with pytest.raises(
        APIResponseError, match="a redirect, which is not followed because that would forward the credentials"
    ):
        api(count, client)
    assert (len(elsewhere.requests), sandbox.requests) == (1, [])


PROXIED = {"base_url": "http://contacts.invalid", "allow_http": True}
COUNT = "GET http://contacts.invalid/api/v2/contacts/count HTTP/1.1"
# Environment variables and settings, and what the proxy receives. None: the server on this machine.
PROXIES: dict[str, tuple[dict[str, str | None], dict[str, Any], list[str]]] = {
    "http_proxy": ({"http_proxy": None}, PROXIED, [COUNT]),
    "HTTP_PROXY": ({"HTTP_PROXY": None}, PROXIED, [COUNT]),
    "all_proxy": ({"all_proxy": None}, PROXIED, [COUNT]),
    "https": (
        {"https_proxy": None},
        {"base_url": "https://contacts.invalid"},
        ["CONNECT contacts.invalid:443 HTTP/1.1"],
    ),
    "this machine": ({"http_proxy": None}, {}, []),
    "no_proxy": ({"http_proxy": None, "no_proxy": "contacts.invalid"}, PROXIED, []),
}


@each_with_one_kind("variables,settings,lines", PROXIES)
def test_proxies_of_the_environment(
    api: Api,
    stub_server: Callable[..., RawHttpServer],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str | None],
    settings: dict[str, Any],
    lines: list[str],
) -> None:
    """Requests use the proxy, except to this machine; it gets only the host of an encrypted one, no credentials."""
    proxy = stub_server(403 if "https_proxy" in variables else 200, b'{"count": 3}')
    for name, value in variables.items():
        monkeypatch.setenv(name, value or proxy.url)
    client = api.client(transport=None, **settings)
    if lines == [COUNT] or not settings:
        assert api(count, client) == (3 if lines else 0)
    else:
        with pytest.raises(APIConnectionError):
            api(count, client)
    assert [line for line, _ in proxy.requests] == lines
    assert all(line.startswith("GET") or not SECRET_HEADERS & set(headers) for line, headers in proxy.requests)
