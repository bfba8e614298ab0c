"""The recipes in CONTRIBUTING.md, followed exactly in a clean clone.

test_type_recipes.py follows those that add something, test_release_recipe.py those from a new operation to its release,
test_publish_upload.py that for an upload, and tests/maintain/test_vendor_sdk.py that for the vendor's library.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from maintain.clones import Clone, reset
from maintain.recipes import Command, follow, recipe
from maintain.venvs import ROOT, VENV

# The scripts work in .venv, whichever Python runs the tests.
pytestmark = pytest.mark.skipif(Path(sys.prefix) != VENV, reason="the recipes are followed on the Python of .venv")

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TITLES = re.findall(r"(?m)^### (.*)", GUIDE)


@pytest.fixture
def clone(released: Clone) -> Clone:
    """Return the clone without changes."""
    reset(released)
    return released


def test_the_recipes() -> None:
    """CONTRIBUTING.md has these recipes, and a test follows each."""
    assert TITLES == [
        "A new field",
        "A nested object",
        "A nullable enum",
        "A query parameter",
        "A deprecation",
        "A renamed field",
        "A new operation",
        "A new resource",
        "A new command",
        "A new version of the generator",
        "A new version of the vendor's library",
        "A new release",
        "A half-finished upload",
    ]


@pytest.mark.parametrize("title", TITLES)
def test_a_recipe_has_commands(title: str) -> None:
    """A recipe ends with commands, so that following it can fail."""
    assert isinstance(recipe(title)[-1], Command)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(scripts/\w+)", GUIDE))))
def test_the_scripts_exist(name: str) -> None:
    """Each script in CONTRIBUTING.md exists and is executable."""
    assert os.access(ROOT / name, os.X_OK)


def test_a_renamed_field(clone: Clone) -> None:
    """The old name of a renamed field is read and accepted. No package is edited, and no old attribute is left."""
    follow(clone, "A renamed field")
    program = (
        "from sendblue_contacts import Contact, Sendblue\n"
        "from sendblue_sandbox import Sandbox\n"
        "with Sandbox() as sandbox, Sendblue('key', 'secret', base_url=sandbox.url) as client:\n"
        "    client.contacts.create('+14155551234', first_name='Ada')\n"
        "    print(*[each.given_name for each in client.contacts.list()])\n"
        "print(Contact.from_dict({'first_name': 'Bob'}).given_name)\n"
    )
    assert clone.do(".venv/bin/python", "-c", program) == "Ada\nBob\n"
    changed = clone.do("git", "status", "--porcelain", "overrides", "transfer", "cli", "sandbox").splitlines()
    assert {line.split("/")[-1] for line in changed} == {"bulk.py", "calls.py"}
    assert clone.run("git", "grep", r"\.first_name\b", "--", "*.py", "README.md", "docs").stdout == ""


def test_a_new_version_of_the_generator(clone: Clone) -> None:
    """The steps after the new pin work; with the same version they change nothing."""
    follow(clone, "A new version of the generator")
    assert clone.do("git", "status", "--porcelain") == ""
