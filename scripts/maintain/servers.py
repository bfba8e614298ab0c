"""Programs that neither pip nor npm brings, such as a browser: Debian's, installed on first use where allowed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from maintain.venvs import ROOT, ScriptError, locked, run

APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes")


def ensure(command: str, package: str) -> Path:
    """Return where the program `command` is, after installing Debian's `package` if it is not there.

    Raises:
        ScriptError: It is not there and cannot be installed; the text says what to install.
    """
    found = shutil.which(command)
    if found is None:
        _install(command, package)
        found = shutil.which(command)
    if found is None:
        raise ScriptError(f"Debian's package {package} is installed and brought no program {command}.")
    return Path(found)


def _install(command: str, package: str) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ScriptError(
            f"The program {command} is not on PATH, and it cannot be installed from here without root and apt-get: "
            f"install it (Debian: apt-get install {package}) and try again."
        )
    with locked(ROOT):
        run([*APT, "update"])
        run([*APT, "install", "--no-install-recommends", package])
