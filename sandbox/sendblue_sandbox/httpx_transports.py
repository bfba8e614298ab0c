"""Transports: the sandbox app for httpx clients in this process, without a socket. The only module that imports httpx.

httpx can call an ASGI app only from an async client. For sync clients the app runs in a thread of its own, with its
own event loop, so that a sync client also works inside a running event loop. In process, a fault that cuts the
connection raises `ConnectionError` in the app; the transports turn it into the error that httpx raises on a socket.
"""

from __future__ import annotations

from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING

import httpx
from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from types import TracebackType

    from anyio.from_thread import BlockingPortal
    from starlette.types import ASGIApp


class AsyncTransport(httpx.AsyncBaseTransport):
    """A transport for an `httpx.AsyncClient`.

    Args:
        app: The ASGI app.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the app and return its response."""
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionError as error:
            raise httpx.ReadError(str(error), request=request) from error


class Transport(httpx.BaseTransport):
    """A transport for an `httpx.Client`. Its thread starts with the first request and ends when the client is closed.

    Args:
        app: The ASGI app.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._inner = AsyncTransport(app)
        self._lock = Lock()
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the app and return its response."""
        request.read()
        return self._running_portal().call(self._send, request)

    def close(self) -> None:
        """End the thread; the next request starts another one."""
        with self._lock:
            self._portal = None
            self._stack.close()

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """End the thread."""
        self.close()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        buffered = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.content, extensions=request.extensions
        )
        response = await self._inner.handle_async_request(buffered)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    def _running_portal(self) -> BlockingPortal:
        with self._lock:
            if self._portal is None:
                self._portal = self._stack.enter_context(start_blocking_portal(name="sendblue-sandbox"))
            return self._portal
