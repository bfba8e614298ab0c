"""The sandbox: small requests per second compared with bare Starlette on the same server, a page of 1000, and seeding.

The servers run one after the other, each in its own process. This process sends the load over several persistent
connections, without a client library: one request on each, then it reads one response from each.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sendblue_sandbox import Sandbox
from sendblue_sandbox.server.uvicorn_server import ServerThread
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

CONTACTS, CONNECTIONS, SECONDS, PASSES = 100_000, 16, 1.0, 3
PATH = "/api/v2/contacts"
# The targets: a quarter of the rate of bare Starlette, and the times of a page and of seeding.
SHARE, PAGE_MS, SEED_SECONDS = 0.25, 20.0, 3.0
HEADERS = "host: x\r\nsb-api-key-id: key\r\nsb-api-secret-key: secret\r\n"


def bare() -> None:
    """Serve a minimal Starlette response, and report the URL."""

    async def small(_: Request) -> Response:
        return Response(b'{"status":"OK"}', media_type="application/json")

    server = ServerThread(Starlette(routes=[Route(PATH + "/{number}", small)]), "127.0.0.1", 0)
    report(server.url, "1", 0.0)
    server.close()


def sandbox() -> None:
    """Serve contacts, and report the URL, one phone number, and the seconds of seeding."""
    with Sandbox(limit=None) as served:
        started = time.perf_counter()
        phones = served.seed(CONTACTS)
        report(served.url, phones[0].replace("+", "%2B"), time.perf_counter() - started)


def report(url: str, last: str, seconds: float) -> None:
    """Report to the measuring process, and wait until it closes the pipe."""
    print(json.dumps([url, last, seconds]), flush=True)
    sys.stdin.read()


@contextmanager
def running(role: str) -> Iterator[tuple[str, str, float]]:
    """Run a server in another process; yield its URL, a path segment, and the seconds of seeding."""
    command = [sys.executable, __file__, role]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603 - this file
        yield json.loads(next(iter(process.stdout or ())))
        process.communicate()


def exchange(connection: socket.socket, request: bytes) -> int:
    """Send one request, and return the size of the complete response in bytes."""
    connection.sendall(request)
    received = connection.recv(1 << 20)
    head, _, _ = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        sys.exit(f"A server returned an unexpected response: {head.decode()}")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    size = len(head) + 4 + int(lengths[0].partition(b":")[2])
    receive(connection, size - len(received))
    return size


def receive(connection: socket.socket, size: int) -> None:
    """Read `size` bytes."""
    while size > 0:
        size -= len(connection.recv(1 << 20))


def rate(url: str, path: str, connections: int) -> float:
    """Return the requests per second for one path, over several connections."""
    request = f"GET {path} HTTP/1.1\r\n{HEADERS}\r\n".encode()
    address = urlsplit(url)
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0)))
            for _ in range(connections)
        ]
        size = exchange(opened[0], request)
        return max(_pass(opened, request, size) for _ in range(PASSES))


def _pass(opened: list[socket.socket], request: bytes, size: int) -> float:
    started, done = time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        for connection in opened:
            connection.sendall(request)
        for connection in opened:
            receive(connection, size)
        done += len(opened)
    return done / (time.perf_counter() - started)


def measure() -> dict[str, Any]:
    """Return the rates of bare Starlette and of one contact, and the times of pages (ms) and of seeding (s)."""
    with running("bare") as (url, last, _):
        figures = {"bare": rate(url, f"{PATH}/{last}", CONNECTIONS)}
    with running("sandbox") as (url, last, seconds):
        figures |= {"seed": seconds, "one": rate(url, f"{PATH}/{last}", CONNECTIONS)}
        for name, query in PAGES.items():
            figures[name] = 1_000 / rate(url, f"{PATH}?limit=1000{query}", 1)
    return figures


# Pages of 1000 contacts, and the query of each.
PAGES = {
    "the newest": "",
    "at offset 10000": "&offset=10000",
    "by first name": "&order_by=firstName",
    "by phone": "&order_by=phone",
}


def main() -> int:
    """Print the table."""
    print(f"{CONTACTS:,} contacts, {CONNECTIONS} connections, best of {PASSES}, Python {sys.version.split()[0]}")
    figures = measure()
    share = figures["one"] / figures["bare"]
    print(f"{'':<34}{'measured':>12}{'target':>10}")
    print(f"{'bare Starlette, requests/s':<34}{figures['bare']:>12,.0f}")
    print(f"{'GET of one contact, requests/s':<34}{figures['one']:>12,.0f}")
    print(f"{'the same, as a share of bare':<34}{share:>12.2f}{SHARE:>10.2f}")
    for name in PAGES:
        print(f"{'page of 1000, ' + name + ', ms':<34}{figures[name]:>12.1f}{PAGE_MS:>10.1f}")
    print(f"{'seeding, s':<34}{figures['seed']:>12.2f}{SEED_SECONDS:>10.2f}")
    return 0


# The roles of this file when it runs itself as a server.
ROLES: dict[str, Callable[[], None]] = {"bare": bare, "sandbox": sandbox}

if __name__ == "__main__":
    sys.exit(ROLES[sys.argv[1]]() if sys.argv[1:] else main())
