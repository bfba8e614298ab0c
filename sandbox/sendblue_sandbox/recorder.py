"""The recorder: the newest requests that arrived at the sandbox, in bounded memory."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REQUESTS = 10_000
MAX_BYTES = 16 * 1_048_576


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
    """

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    seconds: float = 0.0

    def json(self) -> Any:  # noqa: ANN401 - a body is whatever JSON the client sent
        """Return the body decoded as JSON.

        Raises:
            ValueError: The body is not valid JSON.
        """
        return json.loads(self.body)


class RequestRecorder:
    """The newest requests: at most 10,000, with at most 16 MiB of bodies."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: deque[Received] = deque()
        self._bytes = 0
        self._dropped = 0

    def add(self, received: Received) -> None:
        """Record a request, and drop the oldest ones if a bound is exceeded."""
        with self._lock:
            self._requests.append(received)
            self._bytes += len(received.body)
            while len(self._requests) > MAX_REQUESTS or self._bytes > MAX_BYTES:
                self._bytes -= len(self._requests.popleft().body)
                self._dropped += 1

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

    def after(self, number: int, limit: int) -> list[tuple[int, Received]]:
        """Return the newest requests after a given one, each with its number, oldest first.

        Args:
            number: The number of the last request to leave out; requests are numbered from 1.
            limit: The maximum number of requests to return.
        """
        with self._lock:
            newest = self._dropped + len(self._requests)
            wanted = max(0, min(limit, newest - number, len(self._requests)))
            found = islice(self._requests, len(self._requests) - wanted, None)
            return list(enumerate(found, newest - wanted + 1))

    def clear(self) -> None:
        """Drop every request, and number the next one 1."""
        with self._lock:
            self._requests.clear()
            self._bytes = self._dropped = 0
