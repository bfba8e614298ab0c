"""A release, from a commit to the index: checks, build, trial, bill of materials, upload, tag, in this order.

Whatever fails, nothing is uploaded after it. Credentials come from the environment, go to the index alone, and are
written nowhere.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from maintain.publish.build import bill_of_materials, build, check_metadata
from maintain.publish.index import Index, NoIndexError, has, upload
from maintain.publish.install_test import pythons, try_out
from maintain.publish.preflight import CHECKS
from maintain.publish.release import Release
from maintain.venvs import ROOT, ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECRETS = ("TWINE_USERNAME", "TWINE_PASSWORD")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/publish", description=sys.modules[__name__].__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--dry-run", action="store_true", help="do all but the upload and the tag (the default)")
    choice.add_argument("--upload", action="store_true", help="upload with twine, then tag the commit")
    return parser.parse_args(arguments)


def refuse(release: Release) -> None:
    """Make every check, a line for each.

    Raises:
        ScriptError: Something stands against the release; the text has a sentence for each such thing.
    """
    sentences = []
    for name, check in CHECKS.items():
        sentence = check(release)
        print(f"{name:<20} {'REFUSED' if sentence else 'ok'}", flush=True)
        sentences += [sentence] if sentence else []
    if sentences:
        raise ScriptError("\n".join(["", *sentences]))


def refuse_what_exists(release: Release, environ: Mapping[str, str], *, must_ask: bool) -> None:
    """Ask the index whether it has this version already; without an index say that nobody was asked.

    Raises:
        ScriptError: It has, it cannot be asked, or it must be asked and the environment names none.
    """
    try:
        index = Index.of(environ)
    except NoIndexError as error:
        if must_ask:
            raise
        print(f"{'the index':<20} NOT ASKED: {error}", flush=True)
        return
    if has(index.versions(release.name), release.version):
        raise ScriptError(
            f"{release.name} {release.version} is on the index already, and a version is published once. "
            "Set a higher `version` in pyproject.toml and release that (CONTRIBUTING.md, A new release)."
        )
    print(f"{'the index':<20} ok", flush=True)


def make(release: Release, folder: Path) -> list[Path]:
    """Build into `folder`, try it on each Python, write the bill of materials, and return what is to be uploaded."""
    files = build(release, folder)
    print(f"{'built twice':<20} ok: identical bytes", flush=True)
    check_metadata(files)
    print(f"{'twine check':<20} ok", flush=True)
    with tempfile.TemporaryDirectory(prefix="publish-trial-") as trials:
        venvs = try_out(release, folder, Path(trials), pythons())
        bill_of_materials(release, venvs[0], folder)
    return files


def publish(release: Release, environ: Mapping[str, str], *, uploads: bool) -> None:
    """Do all of it, with the index that `environ` names; without `uploads` all but the last two steps."""
    refuse_what_exists(release, environ, must_ask=uploads)
    refuse(release)
    with tempfile.TemporaryDirectory(prefix="publish-") as folder:
        made = make(release, Path(folder))
        files = [keep(path, release.root / "dist") for path in sorted(Path(folder).iterdir())]
    print("\n".join(["", *(f"dist/{path.name}" for path in files)]), flush=True)
    if not uploads:
        print("Dry run: nothing was uploaded. `scripts/publish --upload` does the same, uploads and tags.")
        return
    upload([path for path in files if path.name in {each.name for each in made}], environ)
    print(f"Uploaded. {tag(release)}")


def keep(path: Path, folder: Path) -> Path:
    """Copy a file into `folder`, and return where it is."""
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(path, folder))


def tag(release: Release) -> str:
    """Tag the commit if it is not tagged, and return what is left to do."""
    way_out = f"git push origin HEAD {release.tag}"
    if not release.tagged():
        try:
            run(["git", "tag", "--annotate", release.tag, "--message", release.title], cwd=release.root)
        except ScriptError as error:
            # It is on the index, so this is no failure of the upload; but the next release is compared with the tag.
            way_out = f"It could not be tagged:\n{error}\nTag it by hand: git tag {release.tag} && {way_out}"
    return f"Now tell the others: {way_out}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    environ = dict(os.environ)
    for name in SECRETS:
        os.environ.pop(name, None)  # what is built and tried has no business with them
    try:
        publish(Release.of(ROOT), environ, uploads=options.upload)
    except ScriptError as error:
        print(f"{error}\npublish stopped.", file=sys.stderr)
        return 1
    return 0
