"""What the tests of files share: a sandbox over a real socket with a client, and files of contacts."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import Retry, Sendblue
from sendblue_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).with_name("program.py")
QUICK = Retry(base=0.001, throttling_base=0.001)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A server without a limit."""
    with Sandbox(limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Sendblue]:
    """A client of it that never waits."""
    with Sendblue("key", "secret", base_url=sandbox.url, rate_limit=None, retry=QUICK) as client:
        yield client


def number(place: int) -> str:
    """A phone number."""
    return f"+1415{5_550_000 + place:07}"


def person(place: int) -> dict[str, Any]:
    """A contact."""
    return {
        "phone": number(place),
        "first_name": f"Ada {place}",
        "company_name": "Analytical Engines",
        "tags": ["VIP", "lead"],
        "custom_variables": {"Plan": "Plus"},
    }


def row(contact: dict[str, Any]) -> list[str]:
    """The same as cells."""
    return [
        *(contact[name] for name in ("phone", "first_name", "company_name")),
        ";".join(contact["tags"]),
        contact["custom_variables"]["Plan"],
    ]


TITLES = ["phone", "first_name", "company", "tags", "custom_variables.Plan"]


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[..., Path]:
    """Write people as CSV, and rows besides."""

    def write(people: int, *rows: list[str], name: str = "contacts.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(TITLES)
            writer.writerows(row(person(place)) for place in range(people))
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def write_text(tmp_path: Path) -> Callable[..., Path]:
    """Write a text, or bytes, into a file."""

    def write(content: str | bytes, name: str = "contacts.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def held(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What the server holds, as far as a file can say it, in the order of numbers."""
    kept = [{name: each[name] for name in person(0)} for each in sandbox.contacts()]
    return sorted(kept, key=lambda contact: contact["phone"])


def program(*arguments: object) -> list[str]:
    """The command that imports in a process of its own."""
    return [sys.executable, str(PROGRAM), *map(str, arguments)]
