"""Constants and types that the tests of the command line share: the installed command, and three phone numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import subprocess

    from click.testing import Result

COMMAND = str(Path(sys.executable).with_name("sendblue-contacts"))
ADA, GRACE, KURT = "+14155551234", "+14155555678", "+14155559999"


class Run(Protocol):
    """Runs the command in this process."""

    def __call__(self, *arguments: str, **settings: Any) -> Result:  # noqa: ANN401 - of CliRunner.invoke
        """Run the command, and return its output and exit code."""
        ...


class Process(Protocol):
    """Runs the command as a process."""

    def __call__(self, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - as above
        """Run the command, and return its output and exit code."""
        ...
