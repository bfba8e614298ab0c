"""What arrived. A bounded memory of requests: the newest stay, the oldest go."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_REQUESTS = 10_000
MOST_BYTES = 16 * 1_048_576


@dataclass(frozen=True, slots=True)
class Received:
    """One request that arrived, and the status it was answered with.

    Attributes:
        at: When it arrived, in seconds, by the sandbox's clock.
        method: The HTTP method.
        path: The path as it was sent, with its percent signs.
        query: The query string as it was sent.
        headers: The headers, names in lower case. They hold the credentials, so a repr leaves them out.
        body: The body as it was sent; empty where it was too large.
        status: The status of the answer; 0 where a fault cut the connection before one.
        seconds: How long the answer took, in real seconds from the moment the request was there in whole.
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
        """The body, read as JSON.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.body)


class Requests:
    """The newest requests, at most 10,000 of them and at most 16 MiB of bodies."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: deque[Received] = deque()
        self._bytes = 0
        self._forgotten = 0

    def add(self, received: Received) -> None:
        """Remember a request, and forget the oldest where there are too many."""
        with self._lock:
            self._kept.append(received)
            self._bytes += len(received.body)
            while len(self._kept) > MOST_REQUESTS or self._bytes > MOST_BYTES:
                self._bytes -= len(self._kept.popleft().body)
                self._forgotten += 1

    def all(self) -> list[Received]:
        """The requests that are remembered, oldest first."""
        with self._lock:
            return list(self._kept)

    def count(self) -> int:
        """How many there were since the beginning or the last reset, forgotten ones included: the newest's number."""
        with self._lock:
            return self._forgotten + len(self._kept)

    def after(self, number: int, most: int) -> list[tuple[int, Received]]:
        """The newest requests after a given one, each with its number, oldest first.

        Args:
            number: The number of the last request that is known already; requests are counted from 1.
            most: How many at most.
        """
        with self._lock:
            newest = self._forgotten + len(self._kept)
            wanted = max(0, min(most, newest - number, len(self._kept)))
            found = islice(self._kept, len(self._kept) - wanted, None)
            return list(enumerate(found, newest - wanted + 1))

    def clear(self) -> None:
        """Forget every request, and count from 1 again."""
        with self._lock:
            self._kept.clear()
            self._bytes = self._forgotten = 0
