"""Bulk calls in tasks: requests that overlap, iterators that are left early, interruptions. Nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx
import pytest
import trio
from sendblue_contacts import AsyncSendblue

from tests.overrides.bulk.fake_server import make_rows

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

SETTINGS: dict[str, Any] = {"base_url": "https://api.example.test", "rate_limit": None, "retry": None}
SOON = 10
"""Seconds after which a test that hangs is given up."""

pytestmark = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def _first(request: httpx.Request) -> int:
    """The place of the first contact that a request carries."""
    return int(json.loads(request.content)["contacts"][0]["first_name"][1:]) - 2_000_000


async def _well(request: httpx.Request) -> httpx.Response:
    await anyio.lowlevel.checkpoint()
    return httpx.Response(200, json={"status": "OK", "contacts": json.loads(request.content)["contacts"]})


def _client(answer: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> AsyncSendblue:
    return AsyncSendblue("k", "s", **SETTINGS, transport=httpx.MockTransport(answer))  # type: ignore[arg-type]  # httpx takes async ones too


def _run(backend: str, main: Callable[[], Awaitable[Any]]) -> Any:  # noqa: ANN401  # what main returns
    async def within_time() -> Any:  # noqa: ANN401  # as above
        with anyio.fail_after(SOON):
            return await main()

    return anyio.run(within_time, backend=backend)


def _tasks(backend: str) -> int:
    """How many tasks the event loop has."""
    return len(asyncio.all_tasks()) if backend == "asyncio" else trio.lowlevel.current_statistics().tasks_living


class Gate:
    """Answers at once, but for the chunk at one place, which waits until another one has arrived."""

    def __init__(self, held: int, until: int = -1) -> None:
        self._held = held
        self._until = until
        self._opened = anyio.Event()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        place = _first(request)
        if place == self._until:
            self._opened.set()
        if place == self._held:
            await self._opened.wait()
        return await _well(request)


def test_the_next_request_leaves_while_the_oldest_is_open(backend: str) -> None:
    """As in threads."""

    async def main() -> list[str | None]:
        gate = Gate(held=1, until=4)
        async with _client(gate) as client:
            result = await client.contacts.bulk.create(make_rows(6), chunk_size=1, concurrency=2)
        return [contact.phone for contact in result.created]

    assert _run(backend, main) == [row["phone"] for row in make_rows(6)]


def test_a_stream_that_is_closed_leaves_no_task(backend: str) -> None:
    """What is on its way is cancelled, even where it would never end."""

    async def main() -> tuple[int, int, int]:
        gate = Gate(held=2)
        before = _tasks(backend)
        async with _client(gate) as client:
            stream = client.contacts.bulk.stream_create(make_rows(50), chunk_size=1, concurrency=2)
            async with aclosing(stream):
                outcomes = [await anext(stream), await anext(stream)]
                during = _tasks(backend)
            return len(outcomes), during - before, _tasks(backend) - before

    assert _run(backend, main) == (2, 1, 0)


def test_a_step_may_be_given_up(backend: str) -> None:
    """A consumer may have a time limit around each step: it ends the stream, and neither of them breaks."""

    async def main() -> tuple[bool, int]:
        gate = Gate(held=1)
        before = _tasks(backend)
        async with _client(gate) as client:
            stream = client.contacts.bulk.stream_create(make_rows(50), chunk_size=1, concurrency=2)
            await anext(stream)
            with anyio.move_on_after(0.01) as scope:
                await anext(stream)
            await stream.aclose()
        return scope.cancelled_caught, _tasks(backend) - before

    assert _run(backend, main) == (True, 0)


def test_each_step_may_be_taken_by_another_task(backend: str) -> None:
    """The requests belong to the event loop, and not to the task that happened to ask."""

    async def main() -> list[int]:
        places: list[int] = []

        async def step(stream: AsyncGenerator[Any]) -> None:
            with anyio.CancelScope():
                places.append((await anext(stream)).index)

        async with _client(_well) as client:
            stream = client.contacts.bulk.stream_create(make_rows(9), chunk_size=1, concurrency=3)
            for _ in range(9):
                async with anyio.create_task_group() as group:
                    group.start_soon(step, stream)
            async with anyio.create_task_group() as group:
                group.start_soon(stream.aclose)
        return places

    assert _run(backend, main) == list(range(9))


def test_a_cancelled_call_leaves_no_task(backend: str) -> None:
    """It ends although its requests would not."""

    async def main() -> int:
        before = _tasks(backend)
        async with _client(Gate(held=0)) as client, anyio.create_task_group() as group:
            group.start_soon(client.contacts.bulk.create, make_rows(5))
            await anyio.wait_all_tasks_blocked()
            assert _tasks(backend) - before == 2
            group.cancel_scope.cancel()
        return _tasks(backend) - before

    assert _run(backend, main) == 0


def test_a_stream_whose_loop_ends_does_not_hang(backend: str) -> None:
    """The program is over, the stream was forgotten in the middle, and its requests would take for ever."""
    kept: list[Any] = []

    async def main() -> None:
        client = _client(Gate(held=1))
        stream = client.contacts.bulk.stream_create(make_rows(5), chunk_size=1, concurrency=2)
        kept.extend([client, stream, await anext(stream)])
        with anyio.move_on_after(0.01):
            await anext(stream)

    _run(backend, main)
    assert kept[2].index == 0


def test_an_interruption_of_the_loop_comes_out(backend: str) -> None:
    """Ctrl-C ends the program, with a note of what was done."""

    async def answer(request: httpx.Request) -> httpx.Response:
        if _first(request) == 4:
            signal.raise_signal(signal.SIGINT)
        return await _well(request)

    async def main() -> None:
        async with _client(answer) as client:
            await client.contacts.bulk.create(make_rows(500), chunk_size=1, concurrency=2)

    with pytest.raises(KeyboardInterrupt):
        _run(backend, main)
