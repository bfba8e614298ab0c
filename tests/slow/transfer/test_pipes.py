"""The commands `export` and `import` in pipes, and when a signal ends them."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

from tests.cli.command_line import COMMAND


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of Bash."""
    return subprocess.run(["/bin/bash", "-c", line], capture_output=True, encoding="utf-8", timeout=60, check=False)


def test_import_of_an_export(account: Sandbox, tmp_path: Path) -> None:
    """The contacts that `export -` writes are the same after `import -`."""
    account.seed(5)
    names = ("phone", "first_name", "tags")
    before = [{name: contact[name] for name in names} for contact in account.contacts()]
    exported = shell(f"{COMMAND} export - --format jsonl > {tmp_path}/out")
    account.reset()
    imported = shell(f"cat {tmp_path}/out | {COMMAND} import - --journal {tmp_path}/j")
    assert exported.stderr.startswith("Exported 5 contacts to standard output in ")
    assert (imported.returncode, imported.stderr[:38]) == (0, "standard input: 5 of 5 rows imported (")
    assert [{name: contact[name] for name in names} for contact in account.contacts()] == before


@pytest.mark.parametrize(("form", "begins"), [("csv", "ph"), ("xlsx", "PK")])
def test_closed_pipe(account: Sandbox, form: str, begins: str) -> None:
    """`export - | head` prints no traceback in any format, and exits with 141 like other tools."""
    account.seed(3000)
    done = shell(f"{COMMAND} export - --format {form} --quiet | head -c 2; printf '\\n%s' ${{PIPESTATUS[0]}}")
    assert (done.stdout.splitlines(), done.stderr) == ([begins, "141"], "")


def test_sigterm(account: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM leaves no file, and the exit code is that of the signal in a shell."""
    _ = account
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("SENDBLUE_API_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        command = [COMMAND, "export", str(tmp_path / "contacts.csv"), "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        connection, _ = server.accept()
        with connection:
            connection.recv(1)
            files_before = len(list(tmp_path.iterdir()))
            process.send_signal(signal.SIGTERM)
            output = process.communicate(timeout=30)
    assert (files_before, process.returncode, output, list(tmp_path.iterdir())) == (1, 143, ("", ""), [])
