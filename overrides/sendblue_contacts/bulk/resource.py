"""`client.contacts.bulk`, sync and async. Thin: `course` decides, and `driving` sends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from typing import TYPE_CHECKING, Any

from .actions import CreateJob, DeleteJob
from .batching import CHUNK_SIZE, CONCURRENCY, MAX_CHUNK_BYTES, Limits
from .progress import Tally
from .results import BulkCreateResult, BulkDeleteResult, FailedNumber
from .runner import async_drive, async_each, drive, each
from .scheduler import Course

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts._async.sending import AsyncSend as AsyncRun
    from sendblue_contacts._sync.sending import Send as Run

    from .duplicates import Duplicates
    from .results import BulkOutcome, BulkProgress
    from .scheduler import OnSend

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
        duplicates: Duplicates | None = "error",
        look_first: bool = False,
        on_send: OnSend | None = None,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkCreateResult:
        """Create many contacts (POST /api/v2/contacts/bulk, chunk by chunk).

        A chunk whose answer was lost is settled by looking for each of its numbers: no contact is made twice, and none
        is lost.

        Args:
            contacts: Mappings with `phone` and any of `first_name`, `last_name`, `company_name`, `tags`,
                `custom_variables`, in either spelling. Read lazily, so a generator is fine.
            chunk_size: The most contacts of one request.
            max_chunk_bytes: The most bytes of contacts in one request.
            concurrency: The most requests at one time.
            duplicates: What to do with a number that comes more than once: `error`, the later ones are failed; `first`
                or `last` counts; `merge`, all of them as one contact (later values win, a blank wins over nothing, tags
                and custom variables are added up). None: there are none, and nothing is remembered; `error` and `first`
                take about 130 bytes an item, `last` and `merge` read all of the input before they send anything.
            look_first: Look for each number before it is sent, as if an earlier answer had been lost: for what is
                `unknown` after another call.
            on_send: Called right before each request with the places of its contacts in the input, in the thread or
                task that made this call. A contact that is sent again comes again. Not called for look-ups.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            What was created and what was not, and why.

        Raises:
            APIConnectionError, AuthenticationError, PermissionDeniedError: The first request failed so, and nothing was
                done. When a later one does, it is the reason of failures instead.
            BulkError: The input, `on_send` or `on_progress` raised something, and then nothing more was read or sent.
                Its `result` has the outcomes of all that was read.
            TypeError: `contacts` is one contact or a string instead of many contacts.

        Example:
            result = client.contacts.bulk.create(csv.DictReader(file))
            for failure in result.failed:
                print(failure.index, failure.reason)
        """
        job, limits = CreateJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        course = Course(job, limits, duplicates, look_first=look_first)
        with Tally(contacts, course, BulkCreateResult.of, on_progress) as tally:
            for outcomes in drive(self._run, course, job.accept(contacts), on_send):
                tally.add(outcomes)
        return BulkCreateResult.of(tally.outcomes)

    def delete(
        self,
        phone_numbers: Numbers,
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_send: OnSend | None = None,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkDeleteResult:
        """Delete many contacts (DELETE /api/v2/contacts, chunk by chunk).

        Settings and errors are those of `create`. A number that comes more than once is sent once, and is a duplicate
        after that.

        Args:
            phone_numbers: Their numbers. Read lazily, so a generator is fine.
            chunk_size: The most numbers of one request.
            max_chunk_bytes: The most bytes of numbers in one request.
            concurrency: The most requests at one time.
            on_send: Called right before each request with the places of its numbers in the input.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            What was deleted and what was not, and why.
        """
        job, limits = DeleteJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        course = Course(job, limits, "first")
        with Tally(phone_numbers, course, BulkDeleteResult.of, on_progress) as tally:
            for outcomes in drive(self._run, course, job.accept(phone_numbers), on_send):
                tally.add(outcomes)
        return BulkDeleteResult.of(tally.outcomes)

    def stream_create(
        self,
        contacts: Iterable[Mapping[str, Any]],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        duplicates: Duplicates | None = "error",
        look_first: bool = False,
        on_send: OnSend | None = None,
    ) -> Generator[BulkOutcome[Contact]]:
        """As `create`, an outcome for each contact in the order of the input, lazily: for more than memory holds.

        Requests are begun while the next outcome is waited for. Close it to leave early: what was announced by
        `on_send` and has no outcome may have been created, and can be given again with `look_first`. What the input or
        `on_send` raises is raised as it is, after the outcomes of all that was read.
        """
        job, limits = CreateJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        course = Course(job, limits, duplicates, look_first=look_first)
        return each(drive(self._run, course, job.accept(contacts), on_send))

    def stream_delete(
        self,
        phone_numbers: Numbers,
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_send: OnSend | None = None,
    ) -> Generator[BulkOutcome[str]]:
        """As `delete`, an outcome for each number in the order of the input, lazily: for more than memory holds."""
        job, limits = DeleteJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        return each(drive(self._run, Course(job, limits, "first"), job.accept(phone_numbers), on_send))


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
        duplicates: Duplicates | None = "error",
        look_first: bool = False,
        on_send: OnSend | None = None,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkCreateResult:
        """Create many contacts (POST /api/v2/contacts/bulk, chunk by chunk).

        A chunk whose answer was lost is settled by looking for each of its numbers: no contact is made twice, and none
        is lost.

        Args:
            contacts: Mappings with `phone` and any of `first_name`, `last_name`, `company_name`, `tags`,
                `custom_variables`, in either spelling. Read lazily, so a generator is fine.
            chunk_size: The most contacts of one request.
            max_chunk_bytes: The most bytes of contacts in one request.
            concurrency: The most requests at one time.
            duplicates: What to do with a number that comes more than once: `error`, the later ones are failed; `first`
                or `last` counts; `merge`, all of them as one contact (later values win, a blank wins over nothing, tags
                and custom variables are added up). None: there are none, and nothing is remembered; `error` and `first`
                take about 130 bytes an item, `last` and `merge` read all of the input before they send anything.
            look_first: Look for each number before it is sent, as if an earlier answer had been lost: for what is
                `unknown` after another call.
            on_send: Called right before each request with the places of its contacts in the input, in the thread or
                task that made this call. A contact that is sent again comes again. Not called for look-ups.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            What was created and what was not, and why.

        Raises:
            APIConnectionError, AuthenticationError, PermissionDeniedError: The first request failed so, and nothing was
                done. When a later one does, it is the reason of failures instead.
            BulkError: The input, `on_send` or `on_progress` raised something, and then nothing more was read or sent.
                Its `result` has the outcomes of all that was read.
            TypeError: `contacts` is one contact or a string instead of many contacts.

        Example:
            result = await client.contacts.bulk.create(csv.DictReader(file))
            for failure in result.failed:
                print(failure.index, failure.reason)
        """
        job, limits = CreateJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        course = Course(job, limits, duplicates, look_first=look_first)
        with Tally(contacts, course, BulkCreateResult.of, on_progress) as tally:
            async for outcomes in async_drive(self._run, course, job.accept(contacts), on_send):
                tally.add(outcomes)
        return BulkCreateResult.of(tally.outcomes)

    async def delete(
        self,
        phone_numbers: Numbers | AsyncIterable[str | FailedNumber],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_send: OnSend | None = None,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkDeleteResult:
        """Delete many contacts (DELETE /api/v2/contacts, chunk by chunk).

        Settings and errors are those of `create`. A number that comes more than once is sent once, and is a duplicate
        after that.

        Args:
            phone_numbers: Their numbers. Read lazily, so a generator is fine.
            chunk_size: The most numbers of one request.
            max_chunk_bytes: The most bytes of numbers in one request.
            concurrency: The most requests at one time.
            on_send: Called right before each request with the places of its numbers in the input.
            on_progress: Called after each chunk with a `BulkProgress`.

        Returns:
            What was deleted and what was not, and why.
        """
        job, limits = DeleteJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        course = Course(job, limits, "first")
        with Tally(phone_numbers, course, BulkDeleteResult.of, on_progress) as tally:
            async for outcomes in async_drive(self._run, course, job.accept(phone_numbers), on_send):
                tally.add(outcomes)
        return BulkDeleteResult.of(tally.outcomes)

    def stream_create(
        self,
        contacts: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        duplicates: Duplicates | None = "error",
        look_first: bool = False,
        on_send: OnSend | None = None,
    ) -> AsyncGenerator[BulkOutcome[Contact]]:
        """As `create`, an outcome for each contact in the order of the input, lazily: for more than memory holds.

        Requests are begun while the next outcome is waited for. Close it to leave early: what was announced by
        `on_send` and has no outcome may have been created, and can be given again with `look_first`. What the input or
        `on_send` raises is raised as it is, after the outcomes of all that was read.
        """
        job, limits = CreateJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        course = Course(job, limits, duplicates, look_first=look_first)
        return async_each(async_drive(self._run, course, job.accept(contacts), on_send))

    def stream_delete(
        self,
        phone_numbers: Numbers | AsyncIterable[str | FailedNumber],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_send: OnSend | None = None,
    ) -> AsyncGenerator[BulkOutcome[str]]:
        """As `delete`, an outcome for each number in the order of the input, lazily: for more than memory holds."""
        job, limits = DeleteJob(self._region), Limits.check(chunk_size, max_chunk_bytes, concurrency)
        return async_each(async_drive(self._run, Course(job, limits, "first"), job.accept(phone_numbers), on_send))
