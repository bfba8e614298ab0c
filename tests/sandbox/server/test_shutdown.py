"""Shutdown of a sandbox while clients connect."""

from __future__ import annotations

import gc
import socket
import threading
import warnings
from contextlib import suppress
from urllib.parse import urlsplit

from sendblue_sandbox import Sandbox

ROUNDS = 5


def test_no_socket_leaks() -> None:
    """Connections accepted during the shutdown are closed, too."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(ROUNDS):
            stop_while_connecting()
        gc.collect()
    assert [str(each.message) for each in seen if "unclosed" in str(each.message)] == []


def stop_while_connecting() -> None:
    """Start a sandbox, and stop it while connections are opened."""
    sandbox = Sandbox(limit=None).start()
    address = ("127.0.0.1", urlsplit(sandbox.url).port or 0)
    opened, came, over = list[socket.socket](), threading.Event(), threading.Event()

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
