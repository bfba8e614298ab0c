"""scripts/changes: the smallest allowed version and the report."""

import pytest
from maintain.changes.report import ADDED, CHANGED, PYTHON, REQUESTS, WORDING, Change, as_text
from maintain.changes.required_version import ADDING, BREAKING, NOTHING, OTHER, most_severe, step
from packaging.version import Version


@pytest.mark.parametrize(
    ("released", "reason", "least"),
    [
        ("0.1.2", BREAKING, "0.2.0"),
        ("0.1.2", ADDING, "0.1.3"),
        ("0.1.2", OTHER, "0.1.3"),
        ("0.1.2", NOTHING, "0.1.2"),
        ("1.2.3", BREAKING, "2.0.0"),
        ("1.2.3", ADDING, "1.3.0"),
        ("1.2.3", OTHER, "1.2.4"),
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
    """Changes that read the same are one line."""
    assert as_text([ADDS, ADDS]) == "Added:\n- Pet.kind: added"


def test_nothing() -> None:
    """Without changes, the report says so."""
    assert as_text([]) == "Nothing changed."
