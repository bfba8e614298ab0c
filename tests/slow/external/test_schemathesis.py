"""Schemathesis, a tester that is not ours, against a running sandbox: no failures in more than a thousand requests.

It makes requests that fit the document and such that do not, and chains of them that follow links. It runs as its own
program, always with the same requests. Where the sandbox is stricter than the document, or kinder, on purpose, that is
written into the copy of the document that it gets: `EDITS` says what and why.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from maintain.venvs import ROOT, environment
from sendblue_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
REQUESTS = (
    "ContactCreate",
    "ContactUpdate",
    "ContactVerify",
    "ContactOptOut",
    "BulkCreate",
    "BulkDelete",
    "BulkContact",
)
LISTED = "/api/v2/contacts"
SETTINGS = """
[[operations]]
include-operation-id = ["bulk_create_contacts", "bulk_delete_contacts"]
# An item that is wrong is one of the failures of a request that went well.
checks.negative_data_rejection.enabled = false
"""


def close_requests(document: dict[str, Any]) -> None:
    """The document leaves requests open for the deprecated spellings; the sandbox knows those, and no other names."""
    for name in REQUESTS:
        document["components"]["schemas"][name]["additionalProperties"] = False


def name_orders(document: dict[str, Any]) -> None:
    """The document promises four orders and keeps the set open; the sandbox refuses what is not promised."""
    order_by = parameter(document, "order_by")
    order_by["enum"] = order_by["examples"]


def open_limit(document: dict[str, Any]) -> None:
    """A limit above the maximum is clamped and not refused."""
    del parameter(document, "limit")["maximum"]


EDITS: tuple[Callable[[dict[str, Any]], None], ...] = (close_requests, name_orders, open_limit)


def parameter(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema of one parameter of the list."""
    parameters = document["paths"][LISTED]["get"]["parameters"]
    return next(each["schema"] for each in parameters if each["name"] == name)


def schemathesis(sandbox: Sandbox, folder: Path, *options: str) -> tuple[int, str]:
    """Run it against a sandbox; gives the exit status and what it printed."""
    document = yaml.safe_load((ROOT / "openapi/contacts.yaml").read_bytes())
    for edit in EDITS:
        edit(document)
    (folder / "document.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", f"--config-file={folder / 'settings.toml'}", "run"),
        *(str(folder / "document.json"), f"--url={sandbox.url}"),
        *("--header=sb-api-key-id: key", "--header=sb-api-secret-key: secret"),
        *("--generation-deterministic", "--no-color", *options),
    ]
    variables = {
        **environment(Path(sys.prefix)),
        "SCHEMATHESIS_HOOKS": "formats",
        "PYTHONPATH": str(HERE),
        "NO_PROXY": "*",
    }
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_no_failures(tmp_path: Path) -> None:
    """Not one of all these requests, single and in chains, is answered otherwise than the document has it."""
    with Sandbox(limit=None, offset_ceiling="refuse") as sandbox:
        status, printed = schemathesis(sandbox, tmp_path, "--max-examples=20")
        arrived = len(sandbox.requests)
    assert status == 0, printed
    assert arrived > 500, printed
    assert "✅  Stateful" in printed


def test_a_defect_is_found(tmp_path: Path) -> None:
    """A sandbox that fails now and then does not pass: no failures means something."""
    with Sandbox(limit=None) as sandbox:
        sandbox.faults.add(operation="count_contacts", what="status", status=500, nth=3)
        status, printed = schemathesis(sandbox, tmp_path, "--include-operation-id=count_contacts", "--max-examples=5")
    assert status == 1, printed
    assert "Server error" in printed
