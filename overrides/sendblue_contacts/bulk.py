"""`client.contacts.bulk`, sync and async. Thin: `jobs` decides; here chunks are sent, a few at one time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sendblue_contacts_api.models.contact import Contact

from .errors import SendblueError
from .jobs import CHUNK_SIZE, CONCURRENCY, HOPELESS, MAX_CHUNK_BYTES, Course, CreateJob, DeleteJob, Limits
from .outcomes import BulkCreateResult, BulkDeleteResult, BulkOutcome, BulkProgress, FailedNumber, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .jobs import Chunk, Chunker, Job, Sending
    from .running import AsyncRun, Run

R = TypeVar("R")
V = TypeVar("V")

Numbers = Iterable[str | FailedNumber] | Iterable[str] | Iterable[FailedNumber]


class BulkContacts:
    """Many contacts at once."""

    def __init__(self, run: Run, region: str | None) -> None:
        self._run = run
        self._region = region

    def create(
        self,
        contacts: Iterable[Mapping[str, Any]],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkCreateResult:
        """Create many contacts (POST /api/v2/contacts/bulk, chunk by chunk).

        Args:
            contacts: Mappings with `phone` and any of `first_name`, `last_name`, `company_name`, `tags`,
                `custom_variables`, in either spelling. Read lazily, so a generator is fine.
            chunk_size: The most contacts of one request.
            max_chunk_bytes: The most bytes of contacts in one request.
            concurrency: The most requests at one time.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            What was created and what was not, and why.

        Raises:
            APIConnectionError, AuthenticationError, PermissionDeniedError: The first request failed so. When a later
                one does, it is the reason of failures instead.
            TypeError: `contacts` is one contact or a string instead of many contacts.

        Example:
            result = client.contacts.bulk.create(csv.DictReader(file))
            for failure in result.failed:
                print(failure.index, failure.reason)
        """
        job, limits = CreateJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        tally = Tally[Contact](contacts, on_progress)
        with tally:
            for outcomes in self._chunks(job, contacts, limits):
                tally.add(outcomes)
        return BulkCreateResult.of(tally.outcomes)

    def delete(
        self,
        phone_numbers: Numbers,
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkDeleteResult:
        """Delete many contacts (DELETE /api/v2/contacts, chunk by chunk).

        Args:
            phone_numbers: Their numbers. Read lazily, so a generator is fine.
            chunk_size: The most numbers of one request.
            max_chunk_bytes: The most bytes of numbers in one request.
            concurrency: The most requests at one time.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            What was deleted and what was not, and why.

        Raises:
            APIConnectionError, AuthenticationError, PermissionDeniedError: The first request failed so. When a later
                one does, it is the reason of failures instead.
            TypeError: `phone_numbers` is one string instead of many.
        """
        job, limits = DeleteJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        tally = Tally[str](phone_numbers, on_progress)
        with tally:
            for outcomes in self._chunks(job, phone_numbers, limits):
                tally.add(outcomes)
        return BulkDeleteResult.of(tally.outcomes)

    def stream_create(
        self,
        contacts: Iterable[Mapping[str, Any]],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
    ) -> Iterator[BulkOutcome[Contact]]:
        """As `create`, an outcome for each contact in the order of the input, lazily: for more than memory holds."""
        job, limits = CreateJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        for outcomes in self._chunks(job, contacts, limits):
            yield from outcomes

    def stream_delete(
        self,
        phone_numbers: Numbers,
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
    ) -> Iterator[BulkOutcome[str]]:
        """As `delete`, an outcome for each number in the order of the input, lazily: for more than memory holds."""
        job, limits = DeleteJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        for outcomes in self._chunks(job, phone_numbers, limits):
            yield from outcomes

    def _chunks(self, job: Job[R, V], items: Iterable[object], limits: Limits) -> Iterator[list[BulkOutcome[V]]]:
        course: Course[R, V] = Course(limits)
        chunks = job.chunker(limits).chunks(job.accept(items))
        with ThreadPoolExecutor(limits.concurrency, thread_name_prefix="sendblue-bulk") as pool:
            while together := list(islice(chunks, course.together)):
                send = partial(self._send, job, course)
                for chunk, result in zip(together, pool.map(send, together), strict=True):
                    yield course.settle(chunk, result)

    def _send(
        self, job: Job[R, V], course: Course[R, V], chunk: Chunk[R]
    ) -> list[BulkOutcome[V]] | SendblueError | None:
        if course.stopped:
            return None
        try:
            return self._drive(job.send(chunk))
        except HOPELESS as error:
            return error

    def _drive(self, sending: Sending[V]) -> list[BulkOutcome[V]]:
        step = partial(next, sending)
        while True:
            try:
                operation = step()
            except StopIteration as done:
                return cast("list[BulkOutcome[V]]", done.value)
            try:
                step = partial(sending.send, self._run(operation))
            except SendblueError as error:
                step = partial(sending.throw, error)


class AsyncBulkContacts:
    """Many contacts at once."""

    def __init__(self, run: AsyncRun, region: str | None) -> None:
        self._run = run
        self._region = region

    async def create(
        self,
        contacts: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkCreateResult:
        """Create many contacts (POST /api/v2/contacts/bulk, chunk by chunk).

        Args:
            contacts: Mappings with `phone` and any of `first_name`, `last_name`, `company_name`, `tags`,
                `custom_variables`, in either spelling. Read lazily, so a generator is fine.
            chunk_size: The most contacts of one request.
            max_chunk_bytes: The most bytes of contacts in one request.
            concurrency: The most requests at one time.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            What was created and what was not, and why.

        Raises:
            APIConnectionError, AuthenticationError, PermissionDeniedError: The first request failed so. When a later
                one does, it is the reason of failures instead.
            TypeError: `contacts` is one contact or a string instead of many contacts.

        Example:
            result = await client.contacts.bulk.create(csv.DictReader(file))
            for failure in result.failed:
                print(failure.index, failure.reason)
        """
        job, limits = CreateJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        tally = Tally[Contact](contacts, on_progress)
        with tally:
            async for outcomes in self._chunks(job, contacts, limits):
                tally.add(outcomes)
        return BulkCreateResult.of(tally.outcomes)

    async def delete(
        self,
        phone_numbers: Numbers | AsyncIterable[str | FailedNumber],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkDeleteResult:
        """Delete many contacts (DELETE /api/v2/contacts, chunk by chunk).

        Args:
            phone_numbers: Their numbers. Read lazily, so a generator is fine.
            chunk_size: The most numbers of one request.
            max_chunk_bytes: The most bytes of numbers in one request.
            concurrency: The most requests at one time.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            What was deleted and what was not, and why.

        Raises:
            APIConnectionError, AuthenticationError, PermissionDeniedError: The first request failed so. When a later
                one does, it is the reason of failures instead.
            TypeError: `phone_numbers` is one string instead of many.
        """
        job, limits = DeleteJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        tally = Tally[str](phone_numbers, on_progress)
        with tally:
            async for outcomes in self._chunks(job, phone_numbers, limits):
                tally.add(outcomes)
        return BulkDeleteResult.of(tally.outcomes)

    async def stream_create(
        self,
        contacts: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
    ) -> AsyncIterator[BulkOutcome[Contact]]:
        """As `create`, an outcome for each contact in the order of the input, lazily: for more than memory holds."""
        job, limits = CreateJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        async with aclosing(self._chunks(job, contacts, limits)) as chunks:
            async for outcomes in chunks:
                for outcome in outcomes:
                    yield outcome

    async def stream_delete(
        self,
        phone_numbers: Numbers | AsyncIterable[str | FailedNumber],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
    ) -> AsyncIterator[BulkOutcome[str]]:
        """As `delete`, an outcome for each number in the order of the input, lazily: for more than memory holds."""
        job, limits = DeleteJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        async with aclosing(self._chunks(job, phone_numbers, limits)) as chunks:
            async for outcomes in chunks:
                for outcome in outcomes:
                    yield outcome

    async def _chunks(
        self, job: Job[R, V], items: Iterable[object] | AsyncIterable[object], limits: Limits
    ) -> AsyncGenerator[list[BulkOutcome[V]]]:
        course: Course[R, V] = Course(limits)
        async with aclosing(_chunks(job.chunker(limits), job.accept(items))) as chunks:
            while together := [chunk async for chunk in _take(chunks, course.together)]:
                for chunk, result in zip(together, await self._send_together(job, course, together), strict=True):
                    yield course.settle(chunk, result)

    async def _send_together(
        self, job: Job[R, V], course: Course[R, V], together: list[Chunk[R]]
    ) -> list[list[BulkOutcome[V]] | SendblueError | None]:
        import anyio  # noqa: PLC0415  # only the async client pays for it

        results: list[list[BulkOutcome[V]] | SendblueError | None] = [None] * len(together)

        async def send(place: int, chunk: Chunk[R]) -> None:
            results[place] = await self._send(job, course, chunk)

        async with anyio.create_task_group() as group:
            for place, chunk in enumerate(together):
                group.start_soon(send, place, chunk)
        return results

    async def _send(
        self, job: Job[R, V], course: Course[R, V], chunk: Chunk[R]
    ) -> list[BulkOutcome[V]] | SendblueError | None:
        if course.stopped:
            return None
        try:
            return await self._drive(job.send(chunk))
        except HOPELESS as error:
            return error

    async def _drive(self, sending: Sending[V]) -> list[BulkOutcome[V]]:
        step = partial(next, sending)
        while True:
            try:
                operation = step()
            except StopIteration as done:
                return cast("list[BulkOutcome[V]]", done.value)
            try:
                step = partial(sending.send, await self._run(operation))
            except SendblueError as error:
                step = partial(sending.throw, error)


async def _chunks(chunker: Chunker[R], items: Iterable[object] | AsyncIterable[object]) -> AsyncGenerator[Chunk[R]]:
    if isinstance(items, Iterable):
        for chunk in chunker.chunks(items):
            yield chunk
        return
    async for item in items:
        if full := chunker.add(item):
            yield full
    if rest := chunker.rest():
        yield rest


async def _take(chunks: AsyncIterator[Chunk[R]], most: int) -> AsyncIterator[Chunk[R]]:
    for _ in range(most):
        try:
            yield await anext(chunks)
        except StopAsyncIteration:
            return
