# Emitted by scripts/regenerate from _async/bulk.py. Edit that file, then run scripts/regenerate.
"""`client.contacts.bulk`."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from sendblue_contacts.bulk.actions import create_action, delete_action
from sendblue_contacts.bulk.batching import BatchLimits
from sendblue_contacts.bulk.results import BulkCreateResult, BulkDeleteResult, FailedNumber
from sendblue_contacts.bulk.scheduler import BulkScheduler
from sendblue_contacts.bulk.types import CHUNK_SIZE, CONCURRENCY, MAX_CHUNK_BYTES

from .bulk_runner import run_call, stream_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sendblue_contacts.bulk.results import BulkOutcome, BulkProgress
    from sendblue_contacts.bulk.types import Duplicates, OnSend
    from sendblue_contacts_api.models.contact import Contact

    from .sending import Send

Numbers = Iterable[str | FailedNumber] | Iterable[str] | Iterable[FailedNumber]


class BulkContacts:
    """Create or delete many contacts."""

    def __init__(self, send: Send, region: str | None, read_lag: float = 0.0) -> None:
        self._send = send
        scheduler = partial(BulkScheduler[Any, Any], read_lag=read_lag)
        self._creation = partial(scheduler, create_action(region))
        self._deletion = partial(scheduler, delete_action(region), duplicates="first")

    def create(
        self,
        contacts: Iterable[Mapping[str, Any]],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        duplicates: Duplicates | None = "error",
        check_existing: bool = False,
        on_send: OnSend | None = None,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkCreateResult:
        """Create many contacts (POST /api/v2/contacts/bulk, once for each chunk).

        If the response to a chunk is lost, the client looks up each of its numbers: no contact is created twice, and
        none is lost.

        Args:
            contacts: Mappings with `phone` and optionally `first_name`, `last_name`, `company_name`, `tags` and
                `custom_variables`, in snake_case or camelCase. Read lazily, so a generator is fine.
            chunk_size: Maximum number of contacts in one request.
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
            result = client.contacts.bulk.create(csv.DictReader(file))
            for failure in result.failed:
                print(failure.index, failure.reason)
        """
        limits = BatchLimits(chunk_size, max_chunk_bytes, concurrency)
        scheduler = self._creation(contacts, limits, duplicates, check_existing=check_existing, on_send=on_send)
        return run_call(self._send, scheduler, on_progress, BulkCreateResult)

    def delete(
        self,
        phone_numbers: Numbers | Iterable[str | FailedNumber],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_send: OnSend | None = None,
        on_progress: Callable[[BulkProgress], object] | None = None,
    ) -> BulkDeleteResult:
        """Like `create`, but deletes the contacts with these numbers (DELETE /api/v2/contacts, once for each chunk).

        A number that occurs several times is sent once; the others are duplicates.

        Returns:
            The numbers whose contacts were deleted, and the items that failed with their reasons.
        """
        limits = BatchLimits(chunk_size, max_chunk_bytes, concurrency)
        scheduler = self._deletion(phone_numbers, limits, on_send=on_send)
        return run_call(self._send, scheduler, on_progress, BulkDeleteResult)

    def stream_create(
        self,
        contacts: Iterable[Mapping[str, Any]],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        duplicates: Duplicates | None = "error",
        check_existing: bool = False,
        on_send: OnSend | None = None,
    ) -> Generator[BulkOutcome[Contact]]:
        """Like `create`, but yields the outcome of each contact in input order: for inputs larger than memory.

        Requests are in flight while you wait for the next outcome. Close the generator to stop early: contacts that
        were passed to `on_send` and have no outcome may have been created; retry them with `check_existing=True`.
        Errors that the input or `on_send` raises are raised unchanged, after the outcomes of all contacts that were
        read.
        """
        limits = BatchLimits(chunk_size, max_chunk_bytes, concurrency)
        scheduler = self._creation(contacts, limits, duplicates, check_existing=check_existing, on_send=on_send)
        return stream_outcomes(self._send, scheduler)

    def stream_delete(
        self,
        phone_numbers: Numbers | Iterable[str | FailedNumber],
        *,
        chunk_size: int = CHUNK_SIZE,
        max_chunk_bytes: int = MAX_CHUNK_BYTES,
        concurrency: int = CONCURRENCY,
        on_send: OnSend | None = None,
    ) -> Generator[BulkOutcome[str]]:
        """Like `delete`, but yields the outcome of each number in input order: for inputs larger than memory."""
        limits = BatchLimits(chunk_size, max_chunk_bytes, concurrency)
        scheduler = self._deletion(phone_numbers, limits, on_send=on_send)
        return stream_outcomes(self._send, scheduler)
