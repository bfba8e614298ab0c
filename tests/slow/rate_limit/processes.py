"""Processes that send requests under one limit, each with a Python interpreter of its own, to a sandbox."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Self

from sendblue_sandbox import Sandbox

LIMIT, PER = 10, 0.25
"""The limit that the sandbox enforces and the processes keep."""

WORKER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from sendblue_contacts import RateLimit, Sendblue

url, store, limit, per, requests = sys.argv[1:]
rate = RateLimit(int(limit), per=float(per), store=store)
with Sendblue("key", "secret", base_url=url, rate_limit=rate) as client, ThreadPoolExecutor(5) as pool:
    print("ready", flush=True)
    for _ in pool.map(lambda _: client.contacts.count(), range(int(requests))):
        print("sent", flush=True)
"""


class Worker:
    """A process that sends requests."""

    def __init__(self, sandbox: Sandbox, store: str, requests: int) -> None:
        settings = [sandbox.url, store, str(LIMIT), str(PER), str(requests)]
        command = [sys.executable, "-c", WORKER, *settings]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def wait_for_sent(self, requests: int) -> None:
        """Wait until it has sent this many more requests."""
        assert self._process.stdout is not None
        sent = 0
        while sent < requests:
            line = self._process.stdout.readline()
            assert line, "the process ended before"
            sent += line == "sent\n"

    def kill(self) -> None:
        """Kill it, so that it cannot release its slots."""
        self._process.kill()

    def result(self) -> tuple[int, str]:
        """Wait for its end; returns its exit status and what it wrote to stderr."""
        _, errors = self._process.communicate(timeout=60)
        return self._process.returncode, errors


class Workers:
    """Several such processes at once. They are killed at the end of the block."""

    def __init__(self, sandbox: Sandbox, store: str, *requests: int) -> None:
        self.workers = [Worker(sandbox, store, number) for number in requests]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for worker in self.workers:
            worker.kill()
            worker.result()
