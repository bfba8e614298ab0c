"""Configuration: from arguments or the environment, checked when a client is created, and shown nowhere."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sendblue_contacts import AsyncSendblue, CredentialsError, RateLimit, Retry, Sendblue, config
from sendblue_contacts.base_client import proxy_for
from sendblue_contacts.config import Credentials, resolve_base_url
from sendblue_contacts_api.api.contacts import count_contacts

from tests.overrides.clients import KEY, Runner, generated

LONG = {"SENDBLUE_API_API_KEY": "env-key", "SENDBLUE_API_API_SECRET": "env-secret"}
SHORT = {"SENDBLUE_API_KEY": "env-key", "SENDBLUE_API_SECRET": "env-secret"}


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        ((None, None), LONG, ("env-key", "env-secret")),
        ((None, None), SHORT, ("env-key", "env-secret")),
        (
            (None, None),
            {**LONG, "SENDBLUE_API_KEY": "short", "SENDBLUE_API_API_SECRET": "", "SENDBLUE_API_SECRET": "short"},
            ("env-key", "short"),
        ),
        (("mine", "my-own"), LONG, ("mine", "my-own")),
    ],
)
def test_where_credentials_come_from(given: tuple[Any, Any], environment: dict[str, str], found: object) -> None:
    """Arguments override the environment, and long names the short ones; an empty variable is not set."""
    credentials = Credentials.resolve(*given, environment)
    assert (credentials.key, credentials.secret) == found


@pytest.mark.parametrize(
    ("given", "environment", "name"),
    [((None, None), {}, "key"), (("", "a"), LONG, "key"), (("a", None), {}, "secret"), (("a", ""), LONG, "secret")],
)
def test_missing_credentials(given: tuple[Any, Any], environment: dict[str, str], name: str) -> None:
    """The error names the variable to set; an empty argument is not replaced by another account's variable."""
    text = f"api_{name} is missing: set the environment variable SENDBLUE_API_API_{name.upper()}"
    with pytest.raises(CredentialsError, match=text):
        Credentials.resolve(*given, environment)


@pytest.mark.parametrize("value", ["planted\n", "plan ted", "plånted", "planted\r\nx: y", "planted\x00"])
def test_credentials_that_a_header_cannot_carry_raise(value: str) -> None:
    """A line break at the end of a copied key raises; the error does not contain the key."""
    with pytest.raises(CredentialsError, match="api_secret has a space, line break or non-ASCII letter") as caught:
        Credentials.resolve("key", value, {})
    assert "ted" not in str(caught.value)


ELSEWHERE = {"SENDBLUE_API_BASE_URL": "https://api.sendblue.com"}


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        (None, {}, config.BASE_URL),
        (None, {"SENDBLUE_API_BASE_URL": ""}, config.BASE_URL),
        (None, ELSEWHERE, "https://api.sendblue.com"),
        ("https://given.test", ELSEWHERE, "https://given.test"),
        ("https://given.test/prefix//", {}, "https://given.test/prefix"),
        ("HTTPS://given.test:8443", {}, "HTTPS://given.test:8443"),
        *((url, {}, url) for url in ("http://127.8.9.10:4010", "http://LOCALHOST", "http://[::1]:4010")),
    ],
)
def test_the_base_url_is_resolved(given: str | None, environment: dict[str, str], found: str) -> None:
    """The argument, the variable, or the default, without a trailing slash. Only this machine is reached by http."""
    assert resolve_base_url(given, allow_http=False, environment=environment) == found


@pytest.mark.parametrize("host", ["api.test", "localhost.test", "127.0.0.1.test", "mylocalhost", "128.0.0.1"])
def test_an_unencrypted_base_url_raises(host: str) -> None:
    """It would disclose the secret to another machine; the error names the argument that permits it."""
    with pytest.raises(ValueError, match="sends the API secret unencrypted; use https://, or in Python pass allow_"):
        resolve_base_url(f"http://{host}", allow_http=False, environment={})
    assert resolve_base_url(f"http://{host}", allow_http=True, environment={}) == f"http://{host}"


@pytest.mark.parametrize(
    "url",
    [
        "api.test",
        "ftp://api.test",
        "https:///path",
        "//api.test",
        "https://planted:word@host.test",
        "https://planted@a.test",
    ],
)
def test_an_invalid_base_url_raises(url: str) -> None:
    """A URL needs the scheme http or https, and a host. It is shown in reprs, so it must not contain a password."""
    with pytest.raises(ValueError, match="base_url must be https:// and a host without credentials; ") as caught:
        resolve_base_url(url, allow_http=True, environment={})
    assert "planted" not in str(caught.value)


