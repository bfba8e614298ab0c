"""Our templates: each says why it exists, names nothing of the API, and fits the stock template beneath it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from maintain.openapi_document import METHODS, read
from maintain.regenerate.templates import NEW, RECORD, accept, ours, recorded, stock_hash
from maintain.venvs import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ROOT / "openapi/templates"
TEMPLATES = ours(FOLDER)
# JSON Schema's own words, which a template must be able to say.
JSON_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


def names_of_the_api(data: dict[str, Any]) -> set[str]:
    """Return all names of operations, paths, schemas, fields, aliases and parameters in the document `data`."""
    return (
        {name for part in parts(data) for name in names(part)} | set(data["paths"]) | set(data["components"]["schemas"])
    )


def parts(value: object) -> Iterator[dict[str, Any]]:
    """Yield every mapping in `value`."""
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from parts(child)


def names(part: dict[str, Any]) -> Iterator[str]:
    """Yield the names that `part` of the document introduces."""
    properties = part.get("properties")
    yield from properties if isinstance(properties, dict) else ()
    yield from part.get("x-aliases", ())
    yield from [part["operationId"]] if "operationId" in part else ()
    yield from [part["name"]] if {"name", "in"} <= part.keys() else ()


def pattern(name: str) -> re.Pattern[str]:
    """Return what finds `name`; one that is an ordinary English word is looked for as a string only."""
    ordinary = re.fullmatch("[a-z]+", name)
    quoted = rf"""(["']){re.escape(name)}\1"""
    return re.compile(quoted if ordinary else rf"(?<![\w/]){re.escape(name)}(?!\w)")


API = names_of_the_api(read(ROOT / "openapi/contacts.yaml", "contacts.yaml").data) - JSON_TYPES


def mentioned(text: str, api: set[str]) -> list[str]:
    """Return the names of the API that `text` mentions."""
    return sorted(name for name in api if pattern(name).search(text))


def test_there_is_something_to_check() -> None:
    """The names were found in the document, so that the tests below can fail."""
    assert {"create_contact", "first_name", "firstName", "Contact", "status", "order_by"} <= API
    assert not METHODS & API


@pytest.mark.parametrize("name", TEMPLATES)
def test_says_why_it_exists(name: str) -> None:
    """A template of ours begins with a comment of at least a sentence."""
    comment = re.match(r"\{#-?(.*?)-?#\}", TEMPLATES[name], re.DOTALL)
    assert comment is not None
    assert len(comment[1].split()) >= 5


@pytest.mark.parametrize("name", TEMPLATES)
def test_names_nothing_of_the_api(name: str) -> None:
    """A template of ours would serve any other document as well."""
    assert mentioned(TEMPLATES[name], API) == []


@pytest.mark.parametrize(
    "text",
    ['{% if field.name == "status" %}', "contact.first_name", "# firstName", "'/api/v2/contacts'", "list[Contact]"],
)
def test_a_name_of_the_api_is_found(text: str) -> None:
    """The test above fails on a template that names an endpoint, a model or a field."""
    assert mentioned(text, API) != []


@pytest.mark.parametrize("name", sorted({*TEMPLATES, *recorded(FOLDER)}))
def test_fits_the_stock_template(name: str) -> None:
    """The stock template beneath ours is the one that was looked at (scripts/regenerate --accept-stock records it)."""
    beneath = stock_hash(name) if name in TEMPLATES else "no template of ours"
    assert recorded(FOLDER).get(name, "no entry") == beneath


def test_accept_records_and_tells(tmp_path: Path) -> None:
    """--accept-stock writes one line for each template, and names those that changed."""
    (tmp_path / "model.py.jinja").write_text("{# why #}")
    (tmp_path / "mine.jinja").write_text("{# why #}")
    (tmp_path / RECORD).write_text("0000  model.py.jinja\nnew  gone.jinja\n")
    assert accept(tmp_path) == ["gone.jinja", "mine.jinja", "model.py.jinja"]
    assert recorded(tmp_path) == {"mine.jinja": NEW, "model.py.jinja": stock_hash("model.py.jinja")}
