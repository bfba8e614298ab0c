"""Bulk calls in threads: requests that overlap, iterators left early, interruptions. Nothing is left behind."""

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
SOON = 10
"""Seconds after which a test that hangs is given up."""

Client = Callable[[Any], Sendblue]


def _first(request: httpx.Request) -> int:
    """The place of the first contact that a request carries."""
    return int(json.loads(request.content)["contacts"][0]["first_name"][1:]) - 2_000_000


def _well(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"status": "OK", "contacts": json.loads(request.content)["contacts"]})


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("sendblue-bulk")]


class Gate:
    """Answers at once, but for the chunk at one place, which waits until another one has arrived."""

    def __init__(self, held: int = -1, until: int = -1) -> None:
        self.arrived: list[int] = []
        self._held = held
        self._until = until
        self._opened = threading.Event()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        place = _first(request)
        self.arrived.append(place)
        if place == self._until:
            self._opened.set()
        if place == self._held:
            assert self._opened.wait(SOON), "the request that would open the gate was never sent"
        return _well(request)


@pytest.fixture
def client() -> Iterator[Client]:
    """Makes a client of a server that is a function."""
    made: list[Sendblue] = []

    def make(answer: Any) -> Sendblue:  # noqa: ANN401  # a function of a request
        made.append(
            Sendblue("k", "s", base_url=URL, rate_limit=None, retry=None, transport=httpx.MockTransport(answer))
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_the_next_request_leaves_while_the_oldest_is_on_its_way(client: Client) -> None:
    """The second chunk is answered only when the fifth has arrived, with two requests at one time."""
    gate = Gate(held=1, until=4)
    result = client(gate).contacts.bulk.create(make_rows(6), chunk_size=1, concurrency=2)
    assert ([contact.phone for contact in result.created], gate.arrived[0]) == (
        [row["phone"] for row in make_rows(6)],
        0,
    )


def test_a_stream_that_is_closed_leaves_no_thread(client: Client) -> None:
    """What is on its way is finished, and nothing else is read or sent."""
    gate = Gate()
    read: list[Any] = []

    def items() -> Iterator[Any]:
        for row in make_rows(100):
            read.append(row)
            yield row

    with closing(client(gate).contacts.bulk.stream_create(items(), chunk_size=1, concurrency=2)) as stream:
        assert [next(stream).index for _ in range(3)] == [0, 1, 2]
        assert _threads()
    arrived, seen = len(gate.arrived), len(read)
    assert (_threads(), arrived <= 5, seen <= 6) == ([], True, True)


def test_a_stream_that_is_forgotten_leaves_no_thread(client: Client) -> None:
    """Whoever breaks out of a loop need not close it."""
    for outcome in client(Gate()).contacts.bulk.stream_create(make_rows(50), chunk_size=1):
        if outcome.index == 3:
            break
    gc.collect()
    assert _threads() == []


def test_an_interruption_finishes_what_is_on_its_way(client: Client) -> None:
    """KeyboardInterrupt comes out at once when those are there, with a note of what was done; nothing hangs."""
    finished: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        place = _first(request)
        if place == 4:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        finished.append(place)
        return _well(request)

    with pytest.raises(KeyboardInterrupt) as caught:
        client(answer).contacts.bulk.create(make_rows(500), chunk_size=1, concurrency=2)
    assert (_threads(), len(finished) < 500) == ([], True)
    assert caught.value.__notes__[0].startswith("outcomes before this error: BulkCreateResult(")


def test_an_error_of_the_consumer_leaves_no_thread(client: Client) -> None:
    """Whatever ends the loop ends the stream."""

    def consume(stream: Generator[Any]) -> None:
        with closing(stream):
            for _ in stream:
                raise LookupError

    with pytest.raises(LookupError):
        consume(client(Gate()).contacts.bulk.stream_create(make_rows(50), chunk_size=1))
    assert _threads() == []
