"""Runs a bulk call: the scheduler decides what to send, and an executor sends it.

The input is read, and `on_send` is called, by the code that iterates over the outcomes, only while it waits for one.
When it stops early, the executor is closed: threads finish the requests that have started, and tasks are cancelled.
"""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from time import time
from typing import TYPE_CHECKING, Any, TypeVar

from sendblue_contacts.bulk.executors import TaskExecutor
from sendblue_contacts.bulk.progress import ProgressTracker
from sendblue_contacts.bulk.reconciler import Request
from sendblue_contacts.bulk.results import BulkResult, add_outcomes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from sendblue_contacts.bulk.results import BulkOutcome, BulkProgress
    from sendblue_contacts.bulk.scheduler import BulkScheduler
    from sendblue_contacts.bulk.types import Chunk

    from .sending import AsyncSend

P = TypeVar("P")
V = TypeVar("V")
ResultT = TypeVar("ResultT", bound=BulkResult[Any, Any])


async def run_call(
    send: AsyncSend,
    scheduler: BulkScheduler[P, V],
    on_progress: Callable[[BulkProgress], object] | None,
    result_type: type[ResultT],
) -> ResultT:
    """Run a bulk call to its end, and return the result with all outcomes. `on_progress` is called after each chunk."""
    tracker = ProgressTracker(scheduler.items, on_progress)
    outcomes: list[BulkOutcome[V]] = []
    try:
        async for chunk_outcomes in run_chunks(send, scheduler):
            outcomes += chunk_outcomes
            scheduler.call(partial(tracker.add, chunk_outcomes))
    except BaseException as error:
        add_outcomes(error, result_type.of(outcomes), from_caller=error is scheduler.failure)
        raise
    return result_type.of(outcomes)


async def stream_outcomes(send: AsyncSend, scheduler: BulkScheduler[P, V]) -> AsyncGenerator[BulkOutcome[V]]:
    """Like `run_chunks`, but yields the outcomes one by one."""
    async with aclosing(run_chunks(send, scheduler)) as chunks:
        async for outcomes in chunks:
            for outcome in outcomes:
                yield outcome


async def run_chunks(send: AsyncSend, scheduler: BulkScheduler[P, V]) -> AsyncGenerator[list[BulkOutcome[V]]]:
    """Run a bulk call, and yield the outcomes of each chunk in input order."""
    async with (
        aclosing(TaskExecutor[Request](scheduler.concurrency)) as executor,
        aclosing(scheduler.chunker.async_chunks(scheduler.items)) as chunks,
    ):
        while True:
            for request in scheduler.requests():
                executor.start(partial(_send_request, send, request))
            if (outcomes := scheduler.pop_outcomes()) is not None:
                yield outcomes
            elif scheduler.wants_chunk:
                await _read(scheduler, chunks)
            elif scheduler.in_flight:
                scheduler.receive(await executor.next())
            else:
                break
    if scheduler.failure:
        raise scheduler.failure


async def _read(scheduler: BulkScheduler[P, V], chunks: AsyncIterator[Chunk[P]]) -> None:
    try:
        scheduler.add_chunk(await anext(chunks, None))
    except Exception as error:  # noqa: BLE001  # raised after the outcomes of all items that were read
        scheduler.abort(error)


async def _send_request(send: AsyncSend, request: Request) -> Request:
    request.sent_at = time()
    try:
        request.response = await send(request.operation)
    except Exception as error:  # noqa: BLE001  # the scheduler decides what it means
        request.response = error
    return request
