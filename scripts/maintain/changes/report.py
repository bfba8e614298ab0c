"""A list of changes as text, as Markdown, or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from maintain.changes.change import KINDS, SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maintain.changes.change import Change
    from maintain.changes.required_version import RequiredVersion

# Lines under one heading. JSON has all of them.
SHOWN = 50


def sections(changes: Sequence[Change]) -> dict[str, list[str]]:
    """Return the lines under each heading. A change that breaks two sides is listed under both."""
    found = {title: [str(change) for change in changes if side in change.breaks] for side, title in SIDES.items()}
    harmless = [change for change in changes if not change.breaks]
    found |= {title: [str(change) for change in harmless if change.kind == kind] for kind, title in KINDS.items()}
    return {title: list(dict.fromkeys(lines)) for title, lines in found.items() if lines}


def as_text(title: str, changes: Sequence[Change], required: RequiredVersion) -> str:
    """Return the report for a terminal."""
    blocks = [f"{heading}:\n" + _bullets(lines) for heading, lines in sections(changes).items()]
    return "\n\n".join([title, *(blocks or ["Nothing changed."]), required.sentence])


def as_markdown(title: str, changes: Sequence[Change], required: RequiredVersion) -> str:
    """Return the report for a changelog or a pull request."""
    blocks = [f"### {heading}\n\n" + _bullets(lines) for heading, lines in sections(changes).items()]
    return "\n\n".join([f"## {title}", *(blocks or ["Nothing changed."]), required.sentence])


def as_json(title: str, changes: Sequence[Change], required: RequiredVersion) -> str:
    """Return the report for a program."""
    listed = [{**vars(change), "breaks": sorted(change.breaks)} for change in changes]
    breaks = {side: any(side in change.breaks for change in changes) for side in SIDES}
    return json.dumps({"title": title, "changes": listed, "breaks": breaks, "version": required.facts}, indent=2)


FORMATS = {"text": as_text, "markdown": as_markdown, "json": as_json}


def _bullets(lines: Sequence[str]) -> str:
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join(f"- {line}" for line in [*lines[:SHOWN], *more])
