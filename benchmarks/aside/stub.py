"""A server for benchmarks: prints its address, and answers each GET with a file that was read beforehand."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

END = b"\r\n\r\n"


def answers(folder: Path) -> dict[str, bytes]:
    """Return the whole answer for each file, by its name without the suffix."""
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
    return {path.stem: head.format(path.stat().st_size).encode() + path.read_bytes() for path in folder.glob("*.json")}


class Stub(asyncio.Protocol):
    """One connection. The first part of a path names the file: `/snake/api/v2/contacts` is `snake.json`."""

    def __init__(self, ready: dict[str, bytes]) -> None:
        self._ready = ready
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - tells type checkers what asyncio promises
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is there in whole."""
        self._received += data
        while END in self._received:
            request, self._received = self._received.split(END, 1)
            path = request.split(b" ", 2)[1].decode()
            self._transport.write(self._ready[path.split("/")[1]])


async def serve(folder: Path) -> None:
    """Serve until killed."""
    ready = answers(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Stub(ready), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
