"""Exit codes and error messages: one line for each error, and a traceback only with `--debug`."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from sendblue_contacts import errors
from sendblue_contacts_cli.app import errors_reported
from sendblue_contacts_cli.context import GlobalOptions
from sendblue_contacts_cli.error_messages import describe_error
from sendblue_contacts_cli.exit_codes import EXIT_CODES
from sendblue_sandbox import Sandbox

from tests.cli.command_line import ADA, Run

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


ERRORS: list[tuple[BaseException, int]] = [
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
]


def test_each_error_has_its_exit_code() -> None:
    """Each kind of error prints one line to standard error, and exits with a code that `--help` explains."""
    for error, exit_code in ERRORS:
        done = run_failing_command(error)
        found = (error, done.exit_code, done.stdout, done.stderr.count("\n"))
        assert (found, exit_code in EXIT_CODES) == ((error, exit_code, "", 1), True)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (f"get {ADA}", {"type": "NotFoundError", "exit_code": 1, "status_code": 404}),
        ("get 415", {"type": "InvalidPhoneNumberError", "exit_code": 2}),
        ("--frob", {"type": "UsageError", "exit_code": 2}),
        ("list --limit x", {"type": "UsageError", "exit_code": 2}),
        ("delete", {"type": "UsageError", "exit_code": 2}),
        (f"delete {ADA}", {"type": "CommandError", "exit_code": 2}),
        ("import missing.csv", {"type": "UsageError", "exit_code": 2}),
    ],
)
def test_errors_as_json(account: Sandbox, run: Run, command: str, expected: dict[str, object]) -> None:
    """With `--json`, an error is one line of JSON on standard error, also if an option is invalid."""
    _ = account
    done = run(*command.split(), "--json")
    error = json.loads(done.stderr)["error"]
    assert (done.exit_code, done.stdout, error.pop("message") != "") == (expected["exit_code"], "", True)
    assert error == expected


def test_internal_error_asks_for_a_report() -> None:
    """An unexpected error asks for a report, without a traceback; `--debug` shows it before the message."""
    advice = "run the command again with --debug and report the traceback"
    message = f"Error: internal error (ZeroDivisionError: by 0); {advice}\n"
    assert run_failing_command(ZeroDivisionError("by 0")).stderr == message
    shown = run_failing_command(ZeroDivisionError("by 0"), "--debug").stderr
    assert (shown.startswith("Traceback"), shown.splitlines()[-1].startswith("Error: ")) == (True, True)


def test_messages_name_the_cause() -> None:
    """A package that is imported late is reported like one that is missing at startup; a file error has the file."""
    missing = ModuleNotFoundError("No module named 'rich'", name="rich")
    assert describe_error(missing)[1].endswith('(rich): pip install "sendblue-contacts[cli]"')
    full = OSError(28, "No space left on device", "out.csv")
    assert describe_error(full)[1] == "No space left on device: out.csv"


def test_message_of_server_has_no_control_characters() -> None:
    """Control characters in a message of the server are shown as escape sequences."""
    error = errors.NotFoundError("x", request=SUMMARY)
    error.message = "\x1b[2Jgone"
    assert run_failing_command(error).stderr == "Error: \\x1b[2Jgone: no contact has this number\n"


def test_no_credentials(no_settings: Path, run: Run) -> None:
    """Missing credentials are exit code 2 and one line that has the ways to set them."""
    done = run("count")
    assert (done.exit_code, done.stderr.count("\n"), str(no_settings) in done.stderr) == (2, 1, True)


def test_unreachable_host(account: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable host is exit code 3, and the message refers to `doctor`."""
    _ = account
    monkeypatch.setenv("SENDBLUE_API_BASE_URL", "http://127.0.0.1:9")
    done = run("count")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (3, "", 1)
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
    """`--debug` logs each request without phone numbers, not to standard output, and not those of the next command."""
    _ = account
    done = run("count", "--phone-number", ADA, "--debug")
    assert (done.stdout, "GET /api/v2/contacts/count" in done.stderr, ADA[1:] in done.stderr) == ("0\n", True, False)
    assert run("count").stderr == ""
