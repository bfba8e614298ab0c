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
once more: the first request may have been slow, not lost. What timed out is sent again in smaller requests, as
`chunk_size` allows, and then not counted: each is smaller than the last.

More than a few items are looked for in lists first: on the page of the newest contacts, then on pages of those that
were created since the request, oldest first, however many others create meanwhile. The time of the request is one of
the server's clock (`server_clock`), less a second. Only the look-up of a single number proves that a contact does not
exist, so those that no page shows are looked up one by one. An import that was interrupted knows since when its rows
were sent: those that complete pages do not show are sent again at once. If one exists nevertheless, the server rejects
it, and then it is looked up.

Reads may lag behind writes. Until `read_lag` seconds have passed, look-ups only prove that a contact with the sent
values that is not older than the request was created; they are repeated after pauses. Then the table applies.

Deletions are safe to repeat, which the transports do. If that gets no response, or one that does not state a result,
a contact that still exists once reads lag no more was not deleted.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from sendblue_contacts import errors, operations
from sendblue_contacts.pagination.window import MAX_PAGE_SIZE, OLDEST_FIRST
from sendblue_contacts.responses import CREATED_AT, REPORTS_ERROR, attribute
from sendblue_contacts.retry import look_up_pauses

from .types import ItemResult

if TYPE_CHECKING:
    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts.operations import Operation
    from sendblue_contacts.raw_response import RawResponse

    from .actions import BulkAction
    from .chunk_size import ChunkSize
    from .server_clock import ServerClock
    from .types import BulkStatus, Chunk, Entry

P = TypeVar("P")
V = TypeVar("V")

MAX_SENDS = 3  # maximum number of times that an item is sent
LIST_ABOVE = 10  # if more items than this have to be looked up, contacts are listed first
LIST_PAUSES = (0.0, 0.2, 0.8)  # before each list, as parts of the seconds by which reads may lag
ITEMS_PER_PAGE = 20  # a further page is listed only if so many items are missing for each page: else they are cheaper
MAX_PAGES = 10  # what an offset can reach
CLOCK_TOLERANCE = 1.0  # seconds by which a contact may seem older than its creation: servers round

RequestKind = Literal["send", "look up"]
SEND: RequestKind = "send"
LOOK_UP: RequestKind = "look up"

_TOO_LARGE = re.compile(r"too (large|big|long|many)|exceed|at most|maximum", re.IGNORECASE)
_CHECK_EXISTING = ItemResult[Any]("unknown", None, "not sent because check_existing is set")
_OLDEST = {**OLDEST_FIRST, "limit": MAX_PAGE_SIZE}
_NEWEST = {**_OLDEST, "order_direction": "desc"}
_CREATED_AT = attribute(CREATED_AT)


