"""`client.contacts.bulk`: the scheduler decides what to send, and an executor sends it.

The input is read, and `on_send` is called, by the code that iterates over the outcomes, only while it waits for one.
When it stops early, the executor is closed: threads finish the requests that have started, and tasks are cancelled.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing
from functools import partial
from time import time
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sendblue_contacts.bulk.actions import create_action, delete_action
from sendblue_contacts.bulk.batching import BatchLimits
from sendblue_contacts.bulk.chunk_size import AUTO, ChunkSizeOption, learned_size
from sendblue_contacts.bulk.defaults import CONCURRENCY, MAX_CHUNK_BYTES
from sendblue_contacts.bulk.executors import TaskExecutor
from sendblue_contacts.bulk.progress import ProgressTracker
from sendblue_contacts.bulk.reconciler import Request
from sendblue_contacts.bulk.results import (
    BulkCreateResult,
    BulkDeleteResult,
    BulkResult,
    FailedNumber,
    add_outcomes,
    outcomes_of,
)
from sendblue_contacts.bulk.scheduler import BulkScheduler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts.bulk.requests import EncodedContact, EncodedPage
    from sendblue_contacts.bulk.results import BulkOutcome, BulkProgress
    from sendblue_contacts.bulk.types import ArrowTable, Chunk, Duplicates, OnSend
    from sendblue_contacts.raw_response import RawResponse

    from .listing import AsyncSend

V = TypeVar("V")
ResultT = TypeVar("ResultT", bound=BulkResult[Any, Any])

Numbers = Iterable[str | FailedNumber] | Iterable[str] | Iterable[FailedNumber]


class AsyncBulkContacts:
    """Create or delete many contacts."""

    def __init__(self, send: AsyncSend, region: str | None, read_lag: float = 0.0, account: str = "") -> None:
        self._send = send
        self._read_lag = read_lag
        scheduler = partial(BulkScheduler[Any, Any], read_lag=read_lag)
        self._learned = {kind: learned_size(account, kind) for kind in ("create", "delete")}
        self._creation = partial(scheduler, create_action(region), learned=self._learned["create"])
        deletion = partial(scheduler, delete_action(region), learned=self._learned["delete"])
        self._deletion = partial(deletion, duplicates="first")

    async def create(
        self,
        contacts: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]] | ArrowTable,
        *,
        chunk_size: ChunkSizeOption = AUTO,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        duplicates: Duplicates | None = "error",
        check_existing: bool = False,
        on_send: OnSend | None = None,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkCreateResult:
        """Create many contacts (POST /api/v2/contacts/bulk, once for each chunk).

        If the response to a chunk is lost, the client looks for its contacts: none is created twice, and none is lost.

        Args:
            contacts: Mappings with `phone`, `first_name`, `last_name`, `company_name`, `tags`, `custom_variables`, in
                snake_case or camelCase. Read lazily, so a generator is fine. Or a table of pandas, polars or pyarrow
                (extra `tables`), also with columns such as `custom_variables.Plan`.
            chunk_size: Maximum number of contacts in one request. `auto` starts with 100, doubles while the server
                responds within 5 seconds, up to 1,000, and halves when a request is refused as too large, times out or
                takes more than 15 seconds. The next call for the account in this process continues with the last size.
            max_chunk_bytes: Maximum size of the contacts in one request, in bytes.
            concurrency: Maximum number of requests in flight.
            duplicates: What to do with contacts that have the same number. `error`: all but the first fail. `first` or
                `last`: only that one is sent. `merge`: all of them are sent as one contact (later values replace
                earlier ones, a blank replaces nothing, tags and custom variables are combined). None: do not check.
                `error` and `first` use about 130 bytes of memory per item; `last` and `merge` read the whole input
                before the first request.
            check_existing: Look up each number before it is sent, as if an earlier response had been lost. Use it for
                the `unknown` items of another call.
            on_send: Called right before each request with the input positions of its contacts, in the thread or task
                that made this call. A contact that is sent again is included again. Not called for look-ups.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            The created contacts, and the items that failed with their reasons.

        Raises:
            APIConnectionError, AuthenticationError, PermissionDeniedError: The first request failed, so nothing was
                done. If a later request fails like this, the remaining contacts are in `failed` instead.
            BulkError: The input, `on_send` or `on_progress` raised an error, and the call ended early. Its `result` has
                the outcomes of all contacts that were read.
            TypeError: `contacts` is a single mapping or a string, not an iterable of contacts.

        Example:
            result = await client.contacts.bulk.create(csv.DictReader(file))
            for failure in result.failed:
                print(failure.index, failure.reason)
        """
        limits = BatchLimits(chunk_size, max_chunk_bytes, concurrency)
        scheduler = self._creation(contacts, limits, duplicates, check_existing=check_existing, on_send=on_send)
        return await _run_call(self._send, scheduler, on_progress, BulkCreateResult)

    async def delete(
        self,
        phone_numbers: Numbers | AsyncIterable[str | FailedNumber] | ArrowTable,
        *,
        chunk_size: ChunkSizeOption = AUTO,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_send: OnSend | None = None,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkDeleteResult:
        """Like `create`, but deletes the contacts with these numbers (DELETE /api/v2/contacts, once for each chunk).

        A number that occurs several times is sent once; the others are duplicates. A table has a column `phone`, or
        only one column.

        Returns:
            The numbers whose contacts were deleted, and the items that failed with their reasons.
        """
        limits = BatchLimits(chunk_size, max_chunk_bytes, concurrency)
        scheduler = self._deletion(phone_numbers, limits, on_send=on_send)
        return await _run_call(self._send, scheduler, on_progress, BulkDeleteResult)

    def stream_create(
        self,
        contacts: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]] | ArrowTable,
        *,
        chunk_size: ChunkSizeOption = AUTO,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        duplicates: Duplicates | None = "error",
        check_existing: bool = False,
        on_send: OnSend | None = None,
    ) -> AsyncGenerator[BulkOutcome[Contact]]:
        """Like `create`, but yields the outcome of each contact in input order: for inputs larger than memory.

        Requests are in flight while you wait for the next outcome. Close the generator to stop early: contacts that
        were passed to `on_send` and have no outcome may have been created; retry them with `check_existing=True`.
        Errors that the input or `on_send` raises are raised unchanged, after the outcomes of all contacts that were
        read.
        """
        limits = BatchLimits(chunk_size, max_chunk_bytes, concurrency)
        scheduler = self._creation(contacts, limits, duplicates, check_existing=check_existing, on_send=on_send)
        return _stream_outcomes(self._send, scheduler)

    def stream_delete(
        self,
        phone_numbers: Numbers | AsyncIterable[str | FailedNumber] | ArrowTable,
        *,
        chunk_size: ChunkSizeOption = AUTO,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_send: OnSend | None = None,
    ) -> AsyncGenerator[BulkOutcome[str]]:
        """Like `delete`, but yields the outcome of each number in input order: for inputs larger than memory."""
        limits = BatchLimits(chunk_size, max_chunk_bytes, concurrency)
        scheduler = self._deletion(phone_numbers, limits, on_send=on_send)
        return _stream_outcomes(self._send, scheduler)

    def _stream_chunks(
        self,
        pages: Iterable[EncodedPage],
        *,
        with_contacts: bool,
        chunk_size: ChunkSizeOption,
        concurrency: int,
        check_existing: bool = False,
        since: float | None = None,
        on_send: OnSend | None = None,
    ) -> AsyncGenerator[Chunk[EncodedContact]]:
        """Like `stream_create`, but for contacts that were checked and encoded, and yields chunks with their results.

        The import of a file uses it. Without `with_contacts`, the results of most contacts lack the contact. `since`
        is when an interrupted import first sent one of them, in seconds since 1970.
        """
        action = create_action(None, with_contacts=with_contacts)
        scheduler = BulkScheduler(
            action,
            pages,
            BatchLimits(chunk_size, MAX_CHUNK_BYTES, concurrency),
            check_existing=check_existing,
            since=since,
            on_send=on_send,
            read_lag=self._read_lag,
            learned=self._learned["create"],
        )
        return _run_chunks(self._send, scheduler)


async def _run_call(
    send: AsyncSend,
    scheduler: BulkScheduler[Any, V],
    on_progress: Callable[[BulkProgress], object] | None,
    result_type: type[ResultT],
) -> ResultT:
    """Run a bulk call to its end, and return the result with all outcomes. `on_progress` is called after each chunk."""
    tracker = ProgressTracker(scheduler.items, on_progress)
    outcomes: list[BulkOutcome[V]] = []
    try:
        async for chunk in _run_chunks(send, scheduler):
            chunk_outcomes = outcomes_of(chunk)
            outcomes += chunk_outcomes
            scheduler.call(partial(tracker.add, chunk_outcomes))
    except BaseException as error:
        add_outcomes(error, result_type.of(outcomes), from_caller=error is scheduler.failure)
        raise
    return result_type.of(outcomes)


async def _stream_outcomes(send: AsyncSend, scheduler: BulkScheduler[Any, V]) -> AsyncGenerator[BulkOutcome[V]]:
    """Like `_run_chunks`, but yields the outcomes one by one."""
    async with aclosing(_run_chunks(send, scheduler)) as chunks:
        async for chunk in chunks:
            outcomes = outcomes_of(chunk)
            for outcome in outcomes:
                yield outcome


async def _run_chunks(send: AsyncSend, scheduler: BulkScheduler[Any, V]) -> AsyncGenerator[Chunk[Any]]:
    """Run a bulk call, and yield each chunk in input order, with the results of its items."""
    async with (
        aclosing(TaskExecutor[Request](scheduler.concurrency)) as executor,
        aclosing(scheduler.chunker.async_chunks(scheduler.items)) as chunks,
    ):
        while True:
            for request in scheduler.requests():
                executor.start(partial(_send_request, send, request))
            if (chunk := scheduler.pop_chunk()) is not None:
                yield chunk
            elif scheduler.wants_chunk:
                await _read(scheduler, chunks)
            elif scheduler.in_flight:
                scheduler.receive(await executor.next())
            else:
                break
    if scheduler.failure:
        raise scheduler.failure


async def _read(scheduler: BulkScheduler[Any, V], chunks: AsyncIterator[Chunk[Any]]) -> None:
    try:
        scheduler.add_chunk(await anext(chunks, None))
    except Exception as error:  # noqa: BLE001  # raised after the outcomes of all items that were read
        scheduler.abort(error)


async def _send_request(send: AsyncSend, request: Request) -> Request:
    request.sent_at = time()
    try:
        request.receive(cast("RawResponse[Any]", await send(request.operation)))
    except Exception as error:  # noqa: BLE001  # the scheduler decides what it means
        request.response = error
    request.received_at = time()
    return request
