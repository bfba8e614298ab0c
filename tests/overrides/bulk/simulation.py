"""Bulk calls on a simulated clock: a server whose time grows with the items, and an executor that knows when each ends.

Requests are paced as those of a client at the real limit. Items are phone numbers, which keeps them cheap.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, cast
from unittest.mock import patch
from urllib.parse import unquote

from sendblue_contacts import APITimeoutError, BulkOutcome, PayloadTooLargeError, RateLimit
from sendblue_contacts._masking import RequestSummary
from sendblue_contacts._sync import bulk
from sendblue_contacts.bulk.actions import BulkAction
from sendblue_contacts.bulk.batching import BatchLimits
from sendblue_contacts.bulk.defaults import CONCURRENCY, MAX_CHUNK_BYTES
from sendblue_contacts.bulk.reconciler import Request
from sendblue_contacts.bulk.results import outcomes_of
from sendblue_contacts.bulk.scheduler import BulkScheduler
from sendblue_contacts.bulk.types import ItemResult
from sendblue_contacts.operations import Operation
from sendblue_contacts_api.models.contact import Contact

PACE = RateLimit().pace
BULK = "/bulk"
START = 1_700_000_000.0
ITEM_BYTES = 16
"""The size of a number in a request."""

ACTION: BulkAction[str, str] = BulkAction(
    argument="numbers",
    unknown_hint="",
    without_effect="does not exist",
    believes_early=True,
    payload=str,
    table_items=lambda table: table,
    number=str,
    size_bytes=lambda number: len(number) + 3,
    operation=lambda numbers: Operation({"method": "POST", "url": BULK, "json": numbers}, lambda body: body),
    results=lambda numbers, existing: [
        ItemResult("failed" if each in existing else "created", each) for each in numbers
    ],
    result_of_lookup=lambda number, contact: ItemResult("created", number) if contact else None,
)


@dataclass
class Response:
    """A response as the bulk calls read it."""

    value: Any
    slowest_attempt: float
    headers: dict[str, str]

    def parse(self) -> Any:
        """Return the value."""
        return self.value


@dataclass
class SimulatedServer:
    """The server, and the clock of everything. It rejects a number that it has.

    Attributes:
        seconds: How long a bulk request with so many items takes.
        max_items: Larger bulk requests are refused.
        max_bytes: Bulk requests with more bytes are refused, too.
        timeout: Seconds after which the client gives a request up; the server goes on.
        lost: The bulk requests, counted from 1, whose responses are lost.
        unapplied: Whether what timed out is never applied.
        ahead: Seconds by which the clock of the server is ahead.
        lag: Seconds by which reads lag behind writes.
        older: How many contacts were created in the hour before.
        others: How many contacts others create each second.
        ignores_time: Whether a list ignores `created_at_gte`.
        created: When each number was created, on the clock of the server.
        rejected: How many times a number was rejected because it existed.
        sizes: The number of items of each bulk request.
        look_ups: The paths of the other requests.
    """

    seconds: Callable[[int], float] = lambda _: 0.05
    max_items: int = 10**6
    max_bytes: int = 10**9
    timeout: float = 30.0
    lost: tuple[int, ...] = ()
    unapplied: bool = False
    ahead: float = 0.0
    lag: float = 0.0
    older: int = 0
    others: int = 0
    ignores_time: bool = False
    created: dict[str, float] = field(default_factory=dict)
    rejected: int = 0
    sizes: list[int] = field(default_factory=list)
    look_ups: list[str] = field(default_factory=list)
    now: float = START
    _next_slot: float = 0.0
    _late: list[tuple[float, list[str]]] = field(default_factory=list)
    _in_flight: list[tuple[float, float, Callable[[], Any]]] = field(default_factory=list)

    # The executor of the bulk calls

    def start(self, work: Callable[[], Any]) -> None:
        """Start a request, when the rate limit allows it."""
        operation = work.args[1].operation  # type: ignore[attr-defined]  # a partial of `_send_request`
        self._next_slot = started = max(self.now + operation.delay, self._next_slot + PACE)
        self._in_flight.append((started + min(self._duration(operation), self.timeout), started, work))

    def next(self) -> Any:
        """Return the next request that ends, at that time."""
        first = min(self._in_flight, key=lambda request: request[:2])
        self._in_flight.remove(first)
        ended, self.now, work = first
        self._ended = ended
        return work()

    def close(self) -> None:
        """Drop what has not ended."""
        self._in_flight.clear()

    # Requests

    def send(self, operation: Operation[Any]) -> Response:
        """Respond to a request."""
        started, self.now = self.now, self._ended
        for due, numbers in self._late:
            if due <= self.now:
                self._create(numbers, due)
        self._late = [late for late in self._late if late[0] > self.now]
        url, seconds = operation.kwargs["url"], self._duration(operation)
        value = self._respond(operation.kwargs["json"], started + seconds) if url == BULK else self._read(operation)
        return Response(value, seconds, {"date": formatdate(self.now + self.ahead, usegmt=True)})

    def _duration(self, operation: Operation[Any]) -> float:
        is_bulk = operation.kwargs["url"] == BULK and not self._is_too_large(operation.kwargs["json"])
        return self.seconds(len(operation.kwargs["json"])) if is_bulk else 0.05

    def _is_too_large(self, numbers: list[str]) -> bool:
        return len(numbers) > self.max_items or len(numbers) * ITEM_BYTES > self.max_bytes

    def _respond(self, numbers: list[str], ends: float) -> set[str]:
        self.sizes.append(len(numbers))
        summary = RequestSummary.of("POST", BULK)
        if self._is_too_large(numbers):
            raise PayloadTooLargeError("status 413", request=summary)
        error = APITimeoutError("no response", request=summary)
        error.maybe_applied = True
        if ends > self.now + 1e-6:
            self._late += [] if self.unapplied else [(ends, numbers)]
            raise error
        existing = self._create(numbers, self.now)
        if len(self.sizes) in self.lost:
            raise error
        return existing

    def _create(self, numbers: list[str], at: float) -> set[str]:
        existing = self.created.keys() & numbers
        self.rejected += len(existing)
        self.created.update((number, at + self.ahead) for number in numbers if number not in existing)
        return existing

    def _read(self, operation: Operation[Any]) -> Any:
        self.look_ups.append(unquote(operation.kwargs["url"]))
        shown = self.now + self.ahead - self.lag
        if "params" not in operation.kwargs:
            number = self.look_ups[-1].rpartition("/")[2]
            return Contact(phone=number) if self.created.get(number, shown + 1) <= shown else None
        return self._page(operation.kwargs["params"], shown)

    def _page(self, query: dict[str, Any], shown: float) -> list[Contact]:
        rows = [(at, number) for number, at in self.created.items() if at <= shown]
        start = START + self.ahead
        rows += [(start - 3600 * index / self.older, f"older {index}") for index in range(self.older)]
        rows += [(start + index / self.others, f"other {index}") for index in range(int((shown - start) * self.others))]
        since = "" if self.ignores_time else query.get("created_at_gte", "")
        found = sorted(row for row in rows if not since or _formatted(row[0]) >= since)
        ordered = found if query["order_direction"] == "asc" else found[::-1]
        offset = query.get("offset", 0)
        return [Contact(phone=number) for _, number in ordered[offset : offset + query["limit"]]]


def _formatted(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def numbers(count: int) -> Iterator[str]:
    """Return different phone numbers."""
    return (f"+1415{number}" for number in range(2_000_000, 2_000_000 + count))


def simulate(
    server: SimulatedServer,
    count: int,
    chunk_size: Any = "auto",
    *,
    check_existing: bool = False,
) -> list[BulkOutcome[Any]]:
    """Send so many items to a server, and return the outcomes."""
    limits = BatchLimits(chunk_size, MAX_CHUNK_BYTES, CONCURRENCY)
    scheduler = BulkScheduler(ACTION, numbers(count), limits, check_existing=check_existing, read_lag=5.0)
    stand_in = {Request: lambda _: server}  # for ThreadExecutor[Request]
    with patch.object(bulk, "ThreadExecutor", stand_in), patch.object(bulk, "time", lambda: server.now):
        return [
            outcome for chunk in bulk._run_chunks(cast("Any", server.send), scheduler) for outcome in outcomes_of(chunk)
        ]


def best_seconds(server: SimulatedServer, count: int) -> float:
    """Return how long so many items take with the best fixed size, without the start and the end of a call."""
    largest = min(1_000, server.max_items, server.max_bytes // ITEM_BYTES)
    sizes = [size for size in range(1, largest + 1) if server.seconds(size) <= server.timeout]
    return count / max(size * min(1 / PACE, CONCURRENCY / server.seconds(size)) for size in sizes)
