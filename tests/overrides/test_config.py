"""Configuration: from arguments or the environment, checked when a client is created, and shown nowhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from sendblue_contacts import AsyncSendblue, CredentialsError, RateLimit, Retry, Sendblue, config
from sendblue_contacts.config import (
    KEEP,
    Credentials,
    Options,
    check_seconds,
    is_loopback,
    resolve_base_url,
    resolve_store,
)
from sendblue_contacts_api.api.contacts import count_contacts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.overrides.clients import Runner

LONG = {"SENDBLUE_API_API_KEY": "long-key", "SENDBLUE_API_API_SECRET": "long-secret"}
SHORT = {"SENDBLUE_API_KEY": "short-key", "SENDBLUE_API_SECRET": "short-secret"}
OPTIONS = Options(30.0, None)


def _pair(found: Credentials) -> tuple[str, str]:
    return found.key, found.secret


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        (LONG, ("long-key", "long-secret")),
        (SHORT, ("short-key", "short-secret")),
        (LONG | SHORT, ("long-key", "long-secret")),
        (SHORT | {"SENDBLUE_API_API_KEY": ""} | LONG, ("long-key", "long-secret")),
        (SHORT | dict.fromkeys(LONG, ""), ("short-key", "short-secret")),
        ({"SENDBLUE_API_API_KEY": "k", "SENDBLUE_API_SECRET": "s"}, ("k", "s")),
    ],
)
def test_credentials_come_from_the_environment(environment: dict[str, str], found: tuple[str, str]) -> None:
    """The long names take precedence over the short ones, and an empty variable is the same as an absent one."""
    assert _pair(Credentials.resolve(None, None, environment)) == found


def test_arguments_take_precedence_over_the_environment() -> None:
    """Arguments win."""
    assert _pair(Credentials.resolve("given", "too", LONG | SHORT)) == ("given", "too")


@pytest.mark.parametrize(
    ("key", "secret", "environment", "text"),
    [
        (None, None, {}, "api_key is missing: set the environment variable SENDBLUE_API_API_KEY"),
        ("k", None, {}, "api_secret is missing: set the environment variable SENDBLUE_API_API_SECRET"),
        (None, "s", {}, "api_key is missing"),
        ("", "s", LONG, "api_key is missing"),
        ("k", "", LONG, "api_secret is missing"),
        (None, None, dict.fromkeys(LONG, ""), "api_key is missing"),
    ],
)
def test_missing_or_empty_credentials_raise(
    key: str | None, secret: str | None, environment: dict[str, str], text: str
) -> None:
    """An empty argument is an error, not a reason to use the environment; the error names the variable."""
    with pytest.raises(CredentialsError, match=text):
        Credentials.resolve(key, secret, environment)


@pytest.mark.parametrize("value", ["planted\n", "\tplanted", "plan ted", "plånted", "planted\r\nx: y", "planted\x00"])
def test_credentials_that_a_header_cannot_carry_raise(value: str) -> None:
    """A line break at the end of a copied key raises; the error does not contain the key."""
    with pytest.raises(
        CredentialsError, match="api_secret contains a space, a line break or a non-ASCII letter"
    ) as caught:
        Credentials.resolve("key", value, {})
    assert "planted" not in str(caught.value)
    assert "ted" not in str(caught.value)


@pytest.mark.parametrize("shown", [repr, str, "{!r:}".format, "{}".format])
def test_the_repr_of_credentials_contains_no_key(shown: Any) -> None:  # noqa: ANN401  # any of these functions
    """The object with the keys does not show them."""
    text = shown(Credentials("planted-key", "planted-secret"))
    assert "planted" not in text


def test_the_headers_are_those_of_the_api() -> None:
    """Two headers carry the credentials."""
    assert Credentials("k", "s").headers == {"sb-api-key-id": "k", "sb-api-secret-key": "s"}


def test_both_clients_send_the_credentials_of_the_environment(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client without arguments reads the environment."""
    for name, value in LONG.items():
        monkeypatch.setenv(name, value)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"count": 1}))
    made = (Sendblue if runner.kind == "sync" else AsyncSendblue)(transport=transport, rate_limit=None)
    assert (made._http.headers["sb-api-key-id"], made._http.headers["sb-api-secret-key"]) == ("long-key", "long-secret")


@pytest.mark.parametrize("client", [Sendblue, AsyncSendblue])
def test_a_client_without_credentials_raises(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401  # either class
    """The error comes when the client is created, not when it is used."""
    for name in (*LONG, *SHORT):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CredentialsError, match="SENDBLUE_API_API_KEY"):
        client()


