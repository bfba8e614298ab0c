"""Publish a release: check, build twice, test on each Python, write the bill of materials, upload, tag.

The first failure ends it, and nothing is uploaded or tagged. Credentials are read from the environment and passed to
twine only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from maintain.publish.build import bill_of_materials, build
from maintain.publish.install_test import install_test
from maintain.publish.preflight import CHECKS, run_tests
from maintain.publish.release import Release
from maintain.publish.upload import missing, require_index, upload
from maintain.venvs import ROOT, VERSIONS, ScriptError, find_python, locked, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

UNFINISHED = "unfinished-"
SECRETS = ("TWINE_USERNAME", "TWINE_PASSWORD")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/publish", description=__doc__)
    help_text = "upload to TWINE_REPOSITORY_URL, then tag the commit; without it, the command stops before the upload"
    parser.add_argument("--upload", action="store_true", help=help_text)
    return parser.parse_args(arguments)


def preflight(release: Release) -> None:
    """Run every check, then the tests. ScriptError: it has one sentence for each failed check."""
    problems = []
    for name, check in CHECKS.items():
        problem = check(release)
        print(f"{name:<20} {'FAILED' if problem else 'ok'}", flush=True)
        problems += [problem] if problem else []
    if problems:
        raise ScriptError("\n".join(["", *problems]))
    run_tests(release)


@contextmanager
def work_folder(dist: Path) -> Iterator[Path]:
    """Lock `dist`, and create an empty folder in it; an earlier run that was killed left one that is removed.

    Programs that a killed run started may still write into its folder, so each run has its own.
    """
    dist.mkdir(exist_ok=True)
    with locked(dist):
        remove_unfinished(dist)
        work = Path(mkdtemp(prefix=UNFINISHED, dir=dist))
        (work / "files").mkdir()
        try:
            yield work
        finally:
            remove_unfinished(dist)


def remove_unfinished(dist: Path) -> None:
    """Remove the folders of runs that did not end."""
    for path in dist.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)  # a program that was interrupted may still write here


def make(release: Release, work: Path) -> list[Path]:
    """Build into `work/files`, test the wheel, write the bill of materials, and return the files to upload."""
    files = build(release, work, work / "files")
    print(f"{'two builds':<20} ok: identical", flush=True)
    pythons = {version: find_python(version) for version in VERSIONS}
    first, *_ = install_test(release, work / "files", work / "venvs", pythons)
    bill_of_materials(release, first, files)
    return files


def publish(release: Release, environ: Mapping[str, str], *, uploads: bool) -> None:
    """Publish to the index that `environ` names; without `uploads`, stop before the upload."""
    if uploads:
        require_index(environ)
    dist = release.root / "dist"
    with work_folder(dist) as work:
        preflight(release)
        to_upload = [dist / path.name for path in make(release, work)]
        files = [path.replace(dist / path.name) for path in sorted((work / "files").iterdir())]
    print("\n".join(["", *(f"dist/{path.name}" for path in files)]), flush=True)
    if not uploads:
        print("Dry run: nothing was uploaded. `scripts/publish --upload` does the same, uploads and tags.")
        return
    upload(missing(release.name, to_upload, environ), environ)
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
    except KeyboardInterrupt:
        print(
            "scripts/publish was interrupted. The same command starts again, and uploads what is missing.",
            file=sys.stderr,
        )
        return 130
    return 0
