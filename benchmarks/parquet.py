"""Parquet next to CSV: reading and validating a million rows, importing them, and writing a million contacts.

There is no server: what an import sends is answered in the process. Encoding, sending and the journal are the same for
both formats, so the target of the ratio holds for reading and writing.

Each figure comes from a separate process. The memory above the baseline is what is used beyond Python, our modules and
pyarrow after its first array. pyarrow loads pandas, if that is installed, when it makes an array: exporting does that.
"""

from __future__ import annotations

import json
import resource
import runpy
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sendblue_contacts import Contact, Sendblue
from sendblue_transfer import export_contacts, open_source, plan_import, run_import

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = 1_000_000
MEGABYTES, RATIO = 150, 0.5


def contacts() -> Iterator[Contact]:
    """Yield typical contacts."""
    for number in range(ROWS):
        yield Contact.from_dict(
            {
                "phone": f"+1415{number:07}",
                "first_name": ("Ada", "Grace", "Zoë", "Märta")[number % 4],
                "last_name": "Lovelace",
                "company_name": "Analytical Engines",
                "tags": ["VIP", "Newsletter"] if number % 3 else ["lead"],
                "custom_variables": {"Lead Source": "Website", "Plan": "Plus"},
                "created_at": "2024-01-15T10:30:00+00:00",
            }
        )


def megabytes() -> float:
    """Return the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def plan(path: str) -> None:
    """Read and validate all rows."""
    with open_source(path) as source:
        plan_import(source)


def import_rows(path: str) -> None:
    """Import all rows."""
    transport = runpy.run_path(str(Path(__file__).with_name("import_export.py")))["Echo"]()
    with Sendblue("key", "secret", rate_limit=None, transport=transport) as client, open_source(path) as source:
        run_import(client, source, restart=True)


def export(path: str) -> None:
    """Write all contacts."""
    export_contacts(contacts(), path)


def generate(_path: str) -> None:
    """Only make the contacts that `export` writes."""
    for contact in contacts():
        contact.to_dict()


def measured(work: Callable[[str], object], path: str, *, with_array: bool) -> None:
    """Print the CPU seconds of some work, its peak megabytes, and those before it."""
    if with_array:
        pa.array([1])
    import_module("pyarrow.parquet")
    baseline, start = megabytes(), time.process_time()
    work(path)
    print(json.dumps([time.process_time() - start, megabytes(), baseline]))


def in_subprocess(*arguments: str) -> list[float]:
    """Run a role in another process, and return its figures."""
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True, check=True)  # noqa: S603  # this file
    figures: list[float] = json.loads(done.stdout)
    return figures


def show(what: str, cpu: float, figures: list[float]) -> None:
    """Print a row of the table."""
    _, memory, baseline = figures
    print(f"{what:<28}{cpu / ROWS * 1e6:>10.1f}{memory:>10.0f}{memory - baseline:>16.0f}", flush=True)


def main() -> int:
    """Print the table; the status is 1 if Parquet misses its targets."""
    print(f"{ROWS:,} rows, Python {sys.version.split()[0]}, pyarrow {pa.__version__}")
    print(f"{'':<28}{'µs CPU/row':>10}{'peak MB':>10}{'over baseline':>16}")
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        making = in_subprocess("generate", "")[0]
        for role, overhead, target in (("export", making, RATIO), ("plan", 0.0, RATIO), ("import", 0.0, None)):
            found: dict[str, Any] = {}
            for suffix in ("csv", "parquet"):
                found[suffix] = in_subprocess(role, str(Path(folder, f"contacts.{suffix}")))
                show(f"{role}, {suffix}", found[suffix][0] - overhead, found[suffix])
            ratio = (found["parquet"][0] - overhead) / (found["csv"][0] - overhead)
            print(f"{'  time of Parquet to CSV':<28}{ratio:>10.2f}  {f'(target {target})' if target else ''}")
            missed += (target is not None and ratio > target) or found["parquet"][1] - found["parquet"][2] > MEGABYTES
    return int(bool(missed))


ROLES = {"plan": plan, "import": import_rows, "export": export, "generate": generate}

if __name__ == "__main__":
    measured(ROLES[sys.argv[1]], sys.argv[2], with_array=sys.argv[1] == "export")
