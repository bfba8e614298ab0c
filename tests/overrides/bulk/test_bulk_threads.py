"""Bulk calls in threads: requests that overlap, iterators closed early, interruptions. No thread is left."""

import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from sendblue_contacts import Sendblue

from tests.overrides.bulk.bulk_responses import index_of, succeed
from tests.overrides.bulk.fake_server import make_rows

TIMEOUT = 10
"""Seconds after which a test that hangs fails."""

MakeClient = Callable[[Any], Sendblue]


@pytest.fixture
def client() -> Iterator[MakeClient]:
    """Creates clients whose server is a function. After the test no thread is left."""
    clients: list[Sendblue] = []

    def make(respond: Any) -> Sendblue:
        settings: dict[str, Any] = {"rate_limit": None, "retry": None, "transport": httpx.MockTransport(respond)}
        clients.append(Sendblue("k", "s", base_url="https://api.example.test", **settings))
        return clients[-1]

    yield make
    assert _threads() == []
    for each in clients:
        each.close()


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("sendblue-bulk")]


def test_the_next_request_starts_while_the_oldest_is_in_flight(client: MakeClient) -> None:
    """With two concurrent requests, the response to the second chunk waits until the fifth has arrived."""
    fifth_arrived = threading.Event()

    def respond(request: httpx.Request) -> httpx.Response:
        if index_of(request) == 4:
            fifth_arrived.set()
        if index_of(request) == 1:
            assert fifth_arrived.wait(TIMEOUT), "the request that the response waits for was not sent"
        return succeed(request)

    result = client(respond).contacts.bulk.create(make_rows(6), chunk_size=1, concurrency=2)
    assert [contact.phone for contact in result.created] == [row["phone"] for row in make_rows(6)]


def test_a_stream_that_is_closed_finishes_requests_in_flight(client: MakeClient) -> None:
    """Nothing else is read or sent."""
    arrived, read = list[int](), list[Any]()

    def respond(request: httpx.Request) -> httpx.Response:
        arrived.append(index_of(request))
        return succeed(request)

    def items() -> Iterator[Any]:
        for row in make_rows(100):
            read.append(row)
            yield row

    with closing(client(respond).contacts.bulk.stream_create(items(), chunk_size=1, concurrency=2)) as stream:
        assert [next(stream).index for _ in range(3)] == [0, 1, 2]
        assert _threads()
    counts = len(arrived), len(read)
    assert (_threads(), counts[0] <= 5, counts[1] <= 6) == ([], True, True)


def test_a_stream_that_is_dropped_leaves_no_thread(client: MakeClient) -> None:
    """After a `break` out of the loop it need not be closed."""
    for outcome in client(succeed).contacts.bulk.stream_create(make_rows(50), chunk_size=1):
        if outcome.index == 3:
            break
    gc.collect()
    assert _threads() == []


def test_an_error_that_ends_the_program_is_raised(client: MakeClient) -> None:
    """Although a thread raises it: the caller does not wait forever."""

    def respond(request: httpx.Request) -> httpx.Response:
        if index_of(request) == 4:
            raise SystemExit
        return succeed(request)

    with pytest.raises(SystemExit):
        client(respond).contacts.bulk.create(make_rows(50), chunk_size=1, concurrency=2)


@pytest.mark.usefixtures("ctrl_c")
def test_an_interruption_finishes_requests_in_flight(client: MakeClient) -> None:
    """KeyboardInterrupt is raised as soon as these have ended, with a note about the outcomes so far."""
    responded: list[int] = []

    def respond(request: httpx.Request) -> httpx.Response:
        if index_of(request) == 4:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        responded.append(index_of(request))
        return succeed(request)

    with pytest.raises(KeyboardInterrupt) as caught:
        client(respond).contacts.bulk.create(make_rows(500), chunk_size=1, concurrency=2)
    assert (_threads(), len(responded) < 500) == ([], True)
    assert caught.value.__notes__[0].startswith("outcomes before this error: BulkCreateResult(")
