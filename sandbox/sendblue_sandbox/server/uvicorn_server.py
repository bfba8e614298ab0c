"""The server: uvicorn in a thread, on a socket that is open before anybody is told its address."""

from __future__ import annotations

import asyncio
import os
import socket
from threading import Event, Thread
from typing import TYPE_CHECKING

import uvicorn

from .protocol import Protocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# How long a client that stalls in the middle of a request can hold up the end, in seconds.
PATIENCE = 1
# How often asyncio has to come round until an accepted socket is a connection, which uvicorn ends; a socket it forgets.
_STEPS = 5


class _Uvicorn(uvicorn.Server):
    """Says when it is ready, or will never be."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.settled.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let what was just accepted become a connection, and end all connections."""
        for server in self.servers:
            server.close()
        for _ in range(_STEPS):
            await asyncio.sleep(0)
        await super().shutdown(sockets)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until it is told to stop."""
        try:
            super().run(sockets)
        finally:
            self.settled.set()


class Server:
    """One running server.

    Args:
        app: What it serves.
        host: The address to listen on.
        port: The port; 0 for a free one.

    Raises:
        OSError: The address is taken, or is none of this machine.
        RuntimeError: The server did not start; why is on standard error.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._socket = _listening(host, port)
        self.url = _url(host, self._socket.getsockname()[1])
        self._uvicorn = _Uvicorn(_config(app))
        self._thread = Thread(target=self._uvicorn.run, args=([self._socket],), name="sendblue-sandbox", daemon=True)
        self._thread.start()
        self._uvicorn.settled.wait()
        if not self._uvicorn.started:
            self.close()
            raise RuntimeError("The sandbox's server did not start: see the error above this one.")

    def close(self) -> None:
        """Stop, and wait until it has stopped."""
        self._uvicorn.should_exit = True
        self._thread.join()
        self._socket.close()


def _config(app: ASGIApp) -> uvicorn.Config:
    # The loop is named, so that a sandbox is the same whatever else is installed.
    # No log_config: the logging of the program that the sandbox runs in is its own affair.
    return uvicorn.Config(
        app,
        http=Protocol,
        loop="asyncio",
        lifespan="off",
        date_header=False,
        server_header=False,
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
    )


def _listening(host: str, port: int) -> socket.socket:
    # asyncio turns Nagle's delay (40 ms an answer) off where the protocol is named; socket.create_server names none.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        _bind(listening, host, port)
    except OSError as error:
        listening.close()
        why = f"{host}, port {port} ({error.strerror})"
        message = f"The sandbox cannot listen on {why}: choose another port, or 0 for a free one."
        raise OSError(error.errno, message) from error
    return listening


def _bind(listening: socket.socket, host: str, port: int) -> None:
    if os.name == "posix":  # elsewhere the option lets two programs share a port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen()


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
