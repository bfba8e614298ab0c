"""What a client promises about its connections, before a server over raw sockets that breaks the rules of HTTP."""

import asyncio
import gzip
import json
import os
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import product
from typing import Any
from urllib.parse import unquote

import anyio
import anyio.to_thread
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

from tests.overrides.clients import each_with_one_kind, run_client
from tests.overrides.raw_http import RawHttpServer, complete, raw_http_server

ADA, BOB = "+14155551234", "+14155555678"
each_kind = pytest.mark.parametrize("kind", ["sync", "asyncio", "trio"])


def contact(line: str) -> bytes:
    """Return the response to a request line: the contact with the number in the path."""
    number = unquote(line.split()[1].rsplit("/", 1)[-1])
    return complete(json.dumps({"contact": {"phone": number}}).encode())


def run(kind: str, server: RawHttpServer, call: Callable[[Any], Any], **settings: Any) -> Any:
    """Make a call with a client that opens its own connections."""
    return run_client(kind, call, **{"base_url": server.url, "transport": None, "retry": None, **settings})


@each_kind
def test_a_connection_with_unread_bytes_is_not_used_again(kind: str) -> None:
    """A response that comes twice is not taken for the response to the next request."""

    def twice(connection: socket.socket, line: str) -> None:
        connection.sendall(contact(line) * 2)

    with raw_http_server(twice) as server:
        found = run(kind, server, lambda client: _retrieve_all(client, [ADA, BOB, ADA]))
        assert (found, len(server.connections)) == ([ADA, BOB, ADA], 3)


def _retrieve_all(client: Any, numbers: list[str]) -> Any:
    if isinstance(client, Sendblue):
        return [client.contacts.retrieve(number).phone for number in numbers]

    async def retrieve() -> list[str | None]:
        return [(await client.contacts.retrieve(number)).phone for number in numbers]

    return retrieve()


OTHER_CALLS: list[tuple[Callable[[Any], Any]]] = [
    (lambda contacts: contacts.retrieve(ADA),),
    (lambda contacts: contacts.get(ADA),),
    (lambda contacts: contacts.create(ADA),),
    (lambda contacts: contacts.upsert(ADA),),
    (lambda contacts: contacts.update(ADA, first_name="Ada"),),
    (lambda contacts: contacts.opt_out(ADA),),
]


@each_with_one_kind("call", OTHER_CALLS, "asyncio", "trio")
def test_a_response_about_another_number_is_an_error(kind: str, call: Callable[[Any], Any]) -> None:
    """It belongs to another request, so the connection is not used again; the error contains no number."""
    body = complete(json.dumps({"number": BOB, "contact": {"phone": BOB}}).encode())

    async def twice(client: AsyncSendblue) -> None:
        for _ in range(2):
            with pytest.raises(APIResponseError, match="another phone number") as caught:
                await call(client.contacts)
            assert "5555678" not in str(caught.value)

    with raw_http_server(lambda connection, _: connection.sendall(body)) as server:
        run(kind, server, twice)
        assert len(server.connections) == 2


@pytest.mark.parametrize("shown", ["+1 415 555 1234", "14155551234", ADA, None])
def test_a_number_is_compared_by_its_digits(shown: str | None) -> None:
    """A server may write it in another way, or leave it out."""
    body = complete(json.dumps({"contact": {"phone": shown, "first_name": "Ada"}}).encode())
    with raw_http_server(lambda connection, _: connection.sendall(body)) as server:
        assert run("sync", server, lambda client: client.contacts.retrieve(ADA)).first_name == "Ada"


