"""From the commit to files: sdist, wheel and bill of materials, the same to the byte whoever builds them.

Built twice, each time from a fresh clone of the commit, in another folder, another time zone and with another hash
seed; what differs is a failure. So nothing gets in that is not committed.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from maintain.venvs import ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maintain.publish.release import Release

SURROUNDINGS = (("TZ=UTC", "PYTHONHASHSEED=1"), ("TZ=Asia/Kathmandu", "PYTHONHASHSEED=2"))


def build(release: Release, folder: Path) -> list[Path]:
    """Put sdist and wheel into `folder`, and return them.

    Raises:
        ScriptError: The build fails, or two builds differ.
    """
    with tempfile.TemporaryDirectory(prefix="publish-build-") as aside:
        first, second = (
            build_once(release, Path(aside) / str(number), given) for number, given in enumerate(SURROUNDINGS)
        )
        compare(first, second)
        return [Path(shutil.copy(path, folder)) for path in sorted(first.iterdir())]


def build_once(release: Release, aside: Path, variables: Sequence[str]) -> Path:
    """Build in a clone of the commit, and return the folder with the two files."""
    clone, out = aside / "clone", aside / "out"
    run(["git", "clone", "--quiet", "--no-checkout", str(release.root), str(clone)])
    run(["git", "checkout", "--quiet", "--detach", release.commit], cwd=clone)
    given = ["env", f"SOURCE_DATE_EPOCH={release.epoch}", *variables]
    run([*given, sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out)], cwd=clone)
    return out


def compare(first: Path, second: Path) -> None:
    """Raise ScriptError when two folders do not hold the same files to the byte."""
    one, other = (
        {path.name: sha256(path.read_bytes()).hexdigest() for path in each.iterdir()} for each in (first, second)
    )
    differing = sorted(dict(one.items() ^ other.items()))
    if differing:
        raise ScriptError(
            f"Two builds of one commit differ in {', '.join(differing)}: something of the machine gets in (a time, a "
            "path, an order), so that nobody could tell a changed package from this one. Build twice with "
            "`.venv/bin/python -m build`, unpack and compare."
        )


def check_metadata(files: Sequence[Path]) -> None:
    """Raise ScriptError when an index would refuse the metadata, or could not show the description."""
    run([sys.executable, "-m", "twine", "--no-color", "check", "--strict", *map(str, files)])


def bill_of_materials(release: Release, venv: Path, folder: Path) -> Path:
    """Write what is installed in `venv` as CycloneDX JSON into `folder`, and return the file."""
    target = folder / f"{release.name.replace('-', '_')}-{release.version}.cdx.json"
    options = ["--output-reproducible", "--output-format=JSON", "--mc-type=library", "--pyproject=pyproject.toml"]
    command = [sys.executable, "-m", "cyclonedx_py", "environment", *options, f"--output-file={target}"]
    run(["env", f"SOURCE_DATE_EPOCH={release.epoch}", *command, str(venv / "bin/python")], cwd=release.root)
    return target
