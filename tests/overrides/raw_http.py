"""An HTTP server over raw sockets whose responses a test writes byte by byte, to misbehave in any way."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


def complete(body: bytes, status: int = 200, **headers: str) -> bytes:
    """Return a whole response. An underscore in the name of a header is a hyphen."""
    fields = {"content_type": "application/json", "content_length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return f"HTTP/1.1 {status} .\r\n{''.join(lines)}\r\n".encode() + body


@dataclass
class RawHttpServer:
    """A server that keeps connections open, and serves each of them in a thread.

    Attributes:
        url: Its address.
        respond: Sends the response to a request with this request line; an OSError closes the connection.
        requests: The request line and the headers of each request.
        connections: The connections that were accepted.
        response: The bytes that `respond` may send.
        tls: The certificate of the server; None for a server without TLS.
    """

    url: str
    respond: Callable[[socket.socket, str], object]
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)
    response: bytes = b""
    tls: ssl.SSLContext | None = None

    def serve(self, listener: socket.socket) -> None:
        """Accept connections until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self._serve_one, args=(connection,), daemon=True).start()

    def _serve_one(self, connection: socket.socket) -> None:
        with suppress(OSError, EOFError), connection, self._secured(connection) as used, used.makefile("rb") as file:
            while line := file.readline():
                headers = dict(_headers(file.readline, b"\r\n"))
                file.read(int(headers.get("content-length", 0)))
                self.requests.append((line.decode().strip(), headers))
                self.respond(used, line.decode().strip())
                if headers.get("connection") == "close":
                    return

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(connection, server_side=True) if self.tls else connection


def _headers(readline: Callable[[], bytes], end: bytes) -> Iterator[tuple[str, str]]:
    while (line := readline()) not in {end, b""}:
        name, _, value = line.decode().partition(":")
        yield name.strip().lower(), value.strip()


@contextmanager
def raw_http_server(
    respond: Callable[[socket.socket, str], object], tls: ssl.SSLContext | None = None
) -> Iterator[RawHttpServer]:
    """Start a server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{listener.getsockname()[1]}"
        server = RawHttpServer(url, respond, tls=tls)
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        for connection in server.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
    thread.join()
