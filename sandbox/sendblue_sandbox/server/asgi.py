"""The ASGI app: reads complete requests, sends complete responses, and records both.

Paths are normalized as web servers do: `/api/v2/contacts/.` and `/api/v2/contacts/` are the collection. A body is read
to its end before it is processed. A body that is too large is refused at once, and a part of the rest is read and
discarded: a client that still sends when the connection is closed would lose the response.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from email.utils import formatdate
from time import perf_counter
from typing import TYPE_CHECKING

from anyio import fail_after, move_on_after

from sendblue_sandbox.access_log import log_request
from sendblue_sandbox.api.errors import ApiError
from sendblue_sandbox.api.request import ApiRequest
from sendblue_sandbox.api.response import error_response
from sendblue_sandbox.recorder import MAX_RESPONSE_BYTES, Received, SentResponse

from .protocol import cut_connection, has_connection
from .routes import is_internal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sendblue_sandbox.api.dispatcher import Dispatcher
    from sendblue_sandbox.api.response import ApiResponse
    from sendblue_sandbox.recorder import RequestRecorder

    from .host_check import HostCheck

# How much of a refused body is discarded, in addition to the maximum size, and for how many seconds.
DISCARD_BYTES = 4 * 1_048_576
DISCARD_TIMEOUT = 1.0
# How long a body may take to arrive, in seconds.
BODY_TIMEOUT = 60.0
BODY_HEADERS = frozenset({b"content-length", b"transfer-encoding"})
BODY_TOO_LARGE = ApiError(413, "Request entity too large")
BODY_TOO_LATE = ApiError(408, "The body did not arrive in time", {"Connection": "close"})
# Statuses whose responses never have a body.
NO_BODY_STATUSES = frozenset({204, 304})


class _ClientDisconnectedError(Exception):
    """The client disconnected before its request was complete."""


@dataclass(frozen=True, slots=True)
class SandboxApp:
    """The ASGI app of a sandbox.

    Attributes:
        dispatcher: Processes requests to the API.
        internal: Serves the internal routes.
        host_check: Refuses requests that are for another host or come from a page of another site.
        recorder: Records requests before their response is sent.
        clock: Returns seconds since 1970.
        max_body_bytes: The maximum size of a body.
    """

    dispatcher: Dispatcher
    internal: ASGIApp
    host_check: HostCheck
    recorder: RequestRecorder
    clock: Callable[[], float]
    max_body_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process one HTTP request. Other ASGI scopes are ignored."""
        if scope["type"] != "http":
            return
        at = self.clock()
        try:
            body = await self._read_body(scope, receive)
        except _ClientDisconnectedError:
            return
        except TimeoutError:
            await self._send(scope, receive, send, error_response(BODY_TOO_LATE), body_read=True)
            return
        path = _normalize(scope["path"])
        refusal = self.host_check.error(scope["headers"]) if has_connection(scope) else None
        if refusal is not None:
            await self._send(scope, receive, send, error_response(refusal), body_read=body is not None)
        elif not is_internal(path):
            await self._dispatch(scope, receive, send, _api_request(scope, path, at, body))
        elif body is None:
            await self._send(scope, receive, send, error_response(BODY_TOO_LARGE), body_read=False)
        else:
            await self.internal({**scope, "path": path}, _replay(body, receive), send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send, request: ApiRequest) -> None:
        started = perf_counter()
        response = await self.dispatcher.dispatch(request)
        received = _received(scope, request, response, perf_counter() - started)
        self.recorder.add(received, _sent_response(scope, response, self.clock()))
        log_request(received)
        await self._send(scope, receive, send, response, body_read=request.body is not None)

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes | None:
        length = _announced_length(scope["headers"])
        if length == 0:
            return b""
        if length > self.max_body_bytes:
            return None
        with fail_after(BODY_TIMEOUT):
            return await self._read_chunks(receive)

    async def _read_chunks(self, receive: Receive) -> bytes | None:
        chunks: list[bytes] = []
        size, more = 0, True
        while more and size <= self.max_body_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientDisconnectedError
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
        return b"".join(chunks) if size <= self.max_body_bytes else None

    async def _send(
        self, scope: Scope, receive: Receive, send: Send, response: ApiResponse, *, body_read: bool
    ) -> None:
        if response.delivery == "reset":
            await cut_connection(scope, receive, response.delivery)
            return
        await send(_start_message(response, self.clock(), close=not body_read))
        body = _sent_body(scope, response)
        if response.delivery == "truncated":
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await cut_connection(scope, receive, response.delivery)
            return
        await send({"type": "http.response.body", "body": body, "more_body": not body_read})
        if not body_read:
            await _discard(receive, self.max_body_bytes + DISCARD_BYTES)
            await send({"type": "http.response.body", "body": b""})


async def _discard(receive: Receive, limit: int) -> None:
    with move_on_after(DISCARD_TIMEOUT):
        more = True
        while more and limit > 0:
            message = await receive()
            limit -= len(message.get("body", b""))
            more = message.get("more_body", False)


def _announced_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    # The parser guarantees that a length consists of a few digits. The length of a chunked body is unknown: at least 1.
    lengths = {name: value for name, value in headers if name in BODY_HEADERS}
    return int(lengths.get(b"content-length", bool(lengths)))


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _start_message(response: ApiResponse, now: float, *, close: bool) -> Message:
    headers = [*_headers(response, now), *([("connection", "close")] if close else [])]
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": response.status, "headers": encoded}


def _headers(response: ApiResponse, now: float) -> list[tuple[str, str]]:
    headers = [("date", formatdate(now, usegmt=True)), ("content-type", response.media_type), *response.headers.items()]
    if response.status not in NO_BODY_STATUSES:
        headers.append(("content-length", str(len(response.body))))
    return headers


def _sent_body(scope: Scope, response: ApiResponse) -> bytes:
    if scope["method"] == "HEAD" or response.status in NO_BODY_STATUSES:
        return b""
    return response.body[: len(response.body) // 2] if response.delivery == "truncated" else response.body


def _sent_response(scope: Scope, response: ApiResponse, now: float) -> SentResponse | None:
    if response.delivery == "reset":
        return None
    body = _sent_body(scope, response)
    return SentResponse(dict(_headers(response, now)), body[:MAX_RESPONSE_BYTES], len(body))


def _api_request(scope: Scope, path: str, at: float, body: bytes | None) -> ApiRequest:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return ApiRequest(at, scope["method"], path, scope["query_string"].decode("latin-1"), headers, body)


def _received(scope: Scope, request: ApiRequest, response: ApiResponse, seconds: float) -> Received:
    return Received(
        at=request.at,
        method=request.method,
        path=scope["raw_path"].decode("latin-1").partition("?")[0],
        query=request.query,
        headers=request.headers,
        body=request.body or b"",
        status=0 if response.delivery == "reset" else response.status,
        seconds=seconds,
        fault=response.fault,
    )


def _normalize(path: str) -> str:
    return "/" + posixpath.normpath(path).lstrip("/")
