"""Sending contacts: in bulk, or one by one where the bulk call cannot update.

    | mode   | is sent                          | a contact that exists | one that does not |
    |--------|----------------------------------|-----------------------|-------------------|
    | create | in bulk                          | is rejected           | is created        |
    | upsert | in bulk; what is refused, by PUT | is updated            | is created        |
    | update | by PUT                           | is updated            | is rejected       |

A row that the server refuses is rejected for good. A row about which it says nothing stays open in the journal, and the
import stops: the same one, begun again, goes on there. To send an update twice does no harm, so that nothing has to be
written down before it leaves.
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

from .fates import CREATED, REJECTED, UPDATED, Fate
from .layouts import PHONE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from sendblue_contacts.bulk.results import BulkOutcome
    from sendblue_contacts.resources import Contacts
    from sendblue_contacts_api.models.contact import Contact

    from .journal import Journal

Numbered = tuple[int, dict[str, Any]]
"""A contact, after the line on which it stands."""

PATIENCE = 10
"""Updates in a row that the server fails at, after which the import stops."""
TRIES = 3

_DOUBTFUL = (InternalServerError, APIResponseError)
"""The server failed. It may be about what was sent, or not."""
_NO_REFUSAL = (AuthenticationError, PermissionDeniedError, RateLimitError, InternalServerError)
_NOTHING = "the row has nothing but a number, so that there is nothing to update"
_ABSENT = "there is no contact with this number, and only the mode upsert creates one"


class StoppedError(Exception):
    """Nothing more can be sent now. The text says why."""

    def __init__(self, reason: str, error: Exception | None = None) -> None:
        super().__init__(reason)
        self.error = error


def is_refusal(error: object) -> bool:
    """Whether the server has refused what was sent: the same thing again would be refused again."""
    return isinstance(error, APIError) and not isinstance(error, _NO_REFUSAL)


class Creation:
    """Creates contacts in bulk.

    Contacts that the server fails at stay open. They are rejected when they are looked for, are not there, and it fails
    at them again although others went in: then it is about them.

    Args:
        contacts: The contacts of the account.
        journal: Learns of each row before it is sent.
        settled: Is told each fate.
        refused: Is told each contact that the server refuses, and why.
        allowed: Is asked before each request, and raises what forbids it.
        options: For `contacts.bulk.stream_create`.
    """

    def __init__(
        self,
        contacts: Contacts,
        journal: Journal,
        settled: Callable[[Fate], object],
        refused: Callable[[Numbered, str], object],
        allowed: Callable[[], object],
        **options: Any,  # noqa: ANN401  # as stream_create takes them
    ) -> None:
        self._contacts = contacts
        self._journal = journal
        self._settled = settled
        self._refused = refused
        self._allowed = allowed
        self._options = options
        self._pending: dict[int, Numbered] = {}
        self._some_went_in = False
        self._failure: Exception | None = None

    def send(self, contacts: Iterable[Numbered], *, look_first: bool) -> str:
        """Create these.

        Args:
            contacts: The contacts.
            look_first: Whether each may have been sent before.

        Returns:
            Why it is not known what became of some of them; empty if it is known of all.

        Raises:
            StoppedError: Nothing more can be sent.
            SendblueError: Nothing could be sent at all.
            Exception: The contacts cannot be read, or the journal cannot be written.
        """
        self._pending.clear()
        doubtful: list[Fate] = []
        stream = self._contacts.bulk.stream_create(
            self._items(contacts), duplicates=None, on_send=self._on_send, look_first=look_first, **self._options
        )
        unknown = ""
        try:
            with closing(stream):
                for outcome in stream:
                    unknown = self._settle(outcome, doubtful) or unknown
        except StoppedError:
            if self._failure:  # it is not the server that stopped us
                raise self._failure from None
            raise
        if look_first and self._some_went_in:
            for fate in doubtful:
                self._settled(fate)
        elif doubtful:
            unknown = doubtful[0].reason
        return unknown

    def _items(self, contacts: Iterable[Numbered]) -> Iterator[dict[str, Any]]:
        with self._noting_failure():
            for index, numbered in enumerate(contacts):
                self._pending[index] = numbered
                yield numbered[1]

    def _on_send(self, indices: tuple[int, ...]) -> None:
        with self._noting_failure():
            self._allowed()
            self._journal.sending([self._pending[index][0] for index in indices])

    @contextmanager
    def _noting_failure(self) -> Generator[None]:
        try:
            yield
        except Exception as error:
            self._failure = error
            raise

    def _settle(self, outcome: BulkOutcome[Contact], doubtful: list[Fate]) -> str:
        """Take down what became of a contact. Returns why that is not known, if it is not."""
        numbered = self._pending.pop(outcome.index)
        if outcome.status == "created":
            self._some_went_in = True
            self._settled(Fate(numbered[0], CREATED))
        elif outcome.status == "unknown":
            return outcome.reason
        elif outcome.error is None or is_refusal(outcome.error):
            self._refused(numbered, outcome.reason)
        elif isinstance(outcome.error, _DOUBTFUL):
            doubtful.append(Fate(numbered[0], REJECTED, outcome.reason))
        else:
            raise StoppedError(outcome.reason, outcome.error)
        return ""


@dataclass(slots=True)
class _Update:
    """An update on its way: of what, why it could not be created, and how often it was sent before."""

    numbered: Numbered
    refusal: str
    tries: int = 0

    def failed(self, reason: str) -> Fate:
        """Its fate, if it is rejected."""
        return Fate(self.numbered[0], REJECTED, reason)


class Updates:
    """Updates contacts one by one, a few at one time.

    Those that the server fails at are tried again when others went in, and rejected when they have failed three times.

    Args:
        contacts: The contacts of the account.
        settled: Is told each fate.
        concurrency: The most requests at one time.
    """

    def __init__(self, contacts: Contacts, settled: Callable[[Fate], object], concurrency: int) -> None:
        self._contacts = contacts
        self._settled = settled
        self._most = 2 * concurrency
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="sendblue-import")
        self._pending: deque[tuple[_Update, Future[Fate]]] = deque()
        self._doubtful: list[tuple[_Update, Exception]] = []
        self._some_went_in = False

    def add(self, numbered: Numbered, refusal: str = "") -> None:
        """Update this one. Waits while too many are waiting.

        Args:
            numbered: The contact.
            refusal: Why it could not be created, which is the reason if it does not exist either.

        Raises:
            StoppedError: The server does not answer any more.
        """
        self._submit(_Update(numbered, refusal))
        if len(self._pending) >= self._most:
            self._take()

    def finish(self) -> None:
        """Wait for all.

        Raises:
            StoppedError: The server does not answer any more.
        """
        while self._pending or self._doubtful:
            if self._pending:
                self._take()
            else:
                self._try_doubtful()

    def _submit(self, update: _Update) -> None:
        self._pending.append((update, self._pool.submit(self._send, *update.numbered, update.refusal)))

    def _take(self) -> None:
        update, future = self._pending.popleft()
        error = future.exception()
        if error is None:
            self._settled(future.result())
            self._some_went_in = True
            self._try_doubtful()
        elif isinstance(error, _DOUBTFUL) and len(self._doubtful) < PATIENCE:
            self._doubtful.append((update, error))
        elif isinstance(error, SendblueError):
            raise StoppedError(str(error), error)
        else:
            raise error

    def _try_doubtful(self) -> None:
        doubtful, self._doubtful = self._doubtful, []
        for update, error in doubtful:
            update.tries += 1
            if update.tries < TRIES:
                self._submit(update)
            elif self._some_went_in:
                self._settled(update.failed(str(error)))
            else:
                raise StoppedError(str(error), error)

    def _send(self, line: int, contact: dict[str, Any], refusal: str) -> Fate:
        changes = {name: value for name, value in contact.items() if name != PHONE}
        if not changes:
            return self._without_changes(line, contact[PHONE], refusal)
        try:
            self._contacts.update(contact[PHONE], changes)  # type: ignore[call-overload]  # names come from the document
        except NotFoundError:
            return Fate(line, REJECTED, refusal or _ABSENT)
        except (APIError, TypeError, ValueError) as error:  # the last two: a field that an update has not
            if isinstance(error, APIError) and not is_refusal(error):
                raise
            return Fate(line, REJECTED, str(error))
        return Fate(line, UPDATED)

    def _without_changes(self, line: int, number: str, refusal: str) -> Fate:
        """A contact that is nothing but its number could not be created: it is as it should be, if it is there."""
        if refusal and self._contacts.get(number):
            return Fate(line, UPDATED)
        return Fate(line, REJECTED, refusal or _NOTHING)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
