"""The upload to the package index that `TWINE_REPOSITORY_URL` names. The index itself rejects an existing version."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from maintain.venvs import ScriptError, environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def require_index(environ: Mapping[str, str]) -> None:
    """Raise ScriptError unless `environ` names an index: without one, twine would upload to the public one."""
    if not environ.get("TWINE_REPOSITORY_URL"):
        raise ScriptError(
            "TWINE_REPOSITORY_URL is not set. Set it to the upload address of your index, and set TWINE_USERNAME and "
            "TWINE_PASSWORD."
        )


def upload(files: Sequence[Path], environ: Mapping[str, str]) -> None:
    """Upload `files` with twine, which reads the address and the credentials from `environ`."""
    # Only verbose output contains the reason of the index. It never contains the password.
    options = ["--non-interactive", "--disable-progress-bar", "--verbose"]
    done = subprocess.run(
        [sys.executable, "-m", "twine", "--no-color", "upload", *options, *map(str, files)],
        env={**environment(), **environ},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise ScriptError(
            f"{done.stdout}{done.stderr}\nThe upload failed. An index accepts each file only once: if this version "
            "exists, set a higher `version` in pyproject.toml and release that (CONTRIBUTING.md, A new release). If "
            "only one of the files arrived, delete it on the index before you try again."
        )
