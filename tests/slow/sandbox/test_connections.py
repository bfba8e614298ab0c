"""Many connections: idle ones block no other, and none is left open by the shutdown."""

from __future__ import annotations

import gc
import resource
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest
from sendblue_sandbox import Sandbox

from tests.sandbox.contacts_api import CREDENTIALS, HEAD, PATH, connect_socket


def read_response(connection: socket.socket) -> bytes:
    """Read until the end of a JSON object of two levels, such as that of a create."""
    received = b""
    while b"}" not in received[-1:] or received.count(b"{") > received.count(b"}"):
        chunk = connection.recv(65_536)
        assert chunk
        received += chunk
    return received


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in a process that may have thousands of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4_096, hard), hard))
    with Sandbox(limit=None) as running:
        yield running
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_idle_connections(sandbox: Sandbox) -> None:
    """A thousand connections with no request, or half of one, do not block others."""
    with ExitStack() as stack:
        for number in range(1_000):
            connection = stack.enter_context(connect_socket(sandbox))
            if number % 2:
                connection.sendall(f"POST {PATH} HTTP/1.1\r\n{HEAD}content-length: 100\r\n\r\n{{".encode())
        api = stack.enter_context(httpx.Client(base_url=sandbox.url, headers=CREDENTIALS, trust_env=False))
        assert {api.get(f"{PATH}/count", timeout=5).status_code for _ in range(20)} == {200}


def test_a_thousand_active_connections(sandbox: Sandbox) -> None:
    """A thousand connections that all send a request at once get their response each, and every contact is kept."""
    with ExitStack() as stack:
        opened = [stack.enter_context(connect_socket(sandbox)) for _ in range(1_000)]
        for number, connection in enumerate(opened):
            connection.settimeout(60)
            body = f'{{"number": "+1415{number:07}"}}'
            connection.sendall(f"POST {PATH} HTTP/1.1\r\n{HEAD}content-length: {len(body)}\r\n\r\n{body}".encode())
        responses = [read_response(connection) for connection in opened]
        assert {response[:12] for response in responses} == {b"HTTP/1.1 200"}
        assert all(f"+1415{number:07}".encode() in response for number, response in enumerate(responses))
        assert len(sandbox.contacts()) == 1_000


def test_responses_are_not_delayed(sandbox: Sandbox) -> None:
    """On a kept-alive connection a response is sent at once: Nagle's delay would make 30 of them take 1.2 s."""
    with httpx.Client(base_url=sandbox.url, headers=CREDENTIALS, trust_env=False) as api:
        started = time.perf_counter()
        for _ in range(30):
            api.get(f"{PATH}/count")
        assert time.perf_counter() - started < 0.9


def test_no_socket_leaks() -> None:
    """Connections accepted during the shutdown are closed, too."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(5):
            stop_while_connecting()
        gc.collect()
    assert [str(each.message) for each in seen if "unclosed" in str(each.message)] == []


def stop_while_connecting() -> None:
    """Start a sandbox, and stop it while connections are opened."""
    sandbox = Sandbox(limit=None).start()
    opened, came, over = list[socket.socket](), threading.Event(), threading.Event()
    address = "127.0.0.1", httpx.URL(sandbox.url).port

    def connect() -> None:
        while not over.is_set() and len(opened) < 2_000:
            with suppress(OSError):
                opened.append(socket.create_connection(address, 0.2))
                came.set()

    thread = threading.Thread(target=connect)
    thread.start()
    came.wait()
    sandbox.close()
    over.set()
    thread.join()
    for each in opened:
        each.close()
