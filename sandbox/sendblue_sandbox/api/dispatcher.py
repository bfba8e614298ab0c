"""The app: a request that is there in whole, to an answer. It asks the other rooms in turn.

The order of the checks: the route (404, 405), the credentials (403, 401), the limit (429), the faults, the query (400),
the body (413, 400), the operation. So only requests with good credentials to a route of the API count against the limit
(the vendor's page 003: "Contacts endpoints are rate-limited"), and a fault happens to none but those.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from email.utils import formatdate
from random import random
from typing import TYPE_CHECKING

import anyio

from sendblue_sandbox.faults.fault_effects import NOTHING, REAL, spoilt

from .auth import key_of
from .errors import Refused
from .operations import HANDLERS, Call
from .query_params import asked
from .response import Answer, bad, good
from .routing import Router
from .validation import checked, parsed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from contextlib import AbstractContextManager

    from sendblue_sandbox.config import RetryAfter
    from sendblue_sandbox.faults.fault import Fault
    from sendblue_sandbox.state import State

    from .document import Operation

LOG = logging.getLogger("sendblue_sandbox")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that is there in whole.

    Attributes:
        at: When it arrived, in seconds.
        method: The HTTP method.
        path: The path, decoded.
        query: The query string, as it was sent.
        headers: The headers, names in lower case.
        body: The body; None where it was too large.
    """

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes | None


class App:
    """The operations of a document over HTTP.

    Args:
        state: What they work on.
        sleep: Waits for a number of seconds.
        chance: Draws from 0 to 1, for the jitter of faults.
    """

    def __init__(
        self,
        state: State,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        chance: Callable[[], float] = random,
    ) -> None:
        self._state = state
        self._desk = state.desk
        self._router = Router(state.desk.document.operations)
        self._sleep = sleep
        self._chance = chance

    async def answer(self, arrival: Arrival) -> Answer:
        """Answer a request, or refuse it. Raises nothing."""
        try:
            operation, variable = self._router.find(arrival.method, arrival.path)
            self._admit(arrival)
        except Refused as refused:
            return bad(refused)
        fault = self._state.faults.take(operation.name, arrival.method, arrival.path)
        if fault is None:
            return self._carried_out(operation, variable, arrival)
        return await self._faulty(fault, lambda: self._carried_out(operation, variable, arrival))

    async def _faulty(self, fault: Fault, carry_out: Callable[[], Answer]) -> Answer:
        delay = fault.delay + fault.jitter * self._chance()
        if fault.after:
            real = carry_out()
            await self._sleep(delay)
        else:
            await self._sleep(delay)
            real = carry_out() if fault.what in REAL else NOTHING
        return spoilt(fault, real)

    def _admit(self, arrival: Arrival) -> None:
        settings = self._desk.settings
        key = key_of(arrival.headers, self._desk.document.credentials, (settings.api_key, settings.api_secret))
        wait = self._state.limit.arrive(key, arrival.at)
        if wait is not None:
            raise Refused(429, "Too many requests", RETRY_AFTER[settings.retry_after](wait, arrival.at))

    def _carried_out(self, operation: Operation, variable: str, arrival: Arrival) -> Answer:
        try:
            answer = self._handled(operation, variable, arrival)
            return good(answer, operation.answer, self._desk.settings.spelling)
        except Refused as refused:
            return bad(refused)
        except Exception as error:  # noqa: BLE001 - whatever it was, the server goes on
            return _broken(error)

    def _handled(self, operation: Operation, variable: str, arrival: Arrival) -> object:
        handler = HANDLERS.get(operation.name)
        if handler is None:
            message = f"The sandbox cannot carry out {operation.name}: the document has it, the sandbox not yet"
            raise Refused(501, message)
        query = asked(operation.query, arrival.query)
        call = Call(operation, variable, query, _body(operation, arrival), round(arrival.at * 1000))
        with self._turn(operation):
            return handler(self._desk, call)

    def _turn(self, operation: Operation) -> AbstractContextManager[None]:
        store = self._desk.store
        return store.reading() if operation.method == "GET" else store.writing()


def _body(operation: Operation, arrival: Arrival) -> dict[str, object]:
    if arrival.body is None:
        raise Refused(413, "Request entity too large")
    if operation.body is None:
        return {}
    return checked(operation.body, parsed(arrival.body, arrival.headers.get("content-type", "")))


def _seconds(wait: float, _: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(wait)))}


def _date(wait: float, now: float) -> dict[str, str]:
    return {"Retry-After": formatdate(math.ceil(now + wait), usegmt=True)}


def _none(_: float, __: float) -> dict[str, str]:
    return {}


# How a refused request is told when to come back: whoever waits so long is admitted.
RETRY_AFTER: dict[RetryAfter, Callable[[float, float], dict[str, str]]] = {
    "seconds": _seconds,
    "date": _date,
    "none": _none,
}


def _broken(error: Exception) -> Answer:
    LOG.error("The sandbox failed to answer a request.", exc_info=error)
    return bad(Refused(500, f"Internal server error ({type(error).__name__})"))