@dataclass(slots=True, eq=False, repr=False)
class Request:
    """A request of a chunk."""

    operation: Operation[Any]
    indices: tuple[int, ...] = ()  # input positions of the items that it carries; empty for a look-up
    unsent: int = 0  # how many invalid items its chunk has
    size_bytes: int = 0  # of these items
    sent_at: float = -math.inf  # in seconds since 1970
    received_at: float = -math.inf  # as above
    seconds: float = 0.0  # how long the server took
    date: str = ""  # the `Date` header of the response
    response: Any = None  # the decoded response, or the error that was raised instead

    @property
    def kind(self) -> RequestKind:
        """Whether it sends items or looks up contacts."""
        return SEND if self.indices else LOOK_UP

    def receive(self, raw: RawResponse[Any]) -> None:
        """Take the response of the server. Raises the error that it states."""
        self.seconds, self.date = raw.slowest_attempt, raw.headers.get("date", "")
        self.response = raw.parse()


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
    """Finds the outcomes of one chunk. Reads may lag by `lag_before` behind writes before the call.

    With `since`, in seconds since 1970, the items were sent at that time or later, by a process that was interrupted.
    """

    def __init__(
        self,
        action: BulkAction[P, V],
        size: ChunkSize,
        clock: ServerClock,
        chunk: Chunk[P],
        *,
        check_existing: bool,
        read_lag: float,
        lag_before: float,
        since: float | None = None,
    ) -> None:
        self.pending: deque[Request] = deque()  # requests to send
        self.chunk: Chunk[P] = chunk
        self.is_done: bool = False  # whether each item has its final result
        self._action = action
        self._size = size
        self._clock = clock
        self._read_lag = read_lag
        self._sent_at = -math.inf if since is None else since
        self._trusts_lists = since is not None  # an item that no list shows is sent again without a look-up
        self._is_complete = False  # whether the last lists had all contacts since then
        self._was_too_large = False  # a request of this attempt is sent again in smaller ones
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
        entries = [entry for entry in self.chunk if entry.payload is not None]
        if check_after is not None:
            _set_result(entries, _CHECK_EXISTING)
            entries = yield from self._look_up(entries, check_after)
        attempts = sends = 0
        while entries and sends < MAX_SENDS:
            self._was_too_large = False
            yield from self._send(entries)
            may_exist = attempts or check_after is not None  # so a rejected item may have been created before
            doubtful = [e for e in entries if e.result.is_open or (may_exist and e.result.status == "failed")]
            entries = yield from self._look_up(doubtful, self._read_lag)
            attempts, sends = attempts + 1, sends + (not self._was_too_large)
        for entry in entries:
            reason = f"{entry.result.reason}; it was sent {attempts} times and {self._action.without_effect}"
            entry.result = ItemResult("failed", None, reason, entry.result.error)
        for entry in self.chunk:
            if entry.result.status == "unknown":
                entry.result = entry.result._replace(reason=f"{entry.result.reason}; {self._action.unknown_hint}")
        self.is_done = True

    def _send(self, entries: Chunk[P]) -> Steps:
        self._trusts_lists = False  # what the server then rejects is looked up
        size_bytes = sum(entry.size_bytes for entry in entries)
        if not self._fits(entries, size_bytes):  # any more
            yield from self._send_halves(entries)
            return
        payloads = cast("list[P]", [entry.payload for entry in entries])
        indices = tuple(entry.index for entry in entries)
        unsent = sum(entry.payload is None for entry in self.chunk)
        request = Request(self._action.operation(payloads), indices, unsent, size_bytes)
        yield [request]
        self._sent_at = request.sent_at if self._sent_at < 0 else self._sent_at
        error = request.response
        if not isinstance(error, Exception):
            for entry, result in zip(entries, self._action.results(payloads, request.response), strict=True):
                entry.result = result
        elif len(entries) > 1 and is_too_large(error):
            yield from self._send_halves(entries)
        else:
            self._was_too_large = self._was_too_large or not self._fits(entries, size_bytes)
            status: BulkStatus = "unknown" if maybe_applied(error) else "failed"
            _set_result(entries, ItemResult(status, None, describe(error), error))

    def _send_halves(self, entries: Chunk[P]) -> Steps:
        yield from self._send(entries[: len(entries) // 2])
        yield from self._send(entries[len(entries) // 2 :])

    def _fits(self, entries: Chunk[P], size_bytes: int) -> bool:
        return len(entries) == 1 or self._size.allows(len(entries), size_bytes)

    def _look_up(self, entries: Chunk[P], lag: float) -> Generator[list[Request], None, Chunk[P]]:
        """Look up these items, until reads lag no more. Returns those that have no result and no effect yet."""
        found: dict[int, Contact | Exception | None]
        for pause in self._early_pauses(lag, len(entries)):
            found = yield from self._find(entries, pause, complete=False)
            entries = [entry for entry in entries if not self._is_shown(entry, found.get(entry.index))]
            lag -= pause
        found = yield from self._find(entries, lag, complete=True)
        return [entry for entry in entries if self._is_to_be_sent(entry, found[entry.index])]

    def _early_pauses(self, lag: float, count: int) -> list[float]:
        """The pauses before look-ups while reads may lag; the last look-up is made when all these seconds are over."""
        if not self._action.believes_early or not lag:
            return []
        if count > LIST_ABOVE:
            return [part * lag for part in LIST_PAUSES[:-1]]
        return list(look_up_pauses(lag))[:-1]

    def _find(
        self, entries: Chunk[P], pause: float, *, complete: bool
    ) -> Generator[list[Request], None, dict[int, Contact | Exception | None]]:
        """Find the contacts of these items after a pause. Unless `complete`, many items only on one page of a list."""
        is_many = len(entries) > LIST_ABOVE and self._action.believes_early
        contacts: dict[str | None, Contact] = {}
        if is_many:
            contacts = yield from self._list(entries, pause, MAX_PAGES if complete else 1)
        requests = [Request(operations.get(entry.number), response=contacts.get(entry.number)) for entry in entries]
        missing = [request for request in requests if request.response is None]
        if not is_many:  # the first look-up waits, and the others wait for it
            for request in missing[:1]:
                request.operation = replace(request.operation, delay=pause)
            yield from filter(None, [missing[:1], missing[1:]] if pause else [missing])
        elif complete and missing and not (self._trusts_lists and self._is_complete):
            yield missing
        return {entry.index: request.response for entry, request in zip(entries, requests, strict=True)}

    def _list(
        self, entries: Chunk[P], pause: float, max_pages: int
    ) -> Generator[list[Request], None, dict[str | None, Contact]]:
        """List pages on which the contacts of these items may be, until all are found. Returns contacts by number."""
        contacts: dict[str | None, Contact] = {}
        missing = len(entries)
        for filters in self._pages(pause):
            yield [listing := Request(replace(operations.page(filters), delay=pause))]
            pause = 0.0
            page: list[Contact] = [] if isinstance(listing.response, Exception) else listing.response
            contacts.update((contact.phone, contact) for contact in page)
            missing = sum(entry.number not in contacts for entry in entries)
            max_pages = min(max_pages - 1, missing // ITEMS_PER_PAGE)
            is_last = len(page) < MAX_PAGE_SIZE
            self._is_complete = is_last and page is listing.response
            if max_pages <= 0 or is_last:
                break
        return contacts

    def _pages(self, pause: float) -> Generator[dict[str, Any]]:
        """Yield the filters of each page: the newest contacts, and then those since the request was sent."""
        offsets = range(0, MAX_PAGES * MAX_PAGE_SIZE, MAX_PAGE_SIZE)
        if not pause:
            yield _NEWEST
        if self._sent_at > 0 and self._clock.is_known:
            since = datetime.fromtimestamp(math.floor(self._clock.earliest(self._sent_at)), UTC)
            yield from ({**_OLDEST, "created_at_gte": since, "offset": offset} for offset in offsets)
        else:
            yield from ({**_NEWEST, "offset": offset} for offset in offsets[not pause :])

    def _is_shown(self, entry: Entry[P], found: Contact | Exception | None) -> bool:
        """Whether the contact shows that the item was applied, although reads may lag."""
        if found is None or isinstance(found, Exception):
            return False
        result = self._action.result_of_lookup(cast("P", entry.payload), found)
        earliest = self._clock.earliest(self._sent_at) - CLOCK_TOLERANCE
        created_at = _CREATED_AT(found)
        is_older = created_at is not None and created_at.timestamp() < earliest
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


def _set_result(entries: Chunk[P], result: ItemResult[Any]) -> None:
    for entry in entries:
        entry.result = result
