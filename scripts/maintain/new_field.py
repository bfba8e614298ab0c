"""A copy of the working tree in which the recipe "A new field" of CONTRIBUTING.md was followed.

The quick tests must pass there, wherever the field stands in the document.
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


def copy_with_field(folder: Path, place: str) -> Clone:
    """Return a copy of the working tree with the field at the first or the last place, regenerated."""
    copy = make_copy(folder)
    for step in recipe("A new field"):
        if isinstance(step, Edit):
            replace(step, how=PLACES[place] if step.how == "under" else step.how).make(copy)
    copy.do("scripts/regenerate")
    return copy


def python_in(copy: Clone, base: Path) -> Path:
    """Return an environment for the copy with the libraries of the environment `base` of this tree."""
    venv = copy.folder / base.name
    if base != VENV:
        share_environment(venv, base)
        use_packages(copy, venv)
    return venv
