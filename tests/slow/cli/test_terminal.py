"""Ctrl-C on a terminal, where the terminal sends the signal to the command."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pexpect
import pytest
from sendblue_sandbox import Sandbox

from tests.cli.command_line import ADA, COMMAND, Run

# The sandbox is a thread of this process. The fork is safe, because the child calls exec at once.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@contextmanager
def terminal(*arguments: str, width: int = 80) -> Iterator[Any]:
    """Run the command on a terminal."""
    variables = {**os.environ, "TERM": "xterm-256color"}
    settings = {"dimensions": (24, width), "env": variables, "encoding": "utf-8", "timeout": 60}
    child = pexpect.spawn(COMMAND, list(arguments), **settings)  # type: ignore[arg-type]  # incomplete stubs
    try:
        yield child
    finally:
        child.close()


def test_pager(account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list with more lines than the terminal goes through the pager; a shorter one does not."""
    account.seed(40)
    monkeypatch.setenv("PAGER", "sed s/^/paged:/")
    for limit, paged in (("40", 42), ("5", 0)):
        with terminal("list", "--limit", limit) as child:
            output = child.read()
        assert (output.count("paged:"), f"first {limit} contacts" in output) in {(paged, True), (paged + 1, True)}


def test_ctrl_c_at_the_question(account: Sandbox, run: Run) -> None:
    """Ctrl-C deletes nothing and prints one line."""
    run("create", ADA)
    with terminal("delete", ADA) as child:
        child.expect(r"\[y/N\]: ")
        child.sendintr()
        # A Ctrl-C between the question and the call that reads the answer can be lost.
        while child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1):
            child.sendintr()
    assert (child.exitstatus, child.before.split()[-1], len(account.contacts())) == (130, "Interrupted.", 1)


@pytest.mark.parametrize(
    ("command", "progress", "done"),
    [
        ("import", "Sending .* [1-9][0-9]* of 300 rows", "300 of 300 rows imported"),
        ("sync", "Creating .* [1-9][0-9]* of 300 contacts", "this run resumed an interrupted sync"),
    ],
)
def test_ctrl_c_and_resume(account: Sandbox, tmp_path: Path, command: str, progress: str, done: str) -> None:
    """Ctrl-C is exit code 3 and prints the command that resumes the rest, which sends no contact twice."""
    many = tmp_path / "many.csv"
    many.write_text("phone\n" + "".join(f"+1415555{number:04}\n" for number in range(300)))
    account.faults.add(what="delay", operation="bulk_create_contacts", delay=0.1)
    options = ("--chunk-size", "20", "--concurrency", "1")
    with terminal(command, str(many), *options, width=200) as child:
        child.expect(progress)
        child.sendintr()
        output = ESCAPE.sub("", child.read()).splitlines()
    assert (child.exitstatus, output[-1]) == (3, f"    sendblue-contacts {command} {many} {' '.join(options)}")
    account.faults.clear()
    with terminal(command, str(many), *options) as child:
        assert done in re.sub(r"\s+", " ", ESCAPE.sub("", child.read()))
    sent = [request for request in account.requests if request.path.endswith("/bulk")]
    assert (len(account.contacts()), b"".join(request.body for request in sent).count(b'"phone"')) == (300, 300)
