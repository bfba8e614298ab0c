"""Format emitted code with the pinned ruff, and read folders of files, with the same result on every machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from maintain.venvs import ScriptError

RUFF_OPTIONS = (
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    "--quiet",
    "--target-version=py311",
    "--line-length=120",
)
RULES = "--select=F,I,UP"
PASSES = 5
# Temporary folders and a record next to the package. git and the comparison ignore them.
NEW, OLD, EMITTED = ".regenerate-new", ".regenerate-old", ".regenerate-emitted"


def format_package(package: Path) -> None:
    """Fix and format the code until nothing changes: each of the two can make the other necessary."""
    for _ in range(PASSES):
        before = tree(package)
        ruff(package, "check", "--fix", RULES)
        ruff(package, "format")
        if tree(package) == before:
            return
    raise ScriptError(f"ruff still changes the generated code after {PASSES} passes.")


def ruff(package: Path, command: str, *options: str) -> None:
    """Run the pinned ruff on `package` with RUFF_OPTIONS only."""
    done = subprocess.run(
        [str(Path(sys.prefix) / "bin/ruff"), command, *RUFF_OPTIONS, *options, "."],
        cwd=package,
        env={},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise ScriptError(
            f"ruff {command} failed on the generated code; check the templates:\n{done.stdout}{done.stderr}"
        )


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files in `folder` by relative name, without bytecode caches and what a run leaves next to them."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file())
    names = ((path.relative_to(folder), path) for path in found)
    return {
        name.as_posix(): bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
        for name, path in names
        if "__pycache__" not in name.parts and name.parts[0] not in {NEW, OLD, EMITTED}
    }
