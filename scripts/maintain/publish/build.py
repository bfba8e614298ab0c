"""Build the sdist, the wheel and the bill of materials from a commit, reproducibly.

The commit is built twice, each time from a fresh clone, in another folder, with another time zone and hash seed. Any
difference is an error, and files that are not committed cannot get into the build.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from maintain.venvs import ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maintain.publish.release import Release

ENVIRONMENTS = (("TZ=UTC", "PYTHONHASHSEED=1"), ("TZ=Asia/Kathmandu", "PYTHONHASHSEED=2"))


def build(release: Release, folder: Path) -> list[Path]:
    """Build the sdist and the wheel into `folder` and return their paths. ScriptError: two builds differ."""
    with tempfile.TemporaryDirectory(prefix="publish-build-") as temporary:
        first, second = (
            build_once(release, Path(temporary) / str(number), variables)
            for number, variables in enumerate(ENVIRONMENTS)
        )
        compare(first, second)
        return [Path(shutil.copy(path, folder)) for path in sorted(first.iterdir())]


def build_once(release: Release, folder: Path, variables: Sequence[str]) -> Path:
    """Build in a clone of the commit and return the folder that contains the two files."""
    clone, out = folder / "clone", folder / "out"
    run(["git", "clone", "--quiet", "--no-checkout", str(release.root), str(clone)])
    run(["git", "checkout", "--quiet", "--detach", release.commit], cwd=clone)
    environment = ["env", f"SOURCE_DATE_EPOCH={release.epoch}", *variables]
    run([*environment, sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)], cwd=clone)
    return out


def compare(first: Path, second: Path) -> None:
    """Raise ScriptError unless two folders contain the same files, byte for byte."""
    one, other = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in (first, second))
    differing = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    if differing:
        raise ScriptError(
            f"Two builds of one commit differ in {', '.join(differing)}: something of the machine gets into the build "
            "(a time, a path, an order). Build twice with `.venv/bin/python -m build`, unpack and compare."
        )


def bill_of_materials(release: Release, venv: Path, folder: Path) -> None:
    """Write a CycloneDX JSON file that lists what is installed in `venv` into `folder`."""
    target = folder / f"{release.name.replace('-', '_')}-{release.version}.cdx.json"
    options = ["--output-reproducible", "--output-format=JSON", "--mc-type=library", "--pyproject=pyproject.toml"]
    command = [sys.executable, "-m", "cyclonedx_py", "environment", *options, f"--output-file={target}"]
    run(["env", f"SOURCE_DATE_EPOCH={release.epoch}", *command, str(venv / "bin/python")], cwd=release.root)
