"""Syncs that are interrupted by SIGKILL, and two syncs at once. In the end, the account equals the file."""

from __future__ import annotations

import json
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


def test_two_syncs_at_once(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path], tmp_path: Path) -> None:
    """The second one is refused with the process of the first one, and the first one completes."""
    path = write_rows(300)
    client.contacts.bulk.create([person(0)])
    sandbox.faults.add({"what": "delay", "operation": "bulk_create_contacts", "delay": 1.0})
    command = [sys.executable, str(PROGRAM), sandbox.url, str(path)]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    arguments = [str(tmp_path / "kept"), str(tmp_path / "plan"), "0"]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True, env=environment) as first:
        assert next(iter(first.stdout or ())) == "applying\n"
        first.send_signal(signal.SIGSTOP)
        second = run([sandbox.url, path, tmp_path / "other", tmp_path / "plan"], tmp_path)
        first.send_signal(signal.SIGCONT)
        output = json.loads((first.stdout or [""]).read())  # type: ignore[union-attr]  # it is a pipe
    assert second.returncode == 75
    assert f"AccountLockedError: another sync of this account is running (process {first.pid} since" in second.stderr
    assert output["created"] == 299
