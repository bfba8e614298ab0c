"""A server of contacts that follows a list of faults, and an executor whose requests end in any order. No I/O.

Unless `unique` is set, the server accepts a number that it has, and creates the contact a second time: the tests check
that the client never sends it again.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import httpx
from sendblue_contacts import BulkOutcome
from sendblue_contacts._sync import bulk
from sendblue_contacts.body import write_json
from sendblue_contacts.bulk.reconciler import Request
from sendblue_contacts.errors import request_error
from sendblue_contacts.operations import Operation
from sendblue_contacts.raw_response import RawResponse
from sendblue_contacts.retry import Call

BULK = "/api/v2/contacts/bulk"
LISTING = "/api/v2/contacts"

LOST_BEFORE, LOST_AFTER, HALF_APPLIED, LATE, TRUNCATED, INCOMPLETE, REJECTED = (
    "connection lost before the request was applied",
    "connection lost after the request was applied",
    "500 after half of the request was applied",
    "timeout; applied when the next request arrives",
    "applied; the body is truncated",
    "applied; the response states one result only",
    "400",
)
UNAUTHORISED, UNREACHABLE, TOO_MANY = "401", "connection refused", "429"
SUCCESS = "success"
FAULTS = (SUCCESS, LOST_BEFORE, LOST_AFTER, HALF_APPLIED, TRUNCATED, INCOMPLETE, REJECTED, TOO_MANY)


@dataclass
class FakeServer:
    """The server.

    Attributes:
        faults: What happens to the next bulk requests; those after them succeed.
        lookup_faults: What happens to the next look-ups.
        max_contacts: Bulk requests with more contacts are rejected with 413.
        unique: Whether an existing number is rejected, as the documented server does.
        invalid: Numbers that are rejected one by one.
        contacts: The contacts by number.
        created: How many times each number was created here.
        requests: Method and path of each request, and the numbers in it.
    """

    faults: list[str] = field(default_factory=list)
    lookup_faults: list[str] = field(default_factory=list)
    max_contacts: int = 1_000
    unique: bool = False
    invalid: frozenset[str] = frozenset()
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, list[str]]] = field(default_factory=list)
    _late: list[list[dict[str, Any]]] = field(default_factory=list)

    def send(self, operation: Operation[Any]) -> Any:
        """Returns the response to a request, or raises its error."""
        method, path = operation.kwargs["method"].upper(), unquote(operation.kwargs["url"])
        items: list[dict[str, Any]] = json.loads(write_json(operation.kwargs.get("json", {}))).get("contacts", [])
        self.requests.append((f"{method} {path}", [item["phone"] for item in items]))
        faults = self.faults if path == BULK else self.lookup_faults
        fault = faults.pop(0) if faults else SUCCESS
        response = self._create(items, fault) if path == BULK else self._look_up(path, fault)
        if isinstance(response, httpx.TransportError):
            raise request_error(response, method, path, 1, maybe_applied=fault != UNREACHABLE)
        call = Call(repeatable=False, retry=None, maybe_applied=response.status_code >= 500)
        return RawResponse.of(response, operation, call)

    def posts(self) -> list[list[str]]:
        """The numbers of each bulk request."""
        return [numbers for request, numbers in self.requests if request == f"POST {BULK}"]

    def lookups(self) -> list[str]:
        """The paths of the look-ups, without their common prefix."""
        return [request.removeprefix(f"GET {LISTING}") for request, _ in self.requests if request.startswith("GET")]

    def _create(self, items: list[dict[str, Any]], fault: str) -> httpx.Response | httpx.TransportError:
        while self._late:
            self._apply(self._late.pop())
        if len(items) > self.max_contacts:
            return httpx.Response(413)
        if fault in _ERRORS:
            return _ERRORS[fault]()
        if fault == LATE:
            self._late.append(items)
            return httpx.ReadTimeout("too slow")
        failures = self._apply(items[: len(items) // 2] if fault == HALF_APPLIED else items)
        return (
            _LOST[fault]() if fault in _LOST else _results(items, failures, stated=1 if fault == INCOMPLETE else None)
        )

    def _look_up(self, path: str, fault: str) -> httpx.Response | httpx.TransportError:
        if fault != SUCCESS:
            return _ERRORS[fault]() if fault in _ERRORS else httpx.ReadError("reset")
        if path == LISTING:
            return httpx.Response(200, json=list(self.contacts.values()))
        found = self.contacts.get(path.removeprefix(f"{LISTING}/"))
        body = {"contact": found, "status": "OK"} if found else {"status": "ERROR", "message": "Contact not found"}
        return httpx.Response(200 if found else 404, json=body)

    def _apply(self, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Create the contacts; returns the failures."""
        failures: list[dict[str, Any]] = []
        for item in items:
            if item["phone"] in self.invalid:
                failures.append({"contact": item, "error": "Invalid phone number"})
            elif self.unique and item["phone"] in self.contacts:
                failures.append({"contact": item, "error": "Contact already exists"})
            else:
                self.created[item["phone"]] += 1
                self.contacts[item["phone"]] = item
        return failures


