"""How commands end: every exit status, one sentence for each error, and no traceback unless it is asked for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner
from sendblue_contacts import errors
from sendblue_contacts_cli.app import errors_reported
from sendblue_contacts_cli.context import GlobalOptions
from sendblue_contacts_cli.exit_codes import EXIT_CODES, describe_error
from sendblue_sandbox import Sandbox

from tests.cli.command_line import ADA, COMMAND

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.cli.command_line import Process, Run

SUMMARY = errors.RequestSummary("GET", "/api/v2/contacts")


def failing(error: BaseException, *arguments: str) -> Result:
    """A command that fails in this way."""

    @click.command()
    @click.pass_context
    def command(context: click.Context) -> None:
        context.ensure_object(GlobalOptions).debug = "--debug" in arguments
        with errors_reported(context):
            raise error

    return CliRunner().invoke(command)


# --- the table


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidPhoneNumberError("no"), 2),
        (errors.CredentialsError("no"), 2),
        (errors.AuthenticationError("no", request=SUMMARY), 1),
        (errors.PermissionDeniedError("no", request=SUMMARY), 1),
        (errors.NotFoundError("no", request=SUMMARY), 1),
        (errors.ConflictError("no", request=SUMMARY), 1),
        (errors.RateLimitError("no", request=SUMMARY), 1),
        (errors.InternalServerError("no", request=SUMMARY), 1),
        (errors.APIResponseError("no", request=SUMMARY), 1),
        (errors.IncompleteListError("no"), 1),
        (errors.APITimeoutError("no", request=SUMMARY), 3),
        (errors.APIConnectionError("no", request=SUMMARY), 3),
        (errors.RateLimitStoreError("no"), 3),
        (ModuleNotFoundError("no"), 2),
        (ValueError("no"), 2),
        (OSError(28, "No space left on device"), 3),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (ZeroDivisionError("no"), 70),
        (TypeError("no"), 70),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_status(error: BaseException, status: int) -> None:
    """Every kind of error ends in one line on standard error, with a status that `--help` explains."""
    done = failing(error)
    assert (done.exit_code, done.stdout, done.stderr.count("\n"), status in EXIT_CODES) == (status, "", 1, True)


def test_a_mistake_in_this_program_says_how_to_report_it() -> None:
    """What nobody foresaw is no traceback either."""
    assert failing(ZeroDivisionError("by 0")).stderr == (
        "Error: internal error (ZeroDivisionError: by 0); run the command again with --debug and report the traceback\n"
    )


def test_debug_shows_the_traceback() -> None:
    """With `--debug` the traceback comes before the sentence."""
    shown = failing(ZeroDivisionError("by 0"), "--debug").stderr
    assert (shown.startswith("Traceback"), shown.splitlines()[-1].startswith("Error: ")) == (True, True)


def test_a_missing_package_names_the_extra() -> None:
    """A package that is only looked for when it is needed is named like one that is missing from the start."""
    error = ModuleNotFoundError("No module named 'rich'", name="rich")
    assert describe_error(error)[1].endswith('(rich): pip install "sendblue-contacts[cli]"')


def test_a_file_that_cannot_be_written_is_named() -> None:
    """The sentence has the reason and the file."""
    assert (
        describe_error(OSError(28, "No space left on device", "out.csv"))[1]
        == "Error: No space left on device: out.csv"
    )


def test_what_the_server_says_cannot_break_the_terminal() -> None:
    """A message is shown without what a terminal would obey."""
    error = errors.NotFoundError("x", request=SUMMARY)
    error.message = "\x1b[2Jgone"
    assert failing(error).stderr == "Error:  [2Jgone: no contact has this number\n"


# --- for real


def test_no_credentials(nothing_set: Path, process: Process) -> None:
    """It is exit status 2 and one line with the ways to give them."""
    done = process("count")
    assert (done.returncode, done.stderr.count("\n"), str(nothing_set) in done.stderr) == (2, 1, True)


def test_nobody_is_there(account: Sandbox, process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that does not answer is exit status 3, and `doctor` is named."""
    _ = account
    monkeypatch.setenv("SENDBLUE_API_BASE_URL", "http://127.0.0.1:9")
    done = process("count")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert ("doctor" in done.stderr, "Traceback" in done.stderr) == (True, False)


