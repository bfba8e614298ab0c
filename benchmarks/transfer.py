"""Importing a million rows and exporting 200,000 contacts: CPU for each row, and the most memory at any time.

Each figure comes from a process of its own. The import sends to a transport in the same process, which answers at once
with the contacts that it was sent: what is measured is all of our own work, from the file to the journal, httpx and
JSON included, and no server. What the bulk call takes alone is shown too: the difference is what files, checks and the
journal cost. A workbook is read as a whole by calamine, and takes memory for all of its cells. The export fetches from
a sandbox in another process, over a socket. The limit is off.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from sendblue_contacts import Sendblue
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_sandbox import Sandbox
from sendblue_transfer import export_contacts, open_source, plan_import, run_import
from sendblue_transfer.writing import write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, CONTACTS = 1_000_000, 200_000
CPU_MICROSECONDS, MEGABYTES = 25.0, 150
BODY = b'{"contacts":'
FIRST, LAST = ("Ada", "Grace", "Zoë", "Märta"), ("Lovelace", "Hopper", "Byrne", "Åström")


def contact(number: int) -> dict[str, Any]:
    """One contact, as people have them."""
    return {
        "phone": f"+1415{number:07}",
        "first_name": FIRST[number % 4],
        "last_name": LAST[number // 4 % 4],
        "company_name": "Analytical Engines",
        "tags": ["VIP", "Newsletter"] if number % 3 else ["lead"],
        "custom_variables": {"Lead Source": "Website", "Plan": "Plus"},
    }


def write_csv(path: Path) -> None:
    """Write the rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "phone",
                "first_name",
                "last_name",
                "company",
                "tags",
                *(f"custom_variables.{each}" for each in ("Lead Source", "Plan")),
            ]
        )
        for number in range(ROWS):
            values = contact(number)
            writer.writerow(
                [*list(values.values())[:4], ";".join(values["tags"]), *values["custom_variables"].values()]
            )


def write_json_lines(path: Path) -> None:
    """Write the rows as JSON Lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(contact(number), ensure_ascii=False)}\n" for number in range(ROWS))


def write_xlsx(path: Path) -> None:
    """Write the rows as XLSX."""
    with path.open("wb") as file:
        write_workbook(map(contact, range(ROWS)), file, fields=BulkContact.FIELDS)


class Echo(httpx.BaseTransport):
    """A server that creates whatever it is sent."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with the contacts of the request."""
        body = request.read()
        content = b'{"status":"OK","contacts":' + body.removeprefix(BODY)
        return httpx.Response(200, headers={"content-type": "application/json"}, content=content)


def measured(work: Callable[[], object]) -> None:
    """Print the seconds of CPU and on the clock, and the megabytes, that some work took."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    figures = [
        time.process_time() - cpu,
        time.perf_counter() - clock,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    ]
    print(json.dumps(figures))


def plan(path: str) -> None:
    """Check all rows."""
    with open_source(path) as source:
        measured(lambda: plan_import(source))


def bring_in(path: str) -> None:
    """Import all rows."""
    with Sendblue("key", "secret", rate_limit=None, transport=Echo()) as client, open_source(path) as source:
        measured(lambda: run_import(client, source, restart=True))


def send(_path: str) -> None:
    """Send as many contacts in bulk, without a file and a journal: the part of an import that is not the importer's."""
    contacts = map(contact, range(ROWS))
    with Sendblue("key", "secret", rate_limit=None, transport=Echo()) as client:
        measured(lambda: deque(client.contacts.bulk.stream_create(contacts, duplicates=None), maxlen=0))


def fetch(path: str, url: str) -> None:
    """Export all contacts."""
    with Sendblue("key", "secret", rate_limit=None, base_url=url) as client:
        measured(lambda: export_contacts(client.with_options(bulk=True).contacts.list(), path))


def serve() -> None:
    """Serve contacts, and say where."""
    with Sandbox(limit=None) as sandbox:
        sandbox.seed(CONTACTS)
        print(sandbox.url, flush=True)
        sys.stdin.read()


@contextmanager
def served() -> Iterator[str]:
    """A sandbox in another process."""
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this very file
        yield next(iter(process.stdout or ())).strip()
        process.communicate()


def apart(role: str, *arguments: str) -> list[float]:
    """The figures of some work in a process of its own."""
    command = [sys.executable, __file__, role, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this very file
    figures: list[float] = json.loads(done.stdout)
    return figures


def show(what: str, rows: int, figures: list[float]) -> None:
    """Print a line of the table."""
    cpu, clock, memory = figures
    print(f"{what:<42}{cpu / rows * 1e6:>10.1f}{rows / clock:>12,.0f}{memory:>10.0f}", flush=True)


def main() -> int:
    """Print the table."""
    print(f"{ROWS:,} rows, {CONTACTS:,} contacts, Python {sys.version.split()[0]}")
    print(f"{'':<42}{'µs CPU/row':>10}{'rows/s':>12}{'MB most':>10}")
    with tempfile.TemporaryDirectory() as folder:
        bulk = apart("send", folder)
        show("bulk.stream_create alone, from memory", ROWS, bulk)
        for suffix, write in WRITERS.items():
            path = Path(folder, f"contacts.{suffix}")
            write(path)
            show(f"plan_import, {suffix}", ROWS, apart("plan", str(path)))
            whole = apart("bring_in", str(path))
            show(f"run_import, {suffix}", ROWS, whole)
            print(f"{'  of that the importer, without bulk':<42}{(whole[0] - bulk[0]) / ROWS * 1e6:>10.1f}")
            path.unlink()
        print(f"{'  the aim, for csv':<42}{CPU_MICROSECONDS:>10.1f}{'':>12}{MEGABYTES:>10}")
        with served() as url:
            for suffix in WRITERS:
                show(f"export_contacts, {suffix}", CONTACTS, apart("fetch", str(Path(folder, f"out.{suffix}")), url))
    return 0


WRITERS: dict[str, Callable[[Path], None]] = {"csv": write_csv, "jsonl": write_json_lines, "xlsx": write_xlsx}
# What this file does when it runs itself to have something to measure.
ROLES: dict[str, Callable[..., None]] = {
    "plan": plan,
    "bring_in": bring_in,
    "send": send,
    "fetch": fetch,
    "serve": serve,
}

if __name__ == "__main__":
    ROLES[sys.argv[1]](*sys.argv[2:])
