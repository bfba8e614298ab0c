"""One recorded run of the contract tests for the tests with external tools, and a table at the end of the output."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from maintain.venvs import ROOT, environment

# Lines to print at the end of the test run. Processes of pytest-xdist do not print them.
TABLE = pytest.StashKey[list[str]]()


@dataclass(frozen=True)
class Contract:
    """A run of the contract tests with the sync client.

    Attributes:
        status: The exit status.
        printed: The output.
        requests: A file with the requests, as tests/contract/conftest.py records them.
        traffic: A file with the requests and responses, one HAR entry per line.
    """

    status: int
    printed: str
    requests: Path
    traffic: Path


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """Run the contract tests with the sync client, as recorded runs are, and record their requests and responses."""
    folder = tmp_path_factory.mktemp("contract")
    requests, traffic = folder / "requests", folder / "traffic"
    files = {"SENDBLUE_CONTRACT_RECORD": str(requests), "SENDBLUE_CONTRACT_HAR": str(traffic)}
    options = ("-q", "-p", "no:cacheprovider", "tests/contract")
    command = [sys.executable, "-m", "pytest", *options]
    variables = {**environment(Path(sys.prefix)), **files}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    return Contract(done.returncode, done.stdout, requests, traffic)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table."""
    if lines := config.stash.get(TABLE, None):
        terminalreporter.section("coverage of openapi/contacts.yaml by the client")
        for line in lines:
            terminalreporter.line(line)
