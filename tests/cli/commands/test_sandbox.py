"""The command `sandbox`: its options, its exit codes, and its messages."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from sendblue_contacts_cli.commands.sandbox import sandbox as sandbox_command
from sendblue_sandbox.cli import OPTIONS

from tests.cli.command_line import COMMAND

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.command_line import Process

CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}


@contextmanager
def sandbox(*options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run the command, and open a client with credentials for it."""
    command = [COMMAND, "sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout
        url = re.search(r"http://[\d.:]+\d", process.stdout.readline())
        try:
            assert url
            with httpx.Client(base_url=url[0], headers=CREDENTIALS) as client:
                yield process, client
        finally:
            process.kill()


def test_sandbox_serves_until_ctrl_c() -> None:
    """The printed address responds, and Ctrl-C ends the command with exit code 0."""
    with sandbox() as (process, client):
        assert client.get("/api/v2/contacts/count").json()["count"] == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize(("limit", "last"), [("1", 429), ("off", 200)])
def test_sandbox_limit(limit: str, last: int) -> None:
    """`--limit` is the number of requests in the window; `off` means no limit."""
    with sandbox("--limit", limit) as (_, client):
        statuses = [client.get("/api/v2/contacts/count").status_code for _ in range(2)]
    assert statuses == [200, last]


@pytest.mark.parametrize("limit", ["0", "-1", "ten", "1.5"])
def test_sandbox_invalid_limit(process: Process, limit: str) -> None:
    """An invalid limit is a usage error that names the valid values."""
    done = process("sandbox", "--limit", limit)
    assert (done.returncode, "is neither an integer of at least 1 nor off" in done.stderr) == (2, True)


def test_sandbox_spelling_and_file(tmp_path: Path) -> None:
    """`--spelling` is the spelling of responses, and `--db` stores the contacts for the next run."""
    options = ("--db", str(tmp_path / "contacts.sqlite"), "--spelling", "camel")
    with sandbox(*options) as (_, client):
        client.post("/api/v2/contacts", json={"number": "+14155550101", "first_name": "Ada"}).raise_for_status()
    with sandbox(*options) as (_, client):
        (contact,) = client.get("/api/v2/contacts").json()
    assert (contact["firstName"], "first_name" in contact) == ("Ada", False)


def test_options_are_those_of_the_sandbox() -> None:
    """The command has every option in the table of the sandbox except secrets, and no other."""
    assert [option.opts for option in sandbox_command.params] == [
        [option.flag] for option in OPTIONS if not option.secret
    ]


def test_port_in_use(process: Process) -> None:
    """A port in use is exit code 1 and one line with a hint."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = process("sandbox", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Use another port" in done.stderr
