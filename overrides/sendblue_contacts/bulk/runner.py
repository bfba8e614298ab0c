"""Bulk calls, the drivers: `course` says what to send, and here it is sent; in threads, and in tasks, side by side.

Both read the input and call `on_send` where the outcomes are asked for, and only while somebody waits for one. Closed
early, the threads finish the requests that they have begun, and the tasks are cancelled.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from contextlib import aclosing, closing
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from .executors import Tasks, Threads
from .reconciler import Request

if TYPE_CHECKING:
    from sendblue_contacts._async.sending import AsyncSend as AsyncRun
    from sendblue_contacts._sync.sending import Send as Run

    from .batching import Chunk, Chunker
    from .results import BulkOutcome
    from .scheduler import Course, OnSend

R = TypeVar("R")
V = TypeVar("V")

Answered = tuple[Request, object]
"""A request, and what came back, or the error there was instead."""


def drive(
    run: Run, course: Course[R, V], items: Iterable[object], on_send: OnSend | None
) -> Generator[list[BulkOutcome[V]]]:
    """The outcomes of all chunks, in the order of the input."""
    chunks = course.chunker.chunks(items)
    with closing(Threads[Answered](course.concurrency)) as threads:
        while True:
            for request in course.requests(on_send):
                threads.start(partial(_answer, run, request))
            if (outcomes := course.outcomes()) is not None:
                yield outcomes
            elif course.hungry:
                _read(course, chunks)
            elif threads:
                course.answered(*threads.next())
            else:
                break
    if course.failure:
        raise course.failure


async def async_drive(
    run: AsyncRun, course: Course[R, V], items: Iterable[object] | AsyncIterable[object], on_send: OnSend | None
) -> AsyncGenerator[list[BulkOutcome[V]]]:
    """As `drive`, with tasks."""
    async with aclosing(Tasks[Answered]()) as tasks, aclosing(_chunks(course.chunker, items)) as chunks:
        while True:
            for request in course.requests(on_send):
                tasks.start(partial(_async_answer, run, request))
            if (outcomes := course.outcomes()) is not None:
                yield outcomes
            elif course.hungry:
                await _async_read(course, chunks)
            elif tasks:
                course.answered(*await tasks.next())
            else:
                break
    if course.failure:
        raise course.failure


def each(chunks: Generator[list[BulkOutcome[V]]]) -> Generator[BulkOutcome[V]]:
    """One outcome after the other."""
    with closing(chunks):
        for outcomes in chunks:
            yield from outcomes


async def async_each(chunks: AsyncGenerator[list[BulkOutcome[V]]]) -> AsyncGenerator[BulkOutcome[V]]:
    """As `each`, for the async world."""
    async with aclosing(chunks):
        async for outcomes in chunks:
            for outcome in outcomes:
                yield outcome


def _read(course: Course[R, V], chunks: Iterator[Chunk[R]]) -> None:
    try:
        course.add(next(chunks, None))
    except Exception as error:  # noqa: BLE001  # it is raised when everything has its outcome
        course.end(error)


async def _async_read(course: Course[R, V], chunks: AsyncIterator[Chunk[R]]) -> None:
    try:
        course.add(await anext(chunks, None))
    except Exception as error:  # noqa: BLE001  # it is raised when everything has its outcome
        course.end(error)


def _answer(run: Run, request: Request) -> Answered:
    try:
        return request, run(request.operation)
    except Exception as error:  # noqa: BLE001  # the course decides what it means
        return request, error


async def _async_answer(run: AsyncRun, request: Request) -> Answered:
    try:
        return request, await run(request.operation)
    except Exception as error:  # noqa: BLE001  # the course decides what it means
        return request, error


async def _chunks(chunker: Chunker[R], items: Iterable[object] | AsyncIterable[object]) -> AsyncGenerator[Chunk[R]]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            if full := chunker.add(item):
                yield full
        for chunk in chunker.rest():
            yield chunk
    else:
        for chunk in chunker.chunks(items):
            yield chunk
