"""Finds the outcome of each item of a chunk. Pure: a generator yields requests and continues when they are answered.

A request that the server rejects as too large is split in half, and both halves are sent. If a response is lost, cannot
be decoded, or does not state the result of an item, the client reads the contact back and compares:

    | look-up of the number            | the item                                                       |
    |----------------------------------|----------------------------------------------------------------|
    | contact with the sent values     | was created                                                    |
    | contact with different values    | existed before: failed                                         |
    | no contact                       | is sent again with others of its chunk, at most three times    |
    | failed                           | is unknown                                                     |

So no contact is created twice, and none is lost. An item that the server rejects when it is sent again is looked up
once more: the first request may have been slow, not lost. For more than a few items the newest contacts are listed
first, since one page covers a chunk that was applied; only the look-up of a single number proves that a contact does
not exist.

Reads may lag behind writes. Until `read_lag` seconds have passed, look-ups only prove that a contact with the sent
values that is not older than the request was created; they are repeated with growing pauses. Then the table applies.

Deletions are safe to repeat, which the transports do. If that gets no response, or one that does not state a result,
a contact that still exists once reads lag no more was not deleted.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from sendblue_contacts import errors, operations
from sendblue_contacts.pagination import MAX_PAGE_SIZE
from sendblue_contacts.responses import REPORTS_ERROR
from sendblue_contacts.retry import look_up_pauses

from .results import BulkOutcome
from .types import ItemResult

if TYPE_CHECKING:
    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts.operations import Operation

    from .actions import BulkAction
    from .types import BulkStatus, Chunk, Entry

P = TypeVar("P")
V = TypeVar("V")

MAX_SENDS = 3  # maximum number of times that an item is sent
LIST_ABOVE = 10  # if more items than this have to be looked up, the newest contacts are listed first
CLOCK_TOLERANCE = 1.0  # seconds by which a contact may seem older than its creation: servers round

RequestKind = Literal["send", "look up"]
SEND: RequestKind = "send"
LOOK_UP: RequestKind = "look up"

_TOO_LARGE = re.compile(r"too (large|big|long|many)|exceed|at most|maximum", re.IGNORECASE)
_CHECK_EXISTING = ItemResult[Any]("unknown", None, "not sent because check_existing is set")
_NEWEST = {"order_by": "created_at", "order_direction": "desc", "limit": MAX_PAGE_SIZE}


@dataclass(slots=True, eq=False, repr=False)
class Request:
    """A request of a chunk."""

    operation: Operation[Any]
    indices: tuple[int, ...] = ()  # input positions of the items that it carries; empty for a look-up
    size_bytes: int = 0  # of these items
    sent_at: float = -math.inf  # in seconds since 1970
    response: Any = None  # the decoded response, or the error that was raised instead

    @property
    def kind(self) -> RequestKind:
        """Whether it sends items or looks up contacts."""
        return SEND if self.indices else LOOK_UP


Steps = Generator[list[Request], None, None]
"""Yields requests to send; continues when each of them has a response."""


class NotSentError(errors.SendblueError):
    """A request was not sent, because an earlier one failed."""


def maybe_applied(error: Exception) -> bool:
    """Whether the server may have applied a request that raised this error."""
    if isinstance(error, errors.APIResponseError):
        return not error.message.startswith(REPORTS_ERROR)
    if isinstance(error, errors.APIError | errors.APIConnectionError):
        return error.maybe_applied
    return not isinstance(error, errors.SendblueError)  # an unexpected error


def is_too_large(error: Exception) -> bool:
    """Whether a smaller request may succeed: the status is 413, or 400 with a message about the size."""
    mentions_size = isinstance(error, errors.BadRequestError) and _TOO_LARGE.search(error.message)
    return isinstance(error, errors.PayloadTooLargeError) or bool(mentions_size)


def describe(error: Exception) -> str:
    """Returns the text of an error of this library, else only its class: other texts may contain personal data."""
    return str(error) if isinstance(error, errors.SendblueError) else type(error).__name__


class Reconciler(Generic[P, V]):
    """Finds the outcomes of one chunk. Reads may lag by `lag_before` behind writes before the call."""

    def __init__(
        self, action: BulkAction[P, V], chunk: Chunk[P], *, check_existing: bool, read_lag: float, lag_before: float
    ) -> None:
        self.pending: deque[Request] = deque()  # requests to send
        self.outcomes: list[BulkOutcome[V]] | None = None  # None while requests are to be sent or answered
        self._action = action
        self._chunk = chunk
        self._read_lag = read_lag
        self._sent_at = -math.inf
        self._unanswered = 0
        self._steps = self._reconcile(lag_before if check_existing else None)
        self._next_step()

    def receive_response(self) -> None:
        """Continue if all requests of this chunk have a response."""
        self._unanswered -= 1
        if not self._unanswered:
            self._next_step()

    def _next_step(self) -> None:
        self.pending.extend(next(self._steps, ()))
        self._unanswered = len(self.pending)

    def _reconcile(self, check_after: float | None) -> Steps:
        entries = [entry for entry in self._chunk if entry.payload is not None]
        if check_after is not None:
            _set_result(entries, _CHECK_EXISTING)
            entries = yield from self._look_up(entries, check_after)
        for attempt in range(MAX_SENDS):
            if entries:
                yield from self._send(entries)
                may_exist = attempt or check_after is not None  # so a rejected item may have been created before
                doubtful = [e for e in entries if e.result.is_open or (may_exist and e.result.status == "failed")]
                entries = yield from self._look_up(doubtful, self._read_lag)
        for entry in entries:
            reason = f"{entry.result.reason}; it was sent {MAX_SENDS} times and {self._action.without_effect}"
            entry.result = ItemResult("failed", None, reason, entry.result.error)
        self.outcomes = list(map(self._outcome, self._chunk))

    def _send(self, entries: Chunk[P]) -> Steps:
        payloads = [cast("P", entry.payload) for entry in entries]
        indices = tuple(entry.index for entry in entries)
        request = Request(self._action.operation(payloads), indices, sum(entry.size_bytes for entry in entries))
        yield [request]
        if self._sent_at < 0:
            self._sent_at = request.sent_at
        error = request.response
        if not isinstance(error, Exception):
            for entry, result in zip(entries, self._action.results(payloads, request.response), strict=True):
                entry.result = result
        elif len(entries) > 1 and is_too_large(error):
            yield from self._send(entries[: len(entries) // 2])
            yield from self._send(entries[len(entries) // 2 :])
        else:
            status: BulkStatus = "unknown" if maybe_applied(error) else "failed"
            _set_result(entries, ItemResult(status, None, describe(error), error))

    def _look_up(self, entries: Chunk[P], lag: float) -> Generator[list[Request], None, Chunk[P]]:
        """Look up these items, until reads lag no more. Returns those that have no result and no effect yet."""
        pauses = list(look_up_pauses(lag)) if self._action.believes_early else [lag]
        for pause in pauses[:-1]:
            found = yield from self._find(entries, pause, complete=False)
            entries = [entry for entry in entries if not self._is_shown(entry, found.get(entry.index))]
        found = yield from self._find(entries, pauses[-1], complete=True)
        return [entry for entry in entries if self._is_to_be_sent(entry, found[entry.index])]

    def _find(
        self, entries: Chunk[P], pause: float, *, complete: bool
    ) -> Generator[list[Request], None, dict[int, Contact | Exception | None]]:
        """Find the contacts of these items after a pause. Unless `complete`, many items only among the newest."""
        contacts: dict[str | None, Contact] = {}
        is_many = len(entries) > LIST_ABOVE and self._action.believes_early
        if is_many:
            yield [listing := Request(replace(operations.page(_NEWEST), delay=pause))]
            page: list[Contact] = [] if isinstance(listing.response, Exception) else listing.response
            contacts = {contact.phone: contact for contact in page}
        requests = [Request(operations.get(entry.number), response=contacts.get(entry.number)) for entry in entries]
        missing = [request for request in requests if request.response is None]
        if not is_many:  # the first look-up waits, and the others wait for it
            for request in missing[:1]:
                request.operation = replace(request.operation, delay=pause)
            yield from filter(None, [missing[:1], missing[1:]] if pause else [missing])
        elif complete and missing:
            yield missing
        return {entry.index: request.response for entry, request in zip(entries, requests, strict=True)}

    def _is_shown(self, entry: Entry[P], found: Contact | Exception | None) -> bool:
        """Whether the contact shows that the item was applied, although reads may lag."""
        if found is None or isinstance(found, Exception):
            return False
        result = self._action.result_of_lookup(cast("P", entry.payload), found)
        is_older = found.created_at is not None and found.created_at.timestamp() < self._sent_at - CLOCK_TOLERANCE
        if result is None or result.status == "failed" or is_older:
            return False
        entry.result = result
        return True

    def _is_to_be_sent(self, entry: Entry[P], found: Contact | Exception | None) -> bool:
        """Update the result of an item after its last look-up. Returns whether the item has to be sent (again)."""
        was_unknown = entry.result.status == "unknown"
        if isinstance(found, Exception):
            if was_unknown:
                reason = f"{entry.result.reason}; and the look-up failed: {describe(found)}"
                entry.result = ItemResult("unknown", None, reason, found)
            return False
        result = self._action.result_of_lookup(cast("P", entry.payload), found)
        entry.result = result or entry.result
        return result is None and was_unknown

    def _outcome(self, entry: Entry[P]) -> BulkOutcome[V]:
        status, value, reason, error = entry.result
        hint = f"; {self._action.unknown_hint}" if status == "unknown" else ""
        return BulkOutcome(entry.index, entry.item, status, value, reason + hint, error)


def _set_result(entries: Chunk[P], result: ItemResult[Any]) -> None:
    for entry in entries:
        entry.result = result
