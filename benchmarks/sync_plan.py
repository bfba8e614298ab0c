"""Planning the sync of a million rows with an account of a million contacts: CPU time, requests, and peak memory.

Each figure comes from a separate process. The account is served by another process, over a socket, with each field in
two spellings as the API returns it. Its contacts are in another order than the rows; in each thousand, one is to be
created, one to be updated and one to be deleted. The rate limit is disabled.
"""

from __future__ import annotations

import csv
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from sendblue_contacts import Sendblue
from sendblue_transfer import open_source, plan_sync

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (100_000, 1_000_000)
CPU_MICROSECONDS, MEGABYTES, REQUESTS = 60.0, 200, {100_000: 102}
START = datetime(2024, 1, 1, tzinfo=UTC)
TITLES = [
    "phone",
    "first_name",
    "last_name",
    "company",
    "tags",
    "custom_variables.Lead Source",
    "custom_variables.Plan",
]
FIRST, LAST = ("Ada", "Grace", "Zoë", "Märta"), ("Lovelace", "Hopper", "Byrne", "Åström")
PRIME = 7_919
"""Without a common factor with the sizes, so that multiples of it reach every contact once."""


def row(index: int) -> list[str]:
    """Return the cells of a row."""
    tags = "VIP;Newsletter" if index % 3 else "lead"
    return [phone(index), FIRST[index % 4], LAST[index // 4 % 4], "Analytical Engines", tags, "Website", "Plus"]


def phone(index: int) -> str:
    """Return a phone number."""
    return f"+1415{index:07}"


def write_csv(path: Path, size: int) -> None:
    """Write the rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TITLES)
        writer.writerows(row(index) for index in range(size))


def contact(position: int, size: int) -> str:
    """Return the JSON of the contact at a position of the listing."""
    index = position * PRIME % size
    number, first, last, company, tags, source, plan = row(index)
    if index % 1_000 == 1:
        number = phone(index + size)  # the row creates a contact, and this one is in no row
    last = "Byron" if index % 1_000 == 2 else last  # noqa: PLR2004  # the one that differs
    variables = {"Lead Source": source, "Plan": plan}
    values = {
        "phone": number,
        "first_name": first,
        "firstName": first,
        "last_name": last,
        "lastName": last,
        "company_name": company,
        "companyName": company,
        "sendblue_number": None,
        "sendblueNumber": None,
        "assigned_to_email": None,
        "assignedToEmail": None,
        "tags": tags.split(";"),
        "custom_variables": variables,
        "customVariables": variables,
        "verified": False,
        "created_at": created_at(position),
        "opt_out": False,
        "optOut": False,
        "contact_id": str(position),
        "contactId": str(position),
    }
    return json.dumps(values, ensure_ascii=False)


def created_at(position: int) -> str:
    """Return when the contact at a position was created: one in each second."""
    return (START + timedelta(seconds=position)).isoformat().replace("+00:00", "Z")


class Handler(BaseHTTPRequestHandler):
    """Serves the listing and the count of an account."""

    protocol_version = "HTTP/1.1"
    size = 0

    def do_GET(self) -> None:
        """Respond with a page, or with the count."""
        parts = urlsplit(self.path)
        body = self._page(parts.query) if not parts.path.endswith("/count") else json.dumps({"count": self.size})
        content = body.encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _page(self, query: str) -> str:
        values = {name: texts[0] for name, texts in parse_qs(query).items()}
        start = int(values.get("offset", "0"))
        if since := values.get("created_at_gte"):
            start += int((datetime.fromisoformat(since) - START).total_seconds())
        end = min(self.size, start + int(values["limit"]))
        return f"[{','.join(contact(position, self.size) for position in range(start, end))}]"

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def serve(size: str) -> None:
    """Serve an account, and print the URL."""
    Handler.size = int(size)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


@contextmanager
def served(size: int) -> Iterator[str]:
    """Run a server in another process, and yield its URL."""
    command = [sys.executable, __file__, "serve", str(size)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this file
        try:
            yield next(iter(process.stdout or ())).strip()
        finally:
            process.terminate()


def plan(path: str, url: str) -> None:
    """Plan a sync, and print the CPU seconds, the elapsed seconds, the peak megabytes, and the requests."""
    with Sendblue("key", "secret", rate_limit=None, base_url=url) as client, open_source(path) as source:
        cpu, clock = time.process_time(), time.perf_counter()
        made = plan_sync(client, source, delete="all", chunk_size=100)
        figures = {
            "cpu": time.process_time() - cpu,
            "seconds": time.perf_counter() - clock,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "requests": client.rate_limit.statistics().requests,
            "plan": str(made),
        }
    print(json.dumps(figures))


def main() -> int:
    """Print the table. Returns 1 if a figure misses its target."""
    print(f"Python {sys.version.split()[0]}")
    print(f"{'rows, and contacts':<20}{'µs CPU/pair':>12}{'seconds':>10}{'peak MB':>10}{'requests':>10}")
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            path = Path(folder, "rows.csv")
            write_csv(path, size)
            with served(size) as url:
                command = [sys.executable, __file__, "plan", str(path), url]
                done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this file
            figures = json.loads(done.stdout)
            cpu = figures["cpu"] / size * 1e6
            print(
                f"{size:<20,}{cpu:>12.1f}{figures['seconds']:>10.1f}{figures['memory']:>10.0f}{figures['requests']:>10}",
                flush=True,
            )
            counts = [int(count.replace(",", "")) for count in re.findall(r"[\d,]+(?= to )", figures["plan"])]
            missed |= counts != [size // 1_000] * 3 or cpu > CPU_MICROSECONDS or figures["memory"] > MEGABYTES
            missed |= figures["requests"] > REQUESTS.get(size, size)
    print(f"{'target':<20}{CPU_MICROSECONDS:>12.1f}{'':>10}{MEGABYTES:>10}{'102 for 100,000':>17}")
    return int(missed)


if __name__ == "__main__":
    {"serve": serve, "plan": plan}[sys.argv[1]](*sys.argv[2:])
