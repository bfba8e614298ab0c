"""Fixtures for the command line: a sandbox, and the command in this process or as a process."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sendblue_contacts
from click.testing import CliRunner, Result
from sendblue_contacts import RateLimit, Retry, Sendblue
from sendblue_contacts_cli.app import app
from sendblue_sandbox import Sandbox

from tests.cli.command_line import COMMAND, Process, Run


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Remove all settings from the environment; return the path of a configuration file that does not exist.

    Locks and journals are in a folder of the test, so tests that run at once do not lock each other out.
    """
    for name in [name for name in os.environ if name.startswith("SENDBLUE_")]:
        monkeypatch.delenv(name)
    proxies = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
    for name in ("PYTHONUNBUFFERED", "NO_COLOR", "FORCE_COLOR", "COLUMNS", *proxies):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "settings" / "config.toml"
    monkeypatch.setenv("SENDBLUE_CONFIG", str(file))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "user-state"))
    return file


def client_without_waits(*credentials: str, rate_limit: RateLimit, **settings: Any) -> Sendblue:
    """Create a client with a rate limit that no test reaches, and without a wait for lagging reads."""
    return Sendblue(*credentials, rate_limit=replace(rate_limit, limit=100_000), retry=Retry(read_lag=0), **settings)


@pytest.fixture
def account(no_settings: Path, sendblue_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Start an empty sandbox, set the environment variables for it, and return it.

    It has no rate limit, and its reads do not lag, so the clients in this process have options that fit that.
    """
    _ = no_settings
    key, secret = sendblue_sandbox.credentials
    monkeypatch.setenv("SENDBLUE_API_API_KEY", key)
    monkeypatch.setenv("SENDBLUE_API_API_SECRET", secret)
    monkeypatch.setenv("SENDBLUE_API_BASE_URL", sendblue_sandbox.url)
    monkeypatch.setattr(sendblue_contacts, "Sendblue", client_without_waits)
    return sendblue_sandbox


@pytest.fixture
def run() -> Run:
    """Run the command in this process, without a terminal."""

    def run(*arguments: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, arguments, prog_name="sendblue-contacts", **settings)

    return run


@pytest.fixture
def process() -> Process:
    """Run the command as a process, without a terminal."""

    def process(
        *arguments: str, command: Sequence[str] = (COMMAND,), merged: bool = False, **settings: Any
    ) -> subprocess.CompletedProcess[str]:
        settings |= {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT if merged else subprocess.PIPE}
        return subprocess.run([*command, *arguments], encoding="utf-8", timeout=60, check=False, **settings)

    return process
