"""Syncs that are interrupted by SIGKILL, and two syncs at once. In the end, the account equals the file."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import undo_sync

from tests.transfer.contact_files import person, stored

PROGRAM = Path(__file__).with_name("sync_program.py")
ROWS, UNCHANGED, CHANGED, EXTRA, KILLS = 3_000, 2_200, 200, 150, 6
"""The file has so many rows. The account has contacts that are equal to rows, that differ, and that the file lacks."""


@pytest.fixture
def filled(sandbox: Sandbox, client: Sendblue) -> list[dict[str, Any]]:
    """The contacts of the sandbox before the sync."""
    people = [person(index) for index in range(UNCHANGED)]
    people += [{**person(index), "first_name": "Old"} for index in range(UNCHANGED, UNCHANGED + CHANGED)]
    people += [person(index) for index in range(ROWS, ROWS + EXTRA)]
    client.contacts.bulk.create(people, chunk_size=1_000)
    return stored(sandbox)


def run(arguments: list[object], folder: Path, seconds: float = 0) -> subprocess.CompletedProcess[str]:
    """Sync in a process of its own."""
    command = [sys.executable, str(PROGRAM), *map(str, arguments), str(seconds)]
    environment = {**os.environ, "XDG_STATE_HOME": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.usefixtures("state")
def test_sync_resumes_after_sigkill_at_random_moments(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path], tmp_path: Path, filled: list[dict[str, Any]]
) -> None:
    """Six kills, lost responses, and several plans: nothing is lost or doubled, and one undo puts all of it back."""
    path, chance = write_rows(ROWS), random.Random(18151210)  # noqa: S311  # moments, not keys
    # The delays leave time for the kills, which does not depend on the machine.
    sandbox.faults.add({"what": "reset", "after": True, "probability": 0.05}, {"what": "delay", "delay": 0.03})
    plan, state = tmp_path / "plan", tmp_path / "kept"
    killed = 0
    for number in range(KILLS):
        if number % 3 == 2:
            plan.unlink(missing_ok=True)
        done = run([sandbox.url, path, state, plan], tmp_path, chance.uniform(0.05, 0.4))
        killed += done.returncode == -signal.SIGKILL
        assert done.returncode in {0, 3, -signal.SIGKILL}, done.stderr
    for _ in range(5):
        plan.unlink(missing_ok=True)
        done = run([sandbox.url, path, state, plan], tmp_path)
        assert done.returncode in {0, 3}, done.stderr + done.stdout
        if done.returncode == 0:
            break
    assert killed >= KILLS // 2
    assert stored(sandbox) == [person(index) for index in range(ROWS)]
    sandbox.faults.clear()
    report = undo_sync(client, state)
    assert (report.complete, report.kept, stored(sandbox) == filled) == (True, 0, True)
