"""Imports a file in chunks with Celery workers, on any number of machines, with one rate limit and one report.

One process saturates an account, so more workers are not faster. They let an import survive the loss of a machine, and
let imports of several programs share an account fairly. All workers need the same store for the rate limit:
set SENDBLUE_RATE_LIMIT_STORE=redis://… for each of them.

    export BROKER_URL=redis://localhost/0 SENDBLUE_RATE_LIMIT_STORE=redis://localhost/1
    celery --app imports worker --concurrency 2     # on each machine
    python imports.py contacts.csv                  # on any machine: splits the file, waits, prints the report
    python imports.py contacts.csv 100              # with chunks of 100 rows instead of 1000
"""

from __future__ import annotations

import csv
import json
import os
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery, chord
from sendblue_contacts import Sendblue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK_SIZE = 1000

app = Celery("imports", broker=os.environ["BROKER_URL"], backend=os.environ["BROKER_URL"])
app.conf.update(
    task_acks_late=True,  # redelivers the chunk of a worker that died
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,  # chunks take long: a worker reserves only one
)


@app.task(bind=True)
def import_chunk(self: Any, first: int, rows: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ANN401 - Celery's task
    """Create the contacts of one chunk; `first` is the index of its first row in the file."""
    redelivered = bool((self.request.delivery_info or {}).get("redelivered"))
    with Sendblue() as client:
        # After a redelivery, the client checks which contacts exist, so that none is created twice.
        result = client.contacts.bulk.create(rows, check_existing=redelivered)
    failed = [*result.failed, *result.unknown]
    return {"created": len(result.created), "failed": [[first + each.index, each.reason] for each in failed]}


@app.task
def report(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Combine the results of all chunks into one report."""
    failed = sorted(failure for result in results for failure in result["failed"])
    return {"created": sum(result["created"] for result in results), "failed": failed}


def chunks(rows: Iterable[dict[str, Any]], size: int = CHUNK_SIZE) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows in chunks of `size`."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, size)):
        yield chunk


def start(rows: Iterable[dict[str, Any]], size: int = CHUNK_SIZE) -> Any:  # noqa: ANN401 - Celery's result
    """Send all chunks to the workers, and return the result of `report`."""
    tasks = [import_chunk.s(number * size, chunk) for number, chunk in enumerate(chunks(rows, size))]
    return chord(tasks)(report.s())


def main(path: Path, size: int = CHUNK_SIZE) -> None:
    """Import a CSV file, whose columns have the names of fields, in chunks of `size` rows, and print the report."""
    with path.open(encoding="utf-8", newline="") as file:
        result = start(csv.DictReader(file), size)
    print(json.dumps(result.get(), indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
