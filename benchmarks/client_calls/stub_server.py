"""A server for benchmarks: prints its URL, and responds to each GET with a file that was read at the start."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

END = b"\r\n\r\n"


def responses(folder: Path) -> dict[str, bytes]:
    """Return the complete response for each file, by its name without the suffix."""
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
    return {path.stem: head.format(path.stat().st_size).encode() + path.read_bytes() for path in folder.glob("*.json")}


class Connection(asyncio.Protocol):
    """One connection. The first path segment names the file: `/snake/api/v2/contacts` is `snake.json`."""

    def __init__(self, prepared: dict[str, bytes]) -> None:
        self._prepared = prepared
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type: asyncio guarantees it
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Respond to each complete request."""
        self._received += data
        while END in self._received:
            request, self._received = self._received.split(END, 1)
            path = request.split(b" ", 2)[1].decode()
            self._transport.write(self._prepared[path.split("/")[1]])


async def serve(folder: Path) -> None:
    """Serve until the process is terminated."""
    prepared = responses(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(prepared), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
