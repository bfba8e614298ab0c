"""Publish a release: check, build twice, test on each Python, write the bill of materials, upload, tag.

The first failure ends it, and nothing is uploaded or tagged. Credentials are read from the environment and passed to
twine only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from maintain.publish.build import bill_of_materials, build
from maintain.publish.install_test import install_test
from maintain.publish.preflight import CHECKS
from maintain.publish.release import Release
from maintain.publish.upload import require_index, upload
from maintain.venvs import ROOT, VERSIONS, ScriptError, find_python, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECRETS = ("TWINE_USERNAME", "TWINE_PASSWORD")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/publish", description=__doc__)
    help_text = "upload to TWINE_REPOSITORY_URL, then tag the commit; without it, the command stops before the upload"
    parser.add_argument("--upload", action="store_true", help=help_text)
    return parser.parse_args(arguments)


def preflight(release: Release) -> None:
    """Run every check and print one line for each. ScriptError: it has one sentence for each failed check."""
    problems = []
    for name, check in CHECKS.items():
        problem = check(release)
        print(f"{name:<20} {'FAILED' if problem else 'ok'}", flush=True)
        problems += [problem] if problem else []
    if problems:
        raise ScriptError("\n".join(["", *problems]))


def make(release: Release, folder: Path) -> list[Path]:
    """Build into `folder`, test the wheel, write the bill of materials, and return the files to upload."""
    files = build(release, folder)
    print(f"{'two builds':<20} ok: identical", flush=True)
    with tempfile.TemporaryDirectory(prefix="publish-install-") as venvs:
        first, *_ = install_test(release, folder, Path(venvs), {version: find_python(version) for version in VERSIONS})
        bill_of_materials(release, first, folder)
    return files


def publish(release: Release, environ: Mapping[str, str], *, uploads: bool) -> None:
    """Publish to the index that `environ` names; without `uploads`, stop before the upload."""
    if uploads:
        require_index(environ)
    preflight(release)
    dist = release.root / "dist"
    dist.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="publish-") as folder:
        to_upload = [dist / path.name for path in make(release, Path(folder))]
        files = [Path(shutil.copy(path, dist)) for path in sorted(Path(folder).iterdir())]
    print("\n".join(["", *(f"dist/{path.name}" for path in files)]), flush=True)
    if not uploads:
        print("Dry run: nothing was uploaded. `scripts/publish --upload` does the same, uploads and tags.")
        return
    upload(to_upload, environ)
    print(f"Uploaded. {tag(release)}")


def tag(release: Release) -> str:
    """Tag the commit unless it is tagged, and return what remains to be done."""
    push = f"git push origin HEAD {release.tag}"
    if not release.is_tagged():
        message = f"{release.name} {release.version}"
        try:
            run(["git", "tag", "--annotate", release.tag, "--message", message], cwd=release.root)
        except ScriptError as error:
            # The upload succeeded, so this is not a failure; but scripts/changes compares with the tag.
            return f"The commit could not be tagged:\n{error}\nTag it yourself: git tag {release.tag} && {push}"
    return f"Push the commit and the tag: {push}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parse(arguments)
    environ = dict(os.environ)
    for name in SECRETS:
        os.environ.pop(name, None)  # builds and tests must not see them
    try:
        publish(Release.of(ROOT), environ, uploads=options.upload)
    except ScriptError as error:
        print(f"{error}\nscripts/publish failed.", file=sys.stderr)
        return 1
    return 0
