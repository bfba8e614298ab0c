"""Sends items and records their results: in bulk, or one request each. Imports and syncs use it.

An item that the server rejects stays rejected. An item without a definite response stays open in the journal, and
sending stops; the next run resumes there.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from sendblue_contacts.errors import (
    APIError,
    APIResponseError,
    AuthenticationError,
    InternalServerError,
    PermissionDeniedError,
    RateLimitError,
    SendblueError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from types import TracebackType

    from sendblue_contacts.bulk.results import BulkOutcome

Item = TypeVar("Item")
Result = TypeVar("Result")
NumberedItem = tuple[int, Any]
"""An item, after the line of its row or another number that identifies it in the journal."""

MAX_OPEN_REQUESTS = 10
"""When the server fails at more single requests than this without a success in between, sending stops."""
REQUEST_ATTEMPTS = 3

_SERVER_FAILURES = (InternalServerError, APIResponseError)
"""The server failed, either because of this item or for all of them."""
_NOT_REJECTIONS = (AuthenticationError, PermissionDeniedError, RateLimitError, InternalServerError)


class SendingStoppedError(Exception):
    """No further items can be sent in this run. The text says why."""

    def __init__(self, reason: str, error: Exception | None = None) -> None:
        super().__init__(reason)
        self.error = error


class SendingJournal(Protocol):
    """Where items are marked before they are sent."""

    def mark_sending(self, numbers: Sequence[int], /) -> None:
        """Write that the items with these numbers are about to be sent."""


def is_rejection(error: object) -> bool:
    """Whether the server rejected the item itself, so that it would reject it again."""
    return isinstance(error, APIError) and not isinstance(error, _NOT_REJECTIONS)


class BulkSender:
    """Sends items in bulk.

    Items for which the server fails stay open. In a final attempt they are rejected, if it accepted others.

    Args:
        stream: Sends items and yields their outcomes: `contacts.bulk.stream_create` or `stream_delete`.
        journal: Where items are marked before they are sent.
        on_success: Called with the number and the value of each item that was sent.
        on_failure: Called with the number of each item for which the server fails again, and the reason.
        on_rejected: Called with each item that the server rejects, and the reason.
        before_request: Called before each request; it raises an error if the request must not be sent.
    """

    def __init__(
        self,
        stream: Callable[..., Generator[Any]],
        journal: SendingJournal,
        *,
        on_success: Callable[[int, Any], object],
        on_failure: Callable[[int, str], object],
        on_rejected: Callable[[NumberedItem, str], object],
        before_request: Callable[[], object] = lambda: None,
    ) -> None:
        self._stream = stream
        self._journal = journal
        self._on_success = on_success
        self._on_failure = on_failure
        self._on_rejected = on_rejected
        self._before_request = before_request
        self._pending: dict[int, NumberedItem] = {}
        self._any_success = False
        self._local_error: Exception | None = None

    def send(self, items: Iterable[Any], *, final: bool = False, **options: Any) -> str:  # noqa: ANN401  # as the stream takes them
        """Send items.

        Args:
            items: The items.
            final: Whether this is the last attempt for items at which the server fails.
            options: Arguments for the stream.

        Returns:
            Why the result of some items is unknown; empty if all results are known.

        Raises:
            SendingStoppedError: No further items can be sent.
            SendblueError: No item could be sent.
            Exception: The items cannot be read, or the journal cannot be written.
        """
        self._pending.clear()
        failed: list[tuple[int, str]] = []
        unknown = ""
        try:
            with closing(self._stream(self._items(items), on_send=self._on_send, **options)) as stream:
                for each in stream:
                    unknown = self._process(each, failed) or unknown
        except SendingStoppedError:
            if self._local_error:  # the stream failed because of the input or the journal, not because of the server
                raise self._local_error from None
            raise
        if final and self._any_success:
            for number, reason in failed:
                self._on_failure(number, reason)
        elif failed:
            unknown = failed[0][1]
        return unknown

    def _items(self, items: Iterable[Any]) -> Iterator[object]:
        with self._keep_local_error():
            for index, item in enumerate(items):
                self._pending[index] = item
                yield item[1]

    def _on_send(self, indices: tuple[int, ...]) -> None:
        with self._keep_local_error():
            self._before_request()
            self._mark_sending(indices)

    def _mark_sending(self, indices: tuple[int, ...]) -> None:
        self._journal.mark_sending([self._pending[index][0] for index in indices])

    @contextmanager
    def _keep_local_error(self) -> Generator[None]:
        try:
            yield
        except Exception as error:
            self._local_error = error
            raise

    def _process(self, result: Any, failed: list[tuple[int, str]]) -> str:  # noqa: ANN401  # what the stream yields
        """Process the outcome of an item. Returns why it is unknown, else an empty text."""
        outcome: BulkOutcome[Any] = result
        item = self._pending.pop(outcome.index)
        if outcome.ok:
            self._any_success = True
            self._on_success(item[0], outcome.value)
        elif outcome.status == "unknown":
            return outcome.reason
        elif outcome.error is None or is_rejection(outcome.error):
            self._on_rejected(item, outcome.reason)
        elif isinstance(outcome.error, _SERVER_FAILURES):
            failed.append((item[0], outcome.reason))
        else:
            raise SendingStoppedError(outcome.reason, outcome.error)
        return ""


@dataclass(slots=True)
class _Request(Generic[Item]):
    """A request for one item, and how many attempts have failed."""

    item: Item
    attempts: int = 0


class RequestPool(Generic[Item, Result]):
    """Sends requests for single items, several at a time.

    Requests at which the server fails are tried again after others succeed, and given up after three failed attempts.

    Args:
        send: Sends the request for an item in a thread, and returns the result.
        on_result: Called with each result.
        on_failure: Called with each item for which the server fails again, and the reason.
        concurrency: The maximum number of requests at a time.
    """

    def __init__(
        self,
        send: Callable[[Item], Result],
        *,
        on_result: Callable[[Result], object],
        on_failure: Callable[[Item, str], object],
        concurrency: int,
    ) -> None:
        self._send = send
        self._on_result = on_result
        self._on_failure = on_failure
        self._max_pending = 2 * concurrency
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="sendblue-transfer")
        self._pending: deque[tuple[_Request[Item], Future[Result]]] = deque()
        self._open: list[tuple[_Request[Item], Exception]] = []
        self._any_success = False

    def add(self, item: Item) -> None:
        """Start the request for an item. Waits while too many are pending.

        Raises:
            SendingStoppedError: The server fails repeatedly, or rejects every request.
        """
        self._submit(_Request(item))
        if len(self._pending) >= self._max_pending:
            self._take_result()

    def finish(self) -> None:
        """Wait for all requests.

        Raises:
            SendingStoppedError: The server fails repeatedly, or rejects every request.
        """
        while self._pending or self._open:
            if self._pending:
                self._take_result()
            else:
                self._retry_open()

    def _submit(self, request: _Request[Item]) -> None:
        self._pending.append((request, self._pool.submit(self._send, request.item)))

    def _take_result(self) -> None:
        request, future = self._pending.popleft()
        error = future.exception()
        if error is None:
            self._on_result(future.result())
            self._any_success = True
            self._retry_open()
        elif isinstance(error, _SERVER_FAILURES) and len(self._open) < MAX_OPEN_REQUESTS:
            self._open.append((request, error))
        elif isinstance(error, SendblueError):
            raise SendingStoppedError(str(error), error)
        else:
            raise error

    def _retry_open(self) -> None:
        retried, self._open = self._open, []
        for request, error in retried:
            request.attempts += 1
            if request.attempts < REQUEST_ATTEMPTS:
                self._submit(request)
            elif self._any_success:
                self._on_failure(request.item, str(error))
            else:
                raise SendingStoppedError(str(error), error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
