"""Walking through 100,000 contacts, compared with raw httpx and `json.loads` for the same pages: CPU time and memory.

The account is served by another process, with each field in two spellings as the API returns it, and the rate limit is
disabled. The two walks alternate in one process, and the round with the median ratio counts: CPU time, so that
neither the server nor other processes matter. The peak memory comes from a process of its own.
"""

from __future__ import annotations

import gc
import json
import resource
import runpy
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
from sendblue_contacts import Sendblue
from sendblue_contacts.body import json_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZE, PAGE = 100_000, 1_000
ROUNDS = 9
RATIO, MEGABYTES, REQUESTS = 1.45, 60, 103
START = datetime(2024, 1, 1, tzinfo=UTC)


class Handler(BaseHTTPRequestHandler):
    """Serves the listing and the count of an account."""

    protocol_version = "HTTP/1.1"
    contacts: tuple[str, ...] = ()

    def do_GET(self) -> None:
        """Respond with a page, or with the count."""
        parts = urlsplit(self.path)
        values = {name: texts[0] for name, texts in parse_qs(parts.query).items()}
        body = self._page(values) if "limit" in values else json.dumps({"count": len(self.contacts)})
        content = body.encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _page(self, values: dict[str, str]) -> str:
        start, limit = int(values.get("offset", "0")), int(values["limit"])
        if since := values.get("created_at_gte"):
            start += int((datetime.fromisoformat(since) - START).total_seconds())
        page = self.contacts[start : start + limit]
        return f"[{','.join(self.contacts[: -limit - 1 : -1] if values.get('order_direction') == 'desc' else page)}]"

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def serve() -> None:
    """Serve an account, and print the URL."""
    decode = runpy.run_path(str(Path(__file__).with_name("decode.py")))

    def contact(number: int) -> str:
        created_at = (START + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
        values = {**decode["contact"](number), "created_at": created_at, "contact_id": f"contact_{number}"}
        return json.dumps({**values, **decode["in_camel_case"](values)}, separators=(",", ":"))

    Handler.contacts = tuple(map(contact, range(SIZE)))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


@contextmanager
def served() -> Iterator[str]:
    """Run a server in another process, and yield its URL."""
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - this file
        try:
            yield next(iter(process.stdout or ())).strip()
        finally:
            process.terminate()


def raw(url: str) -> int:
    """Walk as a short program without this library does; return the number of contacts."""
    count, query = 0, {"limit": PAGE, "order_by": "created_at", "order_direction": "asc"}
    with httpx.Client() as client:
        while True:
            page: list[dict[str, Any]] = json.loads(client.get(f"{url}/api/v2/contacts", params=query).content)
            count += len(page) - (count > 0)
            if len(page) < PAGE:
                return count
            query = {**query, "created_at_gte": page[-1]["created_at"]}


def ours(url: str) -> int:
    """Walk with `contacts.list()`; return the number of contacts."""
    with Sendblue("key", "secret", base_url=url, rate_limit=None) as client:
        count = sum(1 for _ in client.contacts.list())
        if client.rate_limit.statistics().requests != REQUESTS:
            sys.exit(f"The walk did not take {REQUESTS} requests.")
        return count


def seconds(walk: Callable[[str], int], url: str) -> float:
    """Return the CPU time of a walk."""
    gc.collect()
    start = time.process_time()
    if walk(url) != SIZE:
        sys.exit("Not every contact was listed; the figures would not be comparable.")
    return time.process_time() - start


def memory(url: str) -> None:
    """Walk, and print the peak megabytes of this process."""
    ours(url)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measured(url: str) -> tuple[float, float, float]:
    """Return the microseconds for each contact of the raw walk and of ours, and the peak megabytes of ours."""
    rounds = [(seconds(raw, url), seconds(ours, url)) for _ in range(ROUNDS)]
    command = [sys.executable, __file__, "memory", url]
    peak = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - this file
    median_raw, median_ours = sorted(rounds, key=lambda times: times[1] / times[0])[ROUNDS // 2]
    return median_raw * 1e6 / SIZE, median_ours * 1e6 / SIZE, peak


def figures(url: str) -> None:
    """Print what `targets` reads: the ratio and the peak megabytes."""
    raw_time, our_time, peak = measured(url)
    print(json.dumps({"walk": our_time / raw_time, "walk_memory": peak}))


def main() -> int:
    """Print the table. Returns 1 if a figure misses its target."""
    with served() as url:
        raw_time, our_time, peak = measured(url)
    ratio = our_time / raw_time
    library = f"{'with' if json_library() else 'without'} orjson"
    print(f"{SIZE:,} contacts in {REQUESTS} requests, median of {ROUNDS}, Python {sys.version.split()[0]}, {library}")
    print(f"{'':<10}{'raw µs':>10}{'ours µs':>10}{'ratio':>10}{'peak MB':>10}")
    print(f"{'contact':<10}{raw_time:>10.2f}{our_time:>10.2f}{ratio:>10.2f}{peak:>10.0f}")
    print(f"{'target':<10}{'':>20}{f'<= {RATIO}':>10}{f'<= {MEGABYTES}':>10}")
    return int(ratio > RATIO or peak > MEGABYTES)


if __name__ == "__main__":
    {"serve": serve, "memory": memory, "figures": figures}[sys.argv[1]](*sys.argv[2:])
