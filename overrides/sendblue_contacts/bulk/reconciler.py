"""Bulk calls, from a chunk to an outcome for each of its items. Pure: a generator says what to send, and is told.

A request that is refused as too large is cut in half, and both halves are sent. Where an answer is lost, cannot be
read, or does not tell what became of an item, nobody guesses:

    | what the look-up of its number says | then the item                                                   |
    |-------------------------------------|-----------------------------------------------------------------|
    | there, as it was sent               | was created                                                     |
    | there, with other values            | was there before: failed                                        |
    | not there                           | is sent again with the others of its chunk, three times at most |
    | nothing: the look-up failed         | is unknown                                                      |

So nothing is created twice and nothing is lost. What the server refuses when it is sent again is looked at once more:
the first request may have been slow, and not lost. The newest contacts are looked at before single ones, for one
request then tells all about a chunk that was carried out; that something is not there is believed of its own look-up
alone. Deletions do no harm when they are repeated, which the transports do, and are not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from sendblue_contacts import operations
from sendblue_contacts.errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    BadRequestError,
    PayloadTooLargeError,
    SendblueError,
)
from sendblue_contacts.pagination import LARGEST_PAGE
from sendblue_contacts.responses import CALLS_ITSELF_AN_ERROR

from .actions import Verdict
from .results import BulkOutcome

if TYPE_CHECKING:
    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts.operations import Operation

    from .actions import Job
    from .batching import Chunk, Entry, Size
    from .results import Status

R = TypeVar("R")
V = TypeVar("V")

ROUNDS = 3
"""How often an item is sent at most."""
FEW = 10
"""So many are looked up one by one, without a look at the newest contacts first."""

Kind = Literal["send", "look"]
SEND: Kind = "send"
LOOK: Kind = "look"

_TOO_LARGE = re.compile(r"too (large|big|long|many)|exceed|at most|maximum", re.IGNORECASE)
_ASKED = "it was to be looked for first"
_NEWEST = {"order_by": "created_at", "order_direction": "desc", "limit": LARGEST_PAGE}


@dataclass(slots=True, eq=False, repr=False)
class Request:
    """A request to be sent.

    Attributes:
        operation: What to send.
        places: The places in the input of the items that it carries; none for a look-up.
        answer: What came back, or the error there was instead.
    """

    operation: Operation[Any]
    places: tuple[int, ...] = ()
    answer: Any = None

    @property
    def kind(self) -> Kind:
        """Whether it sends items or looks for one."""
        return SEND if self.places else LOOK


Steps = Generator[list[Request], None, None]
"""Yields requests, and goes on when all of them are answered."""
Settling = Generator[list[Request], None, list[BulkOutcome[V]]]
"""The same; returns the outcomes of a chunk."""


class NotSentError(SendblueError):
    """A request was not sent, because of an earlier one."""


def is_lost(error: Exception) -> bool:
    """Whether a request may have been carried out although this came of it."""
    if isinstance(error, APIResponseError):
        return not error.message.startswith(CALLS_ITSELF_AN_ERROR)
    if isinstance(error, APIError | APIConnectionError):
        return error.lost
    return not isinstance(error, SendblueError)  # one that nobody has thought of


def is_too_large(error: Exception) -> bool:
    """Whether a smaller request may go through: a 413, or a 400 that says so."""
    says_so = isinstance(error, BadRequestError) and _TOO_LARGE.search(error.message)
    return isinstance(error, PayloadTooLargeError) or bool(says_so)


def told(error: Exception) -> str:
    """What a reason may say of an error; the text of a foreign one may hold anything."""
    return str(error) if isinstance(error, SendblueError) else type(error).__name__


class Settler(Generic[R, V]):
    """Settles a chunk: each of its items gets an outcome.

    Args:
        job: What the call does.
        chunk: The entries.
        size: Learns which sizes get through.
    """

    def __init__(self, job: Job[R, V], chunk: Chunk[R], size: Size) -> None:
        self._job = job
        self._chunk = chunk
        self._size = size
        self._verdicts: dict[int, Verdict[V]] = {}

    def settle(self, *, look_first: bool) -> Settling[V]:
        """What to send, until all is settled.

        Args:
            look_first: Whether each item is treated as one whose answer was lost.
        """
        entries = [entry for entry in self._chunk if entry.ready is not None]
        if self._job.looks:
            yield from self._send_and_look(entries, look_first=look_first)
        elif entries:
            yield from self._send(entries)
        return [self._outcome(entry) for entry in self._chunk]

    def _send_and_look(self, entries: Chunk[R], *, look_first: bool) -> Steps:
        if look_first:
            self._judge(entries, Verdict("unknown", None, _ASKED))
            entries = yield from self._look(entries)
        for attempt in range(ROUNDS):
            if entries:
                yield from self._send(entries)
                doubtful = {"unknown", "failed"} if attempt or look_first else {"unknown"}
                entries = yield from self._look([each for each in entries if self._status(each) in doubtful])
        for entry in entries:
            last = self._verdicts[entry.index]
            reason = f"{last.reason}; it was sent {ROUNDS} times and is not there"
            self._judge([entry], Verdict("failed", None, reason, last.error))

    def _send(self, entries: Chunk[R]) -> Steps:
        ready = [entry.ready for entry in entries if entry.ready is not None]
        request = Request(self._job.operation(ready), tuple(entry.index for entry in entries))
        yield [request]
        if not isinstance(request.answer, Exception):
            self._size.got_through(entries)
            verdicts = self._job.read(ready, request.answer)
            self._verdicts.update(zip(request.places, verdicts, strict=True))
        elif len(entries) > 1 and is_too_large(request.answer):
            self._size.refused(entries)
            yield from self._send(entries[: len(entries) // 2])
            yield from self._send(entries[len(entries) // 2 :])
        else:
            status: Status = "unknown" if is_lost(request.answer) else "failed"
            self._judge(entries, Verdict(status, None, told(request.answer), request.answer))

    def _look(self, entries: Chunk[R]) -> Generator[list[Request], None, Chunk[R]]:
        """Look for these; returns those that are not there and whose fate is open."""
        contacts = (yield from self._look_at_newest()) if len(entries) > FEW else {}
        requests: list[Request] = []
        for entry in entries:
            number = self._number(entry)
            request = Request(operations.get(number), answer=contacts.get(number))
            requests.append(request)
        if singly := [request for request in requests if request.answer is None]:
            yield singly
        seen = zip(entries, requests, strict=True)
        return [entry for entry, request in seen if self._is_absent(entry, request.answer)]

    def _look_at_newest(self) -> Generator[list[Request], None, dict[str | None, Contact]]:
        request = Request(operations.page(_NEWEST))
        yield [request]
        page: list[Contact] = [] if isinstance(request.answer, Exception) else request.answer
        return {contact.phone: contact for contact in page}

    def _is_absent(self, entry: Entry[R], seen: Contact | Exception | None) -> bool:
        """Whether an item is to be sent again. What there is to be said of it after a look is taken down."""
        before = self._verdicts[entry.index]
        if seen is None:
            return before.status == "unknown"
        if not isinstance(seen, Exception):
            self._judge([entry], self._job.found(cast("R", entry.ready), seen))
        elif before.status == "unknown":
            reason = f"{before.reason}; and to look for it failed: {told(seen)}"
            self._judge([entry], Verdict("unknown", None, reason, seen))
        return False

    def _judge(self, entries: Chunk[R], verdict: Verdict[V]) -> None:
        self._verdicts.update((entry.index, verdict) for entry in entries)

    def _status(self, entry: Entry[R]) -> Status:
        return self._verdicts[entry.index].status

    def _number(self, entry: Entry[R]) -> str:
        return self._job.number(cast("R", entry.ready))

    def _outcome(self, entry: Entry[R]) -> BulkOutcome[V]:
        if entry.ready is None:
            return BulkOutcome(entry.index, entry.item, entry.status, None, entry.reason)
        verdict = self._verdicts[entry.index]
        way_out = f"; {self._job.way_out}" if verdict.status == "unknown" else ""
        return BulkOutcome(
            entry.index, entry.item, verdict.status, verdict.value, verdict.reason + way_out, verdict.error
        )
