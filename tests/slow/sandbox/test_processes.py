"""The sandbox as a program: signals, imports, and a missing extra."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.command_line import COMMAND
from tests.sandbox.contacts_api import CREDENTIALS, PATH

ROOT = Path(__file__).parents[3]
EXTRAS = ("starlette", "uvicorn", "httptools", "yaml", "jsonschema", "anyio")


def python(program: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT / "sandbox")


@pytest.mark.parametrize(
    ("command", "how"),
    [([sys.executable, "-m", "sendblue_sandbox"], signal.SIGTERM), ([COMMAND, "sandbox"], signal.SIGINT)],
    ids=["module", "command"],
)
def test_serves_until_a_signal(command: list[str], how: signal.Signals) -> None:
    """It prints its address and the settings of a client, logs requests, and ends with status 0 on a signal."""
    command = [*command, "--port", "0", "--spelling", "camel", "--limit", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT / "sandbox")
    assert process.stdout
    greeting = [process.stdout.readline() for _ in range(6)]
    url = greeting[0].split()[2].rstrip(",")
    codes = [httpx.get(f"{url}{PATH}", headers=CREDENTIALS, trust_env=False).status_code for _ in range(2)]
    process.send_signal(how)
    printed, logged = process.communicate(timeout=10)
    assert (f"    export SENDBLUE_API_BASE_URL={url}\n" in greeting, printed) == (True, "")
    assert re.findall(r"GET .* (\d+) ", logged) == ["200", "429"]
    assert (codes, process.returncode) == ([200, 429], 0)


@pytest.mark.parametrize("missing", EXTRAS)
def test_missing_extra(missing: str) -> None:
    """Without a package of the extra everything imports, and creating a `Sandbox` raises an error with a hint."""
    done = python(f"import sys; sys.modules[{missing!r}] = None; from sendblue_sandbox import Sandbox, run; Sandbox()")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: The sandbox needs packages that are not installed ({missing}")
    assert last.endswith('pip install "sendblue-contacts[sandbox]"')


def test_imports() -> None:
    """`import sendblue_sandbox` loads no package of the extra, and a sandbox no module of the client."""
    program = (
        f"import sys, sendblue_sandbox; print([name for name in {EXTRAS!r} if name in sys.modules]);"
        "sendblue_sandbox.Sandbox().close();"
        "print([name for name in sys.modules if name.startswith('sendblue_contacts')])"
    )
    assert python(program).stdout == "[]\n[]\n"
