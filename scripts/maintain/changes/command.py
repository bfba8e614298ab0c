"""What changed since a release: the document, packages and metadata of a revision beside those of the tree."""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from maintain.changes import base_revision as base
from maintain.changes import document
from maintain.changes import project_metadata as package
from maintain.changes import python_api as python
from maintain.changes.report import FORMATS
from maintain.changes.required_version import Demand, gravest
from maintain.openapi_document import DocumentError, read
from maintain.venvs import ROOT, ScriptError

if TYPE_CHECKING:
    from maintain.changes.report import Change

DOCUMENT = "openapi/contacts.yaml"
NO_RELEASE = "There is no release yet (no tag v*)."


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/changes", description="Say what changed, whom it breaks, and which version it asks for."
    )
    parser.add_argument("revision", nargs="?", metavar="REV", help="what to compare with (the newest tag v*)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="for whom it is said (text)")
    parser.add_argument(
        "--check", action="store_true", help="exit 1 when the version in pyproject.toml is smaller than it must be"
    )
    return parser.parse_args(arguments)


def compare(old: Path, new: Path) -> list[Change]:
    """Return what changed between two trees."""
    return [*_documents(old, new), *python.compare(old, new), *package.compare(old, new)]


def _documents(old: Path, new: Path) -> list[Change]:
    if not (old / DOCUMENT).is_file():
        raise ScriptError(f"That revision has no {DOCUMENT}, so there is nothing to compare with. Name a later one.")
    before, after = (read(root / DOCUMENT, DOCUMENT).data for root in (old, new))
    return document.compare(before, after)


def version_of(root: Path) -> Version:
    """Return the version in a tree's pyproject.toml."""
    with (root / "pyproject.toml").open("rb") as file:
        return Version(tomllib.load(file)["project"]["version"])


def report(options: argparse.Namespace, root: Path) -> int:
    """Compare and print, and return the exit status."""
    found = base.find(options.revision, root)
    if found.doubt:
        print(f"scripts/changes: {found.doubt}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder)
        base.unpack(found.commit, old, root)
        changes = compare(old, root)
        released = version_of(old) if found.is_release else None
    demand = Demand(released, version_of(root), gravest(changes))
    title = f"Changes since {found.name}" if found.is_release else f"{NO_RELEASE} Changes since {found.name}"
    print(FORMATS[options.format](title, changes, demand))
    return int(options.check and not demand.met)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    if not (root / ".git").exists():
        print(base.NO_GIT, file=sys.stderr)
        return int(not options.check)
    try:
        return report(options, root)
    except (DocumentError, ScriptError) as error:
        print(f"scripts/changes: {error}", file=sys.stderr)
        return 1
