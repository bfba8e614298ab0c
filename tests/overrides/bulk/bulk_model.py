"""A server of contacts that is a list of fates, and a driver for a course that lets requests end in any order. No I/O.

The server never refuses a number that it has: it would make the contact a second time. So that it never does, is up to
whoever sends.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx
from sendblue_contacts.bulk.actions import CreateJob
from sendblue_contacts.bulk.batching import Limits
from sendblue_contacts.bulk.scheduler import Course
from sendblue_contacts.errors import SendblueError, no_answer
from sendblue_contacts.retry import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sendblue_contacts import BulkOutcome
    from sendblue_contacts.bulk.reconciler import Request
    from sendblue_contacts.bulk.scheduler import OnSend
    from sendblue_contacts.operations import Operation

BULK = "/api/v2/contacts/bulk"
LISTING = "/api/v2/contacts"

LOST_BEFORE, LOST_AFTER, HALF_DONE, LATE, BROKEN, SILENT, REFUSED = (
    "lost before it was carried out",
    "lost after it was carried out",
    "500 when half of it was carried out",
    "timed out, and carried out when the next one comes",
    "carried out, and its answer cannot be read",
    "carried out, and its answer says nothing",
    "400",
)
UNAUTHORISED, NOBODY, TOO_MANY = "401", "nobody listens", "429"
WELL = "well"
FATES = (WELL, LOST_BEFORE, LOST_AFTER, HALF_DONE, BROKEN, SILENT, REFUSED, TOO_MANY)


@dataclass
class Server:
    """The server.

    Attributes:
        fates: What becomes of the next bulk requests; all goes well after these.
        look_fates: What becomes of the next look-ups.
        most: Bulk requests with more contacts are refused with 413.
        unique: Whether a number that is there is refused, as the documented server does.
        invalid: Numbers that it refuses by themselves.
        contacts: What it has, by number.
        made: How often each number was made here.
        seen: Method and path of each request, and the numbers that it had.
    """

    fates: list[str] = field(default_factory=list)
    look_fates: list[str] = field(default_factory=list)
    most: int = 1_000
    unique: bool = False
    invalid: frozenset[str] = frozenset()
    contacts: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    seen: list[tuple[str, list[str]]] = field(default_factory=list)
    _late: list[list[dict[str, Any]]] = field(default_factory=list)

    def answer(self, operation: Operation[Any]) -> object:
        """What comes of a request: a value, or an error."""
        method, path = operation.kwargs["method"].upper(), unquote(operation.kwargs["url"])
        items: list[dict[str, Any]] = operation.kwargs.get("json", {}).get("contacts", [])
        self.seen.append((f"{method} {path}", [item["phone"] for item in items]))
        fates = self.fates if path == BULK else self.look_fates
        fate = fates.pop(0) if fates else WELL
        response = self._created(items, fate) if path == BULK else self._looked(path, fate)
        if isinstance(response, httpx.TransportError):
            return no_answer(response, method, path, 1, lost=fate != NOBODY)
        call = Call(repeatable=False, retry=None, lost=response.status_code >= 500)
        try:
            return operation.finish(response, call)
        except SendblueError as error:
            return error

    def posts(self) -> list[list[str]]:
        """The numbers of each bulk request."""
        return [numbers for what, numbers in self.seen if what == f"POST {BULK}"]

    def looks(self) -> list[str]:
        """The paths of the look-ups."""
        return [what.removeprefix(f"GET {LISTING}") for what, _ in self.seen if what.startswith("GET")]

    def _created(self, items: list[dict[str, Any]], fate: str) -> httpx.Response | httpx.TransportError:
        while self._late:
            self._make(self._late.pop())
        if len(items) > self.most:
            return httpx.Response(413)
        return POSTS[fate](self, items)

    def _looked(self, path: str, fate: str) -> httpx.Response | httpx.TransportError:
        if fate != WELL:
            return _ERRORS[fate]() if fate in _ERRORS else httpx.ReadError("reset")
        if path == LISTING:
            return httpx.Response(200, json=list(self.contacts.values()))
        found = self.contacts.get(path.removeprefix(f"{LISTING}/"))
        body = {"contact": found, "status": "OK"} if found else {"status": "ERROR", "message": "Contact not found"}
        return httpx.Response(200 if found else 404, json=body)

    def _make(self, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Make the contacts; returns the failures."""
        failures: list[dict[str, Any]] = []
        for item in items:
            if item["phone"] in self.invalid:
                failures.append({"contact": item, "error": "Invalid phone number"})
            elif self.unique and item["phone"] in self.contacts:
                failures.append({"contact": item, "error": "Contact already exists"})
            else:
                self.made[item["phone"]] += 1
                self.contacts[item["phone"]] = item
        return failures

    def well(self, items: list[dict[str, Any]]) -> httpx.Response:
        """Carry it out, and say so."""
        failures = self._make(items)
        refused = [failure["contact"]["phone"] for failure in failures]
        created = [item for item in items if item["phone"] not in refused]
        body = {"status": "OK", "contacts": created, "numberOfContactsCreated": len(created), "failures": failures}
        return httpx.Response(200, json=body)

    def lost_after(self, items: list[dict[str, Any]]) -> httpx.TransportError:
        """Carry it out, and lose the answer."""
        self._make(items)
        return httpx.ReadError("reset")

    def half_done(self, items: list[dict[str, Any]]) -> httpx.Response:
        """Fail halfway."""
        self._make(items[: len(items) // 2])
        return httpx.Response(500)

    def late(self, items: list[dict[str, Any]]) -> httpx.TransportError:
        """Carry it out when the next one comes."""
        self._late.append(items)
        return httpx.ReadTimeout("too slow")

    def broken(self, items: list[dict[str, Any]]) -> httpx.Response:
        """Carry it out, and answer with half an answer."""
        self._make(items)
        return httpx.Response(200, content=b'{"status": "OK", "contacts": [{"pho')

    def silent(self, items: list[dict[str, Any]]) -> httpx.Response:
        """Carry it out, and name one of the contacts that were made in the answer, and nothing else."""
        refused = [failure["contact"]["phone"] for failure in self._make(items)]
        named = [item for item in items if item["phone"] not in refused][:1]
        return httpx.Response(200, json={"status": "OK", "contacts": named, "numberOfContactsCreated": len(named)})


_ERRORS: dict[str, Callable[[], httpx.Response | httpx.TransportError]] = {
    LOST_BEFORE: lambda: httpx.ReadError("reset"),
    REFUSED: lambda: httpx.Response(400, json={"status": "ERROR", "message": "Missing fields"}),
    UNAUTHORISED: lambda: httpx.Response(401),
    NOBODY: lambda: httpx.ConnectError("refused"),
    TOO_MANY: lambda: httpx.Response(429),
}


def _unheard(make: Callable[[], Any], _server: Server, _items: object) -> Any:  # noqa: ANN401  # a response or an error
    return make()


POSTS: dict[str, Callable[[Server, list[dict[str, Any]]], httpx.Response | httpx.TransportError]] = {
    WELL: Server.well,
    LOST_AFTER: Server.lost_after,
    HALF_DONE: Server.half_done,
    LATE: Server.late,
    BROKEN: Server.broken,
    SILENT: Server.silent,
    **{fate: partial(_unheard, make) for fate, make in _ERRORS.items()},
}


class Drive:
    """Drives a course: what is on its way ends in the order that `choose` picks.

    Attributes:
        course: The course.
        flying: What is on its way.
        most: The most requests that were on their way at one time.
    """

    def __init__(self, course: Course[Any, Any], server: Server, choose: Callable[[int], int] = lambda _: 0) -> None:
        self.course = course
        self.flying: list[Request] = []
        self.most = 0
        self._server = server
        self._choose = choose

    def outcomes(self, items: Iterable[object], on_send: OnSend | None = None) -> Iterator[BulkOutcome[Any]]:
        """As the real drivers do it, with requests that end one by one."""
        chunks = self.course.chunker.chunks(items)
        while True:
            self.flying += self.course.requests(on_send)
            self.most = max(self.most, len(self.flying))
            if (outcomes := self.course.outcomes()) is not None:
                yield from outcomes
            elif self.course.hungry:
                self._read(chunks)
            elif self.flying:
                self.end_one(self._choose(len(self.flying)))
            else:
                break
        if self.course.failure:
            raise self.course.failure

    def end_one(self, place: int) -> None:
        """One of the requests on their way ends."""
        request = self.flying.pop(place)
        self.course.answered(request, self._server.answer(request.operation))

    def _read(self, chunks: Iterator[Any]) -> None:
        try:
            self.course.add(next(chunks, None))
        except Exception as error:  # noqa: BLE001  # as the real drivers do
            self.course.end(error)


def creation(server: Server, rows: Iterable[object], **settings: Any) -> list[BulkOutcome[Any]]:  # noqa: ANN401  # a Course's
    """Create contacts on a server, chunks of two and two requests at one time unless told otherwise."""
    limits = Limits(settings.pop("chunk_size", 2), 100_000, settings.pop("concurrency", 2))
    choose = settings.pop("choose", lambda _: 0)
    on_send = settings.pop("on_send", None)
    course = Course(CreateJob(None), limits, **settings)
    return list(Drive(course, server, choose).outcomes(rows, on_send))


def rows(count: int) -> list[dict[str, Any]]:
    """So many contacts, each with a name of its own."""
    return [
        {"phone": f"+1415{number:07}", "first_name": f"n{number}"} for number in range(2_000_000, 2_000_000 + count)
    ]


def body_of(request: httpx.Request) -> Any:  # noqa: ANN401  # any JSON
    """The decoded body of a request."""
    return json.loads(request.content)
