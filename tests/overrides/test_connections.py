"""What a client promises about its connections, before a server over raw sockets that breaks the rules of HTTP."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import cycle
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from sendblue_contacts import (
    APIConnectionError,
    APIResponseError,
    APITimeoutError,
    AsyncSendblue,
    RateLimit,
    RateLimiter,
    RateLimitError,
    Retry,
    Sendblue,
    SendblueError,
)
from sendblue_contacts.body import MAX_BODY_BYTES

from tests.overrides.clients import run_client
from tests.overrides.raw_http import RawHttpServer, complete, raw_http_server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

ADA, BOB = "+14155551234", "+14155555678"
each_kind = pytest.mark.parametrize("kind", ["sync", "asyncio", "trio"])


def each_with_one_kind(names: str, cases: Iterable[tuple[Any, ...]]) -> pytest.MarkDecorator:
    """Parametrize a test with cases, each of them with one kind of client, in turn."""
    return pytest.mark.parametrize(
        f"kind,{names}", [(kind, *case) for kind, case in zip(cycle(["sync", "asyncio", "trio"]), cases)]
    )


def contact(line: str) -> bytes:
    """Return the response to a request line: the contact with the number in the path."""
    number = unquote(line.split()[1].rsplit("/", 1)[-1])
    return complete(json.dumps({"contact": {"phone": number}}).encode())


def run(kind: str, server: RawHttpServer, call: Callable[[Any], Any], **settings: Any) -> Any:  # noqa: ANN401  # of any type
    """Make a call with a client that opens its own connections."""
    return run_client(kind, call, **{"base_url": server.url, "transport": None, "retry": None, **settings})


# --- an answer too many


@each_kind
def test_a_connection_with_unread_bytes_is_not_used_again(kind: str) -> None:
    """A response that comes twice is not taken for the response to the next request."""

    def twice(connection: socket.socket, line: str) -> None:
        connection.sendall(contact(line) * 2)

    with raw_http_server(twice) as server:
        found = run(kind, server, lambda client: _retrieve_all(client, [ADA, BOB, ADA]))
        assert (found, len(server.connections)) == ([ADA, BOB, ADA], 3)


def _retrieve_all(client: Any, numbers: list[str]) -> Any:  # noqa: ANN401  # either client
    if isinstance(client, Sendblue):
        return [client.contacts.retrieve(number).phone for number in numbers]

    async def retrieve() -> list[str | None]:
        return [(await client.contacts.retrieve(number)).phone for number in numbers]

    return retrieve()


def test_connections_are_used_again() -> None:
    """After a whole response."""
    with raw_http_server(lambda connection, line: connection.sendall(contact(line))) as server:
        run("sync", server, lambda client: _retrieve_all(client, [ADA, BOB, ADA]))
        assert len(server.connections) == 1


OTHER_CALLS: list[tuple[Callable[[Any], Any]]] = [
    (lambda contacts: contacts.retrieve(ADA),),
    (lambda contacts: contacts.get(ADA),),
    (lambda contacts: contacts.create(ADA),),
    (lambda contacts: contacts.upsert(ADA),),
    (lambda contacts: contacts.update(ADA, first_name="Ada"),),
    (lambda contacts: contacts.opt_out(ADA),),
]


@each_with_one_kind("call", OTHER_CALLS)
def test_a_response_about_another_number_is_an_error(kind: str, call: Callable[[Any], Any]) -> None:
    """It belongs to another request, so the connection is not used again; the error contains no number."""
    body = complete(json.dumps({"number": BOB, "contact": {"phone": BOB}}).encode())
    with raw_http_server(lambda connection, _: connection.sendall(body)) as server:

        def both(client: Any) -> Any:  # noqa: ANN401  # either client
            if isinstance(client, Sendblue):
                return [_error_of(call, client), _error_of(call, client)]
            return _errors_of(call, client)

        errors = run(kind, server, both)
        assert [str(error).count("another phone number") for error in errors] == [1, 1]
        assert ("5555678" in str(errors), len(server.connections)) == (False, 2)


def _error_of(call: Callable[[Any], Any], client: Any) -> APIResponseError:  # noqa: ANN401  # either client
    with pytest.raises(APIResponseError) as caught:
        call(client.contacts)
    return caught.value


async def _errors_of(call: Callable[[Any], Any], client: Any) -> list[APIResponseError]:  # noqa: ANN401  # either client
    errors = []
    for _ in range(2):
        with pytest.raises(APIResponseError) as caught:
            await call(client.contacts)
        errors.append(caught.value)
    return errors


@pytest.mark.parametrize("shown", ["+1 415 555 1234", "14155551234", ADA, None])
def test_a_number_is_compared_by_its_digits(shown: str | None) -> None:
    """A server may write it in another way, or leave it out."""
    body = complete(json.dumps({"contact": {"phone": shown, "first_name": "Ada"}}).encode())
    with raw_http_server(lambda connection, _: connection.sendall(body)) as server:
        assert run("sync", server, lambda client: client.contacts.retrieve(ADA)).first_name == "Ada"


# --- time and size


@each_kind
@pytest.mark.parametrize("part", ["head", "body"])
def test_the_deadline_covers_reading(kind: str, part: str) -> None:
    """A call ends by its deadline, although each byte arrives within the timeout of an attempt."""

    def drip(connection: socket.socket, line: str) -> None:
        response = contact(line)
        start = 0 if part == "head" else response.index(b"\r\n\r\n") + 4
        connection.sendall(response[:start])
        with suppress(OSError):
            while not stopped.wait(0.02):
                connection.sendall(response[start : start + 1])
                start += 1

    stopped = threading.Event()
    with raw_http_server(drip) as server:
        call = lambda client: client.contacts.retrieve(ADA)  # noqa: E731  # a call
        with pytest.raises(APITimeoutError) as caught:
            run(kind, server, call, timeout=0.2, retry=Retry(deadline=0.3))
        stopped.set()
    assert (caught.value.maybe_applied, caught.value.attempts) == (True, 1)


BOMB = gzip.compress(b" " * (MAX_BODY_BYTES + 1))
BODIES: dict[str, tuple[bytes, dict[str, str], str]] = {
    "declared": (b"", {"content_length": str(MAX_BODY_BYTES + 1)}, "larger than 16 MiB"),
    "a bomb": (BOMB, {"content_encoding": "gzip"}, "larger than 16 MiB"),
    "not gzip": (b"{}", {"content_encoding": "gzip"}, "cannot be decompressed"),
    "cut off": (gzip.compress(b'{"count": 1}', mtime=0)[:-9], {"content_encoding": "gzip"}, "cannot be decompressed"),
    "brotli": (b"{}", {"content_encoding": "br"}, "cannot be decompressed"),
}


@each_with_one_kind("body,headers,text", BODIES.values())
def test_a_body_that_cannot_be_read_is_an_error(kind: str, body: bytes, headers: dict[str, str], text: str) -> None:
    """It is too large, or its compression is broken; the client asks for gzip only."""
    with raw_http_server(lambda connection, _: connection.sendall(complete(body, 200, **headers))) as server:
        with pytest.raises(APIResponseError, match=text):
            run(kind, server, lambda client: client.contacts.count(), retry=Retry(base=1e-9))
        assert [headers["accept-encoding"] for _, headers in server.requests] == ["gzip"]


@each_with_one_kind("encoding,compress", [("gzip", gzip.compress), ("identity", bytes), ("", bytes)])
def test_a_compressed_body_is_read(kind: str, encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """As one without compression."""
    response = complete(compress(b'{"count": 3}'), 200, **({"content_encoding": encoding} if encoding else {}))
    with raw_http_server(lambda connection, _: connection.sendall(response)) as server:
        assert run(kind, server, lambda client: client.contacts.count()) == 3


def test_memory_stays_flat() -> None:
    """A body without end is an error after its first 16 MiB."""
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"

    def endless(connection: socket.socket, _: str) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(chunk)

    with raw_http_server(endless) as server:
        tracemalloc.start()
        try:
            with pytest.raises(APIResponseError, match="larger than 16 MiB"):
                run("sync", server, lambda client: client.contacts.count())
            assert tracemalloc.get_traced_memory()[1] < 2 * MAX_BODY_BYTES
        finally:
            tracemalloc.stop()


def test_a_long_freeze_does_not_park_a_call_without_retries() -> None:
    """After a `Retry-After` of a day, the next call raises at once."""
    limiter = RateLimiter(RateLimit(10))
    with raw_http_server(lambda connection, _: connection.sendall(complete(b"{}", 429, retry_after="86400"))) as server:
        for text in ("status 429", "for another 86400 s; no request was sent"):
            with pytest.raises(RateLimitError, match=text):
                run("sync", server, lambda client: client.contacts.count(), rate_limit=limiter)
        assert len(server.requests) == 1


# --- closing


class Silence:
    """A server that never responds. It holds each connection until the client closes it."""

    def __init__(self, arrivals: int) -> None:
        self.arrived = threading.Semaphore(0)
        self.arrivals = arrivals

    def __call__(self, connection: socket.socket, _: str) -> None:
        """Wait until the client closes the connection."""
        self.arrived.release()
        connection.recv(1)

    def wait(self) -> None:
        """Wait until all requests have arrived."""
        for _ in range(self.arrivals):
            assert self.arrived.acquire(timeout=30)


def test_closing_ends_calls_of_threads() -> None:
    """What has not left is not sent, calls without a response raise, and no connection stays open."""
    silence = Silence(2)
    limiter = RateLimiter(RateLimit(2, per=0.1, hold_abandoned=0))
    with raw_http_server(silence) as server, ThreadPoolExecutor(6) as pool:
        client = Sendblue("key", "secret", base_url=server.url, rate_limit=limiter)
        calls = [pool.submit(client.contacts.create, f"+1415555123{place}") for place in range(6)]
        silence.wait()
        client.close()
        errors = [call.exception(timeout=30) for call in calls]
        _check_closed(errors, server)


def test_closing_ends_calls_of_tasks() -> None:
    """The same for tasks."""
    silence = Silence(2)

    async def main(url: str) -> list[BaseException | None]:
        client = AsyncSendblue(
            "key", "secret", base_url=url, rate_limit=RateLimiter(RateLimit(2, per=0.1, hold_abandoned=0))
        )
        calls = [asyncio.create_task(client.contacts.create(f"+1415555123{place}")) for place in range(6)]
        await asyncio.to_thread(silence.wait)
        await client.aclose()
        await asyncio.wait(calls)
        return [call.exception() for call in calls]

    with raw_http_server(silence) as server:
        _check_closed(asyncio.run(main(server.url)), server)


def _check_closed(errors: list[BaseException | None], server: RawHttpServer) -> None:
    sent = [error for error in errors if isinstance(error, APIConnectionError)]
    assert [(error.maybe_applied, "client was closed before" in str(error)) for error in sent] == [(True, True)] * 2
    others = [error for error in errors if error not in sent]
    assert [(type(error), "this client is closed" in str(error)) for error in others] == [(SendblueError, True)] * 4
    deadline = time.monotonic() + 30
    while any(connection.fileno() >= 0 for connection in server.connections) and time.monotonic() < deadline:
        time.sleep(0)
    assert (len(server.requests), [connection.fileno() for connection in server.connections]) == (2, [-1, -1])


# --- forks


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_opens_connections_of_its_own() -> None:
    """Parent and child never share one; the child uses no retry tokens and no lock of the parent."""
    with raw_http_server(lambda connection, line: connection.sendall(contact(line))) as server:
        with Sendblue("key", "secret", base_url=server.url, rate_limit=None) as client:
            client.contacts.retrieve(ADA)
            child = os.fork()
            if not child:
                status = 1
                with suppress(BaseException):
                    status = int([client.contacts.retrieve(number).phone for number in (BOB, ADA)] != [BOB, ADA])
                os._exit(status)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert client.contacts.retrieve(BOB).phone == BOB
        assert len(server.connections) == 2
