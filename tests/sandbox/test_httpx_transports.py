"""In process: async and sync httpx clients use the state of a sandbox without a socket."""

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest
from sendblue_sandbox import Sandbox

from tests.sandbox.contacts_api import ADA, ADA_PATH, CREDENTIALS, PATH, TLS


@pytest.fixture
def unstarted() -> Iterator[Sandbox]:
    """A sandbox that was not started."""
    sandbox = Sandbox(limit=None)
    yield sandbox
    sandbox.close()


@pytest.fixture
def client(unstarted: Sandbox) -> Iterator[httpx.Client]:
    """A sync client in this process."""
    transport = unstarted.transport
    with httpx.Client(transport=transport, base_url="http://sandbox", headers=CREDENTIALS, verify=TLS) as client:
        yield client


def test_sync_client(unstarted: Sandbox, client: httpx.Client) -> None:
    """A sync client reaches the same contacts; responses and statuses are those of the server."""
    assert client.post(PATH, json={"number": ADA}).status_code == 200
    assert client.get(ADA_PATH).json()["contact"]["phone"] == ADA
    assert client.head(PATH).content == b""
    assert client.get("/nowhere").status_code == 404
    assert (len(unstarted.contacts()), [each.status for each in unstarted.requests]) == (1, [200, 200, 200, 404])


def test_its_thread_ends_with_the_client(unstarted: Sandbox) -> None:
    """There is no thread before the first request and after the client is closed; a transport can be used again."""
    before = set(threading.enumerate())
    transport = unstarted.transport
    assert set(threading.enumerate()) <= before
    for _ in range(2):
        with httpx.Client(transport=transport, base_url="http://sandbox", headers=CREDENTIALS) as client:
            assert client.get(PATH).status_code == 200
        assert set(threading.enumerate()) <= before


def test_clients_in_an_event_loop(unstarted: Sandbox, client: httpx.Client) -> None:
    """An async client reaches the same contacts, and a sync one works in a thread that runs an event loop."""

    async def inside() -> list[int]:
        transport = unstarted.async_transport
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=CREDENTIALS) as other:
            responses = [await other.post(PATH, json={"number": ADA}), client.get(ADA_PATH)]  # noqa: ASYNC212 - this is what the test checks
        return [response.status_code for response in responses]

    assert asyncio.run(inside()) == [200, 200]


@pytest.mark.parametrize("what", ["reset", "truncated"])
def test_faults(unstarted: Sandbox, client: httpx.Client, what: str) -> None:
    """A connection that a fault cuts raises the `ReadError` of httpx; other faults are those of a socket."""
    unstarted.faults.add({"what": what, "times": 1}, {"what": "html", "delay": 0.01, "times": 1})
    with pytest.raises(httpx.ReadError, match=what):
        client.get(PATH)
    assert [client.get(PATH).status_code for _ in range(2)] == [502, 200]


def test_app_raises(unstarted: Sandbox) -> None:
    """Without the transports of the sandbox a cut connection is a `ConnectionResetError` from the app."""
    unstarted.faults.add(what="reset")

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(unstarted.asgi), base_url="http://x") as client:
            await client.get(PATH, headers=CREDENTIALS)

    with pytest.raises(ConnectionResetError, match="fault"):
        asyncio.run(ask())
