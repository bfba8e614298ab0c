"""Bulk calls in threads: requests that overlap, iterators closed early, interruptions. No thread is left."""

from __future__ import annotations

import gc
import json
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import Sendblue

from tests.overrides.bulk.fake_server import make_rows

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

URL = "https://api.example.test"
TIMEOUT = 10
"""Seconds after which a test that hangs fails."""

MakeClient = Callable[[Any], Sendblue]


def _first(request: httpx.Request) -> int:
    """Returns the index of the first contact in a request."""
    return int(json.loads(request.content)["contacts"][0]["first_name"][1:]) - 2_000_000


def _succeed(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "OK", "contacts": json.loads(request.content)["contacts"]})


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("sendblue-bulk")]


class DelayedServer:
    """A server that responds at once, except to one chunk: that one waits until another chunk has arrived."""

    def __init__(self, held: int = -1, until: int = -1) -> None:
        self.arrived: list[int] = []
        self._held = held
        self._until = until
        self._opened = threading.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Respond to a request."""
        index = _first(request)
        self.arrived.append(index)
        if index == self._until:
            self._opened.set()
        if index == self._held:
            assert self._opened.wait(TIMEOUT), "the request that the response waits for was not sent"
        return _succeed(request)


@pytest.fixture
def client() -> Iterator[MakeClient]:
    """Creates clients whose server is a function."""
    clients: list[Sendblue] = []

    def make(respond: Any) -> Sendblue:  # noqa: ANN401  # a function that takes a request
        clients.append(
            Sendblue("k", "s", base_url=URL, rate_limit=None, retry=None, transport=httpx.MockTransport(respond))
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_the_next_request_starts_while_the_oldest_is_in_flight(client: MakeClient) -> None:
    """With two concurrent requests, the response to the second chunk waits until the fifth has arrived."""
    server = DelayedServer(held=1, until=4)
    result = client(server).contacts.bulk.create(make_rows(6), chunk_size=1, concurrency=2)
    assert ([contact.phone for contact in result.created], server.arrived[0]) == (
        [row["phone"] for row in make_rows(6)],
        0,
    )


def test_a_stream_that_is_closed_leaves_no_thread(client: MakeClient) -> None:
    """Requests in flight are finished, and nothing else is read or sent."""
    server = DelayedServer()
    read: list[Any] = []

    def items() -> Iterator[Any]:
        for row in make_rows(100):
            read.append(row)
            yield row

    with closing(client(server).contacts.bulk.stream_create(items(), chunk_size=1, concurrency=2)) as stream:
        assert [next(stream).index for _ in range(3)] == [0, 1, 2]
        assert _threads()
    arrived, seen = len(server.arrived), len(read)
    assert (_threads(), arrived <= 5, seen <= 6) == ([], True, True)


def test_a_stream_that_is_dropped_leaves_no_thread(client: MakeClient) -> None:
    """After a `break` out of the loop it need not be closed."""
    for outcome in client(DelayedServer()).contacts.bulk.stream_create(make_rows(50), chunk_size=1):
        if outcome.index == 3:
            break
    gc.collect()
    assert _threads() == []


def test_an_interruption_finishes_requests_in_flight(client: MakeClient) -> None:
    """KeyboardInterrupt is raised as soon as these have ended, with a note about the outcomes so far."""
    responded: list[int] = []

    def respond(request: httpx.Request) -> httpx.Response:
        index = _first(request)
        if index == 4:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        responded.append(index)
        return _succeed(request)

    with pytest.raises(KeyboardInterrupt) as caught:
        client(respond).contacts.bulk.create(make_rows(500), chunk_size=1, concurrency=2)
    assert (_threads(), len(responded) < 500) == ([], True)
    assert caught.value.__notes__[0].startswith("outcomes before this error: BulkCreateResult(")


def test_an_error_of_the_consumer_leaves_no_thread(client: MakeClient) -> None:
    """An error in the loop closes the stream."""

    def consume(stream: Generator[Any]) -> None:
        with closing(stream):
            for _ in stream:
                raise LookupError

    with pytest.raises(LookupError):
        consume(client(DelayedServer()).contacts.bulk.stream_create(make_rows(50), chunk_size=1))
    assert _threads() == []