# Each setting in seconds: its name in the error, what sets it, and whether 0 and infinity are invalid.
SETTINGS_IN_SECONDS: list[tuple[str, Callable[[Any, Any], object], bool, bool]] = [
    ("timeout", lambda client, value: client.with_options(timeout=value), True, False),
    ("timeout", lambda _, value: Sendblue("key", "secret", timeout=value), True, False),
    ("max_wait", lambda client, value: client.with_options(max_wait=value), False, False),
    ("Retry: deadline", lambda _, value: Retry(deadline=value), True, False),
    ("Retry: base", lambda _, value: Retry(base=value), True, False),
    ("Retry: throttling_base", lambda _, value: Retry(throttling_base=value), True, False),
    ("Retry: cap", lambda _, value: Retry(cap=value), True, False),
    ("Retry: read_lag", lambda _, value: Retry(read_lag=value), False, True),
    ("RateLimit: per", lambda _, value: RateLimit(per=value), True, True),
    ("RateLimit: hold_abandoned", lambda _, value: RateLimit(hold_abandoned=value), False, True),
    ("max_wait", lambda client, value: client.rate_limit.slot(max_wait=value), False, False),
    ("freeze_timeout", lambda client, value: client.rate_limit.slot(freeze_timeout=value), False, False),
    ("lease", lambda client, value: client.rate_limit.slot(lease=value), True, True),
]


@pytest.mark.parametrize(("name", "make", "positive", "finite"), SETTINGS_IN_SECONDS)
def test_settings_in_seconds_are_checked(
    name: str, make: Callable[[Any, Any], object], positive: bool, finite: bool
) -> None:
    """When they are given, not when a call waits. The message names the setting and states what is valid."""
    valid = "a positive number of seconds" if positive else "a number of seconds, 0 or more"
    with Sendblue("key", "secret", rate_limit=None) as client:
        for value in ("1", -1, math.nan, True, (1, 2), *[0] * positive, *[math.inf] * finite):
            with pytest.raises(ValueError, match=f"^{name} must be {valid}, not "):
                make(client, value)
        for value in (5, 0.5, *[0] * (not positive), *[math.inf] * (not finite)):
            make(client, value)


@pytest.mark.parametrize(
    ("headers", "error", "text"),
    [
        ({"x-a": "b\r\nc: planted"}, ValueError, "the header 'x-a' contains a line break or a non-ASCII letter"),
        ({"x-a": "plånted"}, ValueError, "the header 'x-a' contains a line break or a non-ASCII letter"),
        ({"x-a": "planted "}, ValueError, "the header 'x-a' contains a line break or a non-ASCII letter"),
        ({"x a": "planted"}, ValueError, "the name of a header contains a character that a header cannot carry"),
        ({"": "planted"}, ValueError, "the name of a header contains .*, or is empty"),
        ({"x-a": 7}, TypeError, "the header 'x-a' must be a str, not int"),
        ({"Content-Length": "5"}, ValueError, "the header 'Content-Length' is set by the client; remove it"),
        ({"host": "planted.test"}, ValueError, "the header 'host' is set by the client; remove it"),
    ],
)
def test_a_header_that_cannot_be_sent_raises(
    runner: Runner, headers: dict[str, Any], error: type[Exception], text: str
) -> None:
    """Nothing is sent, and the value, which may be a token, is not shown."""
    calls = [
        lambda client: client.with_options(extra_headers=headers),
        lambda client: client.request("GET", "/api/v2/contacts/count", headers=headers),
    ]
    for call in calls:
        with pytest.raises(error, match=text) as caught:
            runner.run(call, lambda _: httpx.Response(200))
        assert "planted" not in str(caught.value)
    assert runner.sent == []


@pytest.mark.parametrize(
    ("kwargs", "query", "body"),
    [
        ({"json": {"a": 1}}, b"u=1&q=x", {"a": 1, "extra": True}),
        ({"json": {"extra": False}, "params": {"p": ["1", "2"], "q": "y"}}, b"p=1&p=2&q=x", {"extra": True}),
        ({"json": {}, "params": "p=1&p=2"}, b"p=1&p=2&q=x", {"extra": True}),
    ],
)
def test_request_has_the_options_of_the_client(runner: Runner, kwargs: Any, query: bytes, body: Any) -> None:
    """Headers, query, body and timeout of `with_options` are added, and the extensions of the caller are kept."""
    extra: dict[str, Any] = {"extra_headers": {"x-a": "2"}, "extra_query": {"q": "x"}, "extra_body": {"extra": True}}
    mine = {"headers": {"X-A": "1", "x-b": "3"}, "extensions": {"mine": 7}, **kwargs}
    runner.run(
        lambda client: client.with_options(timeout=7, **extra).request("POST", "/api/v2/new?u=1", **mine),
        lambda _: httpx.Response(200),
    )
    sent = runner.sent[0]
    assert (sent.url.query, json.loads(sent.content)) == (query, body)
    assert [sent.headers.get_list(name) for name in ("x-a", "x-b")] == [["2"], ["3"]]
    assert (sent.extensions["mine"], sent.extensions["timeout"]["read"]) == (7, 7)


