"""Importing a million rows and exporting 200,000 contacts: CPU time per row, and peak memory.

Each figure comes from a separate process. The import sends to a transport in the same process, which immediately
returns the contacts of the request: the figures include all of our own work, from the file to the journal, with httpx
and JSON, but no server. The figure of the bulk call alone shows how much files, validation and the journal cost.
calamine reads a whole workbook, and needs memory for all of its cells. The export reads from a sandbox in another
process, over a socket. The rate limit is disabled.
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
from sendblue_transfer import export_contacts, open_source, plan_import, run_import

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, CONTACTS = 1_000_000, 200_000
CPU_MICROSECONDS, MEGABYTES = 20.0, 150
BODY = b'{"contacts":'
FIRST, LAST = ("Ada", "Grace", "Zoë", "Märta"), ("Lovelace", "Hopper", "Byrne", "Åström")


def contact(number: int) -> dict[str, Any]:
    """Return a typical contact."""
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
    from sendblue_transfer.exporting.writers import write_workbook  # noqa: PLC0415 - needs an extra

    with path.open("wb") as file:
        write_workbook(map(contact, range(ROWS)), file, fields=BulkContact.FIELDS)


class Echo(httpx.BaseTransport):
    """A transport that responds as if every contact of the request was created."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Respond with the contacts of the request."""
        body = request.read()
        content = b'{"status":"OK","contacts":' + body.removeprefix(BODY)
        return httpx.Response(200, headers={"content-type": "application/json"}, content=content)


def measured(work: Callable[[], object]) -> None:
    """Print the CPU seconds, the elapsed seconds and the peak megabytes of some work."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    figures = [
        time.process_time() - cpu,
        time.perf_counter() - clock,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    ]
    print(json.dumps(figures))


def plan(path: str) -> None:
    """Validate all rows."""
    with open_source(path) as source:
        measured(lambda: plan_import(source))


def import_rows(path: str) -> None:
    """Import all rows."""
    with Sendblue("key", "secret", rate_limit=None, transport=Echo()) as client, open_source(path) as source:
        measured(lambda: run_import(client, source, restart=True))


def bulk_create(_path: str) -> None:
    """Send the same number of contacts in bulk, without a file and a journal."""
    contacts = map(contact, range(ROWS))
    with Sendblue("key", "secret", rate_limit=None, transport=Echo()) as client:
        measured(lambda: deque(client.contacts.bulk.stream_create(contacts, duplicates=None), maxlen=0))


def export(path: str, url: str) -> None:
    """Export all contacts."""
    with Sendblue("key", "secret", rate_limit=None, base_url=url) as client:
        measured(lambda: export_contacts(client.with_options(bulk=True).contacts.list(), path))


def serve() -> None:
    """Serve contacts, and print the URL."""
    from sendblue_sandbox import Sandbox  # noqa: PLC0415 - needs an extra

    with Sandbox(limit=None) as sandbox:
        sandbox.seed(CONTACTS)
        print(sandbox.url, flush=True)
        sys.stdin.read()


@contextmanager
def served() -> Iterator[str]:
    """Run a sandbox in another process, and yield its URL."""
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this file
        yield next(iter(process.stdout or ())).strip()
        process.communicate()


def in_subprocess(role: str, *arguments: str) -> list[float]:
    """Run a role in another process, and return its figures."""
    command = [sys.executable, __file__, role, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this file
    figures: list[float] = json.loads(done.stdout)
    return figures


def show(what: str, rows: int, figures: list[float]) -> None:
    """Print a row of the table."""
    cpu, clock, memory = figures
    print(f"{what:<42}{cpu / rows * 1e6:>10.1f}{rows / clock:>12,.0f}{memory:>10.0f}", flush=True)


def main() -> int:
    """Print the table."""
    print(f"{ROWS:,} rows, {CONTACTS:,} contacts, Python {sys.version.split()[0]}")
    print(f"{'':<42}{'µs CPU/row':>10}{'rows/s':>12}{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        bulk = in_subprocess("bulk_create", folder)
        show("bulk.stream_create alone, from memory", ROWS, bulk)
        for suffix, write in WRITERS.items():
            path = Path(folder, f"contacts.{suffix}")
            write(path)
            show(f"plan_import, {suffix}", ROWS, in_subprocess("plan", str(path)))
            whole = in_subprocess("import_rows", str(path))
            show(f"run_import, {suffix}", ROWS, whole)
            print(f"{'  of which import without bulk':<42}{(whole[0] - bulk[0]) / ROWS * 1e6:>10.1f}")
            path.unlink()
        print(f"{'  target, for csv':<42}{CPU_MICROSECONDS:>10.1f}{'':>12}{MEGABYTES:>10}")
        with served() as url:
            for suffix in WRITERS:
                show(
                    f"export_contacts, {suffix}",
                    CONTACTS,
                    in_subprocess("export", str(Path(folder, f"out.{suffix}")), url),
                )
    return 0


WRITERS: dict[str, Callable[[Path], None]] = {"csv": write_csv, "jsonl": write_json_lines, "xlsx": write_xlsx}
# The roles of this file when it runs itself.
ROLES: dict[str, Callable[..., None]] = {
    "plan": plan,
    "write_csv": lambda path: write_csv(Path(path)),
    "import_rows": import_rows,
    "bulk_create": bulk_create,
    "export": export,
    "serve": serve,
}

if __name__ == "__main__":
    ROLES[sys.argv[1]](*sys.argv[2:])
