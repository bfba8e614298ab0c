"""How `maintain.servers` finds and installs Debian programs, tested with a fake package manager."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from maintain import servers
from maintain.venvs import ScriptError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set PATH to a folder that contains only apt-get."""
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path / "apt-get")
    return tmp_path


def program(path: Path) -> Path:
    """Create a program that does nothing."""
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_an_installed_program(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of an installed program is returned, and nothing runs."""
    monkeypatch.setattr(servers, "run", pytest.fail)
    path = program(folder / "browse")
    assert servers.ensure("browse", "browser") == path


def test_root_installs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root, the package lists are updated, the package is installed, and the path of its program is returned."""
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> None:
        commands.append(command[4:])
        if "install" in command:
            program(folder / "browse")

    monkeypatch.setattr(servers, "run", run)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert servers.ensure("browse", "browser") == folder / "browse"
    assert commands == [["--yes", "update"], ["--yes", "install", "--no-install-recommends", "browser"]]


@pytest.mark.parametrize(
    ("user", "message"), [(1000, "apt-get install browser"), (0, "browser is installed, but it has no program browse")]
)
@pytest.mark.usefixtures("folder")
def test_a_program_that_cannot_be_installed(monkeypatch: pytest.MonkeyPatch, user: int, message: str) -> None:
    """Without root, the message says what to install; a package without the program is an error that names both."""
    monkeypatch.setattr(servers, "run", lambda _: "")
    monkeypatch.setattr("os.geteuid", lambda: user)
    with pytest.raises(ScriptError, match=message):
        servers.ensure("browse", "browser")
