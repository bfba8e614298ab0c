"""Which files a run may delete: those that git tracks, and those that an earlier run wrote, unchanged since.

Any other file in the package was written by hand, and would be lost.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING

from maintain.regenerate.formatting import EMITTED
from maintain.venvs import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from maintain.regenerate.differences import Package


def check_deletions(folder: Path, names: Iterable[str], contents: Package) -> None:
    """Raise ScriptError if a file would be lost: git does not track it, and no run of this command wrote it.

    Args:
        folder: The folder that contains the package.
        names: The files to delete, relative to the folder.
        contents: The contents of all files.
    """
    emitted = _emitted(folder)
    lost = [name for name in _untracked(folder, names) if emitted.get(name) != _hash(contents[name])]
    if lost:
        raise ScriptError(
            f"These files are not generated, and git does not track them: {', '.join(lost)}. Move them elsewhere."
        )


def record_emitted(folder: Path, package: Package) -> None:
    """Record the files that this run wrote. git ignores the record."""
    hashes = {name: _hash(content) for name, content in package.items()}
    if _emitted(folder) != hashes:
        (folder / EMITTED).write_text(json.dumps(hashes), encoding="utf-8")
        (folder / EMITTED).chmod(0o644)


def _emitted(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / EMITTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _untracked(folder: Path, names: Iterable[str]) -> list[str]:
    """Return the files that git does not track; none outside a repository."""
    paths = [f":(literal){name}" for name in names]
    if not paths:
        return []
    command = ["git", "ls-files", "-z", "--others", "--", *paths]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.split("\0")[:-1]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
