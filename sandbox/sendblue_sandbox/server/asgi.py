"""The front: ASGI on one side, whole requests and whole answers on the other. It notes what comes and what goes.

A path is tidied as web servers do it: `/api/v2/contacts/.` and `/api/v2/contacts/` are the collection. A body is
read to its end before anything is decided; one that is too large is not: it is refused at once, and of what the client
goes on sending a part is thrown away, since a connection that is closed in the face of a sender loses the answer.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from email.utils import formatdate
from time import perf_counter
from typing import TYPE_CHECKING

from anyio import fail_after, move_on_after

from sendblue_sandbox.api.dispatcher import Arrival
from sendblue_sandbox.api.errors import Refused
from sendblue_sandbox.api.response import Answer, bad
from sendblue_sandbox.recorder import Received

from .protocol import cut
from .routes import ours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sendblue_sandbox.api.dispatcher import App
    from sendblue_sandbox.recorder import Requests

# How much of a body that was refused is still read, beside the largest size, and how long, in seconds.
DRAINED = 4 * 1_048_576
LINGERING = 1.0
# How long a body may take to arrive, in seconds.
PATIENCE = 60.0
LENGTHS = frozenset({b"content-length", b"transfer-encoding"})
TOO_LARGE = Refused(413, "Request entity too large")
TOO_LATE = Refused(408, "The body did not arrive in time", {"Connection": "close"})
# Answers that have no body, whatever anybody gives them.
BODILESS = frozenset({204, 304})


class _LeftError(Exception):
    """The client went away before its request was there; half a request is none."""


@dataclass(frozen=True, slots=True)
class Front:
    """An ASGI app.

    Attributes:
        app: Answers what is for the API.
        site: Serves the routes that are not of the API.
        requests: Where requests are noted, before their answer goes out.
        clock: The time in seconds.
        most: The largest body in bytes.
    """

    app: App
    site: ASGIApp
    requests: Requests
    clock: Callable[[], float]
    most: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is none is not for this server."""
        if scope["type"] != "http":
            return
        at = self.clock()
        try:
            body = await self._body(scope, receive)
        except _LeftError:
            return
        except TimeoutError:
            await self._send(scope, receive, send, bad(TOO_LATE), whole=True)
            return
        path = _tidied(scope["path"])
        if not ours(path):
            await self._api(scope, receive, send, _arrival(scope, path, at, body))
        elif body is None:
            await self._send(scope, receive, send, bad(TOO_LARGE), whole=False)
        else:
            await self.site({**scope, "path": path}, _again(body, receive), send)

    async def _api(self, scope: Scope, receive: Receive, send: Send, arrival: Arrival) -> None:
        begun = perf_counter()
        answer = await self.app.answer(arrival)
        self.requests.add(_received(scope, arrival, answer, perf_counter() - begun))
        await self._send(scope, receive, send, answer, whole=arrival.body is not None)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        announced = _announced(scope["headers"])
        if announced == 0:
            return b""
        if announced > self.most:
            return None
        with fail_after(PATIENCE):
            return await self._read(receive)

    async def _read(self, receive: Receive) -> bytes | None:
        chunks: list[bytes] = []
        size, more = 0, True
        while more and size <= self.most:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _LeftError
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
        return b"".join(chunks) if size <= self.most else None

    async def _send(self, scope: Scope, receive: Receive, send: Send, answer: Answer, *, whole: bool) -> None:
        if answer.ending == "reset":
            await cut(scope, receive, answer.ending)
            return
        await send(_start(answer, self.clock(), last=not whole))
        body = b"" if scope["method"] == "HEAD" or answer.status in BODILESS else answer.body
        if answer.ending == "truncated":
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await cut(scope, receive, answer.ending)
            return
        await send({"type": "http.response.body", "body": body, "more_body": not whole})
        if not whole:
            await _drain(receive, self.most + DRAINED)
            await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive, most: int) -> None:
    with move_on_after(LINGERING):
        more = True
        while more and most > 0:
            message = await receive()
            most -= len(message.get("body", b""))
            more = message.get("more_body", False)


def _announced(headers: Iterable[tuple[bytes, bytes]]) -> int:
    # The parser has checked them: a length is digits, and few enough; in chunks it is not known, and 1 at least.
    lengths = {name: value for name, value in headers if name in LENGTHS}
    return int(lengths.get(b"content-length", bool(lengths)))


def _again(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return messages.pop() if messages else await receive()

    return received


def _start(answer: Answer, now: float, *, last: bool) -> Message:
    headers = [
        (b"date", formatdate(now, usegmt=True).encode()),
        (b"content-type", answer.media_type.encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()),
    ]
    if answer.status not in BODILESS:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if last:
        headers.append((b"connection", b"close"))
    return {"type": "http.response.start", "status": answer.status, "headers": headers}


def _arrival(scope: Scope, path: str, at: float, body: bytes | None) -> Arrival:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Arrival(at, scope["method"], path, scope["query_string"].decode("latin-1"), headers, body)


def _received(scope: Scope, arrival: Arrival, answer: Answer, seconds: float) -> Received:
    return Received(
        at=arrival.at,
        method=arrival.method,
        path=scope["raw_path"].decode("latin-1").partition("?")[0],
        query=arrival.query,
        headers=arrival.headers,
        body=arrival.body or b"",
        status=0 if answer.ending == "reset" else answer.status,
        seconds=seconds,
    )


def _tidied(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")
