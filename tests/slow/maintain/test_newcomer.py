"""A newcomer's walk: from a clean clone through the commands and samples of the README, and no others.

The commands are read from the README; a command that it does not have fails. Libraries come from this tree, because
installing them takes minutes, and the sandbox has a free port instead of 4010.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from maintain.clones import Clone, make_clone, run_in_shell, share_environment, shell

SANDBOX_URL = "http://127.0.0.1:4010"
FILE = "Phone,First Name,Tags\n+1 415 555 0101,Ada,VIP;Lead\n+14155550102,Grace,\n"
FROM_AN_INDEX = ("pip install sendblue-contacts", 'pip install "sendblue-contacts')
"""Commands that need the index of a company, which a newcomer at home does not have."""


@dataclass
class Newcomer:
    """A person with a clone, who has read its README, and a project next to it.

    Attributes:
        clone: The clone.
        variables: The variables that the person has exported.
        walked: The commands of the README that the person has run.
    """

    clone: Clone
    variables: dict[str, str]
    walked: list[str] = field(default_factory=list)

    @property
    def readme(self) -> str:
        """The text of the README."""
        return self.clone.read("README.md")

    @property
    def project(self) -> Path:
        """The folder that holds the clone, the environment of the project and its files."""
        return self.clone.folder.parent

    @property
    def commands(self) -> list[str]:
        """The commands in the README, without comments."""
        return re.findall(r"^\$ (.+?)(?:\s+#.*)?$", self.readme, re.MULTILINE)

    def do(self, command: str, *, mentioned: str = "") -> str:
        """Run a command of the README, or one that its text mentions, and return its output."""
        assert command in self.commands or f"`{mentioned}`" in self.readme.replace("\n", " "), command
        self.walked.append(command)
        done = self.run(shlex.split(command))
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command: a script in the clone, others in the project with its environment."""
        folder = self.clone.folder if command[0].startswith(("scripts/", ".venv/")) else self.project
        program = folder / command[0] if "/" in command[0] else self.project / ".venv/bin" / command[0]
        return run_in_shell([str(program), *command[1:]], folder, self.variables)

    def run_sample(self, number: int) -> str:
        """Run a Python program of the README as it says, and return its output."""
        assert "`.venv/bin/python`" in self.readme
        sample = re.findall(r"```python\n(.*?)```", self.readme, re.DOTALL)[number]
        done = self.run([".venv/bin/python", "-c", sample])
        assert done.returncode == 0, done.stdout
        return done.stdout

    def export(self, **variables: str) -> None:
        """Export variables that the README names."""
        assert [name for name in variables if f"`{name}`" not in self.readme and name not in self.readme] == []
        self.variables |= variables

    @contextmanager
    def sandbox(self) -> Iterator[str]:
        """Run the sandbox as the README does; yields its address."""
        command = ".venv/bin/sendblue-contacts sandbox"
        assert command in self.commands
        self.walked.append(command)
        words = [str(self.clone.folder / ".venv/bin/sendblue-contacts"), "sandbox", "--port", "0"]
        environment = {**shell(), **self.variables}
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, encoding="utf-8") as process:
            assert process.stdout
            found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
            try:
                assert found
                yield found[0]
            finally:
                process.terminate()


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    """A newcomer with a clean clone, and an environment for a project that has no package of this one."""
    clone = make_clone(tmp_path / "work" / "sendblue-contacts")
    share_environment(clone.folder.parent / ".venv")
    (clone.folder.parent / ".venv/bin/sendblue-contacts").unlink()
    pip = {"PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}  # "0" is false: the option is negated
    return Newcomer(clone, {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), **pip})


def test_newcomer(newcomer: Newcomer) -> None:
    """Demo, sandbox, samples, installation, import and sync work, each with what the README says."""
    assert "contacts on the server" in newcomer.do("scripts/demo")
    with newcomer.sandbox() as url:
        look_at_pages(url)
        assert "BulkCreateResult(1 of 2 created" in newcomer.run_sample(0)
        newcomer.export(SENDBLUE_API_BASE_URL=url, SENDBLUE_API_API_KEY="any", SENDBLUE_API_API_SECRET="any")  # noqa: S106 - not a real secret
        assert newcomer.run_sample(1) == "0\n"
        newcomer.do('pip install "./sendblue-contacts[all]"')
        assert url in newcomer.do("sendblue-contacts doctor", mentioned="sendblue-contacts doctor")
        import_and_sync(newcomer)
    newcomer.do("scripts/docs --help", mentioned="scripts/docs")  # the tests of the documentation build it
    left = set(newcomer.commands) - set(newcomer.walked)
    assert [command for command in left if not command.startswith(FROM_AN_INDEX)] == []
    assert newcomer.clone.do("git", "status", "--short") == ""


def look_at_pages(url: str) -> None:
    """Open the page of the sandbox and the reference, and what they load."""
    with httpx.Client(base_url=url, trust_env=False) as browser:
        found = [browser.get(path) for path in ("/", "/docs", "/docs/openapi.json")]
        files = re.findall(r'(?:src|href)="(/[^"]+)"', found[0].text + found[1].text)
        assert len(files) >= 5
        assert {response.status_code for response in (*found, *map(browser.get, files))} == {200}


def import_and_sync(newcomer: Newcomer) -> None:
    """Import a file, change it, and sync it."""
    file = newcomer.project / "crm.csv"
    file.write_text(FILE, encoding="utf-8")
    assert "2 to create" in newcomer.do("sendblue-contacts import crm.csv --dry-run")
    assert "2 of 2 rows imported" in newcomer.do("sendblue-contacts import crm.csv")
    file.write_text(FILE.replace("Grace", "Hopper"), encoding="utf-8")
    assert "1 to update" in newcomer.do("sendblue-contacts sync crm.csv --delete tracked")
    newcomer.do("sendblue-contacts export contacts.csv", mentioned="sendblue-contacts export contacts.csv")
    assert "Hopper" in (newcomer.project / "contacts.csv").read_text(encoding="utf-8")
