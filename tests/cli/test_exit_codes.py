"""Exit codes and error messages: one line for each error, and a traceback only with `--debug`."""

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


def run_failing_command(error: BaseException, *arguments: str) -> Result:
    """Run a command that raises an error."""

    @click.command()
    @click.pass_context
    def command(context: click.Context) -> None:
        context.ensure_object(GlobalOptions).debug = "--debug" in arguments
        with errors_reported(context):
            raise error

    return CliRunner().invoke(command)


# --- the rules


@pytest.mark.parametrize(
    ("error", "exit_code"),
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
def test_each_error_has_its_exit_code(error: BaseException, exit_code: int) -> None:
    """Each kind of error prints one line to standard error, and exits with a code that `--help` explains."""
    done = run_failing_command(error)
    assert (done.exit_code, done.stdout, done.stderr.count("\n"), exit_code in EXIT_CODES) == (exit_code, "", 1, True)


def test_internal_error_asks_for_a_report() -> None:
    """An unexpected error prints no traceback, and asks for a report."""
    assert run_failing_command(ZeroDivisionError("by 0")).stderr == (
        "Error: internal error (ZeroDivisionError: by 0); run the command again with --debug and report the traceback\n"
    )


def test_debug_shows_traceback() -> None:
    """With `--debug` the traceback comes before the message."""
    shown = run_failing_command(ZeroDivisionError("by 0"), "--debug").stderr
    assert (shown.startswith("Traceback"), shown.splitlines()[-1].startswith("Error: ")) == (True, True)


def test_missing_package_names_extra() -> None:
    """A package that is imported late is reported like one that is missing at startup."""
    error = ModuleNotFoundError("No module named 'rich'", name="rich")
    assert describe_error(error)[1].endswith('(rich): pip install "sendblue-contacts[cli]"')


def test_file_error_names_file() -> None:
    """The message has the reason and the file."""
    assert (
        describe_error(OSError(28, "No space left on device", "out.csv"))[1]
        == "Error: No space left on device: out.csv"
    )


def test_message_of_server_has_no_control_characters() -> None:
    """Control characters in a message of the server do not reach the terminal."""
    error = errors.NotFoundError("x", request=SUMMARY)
    error.message = "\x1b[2Jgone"
    assert run_failing_command(error).stderr == "Error:  [2Jgone: no contact has this number\n"


# --- the whole command


def test_no_credentials(no_settings: Path, process: Process) -> None:
    """Missing credentials are exit code 2 and one line that has the ways to set them."""
    done = process("count")
    assert (done.returncode, done.stderr.count("\n"), str(no_settings) in done.stderr) == (2, 1, True)


def test_unreachable_host(account: Sandbox, process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable host is exit code 3, and the message refers to `doctor`."""
    _ = account
    monkeypatch.setenv("SENDBLUE_API_BASE_URL", "http://127.0.0.1:9")
    done = process("count")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert ("doctor" in done.stderr, "Traceback" in done.stderr) == (True, False)


def test_wrong_credentials(no_settings: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong credentials are exit code 1, and are not shown."""
    _ = no_settings
    with Sandbox(api_key="key", api_secret="right") as sandbox:  # noqa: S106 - of a sandbox
        monkeypatch.setenv("SENDBLUE_API_API_KEY", "key")
        monkeypatch.setenv("SENDBLUE_API_API_SECRET", "wrong-secret")
        monkeypatch.setenv("SENDBLUE_API_BASE_URL", sandbox.url)
        done = run("count", "--debug")
    assert (done.exit_code, "wrong-secret" in done.stderr, "doctor" in done.stderr) == (1, False, True)


def test_debug_logs_requests(account: Sandbox, run: Run) -> None:
    """`--debug` logs each request without phone numbers, and not to standard output."""
    _ = account
    done = run("count", "--phone-number", ADA, "--debug")
    assert (done.stdout, "GET /api/v2/contacts/count" in done.stderr, ADA[1:] in done.stderr) == ("0\n", True, False)


def test_debug_ends_with_the_command(account: Sandbox, run: Run) -> None:
    """The next command in the same process logs nothing."""
    _ = account
    run("count", "--debug")
    assert run("count").stderr == ""


@pytest.mark.parametrize("command", ["count", "list", "doctor"])
def test_closed_pipe(account: Sandbox, command: str) -> None:
    """If no process reads the output, even the last line of it, the exit code is 141 and there is no message."""
    account.seed(3)
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as closed:  # noqa: PTH123 - a pipe has no path
        done = subprocess.run([COMMAND, command], stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("closed", "exit_code", "output"),
    [
        (">&-", 2, "Error: standard output is closed, so nothing was done; redirect it to /dev/null to discard it\n"),
        ("2>&-", 2, ""),
    ],
)
def test_closed_standard_stream(no_settings: Path, closed: str, exit_code: int, output: str) -> None:
    """Closed standard output is one message; closed standard error keeps the exit code."""
    _ = no_settings
    command = ["/bin/sh", "-c", f"exec {COMMAND} count {closed}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (exit_code, "", output)


def test_ctrl_c(account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while waiting for a response prints one line, and the exit code is 130."""
    _ = account
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("SENDBLUE_API_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        process = subprocess.Popen([COMMAND, "count"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        connection, _ = server.accept()
        with connection:
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, ("", "Interrupted.\n"))


def test_ctrl_c_during_import() -> None:
    """Ctrl-C while the program is loading prints no traceback."""
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
        threading.Thread(target=interrupt_at_exit).start()
        signal.raise_signal(signal.SIGINT)
        print("complete")
        sys.exit(3)
def interrupt_at_exit():
    threading.main_thread().join()
    signal.raise_signal(signal.SIGINT)
sys.modules["sendblue_contacts_cli.app"] = types.SimpleNamespace(app=app)
cli.main()
"""
"""A command that gets SIGINT while it runs, while it handles the first one, and while Python waits for threads."""


@pytest.mark.parametrize(("interval", "exit_code", "output"), [("60", 3, "complete\n"), ("0", 130, "")])
def test_ctrl_c_twice(interval: str, exit_code: int, output: str) -> None:
    """A second Ctrl-C does not interrupt the cleanup unless it comes later, and never prints a traceback."""
    command = [sys.executable, "-c", TWICE, interval]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (exit_code, output, "")
