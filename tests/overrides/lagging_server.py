"""A server whose reads lag behind its writes and whose responses get lost, on a clock that moves only when asked to."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import anyio
import anyio.lowlevel
import httpx
from sendblue_contacts import AsyncSendblue, Retry, Sendblue
from sendblue_contacts._async import bulk as async_bulk
from sendblue_contacts._async.transports import AsyncRetryTransport
from sendblue_contacts._sync import bulk
from sendblue_contacts._sync.transports import RetryTransport

CONTACTS = "/api/v2/contacts"

Contact = dict[str, Any]


def _not_found() -> httpx.Response:
    return httpx.Response(404, json={"status": "ERROR", "message": "Contact not found"})


class LaggingServer:
    """Writes are applied at once and are visible `lag` seconds later.

    Attributes:
        now: The time of the server and of the clients, in seconds since 1970.
        lag: Seconds by which reads lag behind writes.
        loses: Whether the response to the request with this number, starting at 1, is lost; by default none is.
        drops: Whether the request with this number is lost before it is applied.
        unique: Whether a bulk creation rejects a number that exists; by default it creates the contact a second time.
        only_totals: Whether the response to a bulk deletion has totals only.
        not_found: The error of a number without a contact in the response to a bulk deletion.
        created: How many times each number was created.
        requests: Method and path of each request, and when it arrived.
    """

    def __init__(self, lag: float = 2.0) -> None:
        self.now = 1_700_000_000.0
        self.lag = lag
        self.loses: Callable[[int], bool] = lambda _: False
        self.drops: Callable[[int], bool] = lambda _: False
        self.unique = self.only_totals = False
        self.not_found = "Contact not found"
        self.created: Counter[str] = Counter()
        self.requests: list[tuple[str, float]] = []
        self._history: dict[str, list[tuple[float, Contact | None]]] = {}
        self._creations: list[str] = []
        self._lock = RLock()
        self._numbers = count(1)

    def lose_every_third(self) -> None:
        """Lose every third response, except when two responses to the same request were lost in a row."""
        losses: Counter[str] = Counter()

        def is_lost(number: int) -> bool:
            request, _ = self.requests[-1]
            is_lost = number % 3 == 0 and losses[request] < 2
            losses[request] = losses[request] + 1 if is_lost else 0
            return is_lost

        self.loses = is_lost

    # The clock of the clients

    def clock(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Advance the time instead of sleeping; sleeps in several threads overlap."""
        until = self.now + seconds
        with self._lock:
            self.now = max(self.now, until)

    async def async_sleep(self, seconds: float) -> None:
        """Like `sleep`, for tasks."""
        until = self.now + seconds
        await anyio.lowlevel.checkpoint()
        self.now = max(self.now, until)

    # What the server has

    def contacts(self, at: float | None = None) -> dict[str, Contact]:
        """Return the contacts by number, as they are now or were at a time."""
        found = {number: self.find(number, at) for number in self._history}
        return {number: contact for number, contact in found.items() if contact is not None}

    def find(self, number: str, at: float | None = None) -> Contact | None:
        """Return the contact with this number, as it is now or was at a time."""
        versions = self._history.get(number, [])
        return next((contact for since, contact in reversed(versions) if at is None or since <= at), None)

    def put(self, number: str, contact: Contact | None) -> None:
        """Store or delete a contact."""
        self._history.setdefault(number, []).append((self.now, contact))

    def create(self, number: str, fields: Contact) -> Contact:
        """Create a contact."""
        self.created[number] += 1
        self._creations.append(number)
        contact = {**fields, "phone": number, "created_at": datetime.fromtimestamp(self.now, UTC).isoformat()}
        self.put(number, contact)
        return contact

    # Requests

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Respond to a request."""
        with self._lock:
            self.now += 0.01
            number = next(self._numbers)
            path = unquote(request.url.path)
            self.requests.append((f"{request.method} {path}", self.now))
            if self.drops(number):
                raise httpx.ReadError("lost before it was applied")
            body = json.loads(request.content) if request.content else {}
            rest = path.removeprefix(CONTACTS).removeprefix("/")
            is_list = request.method == "GET" and not rest
            response = self._list(request.url.params) if is_list else self._respond(request.method, rest, body)
            if self.loses(number):
                raise httpx.ReadError("lost after it was applied")
            return response

    def _respond(self, method: str, rest: str, body: Contact) -> httpx.Response:
        if method == "GET":
            return self._read(rest)
        if rest == "bulk":
            return self._create(body["contacts"])
        if method == "DELETE" and not rest:
            return self._delete(body["contact_ids"])
        return self._write(method, rest or body["number"], body)

    def _list(self, query: httpx.QueryParams) -> httpx.Response:
        newest = [self.find(number, self.now - self.lag) for number in dict.fromkeys(reversed(self._creations))]
        found = [each for each in newest if each and each["created_at"] >= query.get("created_at_gte", "")]
        ordered = found[::-1] if query.get("order_direction") == "asc" else found
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 100))
        return httpx.Response(200, json=ordered[offset : offset + limit])

    def _read(self, number: str) -> httpx.Response:
        at = self.now - self.lag
        if number == "count":
            return httpx.Response(200, json={"count": len(self.contacts(at))})
        found = self.find(number, at)
        return httpx.Response(200, json={"contact": found}) if found else _not_found()

    def _create(self, items: list[Contact]) -> httpx.Response:
        existing = [item for item in items if self.unique and self.find(item["phone"])]
        made = [self.create(item["phone"], item) for item in items if item not in existing]
        failures = [{"contact": item, "error": "Contact already exists"} for item in existing]
        body = {"contacts": made, "numberOfContactsCreated": len(made), "failures": failures}
        return httpx.Response(200, json=body)

    def _write(self, method: str, number: str, body: Contact) -> httpx.Response:
        found = self.find(number)
        if method == "POST":
            if found and not body.get("update_if_exists"):
                return httpx.Response(409, json={"status": "ERROR", "message": "Contact already exists"})
            fields = {name: value for name, value in body.items() if name not in {"number", "update_if_exists"}}
            return httpx.Response(200, json={"contact": self._merge(number, found, fields)})
        if found is None:
            return _not_found()
        self.put(number, None)
        if method == "DELETE":
            return httpx.Response(200, json={"status": "OK"})
        new_number = body.pop("phone_number", number)
        return httpx.Response(200, json={"contact": self._merge(new_number, found, body)})

    def _merge(self, number: str, found: Contact | None, fields: Contact) -> Contact:
        if found is None:
            return self.create(number, fields)
        self.put(number, {**found, **fields, "phone": number})
        return self.find(number) or {}

    def _delete(self, numbers: list[str]) -> httpx.Response:
        results: list[dict[str, Any]] = [
            {"phone_number": number, "success": self.find(number) is not None} for number in numbers
        ]
        for result in results:
            self.put(result["phone_number"], None)
            result.update({} if result["success"] else {"error": self.not_found})
        amount = sum(result["success"] for result in results)
        return httpx.Response(200, json={"amount": amount, **({} if self.only_totals else {"results": results})})


def run_on(server: LaggingServer, kind: str, main: Callable[[Any], Any], retry: Retry | None = Retry()) -> Any:  # noqa: B008  # frozen
    """Run a function with a client of a kind, on the server and its clock. It is an async function for `async`."""
    inner = httpx.MockTransport(server)
    settings: dict[str, Any] = {"rate_limit": None, "retry": retry, "transport": inner}
    if kind == "sync":
        with Sendblue("key", "secret", **settings) as client, patch.object(bulk, "time", server.clock):
            client._transport = RetryTransport(inner, retry, clock=server.clock, sleep=server.sleep)
            return main(client)

    async def run() -> Any:
        async with AsyncSendblue("key", "secret", **settings) as client:
            client._transport = AsyncRetryTransport(inner, retry, clock=server.clock, sleep=server.async_sleep)
            return await main(client)

    with patch.object(async_bulk, "time", server.clock):
        return anyio.run(run)
