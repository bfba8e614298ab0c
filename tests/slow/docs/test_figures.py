"""Figures, versions and names in the README and the documentation agree with the code, or with the measured figures."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest
from maintain.venvs import VERSIONS
from sendblue_contacts import RateLimit, Retry
from sendblue_contacts.pagination import MAX_PAGE_SIZE
from sendblue_sandbox.cli import DEFAULT_PORT

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MEASURED = tomllib.loads((ROOT / "benchmarks/figures.toml").read_text(encoding="utf-8"))
BENCH = (ROOT / "requirements/bench.txt").read_text(encoding="utf-8")
LIMIT, RETRY = RateLimit(), Retry()
PYTHONS = f"{', '.join(VERSIONS[:-1])} and {VERSIONS[-1]}"
PACE = LIMIT.pace * 1000
STATEMENTS = [
    ("README.md", f"It runs on Python {PYTHONS},"),
    ("README.md", f"about {MEASURED['demo_seconds']} seconds: imports"),
    ("README.md", f"in about {MEASURED['quick_tests']}; `scripts/test --all` runs everything, in about"),
    ("README.md", f"runs everything, in about {MEASURED['all_tests_minutes']} minutes"),
    ("CONTRIBUTING.md", f"`scripts/test` takes about {MEASURED['quick_tests']}"),
    ("CONTRIBUTING.md", f"`scripts/test --all` takes about {MEASURED['all_tests_minutes']} minutes"),
    ("scripts/maintain/demo_arguments.py", f"about {MEASURED['demo_seconds']} seconds"),
    ("README.md", f"the vendor's (`sendblue` {MEASURED['vendor_version']})"),
    (
        "README.md",
        f"| {MEASURED['list_ours']} times as long as httpx with `json.loads` | {MEASURED['list_vendor']} times |",
    ),
    ("README.md", f"| {MEASURED['start_ours']} times as long as httpx | {MEASURED['start_vendor']} times |"),
    ("README.md", f"more than {LIMIT.limit} requests in any {LIMIT.per:.0f} seconds"),
    ("README.md", f"leave {LIMIT.reserve} slots to other callers"),
    ("README.md", f"retry=Retry(attempts={RETRY.attempts + 2}, deadline={2 * (RETRY.deadline or 0):.0f})"),
    ("README.md", f"http://127.0.0.1:{DEFAULT_PORT}"),
    ("docs/guides/limits.md", f"may send {LIMIT.limit} requests in any {LIMIT.per:.0f} seconds"),
    ("docs/guides/limits.md", f"one request every {PACE:.0f} ms"),
    ("docs/guides/limits.md", f"leaves {LIMIT.reserve} of the slots"),
    ("docs/guides/limits.md", f"hold_abandoned={LIMIT.hold_abandoned}"),
    ("docs/guides/errors.md", f"within a deadline of {RETRY.deadline:.0f} seconds"),
    ("docs/guides/listing.md", f"at most {MAX_PAGE_SIZE}"),
    ("docs/quickstart.md", f"(Python {', '.join(VERSIONS[:-1])} or {VERSIONS[-1]})"),
]
"""Each file, and a text that it contains."""


@pytest.mark.parametrize(("name", "text"), STATEMENTS)
def test_statements(name: str, text: str) -> None:
    """The file contains the text, whose figures come from the code or from the measurements."""
    assert text in " ".join((ROOT / name).read_text(encoding="utf-8").split())


def test_the_table_of_figures() -> None:
    """The page about performance shows the recorded figures with their targets."""
    targets = runpy.run_path(str(ROOT / "benchmarks/targets.py"))
    assert targets["table"](MEASURED) in (ROOT / "docs/performance.md").read_text(encoding="utf-8")


def test_the_measured_library_is_the_pinned_one() -> None:
    """The vendor's library was measured in the version that the benchmarks install."""
    assert f"sendblue=={MEASURED['vendor_version']} " in BENCH


def test_extras_are_named() -> None:
    """The README names every extra."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in PROJECT["optional-dependencies"] if not re.search(rf"`{name}`|\[{name}\]", readme)] == []
