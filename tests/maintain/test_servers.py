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


def program(path: Path) -> None:
    """Create a program that does nothing."""
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)


def test_root_installs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root, the package is installed once, from updated lists, and the path of its program is returned."""
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> None:
        commands.append(command[4:])
        if "install" in command:
            program(folder / "browse")

    monkeypatch.setattr(servers, "run", run)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    for _ in range(2):
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
