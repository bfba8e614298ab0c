"""The server: uvicorn in a thread, on a socket that listens before its address is published."""

from __future__ import annotations

import asyncio
import os
import socket
from threading import Event, Thread
from typing import TYPE_CHECKING

import uvicorn

from .protocol import SandboxProtocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# How long a client that stalls in the middle of a request can delay the shutdown, in seconds.
SHUTDOWN_TIMEOUT = 1
# How many iterations of the event loop asyncio needs to turn an accepted socket into a connection. uvicorn closes its
# connections at shutdown, but not the sockets that are not connections yet.
_ACCEPT_ITERATIONS = 5


class _UvicornServer(uvicorn.Server):
    """Sets an event when it is ready, or when it failed to start."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.startup_finished = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set the event."""
        await super().startup(sockets)
        self.startup_finished.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let accepted sockets become connections, and close all connections."""
        for server in self.servers:
            server.close()
        for _ in range(_ACCEPT_ITERATIONS):
            await asyncio.sleep(0)
        await super().shutdown(sockets)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until shutdown."""
        try:
            super().run(sockets)
        finally:
            self.startup_finished.set()


class ServerThread:
    """A running server in a thread of its own.

    Args:
        app: The ASGI app to serve.
        host: The address to listen on.
        port: The port to listen on; 0 for any free port.

    Raises:
        OSError: The address is in use or does not belong to this machine.
        RuntimeError: The server did not start; the cause is on standard error.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.url: str = _url(host, self._socket.getsockname()[1])
        self._uvicorn = _UvicornServer(_config(app))
        self._thread = Thread(target=self._uvicorn.run, args=([self._socket],), name="sendblue-sandbox", daemon=True)
        self._thread.start()
        self._uvicorn.startup_finished.wait()
        if not self._uvicorn.started:
            self.close()
            raise RuntimeError("The server of the sandbox did not start. See the error above.")

    def close(self) -> None:
        """Stop the server, and wait until it has stopped."""
        self._uvicorn.should_exit = True
        self._thread.join()
        self._socket.close()


def _config(app: ASGIApp) -> uvicorn.Config:
    # The event loop is fixed, so that the sandbox does not depend on other installed packages.
    # No log_config: uvicorn must not change the logging of the program that runs the sandbox.
    return uvicorn.Config(
        app,
        http=SandboxProtocol,
        loop="asyncio",
        lifespan="off",
        date_header=False,
        server_header=False,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
    )


def _listen(host: str, port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY (which saves 40 ms for each response) only on sockets with an explicit protocol, and
    # socket.create_server does not set one.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        _bind(listening, host, port)
    except OSError as error:
        listening.close()
        message = (
            f"The sandbox cannot listen on {host}, port {port} ({error.strerror}). Use another port, or 0 for any."
        )
        raise OSError(error.errno, message) from error
    return listening


def _bind(listening: socket.socket, host: str, port: int) -> None:
    if os.name == "posix":  # on Windows the option lets two programs share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen()


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
