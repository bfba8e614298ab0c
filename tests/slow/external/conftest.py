"""One recorded run of the contract tests for the tests with external tools."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from maintain.venvs import ROOT, environment, locked


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
    """Run the contract tests with the sync client and record their requests and responses, once for all workers."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    folder = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.mktemp("contract")
    with locked(folder):
        done = folder / "contract.json"
        if not done.exists():
            done.write_text(json.dumps(recorded(folder)), encoding="utf-8")
        status, printed = json.loads(done.read_text(encoding="utf-8"))
        return Contract(status, printed, folder / "requests", folder / "traffic")


def recorded(folder: Path) -> tuple[int, str]:
    """Run the contract tests as recorded runs are; return the exit status and the output."""
    requests, traffic = folder / "requests", folder / "traffic"
    files = {"SENDBLUE_CONTRACT_RECORD": str(requests), "SENDBLUE_CONTRACT_HAR": str(traffic)}
    options = ("-q", "-p", "no:cacheprovider", "tests/contract")
    command = [sys.executable, "-m", "pytest", *options]
    variables = {**environment(Path(sys.prefix)), **files}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout
