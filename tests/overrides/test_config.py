"""Settings: from arguments, else from the environment, checked when a client is made, and shown nowhere."""

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
    find_store,
    find_url,
    is_loopback,
)
from sendblue_contacts_api.api.contacts import count_contacts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.overrides.conftest import World

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
    """The long names count more than the short ones, and an empty variable is as absent."""
    assert _pair(Credentials.find(None, None, environment)) == found


def test_arguments_count_more_than_the_environment() -> None:
    """What is given is taken."""
    assert _pair(Credentials.find("given", "too", LONG | SHORT)) == ("given", "too")


@pytest.mark.parametrize(
    ("key", "secret", "environment", "says"),
    [
        (None, None, {}, "api_key is missing: set the environment variable SENDBLUE_API_API_KEY"),
        ("k", None, {}, "api_secret is missing: set the environment variable SENDBLUE_API_API_SECRET"),
        (None, "s", {}, "api_key is missing"),
        ("", "s", LONG, "api_key is missing"),
        ("k", "", LONG, "api_secret is missing"),
        (None, None, dict.fromkeys(LONG, ""), "api_key is missing"),
    ],
)
def test_missing_or_empty_credentials_name_the_variable(
    key: str | None, secret: str | None, environment: dict[str, str], says: str
) -> None:
    """An empty argument is a mistake and not a reason to look elsewhere; the error says what to set."""
    with pytest.raises(CredentialsError, match=says):
        Credentials.find(key, secret, environment)


@pytest.mark.parametrize("value", ["planted\n", "\tplanted", "plan ted", "plånted", "planted\r\nx: y", "planted\x00"])
def test_credentials_that_no_header_can_carry_are_refused_and_not_shown(value: str) -> None:
    """A line break at the end of a copied key is found at once; the error does not show the key."""
    with pytest.raises(CredentialsError, match="api_secret holds a space, a line break or a letter") as caught:
        Credentials.find("key", value, {})
    assert "planted" not in str(caught.value)
    assert "ted" not in str(caught.value)


@pytest.mark.parametrize("shown", [repr, str, "{!r:}".format, "{}".format])
def test_credentials_are_not_shown(shown: Any) -> None:  # noqa: ANN401  # any of these functions
    """The object that holds the keys does not tell them."""
    text = shown(Credentials("planted-key", "planted-secret"))
    assert "planted" not in text


def test_the_headers_are_those_of_the_api() -> None:
    """Two headers carry the keys."""
    assert Credentials("k", "s").headers == {"sb-api-key-id": "k", "sb-api-secret-key": "s"}


def test_both_clients_send_the_keys_of_the_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client made without arguments reads the environment."""
    for name, value in LONG.items():
        monkeypatch.setenv(name, value)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"count": 1}))
    made = (Sendblue if world.name == "sync" else AsyncSendblue)(transport=transport, rate_limit=None)
    assert (made._http.headers["sb-api-key-id"], made._http.headers["sb-api-secret-key"]) == ("long-key", "long-secret")


@pytest.mark.parametrize("client", [Sendblue, AsyncSendblue])
def test_a_client_without_credentials_is_not_made(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401  # either class
    """The error comes when the client is made, not when it is used."""
    for name in (*LONG, *SHORT):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(CredentialsError, match="SENDBLUE_API_API_KEY"):
        client()


def test_every_request_carries_the_keys_and_asks_for_json(world: World) -> None:
    """What goes over the wire has both headers."""
    world.do(lambda client: client.contacts.count(), lambda _: httpx.Response(200, json={"count": 1}))
    headers = world.sent[0].headers
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
def test_the_address_is_found(given: str | None, environment: dict[str, str], found: str) -> None:
    """The argument, else the variable, else the vendor's host; without a slash at its end."""
    assert find_url(given, allow_http=False, environment=environment) == found


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
def test_what_is_no_address_is_refused(url: str) -> None:
    """An address has a scheme that is http or https, and a host."""
    with pytest.raises(ValueError, match="base_url must be https:// and a host"):
        find_url(url, allow_http=True, environment={})


@pytest.mark.parametrize(
    "url", ["https://planted:word@host.test", "https://planted@host.test", "https://:planted@host.test"]
)
def test_an_address_with_something_secret_is_refused_and_not_shown(url: str) -> None:
    """The address is shown in the repr of a client; so it must not hold a password."""
    with pytest.raises(ValueError, match="and nothing secret") as caught:
        find_url(url, allow_http=False, environment={})
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
def test_an_unencrypted_address_of_another_machine_is_refused_unless_asked_for(url: str) -> None:
    """The secret would be readable on the way; `allow_http=True` is the way out."""
    with pytest.raises(ValueError, match="does not hide the secret: use https://, or in a program allow_http=True"):
        find_url(url, allow_http=False, environment={})
    assert find_url(url, allow_http=True, environment={}) == url


