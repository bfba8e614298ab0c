"""A change, and a list of them as a person, a changelog or a program reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maintain.changes.required_version import Demand

REQUESTS, RESPONSES, PYTHON = "requests", "responses", "python"
# Whom a change can break, and how that is said.
SIDES = {REQUESTS: "Breaks requests", RESPONSES: "Breaks responses", PYTHON: "Breaks Python callers"}
ADDED, REMOVED, CHANGED, WORDING = "added", "removed", "changed", "wording"
# What else there is, where nothing breaks.
KINDS = {ADDED: "Added", REMOVED: "Removed", CHANGED: "Changed", WORDING: "Wording"}
LONGEST = 40
# Lines under one heading; a program gets all.
SHOWN = 50


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was.

    Attributes:
        subject: What it is about, as a person calls it: `Contact.first_name`, `GET /api/v2/contacts`.
        kind: ADDED, REMOVED, CHANGED, or WORDING for what only people read.
        text: What happened to it, in a sentence without its subject.
        breaks: Whom it breaks, of SIDES; empty where all that worked goes on working.
    """

    subject: str
    kind: str
    text: str
    breaks: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}"


def sections(changes: Sequence[Change]) -> dict[str, list[str]]:
    """Return the lines under each heading that has any; what breaks two sides stands under both."""
    found = {title: [str(each) for each in changes if side in each.breaks] for side, title in SIDES.items()}
    harmless = [each for each in changes if not each.breaks]
    found |= {title: [str(each) for each in harmless if each.kind == kind] for kind, title in KINDS.items()}
    return {title: list(dict.fromkeys(lines)) for title, lines in found.items() if lines}


def as_text(title: str, changes: Sequence[Change], demand: Demand) -> str:
    """Return all of it for a terminal."""
    blocks = [f"{heading}:\n" + _bullets(lines) for heading, lines in sections(changes).items()]
    return "\n\n".join([title, *(blocks or ["Nothing changed."]), demand.sentence])


def as_markdown(title: str, changes: Sequence[Change], demand: Demand) -> str:
    """Return all of it for a changelog or a pull request."""
    blocks = [f"### {heading}\n\n" + _bullets(lines) for heading, lines in sections(changes).items()]
    return "\n\n".join([f"## {title}", *(blocks or ["Nothing changed."]), demand.sentence])


def as_json(title: str, changes: Sequence[Change], demand: Demand) -> str:
    """Return all of it for a program."""
    told = [
        {"subject": each.subject, "kind": each.kind, "text": each.text, "breaks": sorted(each.breaks)}
        for each in changes
    ]
    breaks = {side: any(side in each.breaks for each in changes) for side in SIDES}
    return json.dumps({"title": title, "changes": told, "breaks": breaks, "version": demand.facts}, indent=2)


FORMATS = {"text": as_text, "markdown": as_markdown, "json": as_json}


def _bullets(lines: Sequence[str]) -> str:
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join(f"- {line}" for line in [*lines[:SHOWN], *more])


def shown(value: object) -> str:
    """Return a value of the document in a line: lists as words, what is long cut."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"`{text}`" if len(text) <= LONGEST else f"`{text[:LONGEST]}…`"
