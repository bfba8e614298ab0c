"""The weekly file at the real limit: 20,010 rows, of which 40 have changed, 30 are new, and 20 contacts are gone.

The sandbox runs in another process and counts 100 requests per 10 seconds, as the API does. The figures are those of
planning and applying together, and of the same file once more, when nothing is left to do.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from contextlib import contextmanager
from multiprocessing import Pipe, get_context
from pathlib import Path
from typing import TYPE_CHECKING

from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import apply_sync, open_source, plan_sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

ROWS, CHANGED, NEW, GONE = 20_010, 40, 30, 20
SECONDS = 20.0
TITLES = ["phone", "first_name", "last_name", "company", "tags", "custom_variables.Plan"]


def row(index: int, last_name: str = "Lovelace") -> list[str]:
    """Return the cells of a row."""
    return [f"+1415{index:07}", f"Ada {index}", last_name, "Analytical Engines", "VIP;Newsletter", "Plus"]


def write_csv(path: Path, rows: Iterator[list[str]]) -> None:
    """Write a file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([TITLES, *rows])


def serve(connection: Connection) -> None:
    """Serve a sandbox until the connection is closed."""
    with Sandbox() as sandbox:
        connection.send(sandbox.url)
        connection.recv()
        connection.send([request.method for request in sandbox.requests])


@contextmanager
def served() -> Iterator[tuple[str, Connection]]:
    """Yield the address of a sandbox in another process, and the connection to it."""
    here, there = Pipe()
    process = get_context("fork").Process(target=serve, args=(there,))
    process.start()
    yield here.recv(), here
    process.join()


def sync(url: str, path: Path, key: str) -> tuple[str, float, float]:
    """Plan and apply the sync of a file. Returns the plan, the seconds, and the seconds of CPU."""
    started, cpu = time.perf_counter(), time.process_time()
    with Sendblue(key, "secret", base_url=url) as client, open_source(path) as source:
        plan = plan_sync(client, source, delete="tracked")
        report = apply_sync(client, plan)
    assert report.ok, report.stopped  # noqa: S101  # the figures would mean nothing
    return str(plan), time.perf_counter() - started, time.process_time() - cpu


def main() -> int:
    """Print the figures. Returns 1 if a figure misses its target."""
    with tempfile.TemporaryDirectory() as folder, served() as (url, connection):
        path = Path(folder, "crm.csv")
        last = ROWS - NEW + GONE
        write_csv(path, (row(index) for index in range(last)))
        first = sync(url, path, "key")
        changed = (row(index, "King" if index < GONE + CHANGED else "Lovelace") for index in range(GONE, last + NEW))
        write_csv(path, changed)
        week, again = sync(url, path, "key"), sync(url, path, "key")
        connection.send("end")
        methods = connection.recv()
    for what, (plan, seconds, cpu) in (("the first file", first), ("the weekly file", week), ("once more", again)):
        print(f"{what:<16} {seconds:6.1f} s, {cpu:5.2f} s of CPU  {plan}")
    writes = {method: methods.count(method) for method in ("GET", "POST", "PUT", "DELETE")}
    print(f"requests of all three: {writes}")
    print(f"target for the weekly file: {SECONDS} s")
    return int(week[1] > SECONDS or "30 to create, 40 to update, 20 to delete" not in week[0])


if __name__ == "__main__":
    sys.exit(main())
