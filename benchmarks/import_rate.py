"""Contacts per second of an import at the real rate limit, with the automatic chunk size and with a fixed one of 100.

The server is a transport in this process that takes requests of any size: it responds after 50 ms and 50 µs for each
contact, as if every contact was created. Each figure is that of a whole import, from reading the file to the report, in
a process that has learned no size yet. CPU that other programs use lowers the figures.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from sendblue_contacts import Sendblue
from sendblue_transfer import open_source, run_import

ROWS = 20_000
TARGET = 4_000
SECONDS, SECONDS_PER_CONTACT = 0.05, 50e-6
SIZES = {"chunk_size=100": "100", 'chunk_size="auto", the default': "auto"}
BODY = b'{"contacts":'


class Server(httpx.BaseTransport):
    """A transport that responds as if every contact of a request was created."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Respond with the contacts of the request."""
        body = request.read()
        time.sleep(SECONDS + SECONDS_PER_CONTACT * body.count(b'"phone"'))
        content = b'{"status":"OK","contacts":' + body.removeprefix(BODY)
        return httpx.Response(200, headers={"content-type": "application/json"}, content=content)


def write_rows(path: Path) -> None:
    """Write the rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["phone", "first_name", "last_name", "company", "tags", "custom_variables.Plan"])
        writer.writerows(
            [f"+1415{number:07}", "Ada", "Lovelace", "Analytical Engines", "VIP;Newsletter", "Plus"]
            for number in range(2_000_000, 2_000_000 + ROWS)
        )


def import_rows(path: str, size: str) -> None:
    """Import the file, and print the contacts per second and the number of requests."""
    chunk_size = "auto" if size == "auto" else int(size)
    with Sendblue("key", "secret", transport=Server()) as client, open_source(path) as source:
        report = run_import(client, source, restart=True, chunk_size=chunk_size)  # type: ignore[arg-type]  # "auto"
        print(report.created / report.seconds, client.rate_limit.statistics().requests)


def main() -> int:
    """Print the table."""
    print(f"An import of {ROWS:,} rows at 100 requests in 10 s, Python {sys.version.split()[0]}")
    print(f"{'':<34}{'contacts/s':>12}{'requests':>10}{'target':>10}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "contacts.csv")
        write_rows(path)
        for name, size in SIZES.items():
            command = [sys.executable, __file__, str(path), size]
            done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this file
            contacts, requests = done.stdout.split()
            target = f">= {TARGET:,}" if size == "auto" else ""
            missed = "  MISSED" if target and float(contacts) < TARGET else ""
            print(f"{name:<34}{float(contacts):>12,.0f}{requests:>10}{target:>10}{missed}", flush=True)
    return 0


if __name__ == "__main__":
    import_rows(*sys.argv[1:]) if sys.argv[1:] else sys.exit(main())
