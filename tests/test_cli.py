"""The command `sendblue-contacts`."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import httpx
import pytest
from sendblue_contacts.cli import RETRY_AFTER, SPELLINGS, WINDOWS
from sendblue_sandbox._settings import RetryAfter, Spelling
from sendblue_sandbox._windows import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = str(Path(sys.executable).with_name("sendblue-contacts"))
CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
# Modules that are slow to import or come with another extra.
HEAVY = ("httpx", "rich", "starlette", "uvicorn", "jsonschema", "sqlite3", "sendblue_sandbox", "sendblue_contacts_api")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run([COMMAND, *arguments], capture_output=True, encoding="utf-8", timeout=30, check=False)


def without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where a module is not installed."""
    code = f"import sys; sys.modules[{module!r}] = None; from sendblue_contacts.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30, check=False)


@contextmanager
def sandbox(*options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The running command, and a client with credentials for it."""
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


def test_version() -> None:
    """`--version` is that of the distribution."""
    assert run("--version").stdout == f"sendblue-contacts, version {version('sendblue-contacts')}\n"


def test_help_names_the_commands() -> None:
    """`--help` says what there is."""
    done = run("--help")
    assert (done.returncode, "sandbox  Serve the Contacts API on this machine" in done.stdout) == (0, True)


def test_help_loads_nothing_heavy() -> None:
    """`--help` is quick because nothing slow is imported for it."""
    code = f"import atexit, sys; atexit.register(lambda: print([m for m in {HEAVY!r} if m in sys.modules]))"
    command = [sys.executable, "-c", f"{code}; from sendblue_contacts.cli import main; main(['sandbox', '--help'])"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [("click", ["--help"], "cli"), ("starlette", ["sandbox"], "sandbox"), ("uvicorn", ["sandbox"], "sandbox")],
)
def test_a_missing_extra_is_one_sentence(module: str, arguments: list[str], extra: str) -> None:
    """It says what is missing and how to install it, with exit status 2."""
    done = without(module, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert module in done.stderr
    assert f'pip install "sendblue-contacts[{extra}]"' in done.stderr


def test_sandbox_serves_until_ctrl_c() -> None:
    """It says where it is, answers there, and ends with exit status 0."""
    with sandbox() as (process, client):
        assert client.get("/api/v2/contacts/count").json()["count"] == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize(("limit", "last"), [("1", 429), ("off", 200)])
def test_sandbox_limit(limit: str, last: int) -> None:
    """`--limit` is the number of requests in the window; `off` is no limit."""
    with sandbox("--limit", limit) as (_, client):
        statuses = [client.get("/api/v2/contacts/count").status_code for _ in range(2)]
    assert statuses == [200, last]


@pytest.mark.parametrize("limit", ["0", "-1", "ten", "1.5"])
def test_sandbox_refuses_a_limit_that_is_none(limit: str) -> None:
    """Exit status 2, and what would do."""
    done = run("sandbox", "--limit", limit)
    assert (done.returncode, "neither a whole number from 1 on nor off" in done.stderr) == (2, True)


def test_sandbox_spelling_and_file(tmp_path: Path) -> None:
    """`--spelling` is that of answers, and `--db` keeps the contacts for the next time."""
    options = ("--db", str(tmp_path / "contacts.sqlite"), "--spelling", "camel")
    with sandbox(*options) as (_, client):
        client.post("/api/v2/contacts", json={"number": "+14155550101", "first_name": "Ada"}).raise_for_status()
    with sandbox(*options) as (_, client):
        (contact,) = client.get("/api/v2/contacts").json()
    assert (contact["firstName"], "first_name" in contact) == ("Ada", False)


def test_spellings_are_those_of_the_sandbox() -> None:
    """The command offers every spelling that there is."""
    assert (get_args(Spelling), get_args(Model), get_args(RetryAfter)) == (SPELLINGS, WINDOWS, RETRY_AFTER)


def test_a_port_that_is_taken_is_one_sentence() -> None:
    """Exit status 1, and a way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("sandbox", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "choose another port" in done.stderr
