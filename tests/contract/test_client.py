"""The clients: settings, closing, event loops and threads, redirects, proxies."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sendblue_contacts import (
    APIConnectionError,
    AsyncSendblue,
    Sendblue,
    SendblueError,
)
from sendblue_sandbox import Sandbox

from tests.contract.conftest import Api
from tests.overrides.raw_http import RawHttpServer

SECRET_HEADERS = {"sb-api-key-id", "sb-api-secret-key"}


def count(client: Any) -> Any:
    """Make a call."""
    return client.contacts.count()


def test_settings_of_the_environment(api: Api, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials and the address come from there unless they are given, and are sent."""
    for name, value in {"API_KEY": "env-key", "API_SECRET": "env-secret", "BASE_URL": sandbox.url}.items():
        monkeypatch.setenv(f"SENDBLUE_API_{name}", value)
    api(count, api.client(api_key=None, api_secret=None, base_url=None))
    names = (*SECRET_HEADERS, "accept")
    headers = {name: value for name, value in sandbox.requests[-1].headers.items() if name in names}
    assert headers == {"sb-api-key-id": "env-key", "sb-api-secret-key": "env-secret", "accept": "application/json"}


@pytest.mark.parametrize("action", [count, lambda client: client.request("GET", "/")])
def test_use_after_close(api: Api, sandbox: Sandbox, action: Callable[[Any], Any]) -> None:
    """A call after closing raises, and nothing is sent; closing twice is allowed."""
    client = api.client()
    api(count, client)
    api.driver.close(client, client)
    with pytest.raises(SendblueError, match="this client is closed; create a new one"):
        api(lambda _: action(client))
    assert len(sandbox.requests) == 1


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


def test_redirects_are_not_followed(api: Api, sandbox: Sandbox, stub_server: Callable[..., RawHttpServer]) -> None:
    """`request` returns a redirect, and nothing is sent to its location: that would forward the credentials."""
    elsewhere = stub_server(302, location=f"{sandbox.url}/api/v2/contacts/count")
    response = api(lambda client: client.request("GET", "/api/v2/contacts/count"), api.client(base_url=elsewhere.url))
    assert (response.status_code, len(elsewhere.requests), sandbox.requests) == (302, 1, [])


PROXIED = {"base_url": "http://contacts.invalid", "allow_http": True}
# Environment variables (None: the address of the proxy), settings, and what the proxy receives.
PROXIES: dict[str, tuple[dict[str, str | None], dict[str, Any], list[str]]] = {
    "http": ({"http_proxy": None}, PROXIED, ["GET http://contacts.invalid/api/v2/contacts/count HTTP/1.1"]),
    "https": (
        {"https_proxy": None},
        {"base_url": "https://contacts.invalid"},
        ["CONNECT contacts.invalid:443 HTTP/1.1"],
    ),
    "this machine": ({"http_proxy": None}, {}, []),
    "no_proxy": ({"http_proxy": None, "no_proxy": "contacts.invalid"}, PROXIED, []),
}


@pytest.mark.parametrize("case", PROXIES)
def test_proxies_of_the_environment(
    api: Api, stub_server: Callable[..., RawHttpServer], monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """Requests use the proxy, except to this machine; it gets only the host of an encrypted one, no credentials."""
    variables, settings, lines = PROXIES[case]
    proxy = stub_server(403 if case == "https" else 200, b'{"count": 3}')
    for name, value in variables.items():
        monkeypatch.setenv(name, value or proxy.url)
    client = api.client(transport=None, **settings)
    if case in {"http", "this machine"}:
        assert api(count, client) == (3 if lines else 0)
    else:
        with pytest.raises(APIConnectionError):
            api(count, client)
    assert [line for line, _ in proxy.requests] == lines
    assert all(line.startswith("GET") or not SECRET_HEADERS & set(headers) for line, headers in proxy.requests)
