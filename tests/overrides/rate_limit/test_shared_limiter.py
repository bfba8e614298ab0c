"""Which clients of one process share a limiter."""

import gc
import hashlib
import threading
from types import FunctionType, ModuleType
from typing import Any

import httpx
import pytest
from sendblue_contacts import AsyncSendblue, RateLimit, RateLimiter, Sendblue
from sendblue_contacts.rate_limit import shared_limiter
from sendblue_contacts.rate_limit.limiter import _LIMITERS

from tests.overrides.rate_limit.fake_waiting import DEADLOCK_TIMEOUT, acquired, release

URL = "http://127.0.0.1:9"
TRANSPORT = httpx.MockTransport(lambda _request: httpx.Response(500))
"""Sends nothing, and needs no TLS."""


def client(key: str, url: str = URL, **settings: Any) -> Sendblue:
    """A client of this account."""
    return Sendblue(key, "secret", base_url=url, transport=TRANSPORT, **settings)


def test_one_account_has_one_limiter() -> None:
    """Clients of both kinds share it automatically; another account, local server or limit has a limiter of its own."""
    first = client("one").rate_limit
    assert AsyncSendblue("one", "another", base_url=URL, transport=TRANSPORT).rate_limit is first
    others = [client("two"), client("one", "http://127.0.0.1:10"), client("one", rate_limit=RateLimit(50, 5.0))]
    assert len({id(limiter) for limiter in (first, *(other.rate_limit for other in others))}) == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://api.sendblue.co", "https://API.sendblue.co:443/"),
        ("https://api.sendblue.co", "https://api.sendblue.co./"),
        ("https://api.sendblue.co", "https://api.sendblue.com"),
        ("https://api.sendblue.co", "https://gateway.example:8443/sendblue"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
    ],
)
def test_an_account_has_one_limiter_for_all_hosts(one: str, other: str) -> None:
    """Both hosts of the API, a gateway and other spellings reach the same account, and so the same limit."""
    assert client("spelled", one).rate_limit is client("spelled", other).rate_limit


@pytest.mark.parametrize("settings", [{"reserve": 20}, {"paced": True}, {"on_unavailable": "raise"}])
def test_other_settings_make_no_second_limit(settings: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """The settings are those of the first client, and a warning is logged: two windows would admit twice the limit."""
    key = f"settings {settings}".replace(" ", "-")
    first = client(key).rate_limit
    assert client(key, rate_limit=RateLimit(**settings)).rate_limit is first
    (message,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert "pass the same rate_limit= to all of them" in message


def test_another_limit_for_an_account_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Two different limits are kept separately, which may break both."""
    client("two-limits")
    assert caplog.records == []
    client("two-limits", rate_limit=RateLimit(50))
    assert ["more than either allows" in record.message for record in caplog.records] == [True]


def test_an_invalid_rate_limit_is_an_error() -> None:
    """The message states what it must be."""
    for given in (50, "memory", False, {"limit": 50}):
        with pytest.raises(TypeError, match="must be a RateLimit, a RateLimiter or None, not "):
            client("key", rate_limit=given)


def test_a_limiter_outlives_its_client() -> None:
    """A client that is created after another one was closed takes into account what that one sent."""
    with client("outlives") as closed:
        slot = acquired(closed.rate_limit)
    del closed
    gc.collect()
    assert client("outlives").rate_limit.statistics().in_flight == 1
    release(slot)


def test_threads_get_the_same_shared_limiter() -> None:
    """However many request it at the same time."""
    barrier, found = threading.Barrier(8), list[RateLimiter]()

    def ask() -> None:
        barrier.wait(DEADLOCK_TIMEOUT)
        found.append(shared_limiter("together", "host", RateLimit()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(limiter) for limiter in found}) == 1


def reachable(*roots: object) -> list[object]:
    """All objects that these refer to, directly or indirectly, without code."""
    seen: dict[int, object] = {}
    todo = list(roots)
    while todo:
        thing = todo.pop()
        if id(thing) not in seen and not isinstance(thing, type | ModuleType | FunctionType):
            seen[id(thing)] = thing
            todo.extend(gc.get_referents(thing))
    return list(seen.values())


def test_the_key_is_only_kept_as_a_hash() -> None:
    """No object that a shared limiter or the table of them refers to contains the key."""
    key = f"unique-key-{id(object())}"
    limiter = shared_limiter(key, "host", RateLimit())
    texts = [thing for thing in reachable(limiter, _LIMITERS) if isinstance(thing, str | bytes)]
    assert hashlib.sha256(f"host\n{key}".encode()).hexdigest() in texts
    assert not [text for text in texts if key in str(text)]
    assert key not in repr(limiter) + repr(limiter.statistics())