def test_request_without_options_is_unchanged(runner: Runner) -> None:
    """The query of the path stays, and a body that is not a JSON object is sent as it is."""
    runner.run(lambda client: client.request("PUT", "/api/v2/new?a=1&a=2", json=[1]), lambda _: httpx.Response(200))
    runner.run(lambda client: client.request("PUT", "/api/v2/new?a=1&a=2"), lambda _: httpx.Response(200))
    assert [(sent.url.query, sent.content) for sent in runner.sent] == [(b"a=1&a=2", b"[1]"), (b"a=1&a=2", b"")]
    with pytest.raises(TypeError, match="extra_body is set, but this call has no body"):
        runner.run(lambda client: client.with_options(extra_body={"a": 1}).request("POST", "/api/v2/new", json=[1]))


PROXIES = {
    "proxy:3128": "http://proxy:3128",  # as curl takes it
    "user:word@proxy.test:3128": "http://user:word@proxy.test:3128",
    "http://proxy:3128": "http://proxy:3128",
    "socks5://proxy": "socks5://proxy",
    "": None,
}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_the_proxy_comes_from_the_environment(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address without a scheme is that of an HTTP proxy. Requests to this machine use no proxy."""
    _clear_proxies(monkeypatch)
    found = {}
    for address in PROXIES:
        monkeypatch.setenv(variable, address)
        found[address] = proxy_for("https://api.example.test")
        assert proxy_for("https://127.0.0.1") is None
    assert found == PROXIES


@pytest.mark.parametrize("address", ["planted:word@proxy:port", "socks4://planted@proxy", "http://", "planted@:3128"])
@pytest.mark.parametrize("client", [Sendblue, AsyncSendblue])
def test_an_invalid_proxy_raises(client: Any, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable, and shows neither the address nor its password."""
    _clear_proxies(monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(ValueError, match="HTTPS_PROXY must be the address of a proxy, such as http") as caught:
        client("key", "secret", base_url="https://api.example.test")
    assert "planted" not in str(caught.value)


def _clear_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(("runner", "by"), [("sync", "variable"), ("async", "setting")], indirect=["runner"])
def test_the_rate_limit_uses_the_configured_store(
    runner: Runner, by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is configured by the environment, or by the rate limit of a client; an empty variable means memory."""
    store = f"file://{tmp_path}/slots"
    monkeypatch.setenv("SENDBLUE_RATE_LIMIT_STORE", store if by == "variable" else "")
    assert runner.run(lambda client: client.rate_limit.rate, rate_limit=RateLimit(7, store="memory")).store == "memory"
    rate = RateLimit(7) if by == "variable" else RateLimit(7, store=store)
    assert runner.run(lambda client: client.rate_limit.rate, rate_limit=rate) == RateLimit(7, store=store)
    assert [path.name.split(".")[0] for path in tmp_path.iterdir()] == ["slots"]


def test_a_copy_of_the_generated_client_has_the_settings_of_the_client(runner: Runner) -> None:
    """Its requests have the timeout and the credentials of the client, which does not get the headers of the copy."""
    count = httpx.Response(200, json={"count": 1})
    runner.run(generated(count_contacts, headers={"x-a": "1"}), lambda _: count, timeout=7.0)
    runner.run(lambda it: (it.generated.with_headers({"x-a": "1"}), it.contacts.count())[1], lambda _: count)
    first, second = runner.sent
    assert first.extensions["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"), 7.0)
    assert (first.headers["sb-api-key-id"], first.headers["x-a"], "x-a" in second.headers) == (KEY, "1", False)


@pytest.mark.parametrize("headers", [{"x-a": "b\r\nc: planted"}, {"planted x": "a"}, {"content-length": "5"}])
def test_a_header_of_the_generated_client_that_cannot_be_sent_raises(runner: Runner, headers: dict[str, str]) -> None:
    """Nothing is sent or retried, and the value is not shown."""
    with pytest.raises(ValueError, match="header") as caught:
        runner.run(generated(count_contacts, headers=headers), lambda _: httpx.Response(200), retry=Retry())
    assert ("planted" in str(caught.value), runner.sent) == (False, [])
