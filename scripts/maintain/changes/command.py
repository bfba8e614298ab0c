"""List what changed in the OpenAPI document, the Python packages and the commands since a revision."""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from maintain.changes import document, public_names, python_packages
from maintain.changes.base_revision import find, unpack
from maintain.changes.report import as_text
from maintain.changes.required_version import most_severe, verdict
from maintain.openapi_document import DocumentError, read
from maintain.venvs import ROOT, ScriptError

if TYPE_CHECKING:
    from maintain.changes.report import Change

DOCUMENT = "openapi/contacts.yaml"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/changes",
        description="List what changed since a revision, which callers it breaks, and the version that it requires.",
    )
    parser.add_argument("revision", nargs="?", metavar="REV", help="the revision to compare with (the newest tag v*)")
    parser.add_argument(
        "--check", action="store_true", help="exit with status 1 if the version in pyproject.toml is too small"
    )
    return parser.parse_args(arguments)


def compare(old: Path, new: Path) -> list[Change]:
    """Return what changed between two trees."""
    if not (old / DOCUMENT).is_file():
        raise ScriptError(f"That revision has no {DOCUMENT}, so there is nothing to compare with. Name a later one.")
    before, after = (read(root / DOCUMENT, DOCUMENT).data for root in (old, new))
    return [*document.compare(before, after), *python_packages.compare(old, new), *public_names.compare(old, new)]


def version_of(root: Path) -> Version:
    """Return the version in the pyproject.toml of a tree."""
    return Version(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def report(options: argparse.Namespace, root: Path) -> int:
    """Compare, print the report, and return the exit status."""
    base = find(options.revision, root)
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder)
        unpack(base.commit, old, root)
        changes = compare(old, root)
        released = version_of(old) if base.is_release else None
    sentence, is_met = verdict(released, version_of(root), most_severe(changes))
    no_release = "" if base.is_release else "There is no release yet (no tag v*). "
    print(f"{no_release}Changes since {base.name}", as_text(changes), sentence, sep="\n\n")
    return int(options.check and not is_met)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    if not (root / ".git").exists():
        print("This is not a git repository, so there is nothing to compare with.", file=sys.stderr)
        return int(not options.check)
    try:
        return report(options, root)
    except (DocumentError, ScriptError) as error:
        print(f"scripts/changes: {error}", file=sys.stderr)
        return 1
