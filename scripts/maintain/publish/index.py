"""The index that the environment names: what it has, and the upload to it.

`TWINE_REPOSITORY_URL`, `TWINE_USERNAME` and `TWINE_PASSWORD` are twine's own variables. What the index has is read
where pip reads it: at `PUBLISH_SIMPLE_URL`, or else at `simple/` below the address for uploads, as most have it.
"""

from __future__ import annotations

import re
import ssl
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from packaging.utils import canonicalize_version

from maintain.venvs import ScriptError, environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

TIMEOUT = 30.0
OK, NOT_FOUND = 200, 404


class NoIndexError(ScriptError):
    """The environment names no index."""


@dataclass(frozen=True)
class Index:
    """Where an index is read, with which credentials, and the file of a certificate authority if it needs its own."""

    url: str
    auth: tuple[str, str] | None = field(default=None, repr=False)
    authority: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Index:
        """The index that `environ` names.

        Raises:
            NoIndexError: It names none.
        """
        upload_url = environ.get("TWINE_REPOSITORY_URL")
        if not upload_url:
            raise NoIndexError(
                "TWINE_REPOSITORY_URL is not set. Set it to the address for uploads of your index, with "
                "TWINE_USERNAME and TWINE_PASSWORD."
            )
        user, password = environ.get("TWINE_USERNAME"), environ.get("TWINE_PASSWORD")
        auth = (user, password) if user and password else None
        url = environ.get("PUBLISH_SIMPLE_URL") or f"{upload_url.rstrip('/')}/simple/"
        return cls(url, auth, environ.get("TWINE_CERT"))

    def versions(self, name: str) -> set[str]:
        """The versions of a package that the index has.

        Raises:
            ScriptError: It cannot be asked, or its answer tells nothing.
        """
        response = self._ask(f"{name}/")
        if response.status_code == NOT_FOUND:
            self._refuse_nowhere()
            return set()
        if self._elsewhere(response):
            return set()
        if response.status_code != OK:
            raise ScriptError(
                f"The index answered {response.status_code} when asked what it has of {name}. {self._way_out}"
            )
        return versions_in(response.text, name)

    def _refuse_nowhere(self) -> None:
        """Tell an index without the package from an address at which no index is read: that has no root either."""
        if self._ask("").status_code == NOT_FOUND:
            raise ScriptError(f"Nothing is at {self._shown}, so nobody could say which versions exist. {self._way_out}")

    def _ask(self, path: str) -> httpx.Response:
        verify = ssl.create_default_context(cafile=self.authority)
        try:
            with httpx.Client(auth=self.auth, verify=verify, timeout=TIMEOUT) as client:
                return client.get(f"{self.url.rstrip('/')}/{path}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ScriptError(f"The index cannot be asked ({type(error).__name__}). {self._way_out}") from error

    @property
    def _shown(self) -> str:
        """Where it is read, without credentials that may stand in the address."""
        url = httpx.URL(self.url)
        return str(url.copy_with(username=None, password=None, query=None))

    @property
    def _way_out(self) -> str:
        return (
            "Look at TWINE_REPOSITORY_URL, TWINE_USERNAME and TWINE_PASSWORD; if pip reads your index elsewhere than "
            "at simple/ below that address, set PUBLISH_SIMPLE_URL to where."
        )

    def _elsewhere(self, response: httpx.Response) -> bool:
        """Whether it sends to another host, as an index does that passes on what it does not have itself."""
        target = response.next_request
        return target is not None and target.url.host != response.url.host


def versions_in(page: str, name: str) -> set[str]:
    """The versions whose files a page of an index names, in HTML or JSON: the names of files are the same in both."""
    stem = re.escape(name).replace(r"\-", "[-_.]")
    return set(re.findall(rf"(?i)\b{stem}-(\d[^-\s\"'<>/]*?)(?:-py3-none-any\.whl|\.tar\.gz)", page))


def has(versions: Iterable[str], version: str) -> bool:
    """Whether a version is among others, however it is spelled: 1.0.0 is 1.0, and 1.0-rc.1 is 1.0rc1."""
    return canonicalize_version(version) in map(canonicalize_version, versions)


def upload(files: Sequence[Path], environ: Mapping[str, str]) -> None:
    """Upload with twine, which takes address and credentials from `environ`.

    Raises:
        ScriptError: The index refused.
    """
    # Verbose, for only then twine shows why the index refused; it never shows the password.
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
            f"{done.stdout}{done.stderr}\nThe upload failed. Look on the index whether one of the files arrived: it "
            "takes a file once, so delete it there before you try again, or release a higher version."
        )
