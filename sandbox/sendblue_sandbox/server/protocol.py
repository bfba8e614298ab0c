"""The protocol: what an ASGI app alone cannot do to a connection.

The app can cut a connection: the protocol passes it a function for that in `scope["state"]`. On a socket, "reset" sends
a RST and "truncated" ends the stream early. In process there is no connection, and the app raises a `ConnectionError`,
which the transports of this package turn into the error that httpx raises on a socket.

The size of a request head and the time for it to arrive are limited: unlike h11, httptools has no such limits.
"""

from __future__ import annotations

import socket
import struct
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from starlette.types import Receive, Scope

    from sendblue_sandbox.api.response import Delivery

CUT_KEY = "sandbox.cut"
# SO_LINGER with 0 seconds: closing the socket sends a RST.
NO_LINGER = struct.pack("ii", 1, 0)
MAX_HEAD_BYTES = 65_536
# How long a request head may take to arrive, in seconds.
HEAD_TIMEOUT = 30.0
HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


def has_connection(scope: Scope) -> bool:
    """Return whether a request came over a connection, and not from this process."""
    return CUT_KEY in scope.get("state", {})


async def cut_connection(scope: Scope, receive: Receive, delivery: Delivery) -> None:
    """Cut the connection of a request, and wait until it is closed.

    Args:
        scope: The scope of the request.
        receive: The receive function of the request.
        delivery: `reset`, or `truncated` to send what was written first.

    Raises:
        ConnectionError: There is no connection, because the app runs in process.
    """
    cut: Callable[[Delivery], None] | None = scope.get("state", {}).get(CUT_KEY)
    if cut is None:
        raise ConnectionResetError(f"A fault of the sandbox cut the connection ({delivery}).")
    cut(delivery)
    while (await receive())["type"] != "http.disconnect":
        pass


class SandboxProtocol(HttpToolsProtocol):
    """The protocol of uvicorn, with connections that can be cut and a limit for request heads."""

    _head_bytes: int | None = None  # size of the head that is arriving; None between heads
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's signature
        """Pass the app a function that cuts this connection."""
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, CUT_KEY: partial(_cut, transport)}

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadline."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the data, and refuse a head that is too large."""
        super().data_received(data)
        if self._head_bytes is not None and not self.transport.is_closing():
            self._check_head(len(data))

    def on_message_begin(self) -> None:
        """Start to measure a head."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop measuring: the head is complete."""
        self._end_head()
        super().on_headers_complete()

    def _check_head(self, size: int) -> None:
        self._head_bytes = cast("int", self._head_bytes) + size
        self._deadline = self._deadline or self.loop.call_later(HEAD_TIMEOUT, self.transport.close)
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.write(HEAD_TOO_LARGE)
            self.transport.close()

    def _end_head(self) -> None:
        self._head_bytes = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _cut(transport: asyncio.Transport, delivery: Delivery) -> None:
    if delivery == "truncated":
        transport.close()
        return
    connection: Any = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
