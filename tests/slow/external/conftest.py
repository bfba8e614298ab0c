"""What tests with tools that are not ours share: one run of the contract's tests, recorded, and a table at the end."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from maintain.venvs import ROOT, environment

# Lines that the end of the test run shows, also when all tests passed.
TABLE = pytest.StashKey[list[str]]()


@dataclass(frozen=True)
class Contract:
    """The tests of the contract, as they went for the sync client.

    Attributes:
        status: Their exit status.
        printed: What they printed.
        requests: A file with the requests that arrived, as tests/contract/conftest.py records them.
        traffic: A file with what went over the wire, one entry of a HAR file in a line.
    """

    status: int
    printed: str
    requests: Path
    traffic: Path


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """Run the tests of the contract once, for the sync client, and record what they send and get."""
    folder = tmp_path_factory.mktemp("contract")
    requests, traffic = folder / "requests", folder / "traffic"
    files = {"SENDBLUE_CONTRACT_RECORD": str(requests), "SENDBLUE_CONTRACT_HAR": str(traffic)}
    options = ("-q", "-p", "no:cacheprovider", "-k", "not asyncio and not trio", "tests/contract")
    command = [sys.executable, "-m", "pytest", *options]
    variables = {**environment(Path(sys.prefix)), **files}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    return Contract(done.returncode, done.stdout, requests, traffic)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the table."""
    if lines := config.stash.get(TABLE, None):
        terminalreporter.section("openapi/contacts.yaml, as the client spoke it")
        for line in lines:
            terminalreporter.line(line)
