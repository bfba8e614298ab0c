"""What the tests of the command line share: the command in this process, and as a process of its own, on a sandbox."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sendblue_contacts_cli.app import app

from tests.cli.command_line import COMMAND

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from sendblue_sandbox import Sandbox

    from tests.cli.command_line import Process, Run


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment with no settings; returns where the settings file would be."""
    for name in [name for name in os.environ if name.startswith("SENDBLUE_")]:
        monkeypatch.delenv(name)
    for name in (
        "PYTHONUNBUFFERED",
        "NO_COLOR",
        "FORCE_COLOR",
        "COLUMNS",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "settings" / "config.toml"
    monkeypatch.setenv("SENDBLUE_CONFIG", str(file))
    return file


@pytest.fixture
def account(nothing_set: Path, sendblue_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The environment that names a sandbox which is empty; returns the sandbox."""
    _ = nothing_set
    key, secret = sendblue_sandbox.credentials
    monkeypatch.setenv("SENDBLUE_API_API_KEY", key)
    monkeypatch.setenv("SENDBLUE_API_API_SECRET", secret)
    monkeypatch.setenv("SENDBLUE_API_BASE_URL", sendblue_sandbox.url)
    return sendblue_sandbox


@pytest.fixture
def run() -> Run:
    """The command in this process, not on a terminal."""

    def run(*arguments: str, **settings: Any) -> Result:  # noqa: ANN401 - of CliRunner.invoke
        return CliRunner().invoke(app, arguments, prog_name="sendblue-contacts", **settings)

    return run


@pytest.fixture
def process() -> Process:
    """The command as a process of its own, not on a terminal."""

    def process(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401 - of subprocess
        command = [COMMAND, *arguments]
        return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False, **settings)

    return process
