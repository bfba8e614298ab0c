"""A server that stands in front of a sandbox and loses answers, over real sockets.

It carries each request to the sandbox and its answer back, except for the next requests in its list of faults.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from contextlib import contextmanager
from enum import Enum, auto
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Generator

_AT_ONCE = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing resets the connection."""


class Fault(Enum):
    """What becomes of one request."""

    NONE = auto()
    RESET_BEFORE = auto()
    """The connection is reset, and the request is not carried out."""
    RESET_AFTER = auto()
    """The request is carried out, and the connection is reset."""
    HANG_UP_AFTER = auto()
    """The request is carried out, and the connection is closed in good order."""
    CUT_AFTER = auto()
    """The request is carried out, and half of the answer's body comes."""
    SILENT_AFTER = auto()
    """The request is carried out, and nothing comes for as long as the client waits."""
    BAD_GATEWAY_AFTER = auto()
    """The request is carried out, and the answer is 502 with a page for people."""
    TOO_MANY = auto()
    """The request is not carried out; the answer is 429."""


LOST = (Fault.RESET_AFTER, Fault.HANG_UP_AFTER, Fault.CUT_AFTER, Fault.BAD_GATEWAY_AFTER)
"""The ways to lose an answer that cost no time."""

_CLOSING = {Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.HANG_UP_AFTER, Fault.CUT_AFTER, Fault.SILENT_AFTER}


class Faults(ThreadingHTTPServer):
    """The server; `faults` says what becomes of the next requests, `seen` is their methods and paths."""

    daemon_threads = True

    def __init__(self, sandbox_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sandbox = urlsplit(sandbox_url).netloc
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.faults: deque[Fault] = deque()
        self.seen: list[str] = []

    def next(self, *faults: Fault) -> None:
        """What becomes of the next requests; those after them are carried through."""
        self.faults.extend(faults)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close without more ado: the usual farewell would spoil a reset."""
        self.close_request(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Faults

    def handle_one_request(self) -> None:
        """Take one request in, and treat it as the list of faults says."""
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append(f"{self.command} {self.path}")
        fault = self.server.faults.popleft() if self.server.faults else Fault.NONE
        self.close_connection = fault in _CLOSING
        if fault is Fault.RESET_BEFORE:
            self._reset()
        elif fault is Fault.TOO_MANY:
            self.wfile.write(_answer(429, b'{"message":"Too many requests"}', "application/json"))
        else:
            self._after(fault, self._carried_out(body))

    def _carried_out(self, body: bytes) -> bytes:
        upstream = HTTPConnection(self.server.sandbox)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            response = upstream.getresponse()
            return _answer(response.status, response.read(), response.headers["content-type"])
        finally:
            upstream.close()

    def _after(self, fault: Fault, answer: bytes) -> None:
        if fault is Fault.RESET_AFTER:
            self._reset()
        elif fault is Fault.SILENT_AFTER:
            self.rfile.read(1)  # ends when the client hangs up
        elif fault is Fault.BAD_GATEWAY_AFTER:
            self.wfile.write(_answer(502, b"<html>Bad gateway</html>", "text/html"))
        elif fault is Fault.CUT_AFTER:
            self.wfile.write(answer[:-10])
        elif fault is Fault.NONE:
            self.wfile.write(answer)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


def _answer(status: int, body: bytes, kind: str) -> bytes:
    return f"HTTP/1.1 {status} .\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def faulty(sandbox_url: str) -> Generator[Faults]:
    """Run a server of faults in front of a sandbox."""
    with Faults(sandbox_url) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
