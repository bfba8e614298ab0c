"""What arrived. A bounded memory of requests: the newest stay, the oldest go."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
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
        body: The body as it was sent.
        status: The status of the answer.
    """

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int

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

    def add(self, received: Received) -> None:
        """Remember a request, and forget the oldest where there are too many."""
        with self._lock:
            self._kept.append(received)
            self._bytes += len(received.body)
            while len(self._kept) > MOST_REQUESTS or self._bytes > MOST_BYTES:
                self._bytes -= len(self._kept.popleft().body)

    def all(self) -> list[Received]:
        """The requests that are remembered, oldest first."""
        with self._lock:
            return list(self._kept)

    def clear(self) -> None:
        """Forget every request."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0
