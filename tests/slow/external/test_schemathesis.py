"""Schemathesis against a running sandbox: no failures in hundreds of requests.

It sends valid and invalid requests, and sequences that follow links. It runs in its own process, always with the same
requests. Where the sandbox is intentionally stricter or more tolerant than the document, `EDITS` changes the copy that
it reads.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from maintain.venvs import ROOT, environment
from sendblue_sandbox import Sandbox

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
# An invalid item is one of the failures in a successful response.
checks.negative_data_rejection.enabled = false
"""


def close_requests(document: dict[str, Any]) -> None:
    """The document allows additional fields for deprecated spellings; the sandbox accepts those and no other names."""
    for name in REQUESTS:
        document["components"]["schemas"][name]["additionalProperties"] = False


def name_orders(document: dict[str, Any]) -> None:
    """The document names four orders and keeps the set open; the sandbox rejects any other order."""
    order_by = parameter(document, "order_by")
    order_by["enum"] = order_by["examples"]


def open_limit(document: dict[str, Any]) -> None:
    """The sandbox reduces a limit above the maximum instead of rejecting it."""
    del parameter(document, "limit")["maximum"]


EDITS: tuple[Callable[[dict[str, Any]], None], ...] = (close_requests, name_orders, open_limit)


def parameter(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the schema of a parameter of the list operation."""
    parameters = document["paths"][LISTED]["get"]["parameters"]
    return next(found["schema"] for found in parameters if found["name"] == name)


def schemathesis(sandbox: Sandbox, folder: Path) -> tuple[int, str]:
    """Run schemathesis against a sandbox, and return its exit status and output."""
    document = yaml.safe_load((ROOT / "openapi/contacts.yaml").read_bytes())
    for edit in EDITS:
        edit(document)
    (folder / "document.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", f"--config-file={folder / 'settings.toml'}", "run"),
        *(str(folder / "document.json"), f"--url={sandbox.url}"),
        *("--header=sb-api-key-id: key", "--header=sb-api-secret-key: secret"),
        *("--generation-deterministic", "--no-color", "--max-examples=8"),
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
    """Every response, to single requests and in sequences, is as documented."""
    with Sandbox(limit=None, offset_ceiling="refuse") as sandbox:
        status, printed = schemathesis(sandbox, tmp_path)
        requests = len(sandbox.requests)
    assert status == 0, printed
    assert requests > 300, printed
    assert "✅  Stateful" in printed
