"""A change between two revisions, the callers that it can break, and the report of all changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUESTS, RESPONSES, PYTHON, NAMES = "requests", "responses", "python", "names"
# The callers that a change can break, and the heading for each.
SIDES = {
    REQUESTS: "Breaks requests",
    RESPONSES: "Breaks responses",
    PYTHON: "Breaks Python callers",
    NAMES: "Breaks users of commands, settings and fixtures",
}
ADDED, REMOVED, CHANGED, WORDING = "added", "removed", "changed", "wording"
# The headings for changes that break nothing.
KINDS = {ADDED: "Added", REMOVED: "Removed", CHANGED: "Changed", WORDING: "Wording"}
NOTHING = (
    "Nothing changed in the document, the public Python names, the commands, the exit codes, the environment variables "
    "and the fixtures. Behavior, the texts of messages and internal constants are not compared."
)
MAX_LENGTH = 40


@dataclass(frozen=True)
class Change:
    """One difference between two revisions."""

    subject: str  # the part that changed, by a readable name: `Contact.first_name`, `GET /api/v2/contacts`
    kind: str  # ADDED, REMOVED, CHANGED, or WORDING for text that only people read
    text: str  # what happened to the subject
    breaks: frozenset[str] = frozenset()  # the SIDES that it breaks; empty if everything that worked still works

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


def shown(value: object) -> str:
    """Return a value of the document on one line: lists as comma-separated words, long values shortened."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"`{text}`" if len(text) <= MAX_LENGTH else f"`{text[:MAX_LENGTH]}…`"


def as_text(changes: Sequence[Change]) -> str:
    """Return the changes under headings, equal lines once; a change that breaks two sides is under both."""
    found = {title: [change for change in changes if side in change.breaks] for side, title in SIDES.items()}
    harmless = [change for change in changes if not change.breaks]
    found |= {title: [change for change in harmless if change.kind == kind] for kind, title in KINDS.items()}
    blocks = [[f"{title}:", *dict.fromkeys(f"- {one}" for one in listed)] for title, listed in found.items() if listed]
    return "\n\n".join(map("\n".join, blocks)) or NOTHING
