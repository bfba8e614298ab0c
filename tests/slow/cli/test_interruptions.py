"""Ctrl-C at any moment: one line at most, no traceback, and the exit code of an interruption."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest
from sendblue_sandbox import Sandbox

from tests.cli.command_line import COMMAND

IMPORTING = """
import sys
class Late:
    def find_spec(self, name, path=None, target=None):
        if name == "click": raise KeyboardInterrupt
sys.meta_path.insert(0, Late())
from sendblue_contacts_cli import main
main(["count"])
"""
"""A command that gets SIGINT while it is loading."""
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


@pytest.mark.parametrize(
    ("code", "arguments", "exit_code", "output"),
    [(IMPORTING, [], 130, ""), (TWICE, ["60"], 3, "complete\n"), (TWICE, ["0"], 130, "")],
    ids=["importing", "twice", "twice, later"],
)
def test_ctrl_c_outside_a_request(code: str, arguments: list[str], exit_code: int, output: str) -> None:
    """A second Ctrl-C does not interrupt the cleanup unless it comes later, and none prints a traceback."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (exit_code, output, "")
