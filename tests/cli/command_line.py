"""Constants and types that the tests of the command line share: the installed command, and three phone numbers."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from click.testing import Result

COMMAND = str(Path(sys.executable).with_name("sendblue-contacts"))
ADA, GRACE, KURT = "+14155551234", "+14155555678", "+14155559999"

Run: TypeAlias = Callable[..., Result]
"""Runs the command in this process, and returns its output and exit code."""
Process: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
"""Runs the command as a process, and returns its output and exit code."""
