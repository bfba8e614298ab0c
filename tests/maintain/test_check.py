"""scripts/check and scripts/test: a failure anywhere is shown and is the exit status."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from maintain import check, test
from maintain.check import by_status, run_check, spotless
from maintain.venvs import ScriptError

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def shell(script: str) -> list[str]:
    """Return the command that runs `script`."""
    return ["/bin/sh", "-c", script]


# --- scripts/check


def test_a_check_that_passes_is_one_line() -> None:
    """Its output is not shown."""
    assert str(run_check("style", shell("echo noise"), by_status)).split()[:2] == ["style", "ok"]


def test_a_check_that_fails_shows_its_output() -> None:
    """Both of its streams are shown."""
    shown = str(run_check("style", shell("echo here; echo there >&2; exit 1"), by_status))
    assert ["FAILED" in shown, "here\nthere" in shown] == [True, True]


@pytest.mark.parametrize(("scripts", "status"), [(("true", "true"), 0), (("false", "true"), 1), (("true", "false"), 1)])
def test_all_are_run_and_one_failure_is_enough(
    monkeypatch: Patch, capsys: Capture, scripts: tuple[str, str], status: int
) -> None:
    """Every check is run, and the exit status is 1 when any of them failed."""
    checks = {f"check{number}": (shell(script), by_status) for number, script in enumerate(scripts)}
    monkeypatch.setattr(check, "commands", lambda: checks)
    assert (check.main(), capsys.readouterr().out.count("check")) == (status, 2)


@pytest.mark.parametrize(
    ("output", "passed"),
    [
        (json.dumps({"totals": {"errors": 0, "warnings": 0, "ignored": 0}}), True),
        (json.dumps({"totals": {"errors": 1, "warnings": 0, "ignored": 0}}), False),
        (json.dumps({"totals": {"errors": 0, "warnings": 1, "ignored": 0}}), False),
        (json.dumps({"totals": {"errors": 0, "warnings": 0, "ignored": 1}}), False),
        ("crashed", False),
        ("{}", False),
        ("[]", False),
    ],
)
def test_redocly_must_find_nothing(output: str, passed: bool) -> None:  # noqa: FBT001 - an expectation, not a switch
    """Warnings and ignored problems count, and so does an answer that nobody can read."""
    assert spotless(subprocess.CompletedProcess([], 0, output, "")) is passed


def test_a_tool_that_cannot_be_installed(monkeypatch: Patch, capsys: Capture) -> None:
    """The reason is told and the exit status is 1."""

    def commands() -> dict[str, object]:
        raise ScriptError("no network")

    monkeypatch.setattr(check, "commands", commands)
    assert (check.main(), capsys.readouterr().out) == (1, "no network\n")


# --- scripts/test


class Machine:
    """A machine on which Python 3.11 is the main one and 3.12 is there too, and what happens on it."""

    def __init__(self) -> None:
        self.check = 0
        self.statuses: dict[str, int] = {}
        self.installs = True
        self.ran: list[str] = []

    def pytest(self, venv: Path, arguments: list[str]) -> int:
        """Stand for a run of pytest."""
        self.ran.append(" ".join([venv.name, *arguments]))
        return self.statuses.get(venv.name, 0)

    def prepare(self, _requirements: str, _venv: Path, _python: str) -> None:
        """Stand for an installation."""
        if not self.installs:
            raise ScriptError("no network")


@pytest.fixture
def machine(monkeypatch: Patch) -> Machine:
    """Put the machine beneath scripts/test."""
    machine = Machine()
    monkeypatch.setattr(test, "check", lambda: machine.check)
    monkeypatch.setattr(test, "pytest", machine.pytest)
    monkeypatch.setattr(test, "prepare", machine.prepare)
    monkeypatch.setattr(test, "version_of", lambda _venv: "3.11")
    monkeypatch.setattr(test, "find_python", {"3.12": "/python3.12"}.get)
    return machine


def test_runs_on_every_python_that_is_here(machine: Machine, capsys: Capture) -> None:
    """The tests run on the main Python and on each other one, and the end tells which was not present."""
    assert (test.main([]), machine.ran) == (0, [".venv", ".venv-3.12"])
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "checks: passed",
        "Python 3.11: passed",
        "Python 3.12: passed",
        "Python 3.13: not present",
    ]


def test_arguments_go_to_pytest(machine: Machine) -> None:
    """With arguments it is pytest alone, on the main Python, with its exit status."""
    machine.statuses[".venv"] = 4
    assert (test.main(["-k", "one"]), machine.ran) == (4, [".venv -k one"])


@pytest.mark.parametrize(("venv", "status"), [(".venv", 1), (".venv-3.12", 2), (".venv", 5)])
def test_a_failure_on_any_python(machine: Machine, venv: str, status: int) -> None:
    """One failing Python, or one that found no tests, is a failure of the whole."""
    machine.statuses[venv] = status
    assert test.main([]) == 1


def test_failing_checks_do_not_hide_the_tests(machine: Machine) -> None:
    """When a check fails the tests run all the same, and the whole has failed."""
    machine.check = 1
    assert (test.main([]), len(machine.ran)) == (1, 2)


def test_a_python_that_cannot_be_set_up(machine: Machine, capsys: Capture) -> None:
    """A Python that is here but cannot be set up is a failure, not an absence."""
    machine.installs = False
    assert test.main([]) == 1
    assert "Python 3.12: FAILED to install" in capsys.readouterr().out
