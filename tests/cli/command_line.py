"""Constants and types that the tests of the command line share: the installed command, and three phone numbers."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

from click.testing import Result

COMMAND = str(Path(sys.executable).with_name("sendblue-contacts"))
ADA, GRACE, KURT = "+14155551234", "+14155555678", "+14155559999"


class Run(Protocol):
    """Runs the command in this process."""

    def __call__(self, *arguments: str, **settings: Any) -> Result:
        """Run the command, and return its output and exit code."""
        ...


class Process(Protocol):
    """Runs the command as a process."""

    def __call__(self, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        """Run the command, and return its output and exit code."""
        ...
