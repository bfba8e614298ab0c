"""JSON pointers into the document, and what a person calls the part that one leads to."""

from __future__ import annotations

from typing import Any

from maintain.openapi_document import METHODS

Data = dict[str, Any]


def steps_of(pointer: str) -> list[str]:
    """Return the steps of a pointer such as `#/paths/~1pets/get`."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("#").split("/")[1:]]


def at(document: Data, pointer: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the part of `document` to which the JSON pointer `pointer` leads."""
    part: Any = document
    for step in steps_of(pointer):
        part = part[int(step)] if isinstance(part, list) else part.get(step, {})
    return part


def as_step(name: str) -> str:
    """Return a key as a pointer spells it."""
    return name.replace("~", "~0").replace("/", "~1")


# How many steps of a pointer belong together after each word, and how they read.
READINGS = {
    "parameters": (2, "parameter {0} of {1}"),
    "responses": (2, "answer {0} of {1}"),
    "headers": (2, "header {0} of {1}"),
    "properties": (2, "{1}.{0}"),
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
# How they read where nothing comes after them.
ENDINGS = {"content": "{1} as {0}", "anyOf": "one form of {1}", "oneOf": "one form of {1}", "allOf": "one part of {1}"}


def name_of(document: Data, pointer: str) -> str:
    """Return what a person calls the part of `document` at `pointer`: `Contact.tags[]`, `GET /api/v2/contacts`."""
    steps = steps_of(pointer)
    subject, taken = _head(document, steps)
    while taken < len(steps):
        length, reading = READINGS.get(steps[taken], (1, "{0} of {1}"))
        words = steps[taken : taken + length]
        if taken + length >= len(steps):
            reading = ENDINGS.get(words[0], reading)
        word = _parameter(document, steps[: taken + length]) or words[-1]
        subject = reading.format(word, subject) if len(words) == length else f"{words[0]} of {subject}"
        taken += length
    return subject


def _head(document: Data, steps: list[str]) -> tuple[str, int]:
    """Return what the first steps are called, and how many they are."""
    if steps[:1] == ["components"]:
        kind = "" if steps[1] == "schemas" else f"{steps[1].removesuffix('s')} "
        return f"{kind}{steps[2]}", 3
    if steps[:1] == ["servers"]:
        return f"server {at(document, '#/' + '/'.join(steps[:2])).get('url', '')}", 2
    if steps[:1] != ["paths"]:
        return steps[0] if steps else "document", 2
    methods = steps[2:3] if steps[2:3] and steps[2] in METHODS else _methods(document, steps)
    return " and ".join(f"{method.upper()} {steps[1]}" for method in methods) or steps[1], 2 + len(steps[2:3])


def _methods(document: Data, steps: list[str]) -> list[str]:
    return [method for method in document["paths"].get(steps[1], {}) if method in METHODS]


def _parameter(document: Data, steps: list[str]) -> str:
    pointer = "#/" + "/".join(map(as_step, steps))
    found = at(document, pointer) if "parameters" in steps else {}
    return str(found.get("name", "")) if isinstance(found, dict) else ""