def test_wrong_credentials(nothing_set: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are exit status 1; neither is shown."""
    _ = nothing_set
    with Sandbox(api_key="key", api_secret="right") as sandbox:  # noqa: S106 - of a sandbox
        monkeypatch.setenv("SENDBLUE_API_API_KEY", "key")
        monkeypatch.setenv("SENDBLUE_API_API_SECRET", "wrong-secret")
        monkeypatch.setenv("SENDBLUE_API_BASE_URL", sandbox.url)
        done = run("count", "--debug")
    assert (done.exit_code, "wrong-secret" in done.stderr, "doctor" in done.stderr) == (1, False, True)


def test_debug_shows_requests(account: Sandbox, run: Run) -> None:
    """`--debug` writes a line for each request, without numbers, and data stays on standard output."""
    _ = account
    done = run("count", "--phone-number", ADA, "--debug")
    assert (done.stdout, "GET /api/v2/contacts/count" in done.stderr, ADA[1:] in done.stderr) == ("0\n", True, False)


def test_debug_ends_with_the_command(account: Sandbox, run: Run) -> None:
    """The next command in the same process is silent again."""
    _ = account
    run("count", "--debug")
    assert run("count").stderr == ""


@pytest.mark.parametrize("command", ["count", "list", "doctor"])
def test_nobody_reads(account: Sandbox, command: str) -> None:
    """Where the output goes nowhere, also the little that is written at the end, it is 141 and not a word."""
    account.seed(3)
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as closed:  # noqa: PTH123 - a pipe has no path
        done = subprocess.run([COMMAND, command], stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("closed", "status", "said"),
    [
        (">&-", 2, "Error: standard output is closed, so nothing was done; redirect it to /dev/null to discard it\n"),
        ("2>&-", 2, ""),
    ],
)
def test_what_is_closed(nothing_set: Path, closed: str, status: int, said: str) -> None:
    """Closed standard output is one sentence; closed standard error keeps the exit status."""
    _ = nothing_set
    command = ["/bin/sh", "-c", f"exec {COMMAND} count {closed}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", said)


def test_ctrl_c(account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the answer is awaited is one line and exit status 130."""
    _ = account
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("SENDBLUE_API_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        process = subprocess.Popen([COMMAND, "count"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        connection, _ = server.accept()
        with connection:
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, ("", "Interrupted.\n"))


def test_ctrl_c_while_it_loads() -> None:
    """Ctrl-C while the program itself loads is no traceback."""
    code = (
        "import sys\n"
        "class Late:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Late())\n"
        "from sendblue_contacts_cli import main\n"
        "main(['count'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (130, "")


TWICE = """
import signal, sys, threading, types
import sendblue_contacts_cli as cli
cli.REPEAT_INTERVAL = float(sys.argv[1])
def app(**_):
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        threading.Thread(target=at_the_end).start()
        signal.raise_signal(signal.SIGINT)
        print("whole")
        sys.exit(3)
def at_the_end():
    threading.main_thread().join()
    signal.raise_signal(signal.SIGINT)
sys.modules["sendblue_contacts_cli.app"] = types.SimpleNamespace(app=app)
cli.main()
"""
"""A command that is interrupted, while it says so, and while Python waits for its threads."""


@pytest.mark.parametrize(("patience", "status", "said"), [("60", 3, "whole\n"), ("0", 130, "")])
def test_ctrl_c_twice(patience: str, status: int, said: str) -> None:
    """Another Ctrl-C cuts no ending, unless it comes later, and is never a traceback."""
    command = [sys.executable, "-c", TWICE, patience]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (status, said, "")
