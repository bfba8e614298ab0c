"""The types of the public packages are complete."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from maintain.venvs import ROOT, environment, node_tool

TYPED = ("sendblue_contacts", "sendblue_contacts_api", "sendblue_transfer", "sendblue_sandbox")
"""The packages that people import. scripts/check checks the types of all."""


@pytest.mark.parametrize("package", TYPED)
def test_types_are_complete(package: str) -> None:
    """A type checker knows every public type, declared and not inferred (100 % of pyright)."""
    command = [*node_tool("pyright"), "--verifytypes", package, "--ignoreexternal", "--outputjson"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(Path(sys.prefix)), capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)["typeCompleteness"]
    unknown = [each["name"] for each in found["symbols"] if each["isTypeAmbiguous"] or not each["isTypeKnown"]]
    assert (unknown, found["completenessScore"], len(found["symbols"]) > 1) == ([], 1, True)
