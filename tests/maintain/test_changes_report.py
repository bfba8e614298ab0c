"""scripts/changes: the smallest allowed version and the report."""

from pathlib import Path

import pytest
from maintain.changes.public_names import compare
from maintain.changes.report import ADDED, CHANGED, PYTHON, REQUESTS, RESPONSES, WORDING, Change, as_text
from maintain.changes.request_response_views import view
from maintain.changes.required_version import ADDING, BREAKING, NOTHING, OTHER, most_severe, step
from packaging.version import Version


@pytest.mark.parametrize(
    ("released", "reason", "least"),
    [
        ("0.1.2", BREAKING, "0.2.0"),
        ("0.1.2", ADDING, "0.1.3"),
        ("0.1.2", NOTHING, "0.1.2"),
        ("1.2.3", BREAKING, "2.0.0"),
        ("1.2.3", ADDING, "1.3.0"),
        ("1.2", OTHER, "1.2.1"),
        ("0.2.0rc1", BREAKING, "0.2.0"),
        ("0.2.0rc1", NOTHING, "0.2.0rc1"),
    ],
)
def test_the_smallest_allowed_version(released: str, reason: str, least: str) -> None:
    """Before 1.0.0 a breaking change requires a minor version; from 1.0.0 on, semantic versioning applies."""
    assert step(Version(released), reason) == Version(least)


BREAKS = Change("Pet.age", CHANGED, "type changed", frozenset({REQUESTS, PYTHON}))
ADDS = Change("Pet.kind", ADDED, "added")
REWORDS = Change("Pet", WORDING, "description changed")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [([REWORDS, ADDS, BREAKS], BREAKING), ([REWORDS, ADDS], ADDING), ([REWORDS], OTHER), ([], NOTHING)],
)
def test_the_most_severe_change(changes: list[Change], reason: str) -> None:
    """The most severe change decides."""
    assert most_severe(changes) == reason


def test_the_report() -> None:
    """Breaking changes come first, under the heading of each side that they break."""
    assert as_text([REWORDS, ADDS, BREAKS]).split("\n\n") == [
        "Breaks requests:\n- Pet.age: type changed",
        "Breaks Python callers:\n- Pet.age: type changed",
        "Added:\n- Pet.kind: added",
        "Wording:\n- Pet: description changed",
    ]


def test_equal_lines() -> None:
    """Changes that read the same are one line; without any, the report names what was compared, and what was not."""
    assert as_text([ADDS, ADDS]) == "Added:\n- Pet.kind: added"
    text = as_text([])
    assert text.startswith("Nothing changed in the document, the public Python names, the commands, the exit codes,")
    assert text.endswith("Behavior, the texts of messages and internal constants are not compared.")


OLD = [
    "variable KEY",
    "fixture pets",
    "exit code 3",
    "command pets list",
    "command pets list --by: age, name, default age",
    "command pets list --to: required",
]


@pytest.mark.parametrize(
    ("new", "breaks", "line"),
    [
        (OLD[1:], True, "variable KEY: removed"),
        ([*OLD, "variable MORE"], False, "variable MORE: added"),
        ([OLD[0], "fixture animals", *OLD[2:]], True, "fixture pets: removed"),
        ([*OLD, "command pets list --tag"], False, "command pets list --tag: added"),
        ([*OLD, "command pets list file: required"], True, "command pets list file: added"),
        ([*OLD, "command pets show", "command pets show name: required"], False, "command pets show name: added"),
        ([*OLD[:5], "command pets list --to"], False, "command pets list --to: no longer required"),
        ([*OLD[:4], f"{OLD[4]}, required", OLD[5]], True, "command pets list --by: now required"),
        ([*OLD[:4], f"{OLD[4]}, size", OLD[5]], False, "command pets list --by: now size"),
        (
            [*OLD[:4], "command pets list --by: age, default age", OLD[5]],
            True,
            "command pets list --by: no longer name",
        ),
        (
            [*OLD[:4], "command pets list --by: age, name, default name", OLD[5]],
            True,
            "command pets list --by: no longer default age, now default name",
        ),
    ],
)
def test_names_that_are_not_imported(tmp_path: Path, new: list[str], breaks: bool, line: str) -> None:
    """Commands, options, exit codes, fixtures and environment variables are compared; what callers rely on may grow."""
    for folder, lines in (("old", OLD), ("new", new)):
        (tmp_path / folder / "tests").mkdir(parents=True)
        (tmp_path / folder / "tests/surface.txt").write_text("\n".join([*lines, "pets.Pet.name: str"]))
    changes = list(compare(tmp_path / "old", tmp_path / "new"))
    assert line in [str(change) for change in changes]
    assert any(change.breaks for change in changes) is breaks


def test_fields_called_like_keywords() -> None:
    """A field may be called like a keyword of JSON Schema; a reference alone is the same as one in `allOf`."""
    reference = {"$ref": "#/components/schemas/Pet"}
    names: dict[str, object] = {"properties": {"type": "string"}, "allOf": reference, "owner": True}
    schemas = [{"properties": {**names, "pet": pet}} for pet in (reference, {"allOf": [reference]})]
    first, second = (view({"paths": {}, "x-schema": schema}, RESPONSES)["x-schema"] for schema in schemas)
    assert first == second
    assert (first["properties"]["properties"], first["properties"]["owner"]) == ({"type": "string"}, True)