def test_every_request_has_the_credentials_and_accepts_json(runner: Runner) -> None:
    """Every request has both headers."""
    runner.run(lambda client: client.contacts.count(), lambda _: httpx.Response(200, json={"count": 1}))
    headers = runner.sent[0].headers
    assert (headers["sb-api-key-id"], headers["sb-api-secret-key"], headers["accept"]) == (
        "planted-key-5f1c",
        "planted-secret-9d2e",
        "application/json",
    )


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        (None, {}, config.BASE_URL),
        (None, {"SENDBLUE_API_BASE_URL": ""}, config.BASE_URL),
        (None, {"SENDBLUE_API_BASE_URL": "https://api.sendblue.com"}, "https://api.sendblue.com"),
        ("https://given.test", {"SENDBLUE_API_BASE_URL": "https://api.sendblue.com"}, "https://given.test"),
        ("https://given.test/", {}, "https://given.test"),
        ("https://given.test/prefix//", {}, "https://given.test/prefix"),
        ("https://given.test:8443", {}, "https://given.test:8443"),
        ("HTTPS://given.test", {}, "HTTPS://given.test"),
        ("http://127.0.0.1:4010", {}, "http://127.0.0.1:4010"),
        ("http://localhost:4010", {}, "http://localhost:4010"),
        ("http://[::1]:4010", {}, "http://[::1]:4010"),
    ],
)
def test_the_base_url_is_resolved(given: str | None, environment: dict[str, str], found: str) -> None:
    """The argument, the variable, or the default, without a trailing slash."""
    assert resolve_base_url(given, allow_http=False, environment=environment) == found


@pytest.mark.parametrize(
    "url",
    [
        "api.sendblue.co",
        "ftp://api.sendblue.co",
        "https://",
        "https:///path",
        "//api.sendblue.co",
        "file:///etc/passwd",
    ],
)
def test_an_invalid_base_url_raises(url: str) -> None:
    """A URL needs the scheme http or https, and a host."""
    with pytest.raises(ValueError, match="base_url must be https:// and a host"):
        resolve_base_url(url, allow_http=True, environment={})


@pytest.mark.parametrize(
    "url", ["https://planted:word@host.test", "https://planted@host.test", "https://:planted@host.test"]
)
def test_a_base_url_with_credentials_raises(url: str) -> None:
    """The repr of a client shows its base URL, which therefore must not contain a password."""
    with pytest.raises(ValueError, match="without credentials") as caught:
        resolve_base_url(url, allow_http=False, environment={})
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.sendblue.co",
        "http://192.168.0.1",
        "http://localhost.evil.test",
        "http://127.0.0.1.evil.test",
        "http://0.0.0.0",
    ],
)
def test_an_unencrypted_base_url_raises_without_allow_http(url: str) -> None:
    """The secret would be readable in transit; `allow_http=True` permits it."""
    with pytest.raises(ValueError, match="sends the API secret unencrypted; use https://, or in Python pass allow_"):
        resolve_base_url(url, allow_http=False, environment={})
    assert resolve_base_url(url, allow_http=True, environment={}) == url


def test_both_clients_reject_an_unencrypted_base_url(runner: Runner) -> None:
    """The check happens when the client is created."""
    with pytest.raises(ValueError, match="sends the API secret unencrypted"):
        runner.run(lambda client: client, base_url="http://api.sendblue.co")
    assert (
        runner.run(lambda client: client.base_url, base_url="http://api.sendblue.co", allow_http=True)
        == "http://api.sendblue.co"
    )


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1", True),
        ("http://127.8.9.10:1", True),
        ("http://LOCALHOST", True),
        ("http://[::1]", True),
        ("http://127.0.0.1.test", False),
        ("http://mylocalhost", False),
        ("http://128.0.0.1", False),
        ("http://", False),
    ],
)
def test_loopback_is_only_this_machine(url: str, loopback: bool) -> None:  # noqa: FBT001  # an expectation
    """Names that resemble this machine are not loopback."""
    assert is_loopback(url) is loopback


@pytest.mark.parametrize("timeout", [5, 0.5, 30.0, math.inf])
def test_a_timeout_is_a_positive_number_of_seconds(timeout: float) -> None:
    """An int or a float."""
    assert check_seconds("timeout", timeout) == float(timeout)


@pytest.mark.parametrize("timeout", [0, -1, math.nan, True, "5", None, (1, 2)])
def test_any_other_timeout_raises(timeout: object) -> None:
    """None is invalid too: a call without any timeout is not supported."""
    with pytest.raises(ValueError, match="timeout must be a positive number of seconds"):
        check_seconds("timeout", timeout)


