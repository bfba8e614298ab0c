"""Imports that are ended in every way there is, and go on: by SIGKILL, by Ctrl-C, by a dead network, among faults.

In the end the server holds the contacts of the file: each of them, once, and no other.
"""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import Sendblue
from sendblue_contacts.bulk.batching import CHUNK_SIZE, CONCURRENCY
from sendblue_sandbox import Sandbox
from sendblue_transfer import ImportProgress, Mode, open_source, run_import

from .conftest import QUICK, held, person, program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS, KILLS = 20_000, 10
IN_FLIGHT = CONCURRENCY * CHUNK_SIZE
"""Contacts that are on their way at most when an import is ended."""


def imported(url: str, path: Path, mode: str = "create", seconds: float = 0) -> dict[str, Any]:
    """The report of an import in a process of its own; empty if it was killed."""
    done = subprocess.run(program(url, path, mode, seconds), capture_output=True, text=True, check=False)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return json.loads(done.stdout) if done.stdout else {}


def sent(sandbox: Sandbox) -> int:
    """How many contacts came to the server, each as often as it came."""
    return sum(request.body.count(b'"phone"') for request in sandbox.requests if request.path.endswith("/bulk"))


def test_killed_at_random_moments_an_import_goes_on(write_rows: Callable[..., Path]) -> None:
    """Ten times SIGKILL, while it checks or sends: nothing is lost, and only what was in flight is sent again."""
    path, chance = write_rows(ROWS), random.Random(18151210)  # noqa: S311  # moments, no keys
    with Sandbox(limit=None) as sandbox:
        checking = [chance.uniform(0.05, 0.3) for _ in range(KILLS // 2)]
        sending = [-chance.uniform(0.001, 0.06) for _ in range(KILLS // 2)]
        ended = [
            imported(sandbox.url, path, seconds=each) for pair in zip(checking, sending, strict=True) for each in pair
        ]
        report = imported(sandbox.url, path)
        assert held(sandbox) == [person(place) for place in range(ROWS)]
        assert sent(sandbox) <= ROWS + KILLS * IN_FLIGHT
    assert ended.count({}) >= KILLS // 2
    assert (report["created"], report["rejected"]) == (ROWS, 0)


FAULTS: dict[str, list[dict[str, Any]]] = {
    "429": [{"status": 429, "headers": {"Retry-After": "0"}, "probability": 0.2}],
    "500 instead": [{"status": 500, "probability": 0.2}],
    "500 afterwards": [{"status": 500, "after": True, "probability": 0.2}],
    "reset afterwards": [{"what": "reset", "after": True, "probability": 0.2}],
    "reset before": [{"what": "reset", "probability": 0.2}],
    "truncated": [{"what": "truncated", "probability": 0.2}],
    "a page of a proxy": [{"what": "html", "after": True, "probability": 0.2}],
}
_EACH = [fault for (fault,) in FAULTS.values()]
FAULTS["all of them"] = [{**fault, "probability": 0.02, "seed": seed} for seed, fault in enumerate(_EACH)]


@pytest.mark.parametrize("mode", ["create", "upsert"])
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_among_faults_an_import_ends_as_without(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path], faults: list[dict[str, Any]], mode: Mode
) -> None:
    """Whatever the server does, the same import, begun again until it is complete, ends with the file's contacts."""
    sandbox.faults.add(*faults)
    with open_source(write_rows(2_000)) as source:
        reports = [run_import(client, source, mode=mode, chunk_size=50)]
        while not reports[-1].complete and len(reports) < 5:
            reports.append(run_import(client, source, mode=mode, chunk_size=50))
    assert (reports[-1].complete, reports[-1].reasons) == (True, ())
    assert held(sandbox) == [person(place) for place in range(2_000)]


def test_requests_that_are_too_large_are_cut(write_rows: Callable[..., Path]) -> None:
    """A server that takes small bodies only gets smaller requests, and every contact."""
    with Sandbox(limit=None, max_body_bytes=4_000) as sandbox:
        with (
            Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None) as client,
            open_source(write_rows(500)) as source,
        ):
            assert run_import(client, source).ok
        assert held(sandbox) == [person(place) for place in range(500)]


def test_ctrl_c(sandbox: Sandbox, write_rows: Callable[..., Path]) -> None:
    """Ctrl-C ends it with KeyboardInterrupt, and what was settled by then is in the journal."""
    path = write_rows(ROWS)
    with subprocess.Popen(program(sandbox.url, path, "create", 0), stderr=subprocess.PIPE, text=True) as process:
        told = [int(next(iter(process.stderr or ()))) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        rest = (process.stderr or [""]).read()  # type: ignore[union-attr]  # it is a pipe
    assert "KeyboardInterrupt" in rest
    before = sent(sandbox)
    report = imported(sandbox.url, path)
    assert (report["resumed"], report["created"], held(sandbox)) == (True, ROWS, [person(each) for each in range(ROWS)])
    assert sent(sandbox) - before <= ROWS - told[-1]


def test_a_killed_update_goes_on(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Updates are sent one by one, and only those that were on their way are sent again."""
    path = write_rows(400)
    client.contacts.bulk.create([{**person(place), "first_name": "Old"} for place in range(400)])
    with subprocess.Popen(program(sandbox.url, path, "update", 0), stderr=subprocess.PIPE, text=True) as process:
        for _ in range(3):
            next(iter(process.stderr or ()))
        process.kill()
    report = imported(sandbox.url, path, "update")
    assert (report["resumed"], report["updated"], held(sandbox)) == (True, 400, [person(each) for each in range(400)])
    assert [request.method for request in sandbox.requests].count("PUT") <= 400 + 2 * CONCURRENCY


def test_a_dead_network(write_rows: Callable[..., Path]) -> None:
    """When the server goes away, the report says why it stopped; when it is back, the same import goes on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]

    def stop(progress: ImportProgress) -> None:
        if progress.created >= 200:
            sandbox.stop()

    with Sandbox(limit=None, port=port) as sandbox, open_source(write_rows(2_000)) as source:
        with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=QUICK) as client:
            report = run_import(client, source, on_progress=stop)
            again = run_import(client, source)
            sandbox.start()
            back = run_import(client, source)
        kept = held(sandbox)
    assert (report.complete, "no answer" in report.stopped, again.stopped != "") == (False, True, True)
    assert report.created + report.unsettled + report.left == 2_000
    assert (again.created, back.ok, kept) == (report.created, True, [person(place) for place in range(2_000)])
