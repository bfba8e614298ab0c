"""Imports that are interrupted by SIGKILL or Ctrl-C, and imports with a faulty server, resume to the same end.

In the end, the server has each contact of the file once, and no other.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sendblue_contacts import Sendblue
from sendblue_contacts.bulk.chunk_size import MAX_SIZE
from sendblue_contacts.bulk.defaults import CONCURRENCY
from sendblue_sandbox import Sandbox
from sendblue_transfer import Mode, open_source, run_import

from tests.transfer.contact_files import person, stored

PROGRAM = Path(__file__).with_name("import_program.py")
ROWS, KILLS = 4_000, 6
MAX_IN_FLIGHT = CONCURRENCY * MAX_SIZE
"""Maximum number of contacts in flight when an import is interrupted."""


def command(*arguments: object) -> list[str]:
    """Return the command that imports in a process of its own."""
    return [sys.executable, str(PROGRAM), *map(str, arguments)]


def import_in_process(url: str, path: Path, mode: str = "create", seconds: float = 0) -> dict[str, Any]:
    """Import in a process of its own. Returns the report; empty if the process was killed."""
    done = subprocess.run(command(url, path, mode, seconds), capture_output=True, text=True, check=False)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return json.loads(done.stdout) if done.stdout else {}


def received(sandbox: Sandbox) -> int:
    """Return how many contacts the bulk requests had, counting a contact each time that it was sent."""
    return sum(request.body.count(b'"phone"') for request in sandbox.requests if request.path.endswith("/bulk"))


def test_import_resumes_after_sigkill_at_random_moments(write_rows: Callable[..., Path]) -> None:
    """After six kills during validation and sending, no contact is lost, and only those in flight are sent again."""
    path, chance = write_rows(ROWS), random.Random(18151210)  # noqa: S311  # moments, not keys
    with Sandbox(limit=None) as sandbox:
        validating = [chance.uniform(0.05, 0.3) for _ in range(KILLS // 2)]
        sending = [-chance.uniform(0.001, 0.06) for _ in range(KILLS // 2)]
        reports = [
            import_in_process(sandbox.url, path, seconds=seconds)
            for pair in zip(validating, sending, strict=True)
            for seconds in pair
        ]
        report = import_in_process(sandbox.url, path)
        assert stored(sandbox) == [person(index) for index in range(ROWS)]
        assert received(sandbox) <= ROWS + KILLS * MAX_IN_FLIGHT
    assert reports.count({}) >= KILLS // 2
    assert (report["created"], report["rejected"]) == (ROWS, 0)


FAULTS: list[dict[str, Any]] = [
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 500},
    {"status": 500, "after": True},
    {"what": "reset", "after": True},
    {"what": "reset"},
    {"what": "truncated"},
    {"what": "html", "after": True},
]


@pytest.mark.parametrize("mode", ["create", "upsert"])
def test_import_completes_despite_faults(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path], mode: Mode
) -> None:
    """The same import, repeated until it is complete, ends with the contacts of the file, whatever the server does."""
    sandbox.faults.add(*({**fault, "probability": 0.03, "seed": seed} for seed, fault in enumerate(FAULTS)))
    with open_source(write_rows(500)) as source:
        reports = [run_import(client, source, mode=mode, chunk_size=25)]
        while not reports[-1].complete and len(reports) < 5:
            reports.append(run_import(client, source, mode=mode, chunk_size=25))
    assert (reports[-1].complete, reports[-1].reasons) == (True, ())
    assert stored(sandbox) == [person(index) for index in range(500)]


def test_import_resumes_after_ctrl_c(sandbox: Sandbox, write_rows: Callable[..., Path]) -> None:
    """Ctrl-C ends the import with KeyboardInterrupt, and the results so far are in the journal."""
    path = write_rows(ROWS)
    sandbox.faults.add(what="delay", delay=0.2)
    with subprocess.Popen(command(sandbox.url, path, "create", 0), stderr=subprocess.PIPE, text=True) as process:
        done = [int(next(iter(process.stderr or ()))) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        rest = (process.stderr or [""]).read()  # type: ignore[union-attr]  # it is a pipe
    assert "KeyboardInterrupt" in rest
    before = received(sandbox)
    sandbox.faults.clear()
    report = import_in_process(sandbox.url, path)
    assert (report["resumed"], report["created"]) == (True, ROWS)
    assert stored(sandbox) == [person(index) for index in range(ROWS)]
    assert received(sandbox) - before <= ROWS - done[-1]


def test_updates_resume_after_sigkill(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Updates are sent one by one, and only those in flight are sent again."""
    path = write_rows(200)
    client.contacts.bulk.create([{**person(index), "first_name": "Old"} for index in range(200)])
    with subprocess.Popen(command(sandbox.url, path, "update", 0), stderr=subprocess.PIPE, text=True) as process:
        for _ in range(3):
            next(iter(process.stderr or ()))
        process.kill()
    report = import_in_process(sandbox.url, path, "update")
    assert (report["resumed"], report["updated"]) == (True, 200)
    assert stored(sandbox) == [person(index) for index in range(200)]
    assert [request.method for request in sandbox.requests].count("PUT") <= 200 + 2 * CONCURRENCY