def test_the_error_names_the_setting() -> None:
    """The text has the name of the argument."""
    with pytest.raises(ValueError, match="max_wait must be a positive number of seconds, not -1"):
        check_seconds("max_wait", -1)


@pytest.mark.parametrize("timeout", [0, None])
def test_both_clients_check_the_timeout(runner: Runner, timeout: object) -> None:
    """On creation and in with_options."""
    with pytest.raises(ValueError, match="timeout must be"):
        runner.run(lambda client: client, timeout=timeout)
    with pytest.raises(ValueError, match="timeout must be"):
        runner.run(lambda client: client.with_options(timeout=timeout))


@pytest.mark.parametrize("max_wait", [None, 0, 0.0, 5, 0.5])
def test_max_wait_is_a_number_of_seconds(max_wait: float | None) -> None:
    """None means an unlimited wait, and 0 no wait."""
    assert OPTIONS.replace(max_wait=max_wait).max_wait == max_wait


@pytest.mark.parametrize("max_wait", [-1, math.nan, True, "5", (1, 2)])
def test_any_other_max_wait_raises(runner: Runner, max_wait: object) -> None:
    """The error comes when it is set, not when a call waits."""
    with pytest.raises(ValueError, match="max_wait must be a positive number of seconds"):
        runner.run(lambda client: client.with_options(max_wait=max_wait))


def test_options_with_keep_are_unchanged() -> None:
    """KEEP leaves an option unchanged; `retry=None` disables retries."""
    retry = Retry(attempts=2)
    options = Options(5.0, retry, {"a": "b"})
    assert options.replace(timeout=KEEP, retry=KEEP, extra_headers=KEEP) == options
    assert options.replace(timeout=KEEP, retry=None).retry is None
    assert options.replace(timeout=7, retry=KEEP) == Options(7.0, retry, {"a": "b"})
    special = options.replace(max_wait=3, bulk=True)
    assert (special.max_wait, special.bulk) == (3.0, True)
    assert special.replace(max_wait=KEEP, bulk=KEEP) == special
    assert special.replace(max_wait=None, bulk=False) == options


def test_options_change_the_arguments_of_a_request() -> None:
    """Timeout, headers, query and body are added; other arguments stay."""
    options = Options(5.0, None, {"x-a": "1"}, {"q": 2}, {"extra": 3})
    kwargs = {"method": "post", "url": "/", "headers": {"h": "0"}, "params": {"p": 1}, "json": {"number": "n"}}
    assert options.apply(kwargs) == {
        "method": "post",
        "url": "/",
        "timeout": 5.0,
        "headers": {"h": "0", "x-a": "1"},
        "params": {"p": 1, "q": 2},
        "json": {"number": "n", "extra": 3},
    }


def test_options_do_not_change_the_arguments_of_an_operation() -> None:
    """An operation can be sent again with other options."""
    kwargs: dict[str, Any] = {"json": {"number": "n"}, "params": {}, "headers": {}}
    Options(5.0, None, {"x-a": "1"}, {"q": 2}, {"extra": 3}).apply(kwargs)
    assert kwargs == {"json": {"number": "n"}, "params": {}, "headers": {}}


def test_without_options_only_the_timeout_is_added() -> None:
    """Nothing else is added."""
    assert OPTIONS.apply({"method": "get", "url": "/"}) == {"method": "get", "url": "/", "timeout": 30.0}


BODILESS = {
    "retrieve": lambda client: client.contacts.retrieve("+14155551234"),
    "get": lambda client: client.contacts.get("+14155551234"),
    "delete": lambda client: client.contacts.delete("+14155551234"),
    "count": lambda client: client.contacts.count(),
    "list": lambda client: client.contacts.list(),
}


@pytest.mark.parametrize("call", BODILESS)
def test_an_extra_body_for_a_call_without_a_body_raises(runner: Runner, call: str) -> None:
    """A body of a GET would be dropped or rejected on the way; nothing is sent."""
    with pytest.raises(TypeError, match="extra_body is set, but this call has no body"):
        runner.run(
            lambda client: BODILESS[call](client.with_options(extra_body={"a": 1})), lambda _: httpx.Response(200)
        )
    assert runner.sent == []


def test_with_options_applies_to_one_call(runner: Runner) -> None:
    """Headers, query and body are sent with one call, and not with the next."""

    def twice(client: Any) -> Any:  # noqa: ANN401  # either client
        special = client.with_options(
            extra_headers={"x-trace": "7"}, extra_query={"q": "1"}, extra_body={"extra": True}
        )
        return _both(runner, special.contacts.verify("+14155551234"), lambda: client.contacts.verify("+14155551234"))

    runner.run(twice, lambda _: httpx.Response(200, json={"status": "OK"}))
    assert [(request.headers.get("x-trace"), request.url.query, request.content) for request in runner.sent] == [
        ("7", b"q=1", b'{"number":"+14155551234","extra":true}'),
        (None, b"", b'{"number":"+14155551234"}'),
    ]


