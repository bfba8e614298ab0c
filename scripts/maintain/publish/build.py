"""Build the sdist, the wheel and the bill of materials from a commit, reproducibly.

The commit is built twice, each time from a fresh clone, in another folder, with another time zone and hash seed. Any
difference is an error, and files that are not committed cannot get into the build.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maintain.venvs import ROOT, ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maintain.publish.release import Release

ENVIRONMENTS = (("TZ=UTC", "PYTHONHASHSEED=1"), ("TZ=Asia/Kathmandu", "PYTHONHASHSEED=2"))


def build(release: Release, work: Path, folder: Path) -> list[Path]:
    """Build the sdist and the wheel in `work`, and copy them into `folder`. ScriptError: two builds differ."""
    first, second = (
        build_once(release, work / f"build-{number}", variables) for number, variables in enumerate(ENVIRONMENTS)
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


def bill_of_materials(release: Release, venv: Path, files: Sequence[Path]) -> None:
    """Write a CycloneDX JSON file that lists what is installed in `venv`, next to the built `files`."""
    target = files[0].with_name(f"{release.name.replace('-', '_')}-{release.version}.cdx.json")
    options = ["--output-reproducible", "--output-format=JSON", "--mc-type=library", "--pyproject=pyproject.toml"]
    command = [sys.executable, "-m", "cyclonedx_py", "environment", *options, f"--output-file={target}"]
    run(["env", f"SOURCE_DATE_EPOCH={release.epoch}", *command, str(venv / "bin/python")], cwd=release.root)
    bill = json.loads(target.read_text(encoding="utf-8"))
    complete(bill, {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
    target.write_text(f"{json.dumps(bill, indent=2)}\n", encoding="utf-8")


def complete(bill: Any, built: dict[str, str]) -> None:  # noqa: ANN401 - any JSON
    """Add what the tool omits: the address and the files of this package, and the scope and hashes of each component.

    A component is required if requirements/core.txt has it, and otherwise belongs to an extra.
    """
    root = bill["metadata"]["component"]
    root["purl"] = f"pkg:pypi/{root['name']}@{root['version']}"
    root["externalReferences"] = root.get("externalReferences", []) + [
        {"type": "distribution", "url": name, "hashes": as_hashes([digest])} for name, digest in sorted(built.items())
    ]
    core, everything = pins("core"), pins("all")
    for component in bill.get("components", ()):
        name = re.sub(r"[-_.]+", "-", component["name"]).lower()
        component["scope"] = "required" if name in core else "optional"
        component["hashes"] = as_hashes(everything[name])


def pins(name: str) -> dict[str, list[str]]:
    """Return the SHA-256 of each file that `requirements/NAME.txt` allows, by package."""
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    found = re.findall(r"(?m)^([\w.-]+)==.*((?:\n .*)+)", text)
    return {package: re.findall(r"sha256:(\w+)", lines) for package, lines in found}


def as_hashes(digests: Sequence[str]) -> list[dict[str, str]]:
    """Return SHA-256 digests as CycloneDX writes them."""
    return [{"alg": "SHA-256", "content": digest} for digest in digests]
