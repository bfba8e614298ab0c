"""Readable names for the parts of the document."""

from __future__ import annotations

from typing import Any

from maintain.json_pointer import follow, steps_of
from maintain.openapi_document import METHODS

Data = dict[str, Any]


# For each keyword, the number of steps that belong together, and how they read.
READINGS = {
    "parameters": (2, "parameter {0} of {1}"),
    "responses": (2, "response {0} of {1}"),
    "headers": (2, "header {0} of {1}"),
    "properties": (2, "{1}.{0}"),
    "servers": (2, "server {0} of {1}"),
    "security": (2, "security of {1}"),
    "requestBody": (1, "body of {1}"),
    "items": (1, "{1}[]"),
    "additionalProperties": (1, "{1}.*"),
    "content": (2, "{1}"),
    "schema": (1, "{1}"),
    "anyOf": (2, "{1}"),
    "oneOf": (2, "{1}"),
    "allOf": (2, "{1}"),
}
# The members of lists that have a name, and its key.
NAMES = {"parameters": "name", "servers": "url"}
# How keywords read at the end of a pointer.
ENDINGS = {"content": "{1} as {0}", "anyOf": "variant of {1}", "oneOf": "variant of {1}", "allOf": "part of {1}"}


def name_of(document: Data, pointer: str) -> str:
    """Return a readable name for the part of `document` at `pointer`: `Contact.tags[]`, `GET /api/v2/contacts`."""
    steps = steps_of(pointer)
    subject, used = _head(document, steps)
    while used < len(steps):
        length, reading = READINGS.get(steps[used], (1, "{0} of {1}"))
        words = steps[used : used + length]
        used += length
        if used >= len(steps):
            reading = ENDINGS.get(words[0], reading)
        word = _name(document, steps[:used]) or words[-1]
        subject = reading.format(word, subject) if len(words) == length else f"{words[0]} of {subject}"
    return subject


def _head(document: Data, steps: list[str]) -> tuple[str, int]:
    """Return the name of the first steps, and their number."""
    if steps[:1] == ["components"]:
        kind = "" if steps[1] == "schemas" else f"{steps[1].removesuffix('s')} "
        return f"{kind}{steps[2]}", 3
    if steps[:1] == ["servers"]:
        return f"server {document['servers'][int(steps[1])].get('url', '')}", 2
    if steps[:1] != ["paths"]:
        return steps[0] if steps else "document", 2
    methods = [method for method in document["paths"].get(steps[1], {}) if method in METHODS]
    if steps[2:3] and steps[2] in METHODS:
        methods = [steps[2]]
    name = " and ".join(f"{method.upper()} {steps[1]}" for method in methods) or steps[1]
    return name, 3 if steps[2:3] and steps[2] in METHODS else 2


def _name(document: Data, steps: list[str]) -> str:
    key = next((key for holder, key in NAMES.items() if holder in steps), None)
    found = follow(document, steps) if key else None
    return str(found.get(key, "")) if isinstance(found, dict) else ""
