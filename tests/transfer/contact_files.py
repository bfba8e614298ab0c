"""Sample contacts, the rows of a file that hold them, and helpers that import files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sendblue_contacts import Retry, Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import ImportPlan, ImportReport, open_source, plan_import, run_import

WriteFile = Callable[..., Path]
"""The fixtures `write_rows` and `write_text`."""

FAST_RETRY = Retry(base=0.001, throttling_base=0.001, read_lag=0)
TITLES = ["phone", "first_name", "company", "tags", "custom_variables.Plan"]


def number(index: int) -> str:
    """Return a phone number."""
    return f"+1415{5_550_000 + index:07}"


def person(index: int) -> dict[str, Any]:
    """Return a contact."""
    return {
        "phone": number(index),
        "first_name": f"Ada {index}",
        "company_name": "Analytical Engines",
        "tags": ["VIP", "lead"],
        "custom_variables": {"Plan": "Plus"},
    }


OTHER_VALUES = {**person(1), "first_name": "Grace", "custom_variables": {"Plan": "Pro"}}
"""The second person, with other values."""


def people(count: int) -> list[dict[str, Any]]:
    """Return so many contacts."""
    return [person(index) for index in range(count)]


def row(contact: dict[str, Any]) -> list[str]:
    """Return the cells of a contact, under `TITLES`."""
    return [
        *(contact[name] for name in ("phone", "first_name", "company_name")),
        ";".join(contact["tags"]),
        contact["custom_variables"]["Plan"],
    ]


def stored(sandbox: Sandbox, *names: str) -> list[dict[str, Any]]:
    """Return the contacts of the server, with these fields or those of `person`, in the order of numbers."""
    contacts = sorted(sandbox.contacts(), key=lambda contact: contact["phone"])
    return [{name: contact[name] for name in names or person(0)} for contact in contacts]


def writes(sandbox: Sandbox) -> list[str]:
    """Return the methods of the write requests so far."""
    return [request.method for request in sandbox.requests if request.method != "GET"]


def import_file(client: Sendblue, path: Path, sheet: str | None = None, **settings: Any) -> ImportReport:
    """Import a file and return the report."""
    with open_source(path, sheet=sheet) as source:
        return run_import(client, source, **settings)


def plan_file(file: Any, **settings: Any) -> ImportPlan:
    """Return what an import of a file, or of a table, would do."""
    with open_source(file) as source:
        return plan_import(source, **settings)
