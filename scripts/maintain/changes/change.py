"""A change between two revisions, and the callers that it can break."""

from __future__ import annotations

from dataclasses import dataclass

REQUESTS, RESPONSES, PYTHON = "requests", "responses", "python"
# The callers that a change can break, and the heading for each.
SIDES = {REQUESTS: "Breaks requests", RESPONSES: "Breaks responses", PYTHON: "Breaks Python callers"}
ADDED, REMOVED, CHANGED, WORDING = "added", "removed", "changed", "wording"
# The headings for changes that break nothing.
KINDS = {ADDED: "Added", REMOVED: "Removed", CHANGED: "Changed", WORDING: "Wording"}
MAX_LENGTH = 40


@dataclass(frozen=True)
class Change:
    """One difference between two revisions.

    Attributes:
        subject: The part that changed, by a readable name: `Contact.first_name`, `GET /api/v2/contacts`.
        kind: ADDED, REMOVED, CHANGED, or WORDING for text that only people read.
        text: What happened to the subject.
        breaks: The SIDES that it breaks; empty if everything that worked still works.
    """

    subject: str
    kind: str
    text: str
    breaks: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


def shown(value: object) -> str:
    """Return a value of the document on one line: lists as comma-separated words, long values shortened."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"`{text}`" if len(text) <= MAX_LENGTH else f"`{text[:MAX_LENGTH]}…`"
