"""The recorder: the newest requests that arrived at the sandbox, and their responses, in bounded memory."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from itertools import islice, takewhile
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .faults.fault import Fault

MAX_REQUESTS = 10_000
MAX_BYTES = 16 * 1_048_576
MAX_RESPONSE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Received:
    """A request that arrived, and the status of its response.

    Attributes:
        at: When it arrived, in seconds since 1970, by the clock of the sandbox.
        method: The HTTP method.
        path: The path as sent, percent-encoded.
        query: The query string as sent.
        headers: The headers; names are in lower case. They hold credentials, so the repr omits them.
        body: The body as sent; empty if it was too large.
        status: The status of the response; 0 if a fault reset the connection before a response.
        seconds: How long processing took, in real seconds, from the arrival of the complete request.
        fault: The fault that hit the request, if any.
    """

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    seconds: float = 0.0
    fault: Fault | None = None

    def json(self) -> Any:  # noqa: ANN401 - a body is whatever JSON the client sent
        """Return the body decoded as JSON.

        Raises:
            ValueError: The body is not valid JSON.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class SentResponse:
    """The response to a request, for the page.

    Attributes:
        headers: The headers.
        body: At most 64 KiB of the body.
        size: The size of the whole body in bytes.
    """

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    size: int


class RequestRecorder:
    """The newest requests: at most 10,000, with at most 16 MiB of bodies; and at most 16 MiB of their responses."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: deque[Received] = deque()
        self._responses: dict[int, SentResponse] = {}  # by the number of the request, oldest first
        self._bytes = 0
        self._response_bytes = 0
        self._dropped = 0

    def add(self, received: Received, response: SentResponse | None = None) -> None:
        """Record a request and its response, and drop the oldest ones if a bound is exceeded."""
        with self._lock:
            self._requests.append(received)
            self._bytes += len(received.body)
            while len(self._requests) > MAX_REQUESTS or self._bytes > MAX_BYTES:
                self._bytes -= len(self._requests.popleft().body)
                self._dropped += 1
            if response is not None:
                self._add_response(self._dropped + len(self._requests), response)

    def _add_response(self, number: int, response: SentResponse) -> None:
        self._responses[number] = response
        self._response_bytes += len(response.body)
        while len(self._responses) > MAX_REQUESTS or self._response_bytes > MAX_BYTES:
            oldest = next(iter(self._responses))
            self._response_bytes -= len(self._responses.pop(oldest).body)

    def all(self) -> list[Received]:
        """Return the recorded requests, oldest first."""
        with self._lock:
            return list(self._requests)

    def count(self) -> int:
        """Return the number of requests since the start or the last reset, dropped ones included.

        This is also the number of the newest request.
        """
        with self._lock:
            return self._dropped + len(self._requests)

    def after(
        self, number: int, limit: int, matches: Callable[[Received], bool] = lambda _: True
    ) -> list[tuple[int, Received]]:
        """Return the newest matching requests after a given one, each with its number, oldest first.

        Args:
            number: The number of the last request to leave out; requests are numbered from 1.
            limit: The maximum number of requests to return.
            matches: Selects the requests.
        """
        with self._lock:
            newest_first = enumerate(reversed(self._requests))
            newest = self._dropped + len(self._requests)
            numbered = ((newest - index, received) for index, received in newest_first)
            later = takewhile(lambda each: each[0] > number, numbered)
            found = list(islice((each for each in later if matches(each[1])), limit))
        return found[::-1]

    def find(self, number: int) -> tuple[Received, SentResponse | None] | None:
        """Return the request with a number, and its response; None if it is unknown or was dropped."""
        with self._lock:
            index = number - self._dropped - 1
            if not 0 <= index < len(self._requests):
                return None
            return self._requests[index], self._responses.get(number)

    def clear(self) -> None:
        """Drop every request, and number the next one 1."""
        with self._lock:
            self._requests.clear()
            self._responses.clear()
            self._bytes = self._response_bytes = self._dropped = 0
