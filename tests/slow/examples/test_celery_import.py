"""The Celery example with real workers and a real Redis: all workers share one limit, and there is one report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

from tests.slow.rate_limit.redis_server import RedisServer

FOLDER = Path(__file__).parents[3] / "examples/celery_import"
ROWS = 1_250
WORKERS = 3
LIMIT = 100


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[tuple[dict[str, str], Sandbox]]:
    """The environment of the example, with a Redis server and a sandbox."""
    with RedisServer(tmp_path) as redis, Sandbox(limit=LIMIT) as sandbox:
        yield (
            {
                **os.environ,
                "BROKER_URL": f"{redis.url}/0",
                "SENDBLUE_RATE_LIMIT_STORE": f"{redis.url}/1",
                "SENDBLUE_API_API_KEY": "key",
                "SENDBLUE_API_API_SECRET": "secret",
                "SENDBLUE_API_BASE_URL": sandbox.url,
            },
            sandbox,
        )


@pytest.fixture
def workers(environment: tuple[dict[str, str], Sandbox]) -> Iterator[None]:
    """Celery workers in separate processes."""
    options = ["--pool", "solo", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    command = [sys.executable, "-m", "celery", "--app", "imports", "worker", *options]
    processes = [
        subprocess.Popen([*command, "--hostname", f"worker{number}@%h"], cwd=FOLDER, env=environment[0])
        for number in range(WORKERS)
    ]
    yield
    for worker in processes:
        worker.kill()
        worker.wait()


@pytest.mark.usefixtures("workers")
def test_workers_share_a_limit_and_a_report(environment: tuple[dict[str, str], Sandbox], tmp_path: Path) -> None:
    """The workers import the whole file within the limit of one account, and the report lists the failed rows."""
    variables, sandbox = environment
    rows = ["phone,firstName", *(f"+1415{5_550_000 + number},Name {number}" for number in range(ROWS))]
    rows[700] = "12,Nemo"
    (tmp_path / "contacts.csv").write_text("\n".join(rows), encoding="utf-8")
    command = [sys.executable, "imports.py", str(tmp_path / "contacts.csv"), "100"]
    done = subprocess.run(command, cwd=FOLDER, env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["created"], [index for index, _ in report["failed"]]) == (ROWS - 1, [699])
    assert (len(sandbox.contacts()), {each.status for each in sandbox.requests}) == (ROWS - 1, {200})
    assert sandbox.arrivals() <= LIMIT
