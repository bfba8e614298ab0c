"""Sends contacts: in bulk, or one by one where the bulk call cannot update.

    | mode   | requests                                 | existing contact | new contact  |
    |--------|------------------------------------------|------------------|--------------|
    | create | bulk                                     | is rejected      | is created   |
    | upsert | bulk; PUT for what the bulk call rejects | is updated       | is created   |
    | update | PUT                                      | is updated       | is rejected  |

A row with only a number has nothing to PUT: it is sent with POST and `update_if_exists`.

A row that the server rejects stays rejected. A row without a definite response stays open in the journal, and the
import stops; the same import resumes there. Sending an update twice is safe, so updates are not marked in the journal
before they are sent.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sendblue_contacts.errors import (
    APIError,
    APIResponseError,
    AuthenticationError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    SendblueError,
)

from sendblue_transfer.rows.row_parser import PHONE
from sendblue_transfer.rows.row_status import CREATED, REJECTED, UPDATED, RowResult

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from sendblue_contacts.bulk.results import BulkOutcome
    from sendblue_contacts.resources import Contacts
    from sendblue_contacts_api.models.contact import Contact

    from .journal import Journal

LineContact = tuple[int, dict[str, Any]]
"""A contact, after the line of its row."""

MAX_OPEN_UPDATES = 10
"""When the server fails at more updates than this without a success in between, the import stops."""
UPDATE_ATTEMPTS = 3

_SERVER_FAILURES = (InternalServerError, APIResponseError)
"""The server failed, either because of this contact or for all of them."""
_NOT_REJECTIONS = (AuthenticationError, PermissionDeniedError, RateLimitError, InternalServerError)
_NO_CHANGES = "the row has only a number, so there is nothing to update"
_NOT_FOUND = "no contact has this number; use the mode upsert to create it"


class ImportStoppedError(Exception):
    """No further rows can be sent in this run. The text says why."""

    def __init__(self, reason: str, error: Exception | None = None) -> None:
        super().__init__(reason)
        self.error = error


def is_rejection(error: object) -> bool:
    """Whether the server rejected the contact itself, so that it would reject it again."""
    return isinstance(error, APIError) and not isinstance(error, _NOT_REJECTIONS)


class BulkCreator:
    """Creates contacts in bulk.

    Contacts for which the server fails stay open. They are rejected if they do not exist when they are looked up, and
    the server fails again for them although it accepted others.

    Args:
        contacts: The contacts of the account.
        journal: Where rows are marked before they are sent.
        on_result: Called with each result.
        on_rejected: Called with each contact that the server rejects, and the reason.
        before_request: Called before each request; it raises an error if the request must not be sent.
        options: Arguments for `contacts.bulk.stream_create`.
    """

    def __init__(
        self,
        contacts: Contacts,
        journal: Journal,
        on_result: Callable[[RowResult], object],
        on_rejected: Callable[[LineContact, str], object],
        before_request: Callable[[], object],
        **options: Any,  # noqa: ANN401  # as stream_create takes them
    ) -> None:
        self._contacts = contacts
        self._journal = journal
        self._on_result = on_result
        self._on_rejected = on_rejected
        self._before_request = before_request
        self._options = options
        self._pending: dict[int, LineContact] = {}
        self._any_created = False
        self._local_error: Exception | None = None

    def send(self, contacts: Iterable[LineContact], *, check_existing: bool) -> str:
        """Create contacts.

        Args:
            contacts: The contacts.
            check_existing: Whether to look each contact up first, because it may have been sent before.

        Returns:
            Why the result of some contacts is unknown; empty if all results are known.

        Raises:
            ImportStoppedError: No further contacts can be sent.
            SendblueError: No contact could be sent.
            Exception: The contacts cannot be read, or the journal cannot be written.
        """
        self._pending.clear()
        open_rows: list[RowResult] = []
        stream = self._contacts.bulk.stream_create(
            self._items(contacts),
            duplicates=None,
            on_send=self._on_send,
            check_existing=check_existing,
            **self._options,
        )
        unknown = ""
        try:
            with closing(stream):
                for outcome in stream:
                    unknown = self._process(outcome, open_rows) or unknown
        except ImportStoppedError:
            if self._local_error:  # the stream failed because of the input or the journal, not because of the server
                raise self._local_error from None
            raise
        if check_existing and self._any_created:
            for result in open_rows:
                self._on_result(result)
        elif open_rows:
            unknown = open_rows[0].reason
        return unknown

    def _items(self, contacts: Iterable[LineContact]) -> Iterator[dict[str, Any]]:
        with self._keep_local_error():
            for index, line_contact in enumerate(contacts):
                self._pending[index] = line_contact
                yield line_contact[1]

    def _on_send(self, indices: tuple[int, ...]) -> None:
        with self._keep_local_error():
            self._before_request()
            self._journal.mark_sending([self._pending[index][0] for index in indices])

    @contextmanager
    def _keep_local_error(self) -> Generator[None]:
        try:
            yield
        except Exception as error:
            self._local_error = error
            raise

    def _process(self, outcome: BulkOutcome[Contact], open_rows: list[RowResult]) -> str:
        """Process the outcome of a contact. Returns why it is unknown, else an empty text."""
        line_contact = self._pending.pop(outcome.index)
        if outcome.status == "created":
            self._any_created = True
            self._on_result(RowResult(line_contact[0], CREATED))
        elif outcome.status == "unknown":
            return outcome.reason
        elif outcome.error is None or is_rejection(outcome.error):
            self._on_rejected(line_contact, outcome.reason)
        elif isinstance(outcome.error, _SERVER_FAILURES):
            open_rows.append(RowResult(line_contact[0], REJECTED, outcome.reason))
        else:
            raise ImportStoppedError(outcome.reason, outcome.error)
        return ""


@dataclass(slots=True)
class _Update:
    """An update: the contact, why it could not be created, and how many attempts have failed."""

    line_contact: LineContact
    rejection: str
    attempts: int = 0


class Updater:
    """Updates contacts one by one, with several requests at a time.

    Updates at which the server fails are tried again after others succeed, and rejected after three failed attempts.

    Args:
        contacts: The contacts of the account.
        on_result: Called with each result.
        concurrency: The maximum number of requests at a time.
    """

    def __init__(self, contacts: Contacts, on_result: Callable[[RowResult], object], concurrency: int) -> None:
        self._contacts = contacts
        self._on_result = on_result
        self._max_pending = 2 * concurrency
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="sendblue-import")
        self._pending: deque[tuple[_Update, Future[RowResult]]] = deque()
        self._open: list[tuple[_Update, Exception]] = []
        self._any_updated = False

    def add(self, line_contact: LineContact, rejection: str = "") -> None:
        """Start the update of a contact. Waits while too many are pending.

        Args:
            line_contact: The contact.
            rejection: Why it could not be created; this is the reason for the row if the contact does not exist either.

        Raises:
            ImportStoppedError: The server fails repeatedly, or rejects every request.
        """
        self._submit(_Update(line_contact, rejection))
        if len(self._pending) >= self._max_pending:
            self._take_result()

    def finish(self) -> None:
        """Wait for all updates.

        Raises:
            ImportStoppedError: The server fails repeatedly, or rejects every request.
        """
        while self._pending or self._open:
            if self._pending:
                self._take_result()
            else:
                self._retry_open()

    def _submit(self, update: _Update) -> None:
        self._pending.append((update, self._pool.submit(self._send, *update.line_contact, update.rejection)))

    def _take_result(self) -> None:
        update, future = self._pending.popleft()
        error = future.exception()
        if error is None:
            self._on_result(future.result())
            self._any_updated = True
            self._retry_open()
        elif isinstance(error, _SERVER_FAILURES) and len(self._open) < MAX_OPEN_UPDATES:
            self._open.append((update, error))
        elif isinstance(error, SendblueError):
            raise ImportStoppedError(str(error), error)
        else:
            raise error

    def _retry_open(self) -> None:
        retried, self._open = self._open, []
        for update, error in retried:
            update.attempts += 1
            if update.attempts < UPDATE_ATTEMPTS:
                self._submit(update)
            elif self._any_updated:
                self._on_result(RowResult(update.line_contact[0], REJECTED, str(error)))
            else:
                raise ImportStoppedError(str(error), error)

    def _send(self, line: int, contact: dict[str, Any], rejection: str) -> RowResult:
        changes = {name: value for name, value in contact.items() if name != PHONE}
        if not (changes or rejection):
            return RowResult(line, REJECTED, _NO_CHANGES)
        try:
            if changes:
                self._contacts.update(contact[PHONE], changes)  # type: ignore[call-overload]  # names come from the document
            else:  # a look-up would not show a contact that was just created, if reads lag behind writes
                self._contacts.upsert(contact[PHONE])
        except NotFoundError:
            return RowResult(line, REJECTED, rejection or _NOT_FOUND)
        except (APIError, TypeError, ValueError) as error:  # the last two: a field that an update does not have
            if isinstance(error, APIError) and not is_rejection(error):
                raise
            return RowResult(line, REJECTED, str(error))
        return RowResult(line, UPDATED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
