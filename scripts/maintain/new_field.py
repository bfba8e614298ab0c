"""Copies of the working tree in which the recipes "A new field" and "A renamed field" of CONTRIBUTING.md were followed.

The quick tests must pass there: wherever the new field stands in the document, and whatever another field is called.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from maintain.clones import Clone, make_copy, share_environment, use_packages
from maintain.recipes import Edit, recipe
from maintain.venvs import VENV

if TYPE_CHECKING:
    from pathlib import Path

PLACES = {"first": "under", "last": "last under"}
"""How the edit of the document is made for each place of the field among the properties of its schemas."""
WITH_RENAME = "last"
"""The place of the new field in the copy in which another field is renamed."""


def copy_with_field(folder: Path, place: str) -> Clone:
    """Return a copy of the working tree with the field at the first or the last place, regenerated."""
    copy = make_copy(folder)
    steps = [*recipe("A new field"), *(recipe("A renamed field") if place == WITH_RENAME else ())]
    for step in steps:
        if isinstance(step, Edit):
            replace(step, how=PLACES[place] if step.how == "under" else step.how).make(copy)
        elif not step.line.startswith("scripts/"):
            step.make(copy)
    copy.do("scripts/regenerate")
    return copy


def python_in(copy: Clone, base: Path) -> Path:
    """Return an environment for the copy with the libraries of the environment `base` of this tree."""
    venv = copy.folder / base.name
    if base != VENV:
        share_environment(venv, base)
        use_packages(copy, venv)
    return venv
