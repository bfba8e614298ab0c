"""An import cut into parts for Celery workers, on as many machines as you like, under one limit and with one report.

One process saturates an account, so workers do not make it faster: they make it survive a machine, and let imports of
several programs share an account fairly. What they need is one place for the limit's slots, and that is
SENDBLUE_RATE_LIMIT_STORE=redis://… for every one of them.

    export BROKER_URL=redis://localhost/0 SENDBLUE_RATE_LIMIT_STORE=redis://localhost/1
    celery --app imports worker --concurrency 2     # on each machine
    python imports.py contacts.csv                  # anywhere: cuts the file, waits, prints the report
    python imports.py contacts.csv 100              # in smaller parts than 1000 rows
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

PART = 1000

app = Celery("imports", broker=os.environ["BROKER_URL"], backend=os.environ["BROKER_URL"])
app.conf.update(
    task_acks_late=True,  # a part whose worker dies comes back
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,  # parts are long: no worker hoards them
)


@app.task(bind=True)
def import_part(self: Any, first: int, rows: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ANN401  # Celery's task
    """Create the contacts of one part; `first` is the index of its first row in the file."""
    came_back = bool((self.request.delivery_info or {}).get("redelivered"))
    with Sendblue() as client:
        # What a dead worker had sent already is found by looking, so that nothing is made twice.
        result = client.contacts.bulk.create(rows, look_first=came_back)
    failed = [*result.failed, *result.unknown]
    return {"created": len(result.created), "failed": [[first + each.index, each.reason] for each in failed]}


@app.task
def report(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One report from those of all parts."""
    failed = sorted(failure for part in parts for failure in part["failed"])
    return {"created": sum(part["created"] for part in parts), "failed": failed}


def parts(rows: Iterable[dict[str, Any]], size: int = PART) -> Iterator[list[dict[str, Any]]]:
    """The rows, so many at a time."""
    rest = iter(rows)
    while part := list(islice(rest, size)):
        yield part


def start(rows: Iterable[dict[str, Any]], size: int = PART) -> Any:  # noqa: ANN401  # Celery's result
    """Send all parts to the workers; the result is that of `report`."""
    tasks = [import_part.s(number * size, part) for number, part in enumerate(parts(rows, size))]
    return chord(tasks)(report.s())


def main(path: Path, size: int = PART) -> None:
    """Import a CSV file whose columns are named as fields are, in parts of so many rows, and print the report."""
    with path.open(encoding="utf-8", newline="") as file:
        result = start(csv.DictReader(file), size)
    print(json.dumps(result.get(), indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
