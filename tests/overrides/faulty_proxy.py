"""A proxy in front of a sandbox that loses responses, over real sockets.

It forwards each request and its response, except for those in its list of faults.

"""

import socket
import struct
import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum, auto
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_NO_LINGER = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing resets the connection."""


class Fault(Enum):
    """What happens to one request."""

    NONE = auto()
    RESET_BEFORE = auto()
    """The connection is reset, and the request is not applied."""
    RESET_AFTER = auto()
    """The request is applied, and the connection is reset."""
    CLOSE_AFTER = auto()
    """The request is applied, and the connection is closed normally."""
    TRUNCATE_AFTER = auto()
    """The request is applied, and the body of the response is truncated."""
    SILENT_AFTER = auto()
    """The request is applied, and no response is sent while the client waits."""
    BAD_GATEWAY_AFTER = auto()
    """The request is applied, and the response is a 502 with an HTML page."""
    TOO_MANY_REQUESTS = auto()
    """The request is not applied, and the response is a 429."""


RESPONSE_LOST = (Fault.RESET_AFTER, Fault.CLOSE_AFTER, Fault.TRUNCATE_AFTER, Fault.BAD_GATEWAY_AFTER)
"""The faults that lose a response without a delay."""

_CLOSING = {Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.CLOSE_AFTER, Fault.TRUNCATE_AFTER, Fault.SILENT_AFTER}


class FaultyProxy(ThreadingHTTPServer):
    """The proxy. `faults` applies to the inject requests; `seen` has the methods and paths of all requests."""

    daemon_threads = True

    def __init__(self, sandbox_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sandbox = urlsplit(sandbox_url).netloc
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.faults: deque[Fault] = deque()
        self.seen: list[str] = []

    def inject(self, *faults: Fault) -> None:
        """Set what happens to the inject requests. Later requests are forwarded."""
        self.faults.extend(faults)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close at once: an orderly shutdown would prevent a reset."""
        self.close_request(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyProxy

    def handle_one_request(self) -> None:
        """Read one request, and apply the inject fault to it."""
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
        elif fault is Fault.TOO_MANY_REQUESTS:
            self.wfile.write(_response(429, b'{"message":"Too many requests"}', "application/json"))
        else:
            self._apply(fault, self._forward(body))

    def _forward(self, body: bytes) -> bytes:
        upstream = HTTPConnection(self.server.sandbox)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            response = upstream.getresponse()
            return _response(response.status, response.read(), response.headers["content-type"])
        finally:
            upstream.close()

    def _apply(self, fault: Fault, response: bytes) -> None:
        if fault is Fault.RESET_AFTER:
            self._reset()
        elif fault is Fault.SILENT_AFTER:
            self.rfile.read(1)  # ends when the client closes the connection
        elif fault is Fault.BAD_GATEWAY_AFTER:
            self.wfile.write(_response(502, b"<html>Bad gateway</html>", "text/html"))
        elif fault is Fault.TRUNCATE_AFTER:
            self.wfile.write(response[:-10])
        elif fault is Fault.NONE:
            self.wfile.write(response)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


def _response(status: int, body: bytes, kind: str) -> bytes:
    return f"HTTP/1.1 {status} .\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def faulty_proxy(sandbox_url: str) -> Generator[FaultyProxy]:
    """Run a proxy in front of a sandbox."""
    with FaultyProxy(sandbox_url) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