def _both(runner: Runner, first: Any, second: Any) -> Any:  # noqa: ANN401  # a value, or a coroutine
    async def awaited() -> object:
        return await first, await second()

    return second() if runner.kind == "sync" else awaited()


def test_the_repr_of_options_contains_no_value() -> None:
    """Extra headers can contain a token."""
    assert "planted" not in repr(Options(1.0, None, {"authorization": "planted"}))


@pytest.mark.parametrize("setting", ["api_key", "api_secret"])
def test_the_repr_of_a_client_contains_only_its_base_url(runner: Runner, setting: str) -> None:
    """It shows nothing else."""
    shown = runner.run(repr)
    assert shown == f"{'Sendblue' if runner.kind == 'sync' else 'AsyncSendblue'}(base_url='https://api.example.test')"
    assert setting not in shown


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        (None, {}, "memory"),
        (None, {"SENDBLUE_RATE_LIMIT_STORE": ""}, "memory"),
        (None, {"SENDBLUE_RATE_LIMIT_STORE": "memory"}, "memory"),
        (None, {"SENDBLUE_RATE_LIMIT_STORE": "file:///a/b"}, "file:///a/b"),
        ("memory", {"SENDBLUE_RATE_LIMIT_STORE": "file:///a/b"}, "memory"),
        ("file:///c", {"SENDBLUE_RATE_LIMIT_STORE": "file:///a/b"}, "file:///c"),
    ],
)
def test_the_store_of_the_rate_limit_is_resolved(given: str | None, environment: dict[str, str], found: str) -> None:
    """The argument, the variable, or the memory of this process."""
    assert resolve_store(given, environment) == found


@pytest.mark.parametrize("store", ["", "memory"])
def test_the_default_store_is_memory(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate limit is kept in memory if the variable is empty or `memory`."""
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", store)
    with Sendblue("key", "secret", base_url="http://127.0.0.1:1") as client:
        assert (client.rate_limit.statistics().limit, client.rate_limit._coordinator) == (100, None)


@pytest.mark.parametrize("by", ["variable", "setting"])
def test_the_rate_limit_uses_the_configured_store(
    runner: Runner, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is configured by the environment, or by the rate limit of a client."""
    store = f"file://{tmp_path}/slots"
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", store if by == "variable" else "memory")
    rate = RateLimit(7) if by == "variable" else RateLimit(7, store=store)
    assert runner.run(lambda client: client.rate_limit.rate, rate_limit=rate) == RateLimit(7, store=store)
    assert [path.name.split(".")[0] for path in tmp_path.iterdir()] == ["slots"]


def test_one_account_in_two_stores_has_two_limiters(tmp_path: Path) -> None:
    """Clients share a limiter only if they share a store."""
    rates = [RateLimit(7), RateLimit(7, store="memory"), RateLimit(7, store=f"file://{tmp_path}/slots")]
    clients = [Sendblue("stores", "secret", base_url="http://127.0.0.1:1", rate_limit=rate) for rate in rates]
    in_memory, in_memory_too, in_a_file = (client.rate_limit for client in clients)
    assert (in_memory is in_memory_too, in_memory is in_a_file) == (True, False)
    for client in clients:
        client.close()


def test_an_invalid_store_raises(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error lists the valid stores, and does not contain the address, which may hold a password."""
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", "memcached://user:hush@127.0.0.1/0")
    with pytest.raises(ValueError, match="a rate limit store is memory, file:///a/path, redis://") as caught:
        runner.run(lambda client: client, rate_limit=RateLimit())
    assert "hush" not in str(caught.value)


def test_the_generated_client_has_the_timeout() -> None:
    """Requests through `client.generated` have the timeout of the client, not the default of httpx."""
    seen: list[object] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={"count": 1})

    transport = httpx.MockTransport(respond)
    options: dict[str, Any] = {"timeout": 7.0, "retry": None, "rate_limit": None, "transport": transport}
    with Sendblue("key", "secret", **options) as client:
        count_contacts.sync(client=client.generated)
    anyio.run(_count_with_generated, AsyncSendblue("key", "secret", **options))
    assert seen == [dict.fromkeys(("connect", "read", "write", "pool"), 7.0)] * 2


async def _count_with_generated(client: AsyncSendblue) -> None:
    async with client:
        await count_contacts.asyncio(client=client.generated)
