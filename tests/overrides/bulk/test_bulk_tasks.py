"""Bulk calls in tasks: requests that overlap, iterators closed early, interruptions. No task is left."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
import trio
from sendblue_contacts import AsyncSendblue

from tests.overrides.bulk.bulk_responses import index_of, succeed
from tests.overrides.bulk.fake_server import make_rows

TIMEOUT = 10
"""Seconds after which a test that hangs fails."""

pytestmark = pytest.mark.parametrize("backend", ["asyncio", "trio"])


class Server:
    """A server that responds at once, except to one chunk: that one waits until another chunk has arrived.

    Attributes:
        ended: How many requests have ended, be it with a response or because they were cancelled.
    """

    def __init__(self, held: int = -1, until: int = -1) -> None:
        self.ended = 0
        self._held = held
        self._until = until
        self._opened = anyio.Event()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Respond to a request."""
        try:
            await anyio.lowlevel.checkpoint()
            if index_of(request) == self._until:
                self._opened.set()
            if index_of(request) == self._held:
                await self._opened.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            self.ended += 1
        return succeed(request)


def _client(respond: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> AsyncSendblue:
    settings: dict[str, Any] = {"rate_limit": None, "retry": None, "transport": httpx.MockTransport(respond)}  # type: ignore[arg-type]  # httpx accepts async functions too
    return AsyncSendblue("k", "s", base_url="https://api.example.test", **settings)


def _run(backend: str, main: Callable[[], Awaitable[Any]]) -> Any:
    async def within_time() -> Any:
        with anyio.fail_after(TIMEOUT):
            return await main()

    return anyio.run(within_time, backend=backend)


def _tasks(backend: str) -> int:
    """Returns the number of tasks in the event loop."""
    return len(asyncio.all_tasks()) if backend == "asyncio" else trio.lowlevel.current_statistics().tasks_living


def test_a_stream_that_is_closed_cancels_requests_in_flight(backend: str) -> None:
    """Even if they would never end; their cleanup has finished after that."""

    async def main() -> tuple[int, int, int]:
        server, before = Server(held=2), _tasks(backend)
        async with _client(server) as client:
            stream = client.contacts.bulk.stream_create(make_rows(50), chunk_size=1, concurrency=2)
            async with aclosing(stream):
                assert [(await anext(stream)).index, (await anext(stream)).index] == [0, 1]
                during = _tasks(backend) - before
            return during, _tasks(backend) - before, server.ended

    assert _run(backend, main) == (1, 0, 3)


def test_one_step_may_be_cancelled(backend: str) -> None:
    """A consumer may have a timeout around each step: it ends the stream, and breaks neither of them."""

    async def main() -> tuple[bool, int]:
        before = _tasks(backend)
        async with _client(Server(held=1)) as client:
            stream = client.contacts.bulk.stream_create(make_rows(50), chunk_size=1, concurrency=2)
            await anext(stream)
            with anyio.move_on_after(0.01) as scope:
                await anext(stream)
            await stream.aclose()
        return scope.cancelled_caught, _tasks(backend) - before

    assert _run(backend, main) == (True, 0)


def test_each_step_may_be_taken_by_another_task(backend: str) -> None:
    """The requests belong to the event loop, not to the task that takes the step."""

    async def main() -> list[int]:
        indices: list[int] = []

        async def step(stream: AsyncGenerator[Any]) -> None:
            with anyio.CancelScope():
                indices.append((await anext(stream)).index)

        async with _client(Server()) as client:
            stream = client.contacts.bulk.stream_create(make_rows(9), chunk_size=1, concurrency=3)
            for _ in range(9):
                async with anyio.create_task_group() as group:
                    group.start_soon(step, stream)
            async with anyio.create_task_group() as group:
                group.start_soon(stream.aclose)
        return indices

    assert _run(backend, main) == list(range(9))


def test_a_cancelled_call_leaves_no_task(backend: str) -> None:
    """Even if its requests would never end."""

    async def main() -> int:
        before = _tasks(backend)
        async with _client(Server(held=0)) as client, anyio.create_task_group() as group:
            group.start_soon(client.contacts.bulk.create, make_rows(5))
            await anyio.wait_all_tasks_blocked()
            assert _tasks(backend) - before == 2
            group.cancel_scope.cancel()
        return _tasks(backend) - before

    assert _run(backend, main) == 0


def test_a_stream_whose_loop_ends_does_not_hang(backend: str) -> None:
    """The program ends while the stream is open and its requests would never end."""
    kept: list[Any] = []

    async def main() -> None:
        client = _client(Server(held=1))
        stream = client.contacts.bulk.stream_create(make_rows(5), chunk_size=1, concurrency=2)
        kept.extend([client, stream, await anext(stream)])
        with anyio.move_on_after(0.01):
            await anext(stream)

    _run(backend, main)
    assert kept[2].index == 0


@pytest.mark.usefixtures("ctrl_c")
def test_an_interruption_of_the_loop_is_raised(backend: str) -> None:
    """Ctrl-C ends the program."""

    async def respond(request: httpx.Request) -> httpx.Response:
        await anyio.lowlevel.checkpoint()
        if index_of(request) == 4:
            signal.raise_signal(signal.SIGINT)
        return succeed(request)

    async def main() -> None:
        async with _client(respond) as client:
            await client.contacts.bulk.create(make_rows(500), chunk_size=1, concurrency=2)

    with pytest.raises(KeyboardInterrupt):
        _run(backend, main)