def _results(items: list[dict[str, Any]], failures: list[dict[str, Any]], *, stated: int | None) -> httpx.Response:
    """Returns a response with the first results, and the failures if no result is missing."""
    rejected = [failure["contact"]["phone"] for failure in failures]
    created = [item for item in items if item["phone"] not in rejected][:stated]
    body = {"status": "OK", "contacts": created, "numberOfContactsCreated": len(created)}
    return httpx.Response(200, json=body if stated else {**body, "failures": failures})


_ERRORS: dict[str, Callable[[], httpx.Response | httpx.TransportError]] = {
    LOST_BEFORE: lambda: httpx.ReadError("reset"),
    REJECTED: lambda: httpx.Response(400, json={"status": "ERROR", "message": "Missing fields"}),
    UNAUTHORISED: lambda: httpx.Response(401),
    UNREACHABLE: lambda: httpx.ConnectError("refused"),
    TOO_MANY: lambda: httpx.Response(429),
}
_LOST: dict[str, Callable[[], httpx.Response | httpx.TransportError]] = {
    LOST_AFTER: lambda: httpx.ReadError("reset"),
    HALF_APPLIED: lambda: httpx.Response(500),
    TRUNCATED: lambda: httpx.Response(200, content=b'{"status": "OK", "contacts": [{"pho'),
}


class OrderedExecutor:
    """An executor without threads: its functions run one by one, in the order that `choose` picks.

    Attributes:
        max_in_flight: The highest number of functions that were started and had not run.
    """

    def __init__(self, choose: Callable[[int], int] = lambda _: 0) -> None:
        self.max_in_flight = 0
        self._in_flight: list[Callable[[], Any]] = []
        self._choose = choose

    def start(self, work: Callable[[], Any]) -> None:
        """Start a function."""
        self._in_flight.append(work)
        self.max_in_flight = max(self.max_in_flight, len(self._in_flight))

    def next(self) -> Any:
        """Run the function that `choose` picks."""
        return self._in_flight.pop(self._choose(len(self._in_flight)))()

    def close(self) -> None:
        """Drop the functions that have not run."""
        self._in_flight.clear()


def run(
    server: FakeServer, rows: Iterable[Any], executor: OrderedExecutor | None = None, **options: Any
) -> Iterator[BulkOutcome[Any]]:
    """Create contacts on a server; the requests end in the order that the executor picks. Yields the outcomes."""
    used = OrderedExecutor() if executor is None else executor
    stand_in = {Request: lambda _: used}  # for ThreadExecutor[Request]
    options = {"chunk_size": 1, "concurrency": 3, **options}
    with patch.object(bulk, "ThreadExecutor", stand_in):
        yield from bulk.BulkContacts(server.send, None).stream_create(rows, **options)


def create(server: FakeServer, rows: Iterable[Any], **options: Any) -> list[BulkOutcome[Any]]:
    """Create contacts on a server, by default in chunks of two and with two requests in flight."""
    executor = OrderedExecutor(options.pop("choose", lambda _: 0))
    return list(run(server, rows, executor, **{"chunk_size": 2, "concurrency": 2, **options}))


def make_rows(count: int) -> list[dict[str, Any]]:
    """Returns contacts with different numbers and first names."""
    return [
        {"phone": f"+1415{number:07}", "first_name": f"n{number}"} for number in range(2_000_000, 2_000_000 + count)
    ]
