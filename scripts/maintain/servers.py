"""Programs that neither pip nor npm installs, such as a browser: Debian packages, installed on first use by root."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from maintain.venvs import ROOT, ScriptError, locked, run

APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes")


def ensure(command: str, package: str) -> Path:
    """Return the path of the program `command`; install the Debian package `package` if it is missing.

    Raises:
        ScriptError: The program is missing and cannot be installed; the text says what to install.
    """
    found = shutil.which(command)
    if found is None:
        _install(command, package)
        found = shutil.which(command)
    if found is None:
        raise ScriptError(f"The Debian package {package} is installed, but it has no program {command}.")
    return Path(found)


def _install(command: str, package: str) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ScriptError(
            f"The program {command} is not on PATH, and installing it needs root and apt-get: "
            f"install it (Debian: apt-get install {package}) and try again."
        )
    with locked(ROOT):
        run([*APT, "update"])
        run([*APT, "install", "--no-install-recommends", package])
