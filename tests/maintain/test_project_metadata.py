"""scripts/changes on edits of pyproject.toml: what those who install the package are told, and what breaks them."""

from __future__ import annotations

import tomllib

import pytest
from maintain.changes.project_metadata import compare_projects, takes
from packaging.specifiers import SpecifierSet

PROJECT = """\
name = "pets"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["attrs>=23.2", "httpx>=0.27,<1", "tomli>=2; python_version < '3.12'"]
[optional-dependencies]
phone = ["phonenumbers>=8.13"]
fast = ["httpx[http2]", "orjson"]
all = ["pets[phone,fast]"]
[scripts]
pets = "pets.cli:main"
[entry-points.pytest11]
pets_sandbox = "pets._pytest"
"""


def told(old: str, new: str) -> list[tuple[bool, str]]:
    """Whether it breaks, and the line, of each change that it makes to write `new` in the place of `old`."""
    assert old in PROJECT
    changes = compare_projects(tomllib.loads(PROJECT), tomllib.loads(PROJECT.replace(old, new)))
    return [(bool(each.breaks), str(each)) for each in changes]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ('">=3.11"', '">=3.13"', ["Python: takes `>=3.13` now, and took `>=3.11`"]),
        ('">=3.11"', '">=3.11,!=3.12.*"', ["Python: takes `!=3.12.*,>=3.11` now, and took `>=3.11`"]),
        (",<1", ",<0.28", ["dependency httpx: takes `<0.28,>=0.27` now, and took `<1,>=0.27`"]),
        ('"attrs>=23.2", ', "", ["dependency attrs: removed"]),
        ('pets = "pets.cli:main"', "", ["command pets: removed"]),
        ('pets_sandbox = "pets._pytest"', "", ["pytest11 entry point pets_sandbox: removed"]),
        (
            "phonenumbers>=8.13",
            "phonenumbers>=9",
            [
                "dependency phonenumbers of extra all: takes `>=9` now, and took `>=8.13`",
                "dependency phonenumbers of extra phone: takes `>=9` now, and took `>=8.13`",
            ],
        ),
        (
            'phone = ["phonenumbers>=8.13"]\n',
            "",
            ["dependency phonenumbers of extra all: removed", "extra phone: removed"],
        ),
    ],
)
def test_what_breaks(old: str, new: str, lines: list[str]) -> None:
    """What goes, and what takes fewer versions, breaks those who install it."""
    assert told(old, new) == [(True, line) for line in lines]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ('">=3.11"', '">=3.10"', ["Python: takes `>=3.10` now, and took `>=3.11`"]),
        ('requires-python = ">=3.11"\n', "", ["Python: takes any version now, and took `>=3.11`"]),
        ('"attrs>=23.2", ', '"attrs>=23.2", "rich", ', ["dependency rich: added"]),
        ("\nphone =", '\nxlsx = ["xlsxwriter"]\nphone =', ["extra xlsx: added"]),
        ('pets = "pets.cli:main"', 'pets = "pets.cli:main"\ndogs = "pets.cli:dogs"', ["command dogs: added"]),
        ("pets.cli:main", "pets.command:main", []),
        ("attrs>=23.2", "Attrs >= 23.2", []),
        ("pets[phone,fast]", "pets[fast,phone]", []),
    ],
)
def test_what_breaks_nobody(old: str, new: str, lines: list[str]) -> None:
    """What comes and what takes more versions breaks nobody; where a command lies is no change."""
    assert told(old, new) == [(False, line) for line in lines]


def test_what_a_package_may_leave_out() -> None:
    """A project needs to say nothing of all that."""
    assert list(compare_projects({"version": "0.1.0"}, {"version": "0.2.0"})) == []


@pytest.mark.parametrize(
    ("wide", "narrow", "does"),
    [
        ("", ">=1", True),
        (">=1", "", False),
        (">=1,<3", ">=1.2,<2", True),
        (">=1,<2", ">=1,<=2", False),
        (">1", ">=1", False),
        ("~=1.4", ">=1.4,<2", True),
        ("~=1.4.2", ">=1.4.2,<2", False),
        ("==1.4.*", "==1.4.7", True),
        ("==1.4.7", "==1.4.*", False),
        (">=1", ">=1,!=1.5", True),
        (">=1,!=1.5", ">=1", False),
        (">=1rc1", ">=1", True),
        (">=1", ">=1rc1", False),
    ],
)
def test_one_range_in_another(wide: str, narrow: str, does: bool) -> None:  # noqa: FBT001 - an expectation, not a switch
    """A range takes another where it takes each version that the other does."""
    assert takes(SpecifierSet(wide), SpecifierSet(narrow)) is does
