"""The wire: what an ASGI app alone cannot do to a connection.

It can be cut: our protocol hands the app a way to do so in `scope["state"]`. On a socket a cut is real, a RST for
"reset" and an early end of the stream for "truncated". In this process there is no connection; the app raises a
`ConnectionError` there, which the transports of this package turn into httpx' own.

And a head is bounded: httptools, unlike h11, takes headers without end, and waits for them without end.
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

    from sendblue_sandbox.api.response import Ending

CUT = "sandbox.cut"
# SO_LINGER on, for 0 seconds: closing such a socket sends a RST.
NO_LINGERING = struct.pack("ii", 1, 0)
MOST_HEAD = 65_536
# How long a head may take to arrive, in seconds.
PATIENCE = 30.0
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


async def cut(scope: Scope, receive: Receive, ending: Ending) -> None:
    """Cut the connection of a request, and wait until it is.

    Args:
        scope: The request's.
        receive: The request's.
        ending: `reset`, or `truncated` to send first what was written.

    Raises:
        ConnectionError: There is no connection: the app is called in this process.
    """
    way: Callable[[Ending], None] | None = scope.get("state", {}).get(CUT)
    if way is None:
        raise ConnectionResetError(f"The sandbox cut the connection ({ending}), as a fault wants it.")
    way(ending)
    while (await receive())["type"] != "http.disconnect":
        pass


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way to cut the connection and a bound on heads."""

    _head: int | None = None  # bytes of the head that is arriving; None between heads
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's signature
        """Hand the app a way to cut this connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, CUT: partial(_cut, transport)}

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._settle()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; refuse a head that is too large."""
        super().data_received(data)
        if self._head is not None and not self.transport.is_closing():
            self._wait_on(len(data))

    def on_message_begin(self) -> None:
        """A head begins."""
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is there."""
        self._settle()
        super().on_headers_complete()

    def _wait_on(self, size: int) -> None:
        self._head = cast("int", self._head) + size
        self._deadline = self._deadline or self.loop.call_later(PATIENCE, self.transport.close)
        if self._head > MOST_HEAD:
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def _settle(self) -> None:
        self._head = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _cut(transport: asyncio.Transport, ending: Ending) -> None:
    if ending == "truncated":
        transport.close()
        return
    connection: Any = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGERING)
    transport.abort()