def test_both_clients_refuse_an_unencrypted_address(world: World) -> None:
    """The check is made when a client is made."""
    with pytest.raises(ValueError, match="does not hide the secret"):
        world.do(lambda client: client, base_url="http://api.sendblue.co")
    assert (
        world.do(lambda client: client.base_url, base_url="http://api.sendblue.co", allow_http=True)
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
def test_loopback_is_this_machine_alone(url: str, loopback: bool) -> None:  # noqa: FBT001  # an expectation
    """Names that only look like this machine are not."""
    assert is_loopback(url) is loopback


@pytest.mark.parametrize("timeout", [5, 0.5, 30.0, math.inf])
def test_a_timeout_is_a_positive_number_of_seconds(timeout: float) -> None:
    """Whole or not."""
    assert check_seconds("timeout", timeout) == float(timeout)


@pytest.mark.parametrize("timeout", [0, -1, math.nan, True, "5", None, (1, 2)])
def test_any_other_timeout_is_refused(timeout: object) -> None:
    """None is refused too: a call that may take for ever is no setting."""
    with pytest.raises(ValueError, match="timeout must be a positive number of seconds"):
        check_seconds("timeout", timeout)


def test_the_sentence_names_the_setting() -> None:
    """Whichever time it is."""
    with pytest.raises(ValueError, match="max_wait must be a positive number of seconds, not -1"):
        check_seconds("max_wait", -1)


@pytest.mark.parametrize("timeout", [0, None])
def test_both_clients_check_the_timeout(world: World, timeout: object) -> None:
    """When made, and in with_options."""
    with pytest.raises(ValueError, match="timeout must be"):
        world.do(lambda client: client, timeout=timeout)
    with pytest.raises(ValueError, match="timeout must be"):
        world.do(lambda client: client.with_options(timeout=timeout))


@pytest.mark.parametrize("max_wait", [None, 0, 0.0, 5, 0.5])
def test_max_wait_is_a_number_of_seconds(max_wait: float | None) -> None:
    """None means however long it takes, and 0 not at all."""
    assert OPTIONS.but(max_wait=max_wait).max_wait == max_wait


@pytest.mark.parametrize("max_wait", [-1, math.nan, True, "5", (1, 2)])
def test_any_other_max_wait_is_refused(world: World, max_wait: object) -> None:
    """When it is set, not when somebody waits."""
    with pytest.raises(ValueError, match="max_wait must be a positive number of seconds"):
        world.do(lambda client: client.with_options(max_wait=max_wait))


def test_options_that_are_not_given_stay() -> None:
    """KEEP means to keep; None for retry means none."""
    retry = Retry(attempts=2)
    options = Options(5.0, retry, {"a": "b"})
    assert options.but(timeout=KEEP, retry=KEEP, extra_headers=KEEP) == options
    assert options.but(timeout=KEEP, retry=None).retry is None
    assert options.but(timeout=7, retry=KEEP) == Options(7.0, retry, {"a": "b"})
    special = options.but(max_wait=3, bulk=True)
    assert (special.max_wait, special.bulk) == (3.0, True)
    assert special.but(max_wait=KEEP, bulk=KEEP) == special
    assert special.but(max_wait=None, bulk=False) == options


def test_options_change_the_arguments_of_a_request() -> None:
    """Timeout, headers, query and body go in; what was there and is not overruled stays."""
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


def test_options_leave_the_arguments_of_an_operation_alone() -> None:
    """An operation can be sent again with other options."""
    kwargs: dict[str, Any] = {"json": {"number": "n"}, "params": {}, "headers": {}}
    Options(5.0, None, {"x-a": "1"}, {"q": 2}, {"extra": 3}).apply(kwargs)
    assert kwargs == {"json": {"number": "n"}, "params": {}, "headers": {}}


def test_without_options_only_the_timeout_is_added() -> None:
    """Nothing else appears by itself."""
    assert OPTIONS.apply({"method": "get", "url": "/"}) == {"method": "get", "url": "/", "timeout": 30.0}


BODILESS = {
    "retrieve": lambda client: client.contacts.retrieve("+14155551234"),
    "get": lambda client: client.contacts.get("+14155551234"),
    "delete": lambda client: client.contacts.delete("+14155551234"),
    "count": lambda client: client.contacts.count(),
    "list": lambda client: client.contacts.list(),
}


@pytest.mark.parametrize("call", BODILESS)
def test_an_extra_body_for_a_call_without_a_body_is_an_error(world: World, call: str) -> None:
    """A GET with a body would be dropped or refused on the way; nothing is sent."""
    with pytest.raises(TypeError, match="extra_body is set, and this call sends no body"):
        world.do(lambda client: BODILESS[call](client.with_options(extra_body={"a": 1})), lambda _: httpx.Response(200))
    assert world.sent == []


def test_with_options_reaches_the_wire(world: World) -> None:
    """Headers, query and body of one call, and none of them on the next."""

    def twice(client: Any) -> Any:  # noqa: ANN401  # of either kind
        special = client.with_options(
            extra_headers={"x-trace": "7"}, extra_query={"q": "1"}, extra_body={"extra": True}
        )
        return _both(world, special.contacts.verify("+14155551234"), lambda: client.contacts.verify("+14155551234"))

    world.do(twice, lambda _: httpx.Response(200, json={"status": "OK"}))
    assert [(request.headers.get("x-trace"), request.url.query, request.content) for request in world.sent] == [
        ("7", b"q=1", b'{"number":"+14155551234","extra":true}'),
        (None, b"", b'{"number":"+14155551234"}'),
    ]


def _both(world: World, first: Any, second: Any) -> Any:  # noqa: ANN401  # a value, or a coroutine
    async def awaited() -> object:
        return await first, await second()

    return second() if world.name == "sync" else awaited()


def test_the_repr_of_options_shows_nothing() -> None:
    """Extra headers may hold a token."""
    assert "planted" not in repr(Options(1.0, None, {"authorization": "planted"}))


@pytest.mark.parametrize("setting", ["api_key", "api_secret"])
def test_the_repr_of_a_client_shows_its_address_alone(world: World, setting: str) -> None:
    """Nothing but where it sends."""
    shown = world.do(repr)
    assert shown == f"{'Sendblue' if world.name == 'sync' else 'AsyncSendblue'}(base_url='https://api.example.test')"
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
def test_the_store_of_the_limit_is_found(given: str | None, environment: dict[str, str], found: str) -> None:
    """The setting, else the variable, else the memory of this process."""
    assert find_store(given, environment) == found


@pytest.mark.parametrize("store", ["", "memory"])
def test_the_memory_is_a_store(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is kept in memory, whether the environment says so or nothing."""
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", store)
    with Sendblue("key", "secret", base_url="http://127.0.0.1:1") as client:
        assert (client.rate_limit.statistics().limit, client.rate_limit._coordinator) == (100, None)


@pytest.mark.parametrize("by", ["variable", "setting"])
def test_the_limit_is_kept_in_the_store_that_is_named(
    world: World, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the environment, or by the limit that a client is given."""
    store = f"file://{tmp_path}/slots"
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", store if by == "variable" else "memory")
    rate = RateLimit(7) if by == "variable" else RateLimit(7, store=store)
    assert world.do(lambda client: client.rate_limit.rate, rate_limit=rate) == RateLimit(7, store=store)
    assert [path.name.split(".")[0] for path in tmp_path.iterdir()] == ["slots"]


def test_one_account_in_two_stores_has_two_limiters(tmp_path: Path) -> None:
    """Those who share a store share a limiter, and no others."""
    rates = [RateLimit(7), RateLimit(7, store="memory"), RateLimit(7, store=f"file://{tmp_path}/slots")]
    clients = [Sendblue("stores", "secret", base_url="http://127.0.0.1:1", rate_limit=rate) for rate in rates]
    in_memory, in_memory_too, in_a_file = (client.rate_limit for client in clients)
    assert (in_memory is in_memory_too, in_memory is in_a_file) == (True, False)
    for client in clients:
        client.close()


def test_a_store_that_is_none_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address, which may hold a password, is not shown; the sentence says which there are."""
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", "memcached://user:hush@127.0.0.1/0")
    with pytest.raises(ValueError, match="a rate limit store is memory, file:///a/path, redis://") as caught:
        world.do(lambda client: client, rate_limit=RateLimit())
    assert "hush" not in str(caught.value)


def test_the_generated_client_has_the_timeout_too() -> None:
    """What goes out through `client.generated` waits as long as the client was told, and not as long as httpx would."""
    seen: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={"count": 1})

    wire = httpx.MockTransport(answer)
    options: dict[str, Any] = {"timeout": 7.0, "retry": None, "rate_limit": None, "transport": wire}
    with Sendblue("key", "secret", **options) as client:
        count_contacts.sync(client=client.generated)
    anyio.run(_count_with_generated, AsyncSendblue("key", "secret", **options))
    assert seen == [dict.fromkeys(("connect", "read", "write", "pool"), 7.0)] * 2


async def _count_with_generated(client: AsyncSendblue) -> None:
    async with client:
        await count_contacts.asyncio(client=client.generated)
