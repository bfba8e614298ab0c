# Emitted by scripts/regenerate from _async/bulk_runner.py. Edit that file, then run scripts/regenerate.
"""Runs a bulk call: the scheduler decides what to send, and an executor sends it.

The input is read, and `on_send` is called, by the code that iterates over the outcomes, only while it waits for one.
When it stops early, the executor is closed: threads finish the requests that have started, and tasks are cancelled.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from time import time
from typing import TYPE_CHECKING, Any, TypeVar

from sendblue_contacts.bulk.executors import ThreadExecutor
from sendblue_contacts.bulk.progress import ProgressTracker
from sendblue_contacts.bulk.reconciler import Request
from sendblue_contacts.bulk.results import BulkResult, add_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sendblue_contacts.bulk.results import BulkOutcome, BulkProgress
    from sendblue_contacts.bulk.scheduler import BulkScheduler
    from sendblue_contacts.bulk.types import Chunk

    from .sending import Send

P = TypeVar("P")
V = TypeVar("V")
ResultT = TypeVar("ResultT", bound=BulkResult[Any, Any])


def run_call(
    send: Send,
    scheduler: BulkScheduler[P, V],
    on_progress: Callable[[BulkProgress], object] | None,
    result_type: type[ResultT],
) -> ResultT:
    """Run a bulk call to its end, and return the result with all outcomes. `on_progress` is called after each chunk."""
    tracker = ProgressTracker(scheduler.items, on_progress)
    outcomes: list[BulkOutcome[V]] = []
    try:
        for chunk_outcomes in run_chunks(send, scheduler):
            outcomes += chunk_outcomes
            scheduler.call(partial(tracker.add, chunk_outcomes))
    except BaseException as error:
        add_outcomes(error, result_type.of(outcomes), from_caller=error is scheduler.failure)
        raise
    return result_type.of(outcomes)


def stream_outcomes(send: Send, scheduler: BulkScheduler[P, V]) -> Generator[BulkOutcome[V]]:
    """Like `run_chunks`, but yields the outcomes one by one."""
    with closing(run_chunks(send, scheduler)) as chunks:
        for outcomes in chunks:
            yield from outcomes


def run_chunks(send: Send, scheduler: BulkScheduler[P, V]) -> Generator[list[BulkOutcome[V]]]:
    """Run a bulk call, and yield the outcomes of each chunk in input order."""
    with (
        closing(ThreadExecutor[Request](scheduler.concurrency)) as executor,
        closing(scheduler.chunker.chunks(scheduler.items)) as chunks,
    ):
        while True:
            for request in scheduler.requests():
                executor.start(partial(_send_request, send, request))
            if (outcomes := scheduler.pop_outcomes()) is not None:
                yield outcomes
            elif scheduler.wants_chunk:
                _read(scheduler, chunks)
            elif scheduler.in_flight:
                scheduler.receive(executor.next())
            else:
                break
    if scheduler.failure:
        raise scheduler.failure


def _read(scheduler: BulkScheduler[P, V], chunks: Iterator[Chunk[P]]) -> None:
    try:
        scheduler.add_chunk(next(chunks, None))
    except Exception as error:  # noqa: BLE001  # raised after the outcomes of all items that were read
        scheduler.abort(error)


def _send_request(send: Send, request: Request) -> Request:
    request.sent_at = time()
    try:
        request.response = send(request.operation)
    except Exception as error:  # noqa: BLE001  # the scheduler decides what it means
        request.response = error
    return request
