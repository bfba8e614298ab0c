"""The nightly examples: each syncs a file with a sandbox, and the second night finds nothing to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

from tests.cli.command_line import ADA, COMMAND, GRACE, KURT

FOLDER = Path(__file__).parents[3] / "examples/nightly"
INSTALLED = "/usr/local/bin/sendblue-contacts"
HEAD = "phone,first_name\n"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """An empty sandbox."""
    with Sandbox(limit=None) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with two contacts."""
    path = tmp_path / "crm.csv"
    path.write_text(f"{HEAD}{ADA},Ada\n{GRACE},Grace\n", encoding="utf-8")
    return path


@pytest.fixture
def environment(tmp_path: Path, sandbox: Sandbox) -> dict[str, str]:
    """The environment of the machine: the credentials, a home and state folder, and the installed command."""
    variables = {
        "PATH": f"{Path(COMMAND).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "SENDBLUE_API_API_KEY": "any",
        "SENDBLUE_API_API_SECRET": "pair",
        "SENDBLUE_API_BASE_URL": sandbox.url,
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("SENDBLUE_")} | variables


def run(command: str | list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command line with the shell, or a command."""
    shell = isinstance(command, str)
    return subprocess.run(
        command, shell=shell, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def writes(sandbox: Sandbox) -> int:
    """Return how many requests wrote."""
    return sum(request.method != "GET" for request in sandbox.requests)


def test_crontab(file: Path, sandbox: Sandbox, environment: dict[str, str]) -> None:
    """Its line has five fields of time and a command, which reads the profile of the user."""
    config = file.with_name("config.toml")
    config.write_text(f'[nightly]\napi_key = "any"\napi_secret = "pair"\nbase_url = "{sandbox.url}"\n')
    config.chmod(0o600)
    line = (FOLDER / "crontab").read_text("utf-8").splitlines()[-1]
    command = line.split(maxsplit=5)[-1].replace(INSTALLED, COMMAND)
    variables = {name: value for name, value in environment.items() if not name.startswith("SENDBLUE_")}
    nights = [run(command, file.parent, {**variables, "SENDBLUE_CONFIG": str(config)}) for _ in range(2)]
    assert [night.returncode for night in nights] == [0, 0], nights[0].stderr
    assert (len(sandbox.contacts()), writes(sandbox)) == (2, 1)
    assert file.with_name("crm-sync.jsonl").exists()


def test_systemd(file: Path, sandbox: Sandbox, environment: dict[str, str]) -> None:
    """The unit runs the command in its state folder; the timer starts the unit of the same name."""
    unit, timer = ConfigParser(interpolation=None), ConfigParser(interpolation=None)
    for parser, suffix in ((unit, "service"), (timer, "timer")):
        parser.optionxform = str  # type: ignore[assignment, method-assign]  # names keep their case
        parser.read(FOLDER / f"sendblue-sync.{suffix}")
    command = unit["Service"]["ExecStart"].replace(INSTALLED, COMMAND).replace("/srv/crm/crm.csv", str(file))
    assert unit["Service"]["WorkingDirectory"] == f"/var/lib/{unit['Service']['StateDirectory']}"
    folder = file.parent / "var"
    folder.mkdir()
    nights = [run(command, folder, environment) for _ in range(2)]
    assert [night.returncode for night in nights] == [0, 0], nights[0].stderr
    assert (len(sandbox.contacts()), writes(sandbox)) == (2, 1)
    assert {path.name for path in folder.iterdir()} == {"crm.sendblue-sync", "report.jsonl"}
    assert "OnCalendar" in timer["Timer"]


def test_script(file: Path, sandbox: Sandbox, environment: dict[str, str]) -> None:
    """It resumes a sync that stopped, keeps a log, and sends an alert only if the exit status requires one."""
    alert = file.with_name("alert.txt")
    command = [sys.executable, str(FOLDER / "nightly_sync.py"), str(file)]
    variables = {**environment, "ALERT_COMMAND": f"cat > {alert}"}
    assert (run(command, file.parent, variables).returncode, alert.exists()) == (0, False)
    sandbox.faults.add(what="status", operation="bulk_create_contacts", status=401, times=1)
    file.write_text(f"{HEAD}{ADA},Ada\n{GRACE},Grace\n{KURT},Kurt\n", encoding="utf-8")
    done = run(command, file.parent, variables)
    log = file.with_name("crm.log").read_text("utf-8")
    assert (done.returncode, alert.exists(), "run 1: exit status 3" in log) == (0, False, True), done.stderr
    assert {contact["phone"] for contact in sandbox.contacts()} == {ADA, GRACE, KURT}
    report = file.with_name("crm.report.jsonl").read_text("utf-8").splitlines()
    assert KURT in {json.loads(line).get("phone") for line in report}
    file.write_text(HEAD, encoding="utf-8")
    assert run(command, file.parent, variables).returncode == 2
    assert "The sync was refused, and nothing was sent. (exit status 2)" in alert.read_text("utf-8")
    assert len(sandbox.contacts()) == 3
