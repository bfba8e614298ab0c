"""Real Redis servers on this machine, which a test may kill and restart."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import redis
from maintain.servers import ensure
from maintain.venvs import ScriptError


def program() -> str:
    """The path of redis-server; without it the test is skipped, except in CI."""
    try:
        return str(ensure("redis-server", "redis-server"))
    except ScriptError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def free_port() -> int:
    """An unused port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class RedisServer:
    """A server without persistence, on a port that stays the same. It is killed at the end of the block.

    Args:
        folder: Its working directory.
        options: Of its command line, such as `--requirepass`, `word`.

    Attributes:
        url: Its URL.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        where = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder))
        self._command = (program(), *where, "--save", "", "--appendonly", "no", *options)
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, encoding="utf-8")
        assert self._process.stdout is not None
        output = []
        for line in self._process.stdout:
            output.append(line)
            if "Ready to accept connections" in line:
                return
        pytest.fail("redis-server ended: " + "".join(output))

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def restart(self) -> None:
        """Kill it and start it again, without its data."""
        self.kill()
        self.start()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Make it hang: it accepts connections, and does not reply."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        """A redis-py client for it, to be closed."""
        return redis.Redis(port=self.port, decode_responses=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
