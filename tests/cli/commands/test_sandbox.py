"""The command `sandbox`: its options and its messages."""

import json
import socket

import pytest
from sendblue_contacts_cli.commands.sandbox import sandbox as sandbox_command
from sendblue_sandbox.cli import OPTIONS

from tests.cli.command_line import Run


def test_options_are_those_of_the_sandbox() -> None:
    """The command has every option in the table of the sandbox except secrets, and no other."""
    assert [option.opts for option in sandbox_command.params] == [
        [option.flag] for option in OPTIONS if not option.secret
    ]


def test_options_are_passed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server gets the values of the options, converted and checked, and the defaults of the others."""
    given: list[dict[str, object]] = []
    monkeypatch.setattr("sendblue_contacts_cli.commands.sandbox.run", lambda **options: given.append(options))
    assert run("sandbox", "--limit", "off", "--db", "contacts.sqlite", "--spelling", "camel").exit_code == 0
    assert run("--quiet", "sandbox", "--limit", "1", "--port", "0").exit_code == 0
    done = run("sandbox", "--limit", "0")
    assert (done.exit_code, "is neither an integer of at least 1 nor off" in done.stderr) == (2, True)
    found = [{name: options[name] for name in ("limit", "db", "spelling", "port", "request_log")} for options in given]
    assert found == [
        {"limit": None, "db": "contacts.sqlite", "spelling": "camel", "port": 4010, "request_log": True},
        {"limit": 1, "db": None, "spelling": "both", "port": 0, "request_log": False},
    ]


def test_port_in_use(run: Run) -> None:
    """A port in use is exit code 1 and one line with a hint; with --json the line is an object."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("sandbox", "--port", str(port))
        as_json = run("--json", "sandbox", "--port", str(port))
    message = f"Port {port} of 127.0.0.1 is in use, perhaps by another sandbox. "
    hint = f"Stop that program, or use --port {port + 1}, or --port 0 for any free port."
    assert (done.exit_code, done.stderr) == (1, f"Error: {message}{hint}\n")
    assert json.loads(as_json.stderr)["error"]["message"] == message + hint