@each_with_one_kind("part,retry", product(["head", "body"], [Retry(deadline=0.6), None]))
def test_the_deadline_covers_reading(
    kind: str, part: str, retry: Retry | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call ends by its deadline, with or without retries, although each byte arrives within the timeout."""
    monkeypatch.setattr("sendblue_contacts.request_context._LEAST_DEADLINE", 0.6)

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
            run(kind, server, call, timeout=0.3, retry=retry)
        stopped.set()
    assert (caught.value.maybe_applied, caught.value.attempts) == (True, 1)


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_the_deadline_covers_sending(kind: str) -> None:
    """A server that receives a large body slowly does not prolong the call, although each part is sent in time."""
    call = lambda client: client.request("PUT", "/api/v2/contacts/x", content=bytes(8_000_000))  # noqa: E731  # a call
    ended = threading.Event()

    def receive(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            while not ended.wait(0.02):
                connection.recv(50_000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 50_000)
        thread = threading.Thread(target=receive, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(APITimeoutError):
            run_client(kind, call, base_url=url, transport=None, timeout=20, retry=Retry(deadline=0.5))
        ended.set()
        thread.join()


@each_kind
def test_the_deadline_covers_a_tls_handshake(kind: str) -> None:
    """A server that accepts a connection and never responds to the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(APITimeoutError) as caught:
            run_client(
                kind, lambda client: client.contacts.count(), base_url=url, transport=None, retry=Retry(deadline=0.3)
            )
    assert caught.value.maybe_applied is False


@each_kind
def test_the_deadline_covers_the_look_up_of_the_host(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that does not respond; the look-up itself cannot be interrupted."""
    released = threading.Event()

    def getaddrinfo(*arguments: Any, **_: object) -> None:
        if not (len(arguments) > 5 and arguments[5] & socket.AI_NUMERICHOST):
            released.wait(30)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    def release(error: pytest.ExceptionInfo[APITimeoutError]) -> None:
        assert (error.value.maybe_applied, released.is_set()) == (False, False)
        released.set()

    def call(client: Sendblue) -> None:
        with pytest.raises(APITimeoutError) as caught:
            client.contacts.count()
        release(caught)

    async def async_call(client: AsyncSendblue) -> None:
        with pytest.raises(APITimeoutError) as caught:
            await client.contacts.count()
        release(caught)

    monkeypatch.setattr("socket.getaddrinfo", getaddrinfo)
    settings: dict[str, Any] = {"base_url": "https://api.example.test", "transport": None, "retry": Retry(deadline=0.3)}
    run_client(kind, call if kind == "sync" else async_call, **settings)


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
    """What has not left is not sent and uses no slot, waiting calls raise at once, and no connection stays open."""
    silence = Silence(2)
    limiter = RateLimiter(RateLimit(2, per=1000.0))
    with raw_http_server(silence) as server, ThreadPoolExecutor(6) as pool:
        client = Sendblue("key", "secret", base_url=server.url, rate_limit=limiter)
        calls = [pool.submit(client.contacts.create, f"+1415555123{place}") for place in range(6)]
        silence.wait()
        client.close()
        errors = [call.exception(timeout=30) for call in calls]
        _check_closed(errors, server, limiter)


def test_closing_ends_calls_of_tasks() -> None:
    """The same for tasks."""
    silence = Silence(2)
    limiter = RateLimiter(RateLimit(2, per=1000.0))

    async def main(url: str) -> list[BaseException | None]:
        client = AsyncSendblue("key", "secret", base_url=url, rate_limit=limiter)
        calls = [asyncio.create_task(client.contacts.create(f"+1415555123{place}")) for place in range(6)]
        await asyncio.to_thread(silence.wait)
        await client.aclose()
        await asyncio.wait(calls)
        return [call.exception() for call in calls]

    with raw_http_server(silence) as server:
        _check_closed(asyncio.run(main(server.url)), server, limiter)


def _check_closed(errors: list[BaseException | None], server: RawHttpServer, limiter: RateLimiter) -> None:
    assert (limiter.statistics().requests, limiter.statistics().waiting) == (2, 0)
    sent = [error for error in errors if isinstance(error, APIConnectionError)]
    assert [(error.maybe_applied, "client was closed before" in str(error)) for error in sent] == [(True, True)] * 2
    others = [error for error in errors if error not in sent]
    assert [(type(error), "this client is closed" in str(error)) for error in others] == [(SendblueError, True)] * 4
    deadline = time.monotonic() + 30
    while any(connection.fileno() >= 0 for connection in server.connections) and time.monotonic() < deadline:
        time.sleep(0)
    assert (len(server.requests), [connection.fileno() for connection in server.connections]) == (2, [-1, -1])


@each_with_one_kind("status,sent", [(429, False), (503, True), (429, False)])
def test_closing_ends_the_pause_before_a_retry(kind: str, status: int, sent: bool) -> None:
    """The call raises at once, and sends nothing more; the error says whether it may have been applied."""
    responded = threading.Event()

    def respond(connection: socket.socket, _: str) -> None:
        connection.sendall(complete(b"{}", status, retry_after="50"))
        responded.set()

    async def main(client: AsyncSendblue) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_close_after, client, responded)
            await client.contacts.upsert(ADA)

    def call(client: Any) -> Any:
        if not isinstance(client, Sendblue):
            return main(client)

        def close() -> None:
            _wait_for_pause(client, responded)
            client.close()

        threading.Thread(target=close).start()
        return client.contacts.upsert(ADA)

    with raw_http_server(respond) as server:
        with pytest.raises((SendblueError, ExceptionGroup)) as caught:
            run(kind, server, call, retry=Retry(deadline=None))  # however slow the machine is
        error: Any = caught.value.exceptions[0] if isinstance(caught.value, ExceptionGroup) else caught.value
        assert (len(server.requests), getattr(error, "maybe_applied", False)) == (1, sent)
        assert "closed" in str(error)


async def _close_after(client: AsyncSendblue, responded: threading.Event) -> None:
    await anyio.to_thread.run_sync(_wait_for_pause, client, responded)
    await client.aclose()


def _wait_for_pause(client: Sendblue | AsyncSendblue, responded: threading.Event) -> None:
    """Wait until the response has arrived, after which the call pauses."""
    assert responded.wait(30)
    while client.rate_limit.statistics().in_flight:
        time.sleep(0)


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_runs_an_event_loop_with_the_client_of_its_parent() -> None:
    """The child of a fork in the middle of an event loop opens connections of its own, and the parent goes on."""

    async def retrieve(client: AsyncSendblue, *numbers: str) -> list[str | None]:
        return [(await client.contacts.retrieve(number)).phone for number in numbers]

    async def main(url: str) -> tuple[int, list[str | None]]:
        async with AsyncSendblue("key", "secret", base_url=url, rate_limit=None) as client:
            await client.contacts.retrieve(ADA)
            child = os.fork()
            if not child:
                status = 1
                with suppress(BaseException):
                    status = int(asyncio.run(retrieve(client, BOB, ADA)) != [BOB, ADA])
                os._exit(status)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])  # noqa: ASYNC222  # the parent has no other task
            return status, await retrieve(client, BOB)

    with raw_http_server(lambda connection, line: connection.sendall(contact(line))) as server:
        assert asyncio.run(main(server.url)) == (0, [BOB])
        assert len(server.connections) == 2
