"""The upload to the package index that `TWINE_REPOSITORY_URL` names, without the files that it already has.

The files of a version are listed at `simple/NAME/` below that address, as in Artifactory, GitLab, Nexus and pypiserver;
those of PyPI at its host without `upload.`. An index without such a page rejects an existing file itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx

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


def missing(name: str, files: Sequence[Path], environ: Mapping[str, str]) -> list[Path]:
    """Return the files that the index lacks. ScriptError: it has one of them with other content, or no response."""
    listed = re.sub(r"^https://upload\.(.+)/legacy/?$", r"https://\1", environ["TWINE_REPOSITORY_URL"])
    auth = (environ.get("TWINE_USERNAME", ""), environ.get("TWINE_PASSWORD", ""))
    try:
        with httpx.Client(follow_redirects=True) as client:
            page = client.get(f"{listed.removesuffix('/')}/simple/{name}/", auth=auth)
            links = re.findall(r'href="([^"#]+)', page.text) if page.is_success else []
            found = {link.rpartition("/")[2]: page.url.join(link) for link in links}
            present = [path for path in files if path.name in found]
            for path in present:
                # The credentials are for the host of the index only.
                link = found[path.name]
                content = client.get(link, auth=auth if link.host == page.url.host else None).raise_for_status()
                require_same(path, content.content)
    except httpx.HTTPError as error:
        raise ScriptError(f"The index did not list its files ({error}). Try the same command again.") from error
    return [path for path in files if path not in present]


def require_same(path: Path, content: bytes) -> None:
    """Report that the index has a file already. ScriptError: it has other content."""
    if path.read_bytes() != content:
        raise ScriptError(
            f"The index has another {path.name}, and accepts each file only once: set a higher `version` in "
            "pyproject.toml and release that (CONTRIBUTING.md, A new release)."
        )
    print(f"{path.name} is on the index already, byte for byte.", flush=True)


def upload(files: Sequence[Path], environ: Mapping[str, str]) -> None:
    """Upload `files`, if any, with twine, which reads the address and the credentials from `environ`."""
    if not files:
        return
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
            f"{done.stdout}{done.stderr}\nThe upload failed. Run the same command again: it verifies the files that "
            "arrived, and uploads the others."
        )
