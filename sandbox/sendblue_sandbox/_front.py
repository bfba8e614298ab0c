"""The front: takes a request in whole, notes it, and hands it on.

The body is read to its end before anything is decided, and thrown away past the largest size, so that a refusal
reaches a client that is still sending. A path is tidied as web servers do it: `/api/v2/contacts/.` and
`/api/v2/contacts/` are the collection.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._requests import Received, Requests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ARRIVAL = "sandbox.arrival"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that is there in whole; the body is None where it was too large."""

    at: float
    headers: Mapping[str, str]
    body: bytes | None


class _LeftError(Exception):
    """The client went away before its request was there; half a request is none."""


class Front:
    """An ASGI app around another.

    Args:
        app: The app behind it; finds an `Arrival` in the scope.
        requests: Where requests are noted, before their answer goes out.
        clock: The time in seconds.
        most: The largest body in bytes.
    """

    def __init__(self, app: ASGIApp, requests: Requests, clock: Callable[[], float], most: int) -> None:
        self._app = app
        self._requests = requests
        self._clock = clock
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        at = self._clock()
        try:
            body = await _body(receive, self._most)
        except _LeftError:
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        arrival = Arrival(at, headers, body)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests.add(_received(scope, arrival, message["status"]))
            await send(message)

        await self._app({**scope, "path": _tidied(scope["path"]), ARRIVAL: arrival}, receive, noted)


async def _body(receive: Receive, most: int) -> bytes | None:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _LeftError
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks) if size <= most else None


def _received(scope: Scope, arrival: Arrival, status: int) -> Received:
    return Received(
        at=arrival.at,
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1").partition("?")[0],
        query=scope["query_string"].decode("latin-1"),
        headers=arrival.headers,
        body=arrival.body or b"",
        status=status,
    )


def _tidied(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")
