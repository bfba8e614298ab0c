"""The custom templates: each explains its purpose, is independent of the API, and fits the stock template."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from maintain.openapi_document import read
from maintain.regenerate.templates import NEW, RECORD, accept, custom, recorded, stock_hash
from maintain.venvs import ROOT

FOLDER = ROOT / "openapi/templates"
TEMPLATES = custom(FOLDER)
# Words of JSON Schema, which a template may use.
JSON_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


def names(value: object, holder: str = "") -> Iterator[str]:
    """Yield the names of all operations, paths, schemas, fields, aliases and parameters in a part of the document."""
    if isinstance(value, dict):
        yield from value if holder in {"paths", "schemas", "properties"} else ()
        yield from value.get("x-aliases", ())
        yield from [value["operationId"]] if isinstance(value.get("operationId"), str) else ()
        yield from [value["name"]] if {"name", "in"} <= value.keys() else ()
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from names(child, str(key))


def pattern(name: str) -> re.Pattern[str]:
    """Return a pattern that finds `name`; an ordinary English word is found only as a string."""
    ordinary = re.fullmatch("[a-z]+", name)
    quoted = rf"""(["']){re.escape(name)}\1"""
    return re.compile(quoted if ordinary else rf"(?<![\w/]){re.escape(name)}(?!\w)")


API = set(names(read(ROOT / "openapi/contacts.yaml", "contacts.yaml").data)) - JSON_TYPES


def mentioned(text: str, api: set[str]) -> list[str]:
    """Return the names of the API in `text`."""
    return sorted(name for name in api if pattern(name).search(text))


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_works_for_any_document(name: str) -> None:
    """A custom template begins with a comment of at least one sentence, and contains no name of the API."""
    comment = re.match(r"\{#-?(.*?)-?#\}", TEMPLATES[name], re.DOTALL)
    assert comment is not None
    assert (len(comment[1].split()) >= 5, mentioned(TEMPLATES[name], API)) == (True, [])


@pytest.mark.parametrize(
    "text",
    ['{% if field.name == "status" %}', "contact.first_name", "# firstName", "'/api/v2/contacts'", "list[Contact]"],
)
def test_a_name_of_the_api_is_found(text: str) -> None:
    """The test above fails on a template that contains the name of an endpoint, a model or a field."""
    assert mentioned(text, API) != []


@pytest.mark.parametrize("name", sorted({*TEMPLATES, *recorded(FOLDER)}))
def test_fits_the_stock_template(name: str) -> None:
    """The stock template is the one that was reviewed; scripts/regenerate --accept-stock records it."""
    expected = stock_hash(name) if name in TEMPLATES else "no custom template"
    assert recorded(FOLDER).get(name, "no entry") == expected


def test_accept(tmp_path: Path) -> None:
    """--accept-stock writes one line for each template and prints those that changed."""
    (tmp_path / "model.py.jinja").write_text("{# why #}")
    (tmp_path / "mine.jinja").write_text("{# why #}")
    (tmp_path / RECORD).write_text("0000  model.py.jinja\nnew  gone.jinja\n")
    assert accept(tmp_path) == ["gone.jinja", "mine.jinja", "model.py.jinja"]
    assert recorded(tmp_path) == {"mine.jinja": NEW, "model.py.jinja": stock_hash("model.py.jinja")}
