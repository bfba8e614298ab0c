"""scripts/check and scripts/test: any failure is printed and is the exit status."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from maintain import check, test
from maintain.check import exit_status_ok, no_problems, run_check
from maintain.clones import Clone
from maintain.coverage_table import table
from maintain.venvs import ROOT, ScriptError

Capture = pytest.CaptureFixture[str]
Patch = pytest.MonkeyPatch


def shell(script: str) -> list[str]:
    """Return the command that runs `script`."""
    return ["/bin/sh", "-c", script]


def test_the_result_of_a_check() -> None:
    """A passed check is one line, without its output; a failed check shows both output streams."""
    passed, failed = (
        str(run_check("style", shell(f"echo here; echo there >&2; exit {status}"), exit_status_ok)) for status in (0, 1)
    )
    assert (passed.split()[:2], "here" in passed) == (["style", "ok"], False)
    assert ["FAILED" in failed, "here\nthere" in failed] == [True, True]


@pytest.mark.parametrize(("scripts", "status"), [(("true", "true"), 0), (("false", "true"), 1), (("true", "false"), 1)])
def test_all_checks_run(monkeypatch: Patch, capsys: Capture, scripts: tuple[str, str], status: int) -> None:
    """Every check runs, and the exit status is 1 if any of them failed."""
    checks = {f"check{number}": (shell(script), exit_status_ok) for number, script in enumerate(scripts)}
    monkeypatch.setattr(check, "commands", lambda: checks)
    assert (check.main(), capsys.readouterr().out.count("check")) == (status, 2)


@pytest.mark.parametrize(
    ("output", "passed"),
    [
        (json.dumps({"totals": {"errors": 0, "warnings": 0, "ignored": 0}}), True),
        (json.dumps({"totals": {"errors": 0, "warnings": 1, "ignored": 0}}), False),
        (json.dumps({"totals": {"errors": 0, "warnings": 0, "ignored": 1}}), False),
        ("crashed", False),
        ("{}", False),
        ("[]", False),
    ],
)
def test_redocly_must_find_nothing(output: str, passed: bool) -> None:
    """Warnings, ignored problems and unreadable output count as failures."""
    assert no_problems(subprocess.CompletedProcess([], 0, output, "")) is passed


def test_a_tool_that_cannot_be_installed(monkeypatch: Patch, capsys: Capture) -> None:
    """The reason is printed and the exit status is 1."""

    def commands() -> dict[str, object]:
        raise ScriptError("no network")

    monkeypatch.setattr(check, "commands", commands)
    assert (check.main(), capsys.readouterr().out) == (1, "no network\n")


class Machine:
    """A machine on which Python 3.11 is the one of `.venv` and 3.12 is installed too, and what happens on it."""

    def __init__(self) -> None:
        self.check = 0
        self.statuses: dict[str, int] = {}
        self.installs = True
        self.ran: list[tuple[str, list[str]]] = []

    def pytest(
        self, venv: Path, arguments: list[str], output: int | None = None, folder: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        """Stand for a run of pytest."""
        self.ran.append((venv.name if folder == ROOT else f"{venv.name} in {folder.name}", list(arguments)))
        text = f"pytest in {venv.name}\n" if output else None
        return subprocess.CompletedProcess([], self.statuses.get(self.ran[-1][0], 0), text, "" if output else None)

    def prepare_version(self, version: str) -> Path | None:
        """Stand for an installation."""
        if version != "3.12":
            return None
        if not self.installs:
            raise ScriptError("no network")
        return ROOT / f".venv-{version}"


@pytest.fixture
def machine(monkeypatch: Patch) -> Machine:
    """Replace the machine under scripts/test."""
    machine = Machine()
    monkeypatch.setattr(test, "check", lambda: machine.check)
    monkeypatch.setattr(test, "pytest", machine.pytest)
    monkeypatch.setattr(test, "prepare_version", machine.prepare_version)
    monkeypatch.setattr(test, "version_of", lambda _venv: "3.11")
    monkeypatch.setattr(test, "copy_with_field", lambda _folder, place: Clone(Path(place)))
    monkeypatch.setattr(test, "python_in", lambda _copy, venv: venv)
    monkeypatch.setattr(test, "coverage_table", lambda: "the coverage")
    return machine


def results(printed: str) -> dict[str, str]:
    """The results that a run printed at its end, by name, without the times."""
    lines = re.findall(r"(?m)^(checks|(?:quick|slow|field [\w ]+), Python \S+) {2,}(.*?)(?: +\d+ s)?$", printed)
    return dict(lines)


def test_the_quick_run(machine: Machine, capsys: Capture) -> None:
    """Without arguments the quick suite runs on one Python, and the end says what was left out and how to run it."""
    assert (test.main([]), machine.ran) == (0, [(".venv", test.QUICK_SUITE)])
    printed = capsys.readouterr().out
    assert results(printed) == {"checks": "passed", "quick, Python 3.11": "passed"}
    assert "Not run: tests/slow (" in printed
    assert "on Python 3.12 and 3.13 and with a field added or renamed.\nscripts/test --all runs everything" in printed


def test_the_full_run(machine: Machine, capsys: Capture) -> None:
    """With --all the quick suite runs also with changed fields, on other Pythons if they exist, and the slow one."""
    assert test.main(["--all"]) == 0
    ran = [(venv, "tests/slow" in arguments, "--cov=overrides" in arguments) for venv, arguments in machine.ran]
    assert ran[0] == (".venv", False, True)
    assert sorted(ran[1:]) == [
        (".venv", True, True),
        (".venv in first", False, False),
        (".venv in last", False, False),
        (".venv in last", False, False),
        (".venv-3.12 in first", False, False),
    ]
    printed = capsys.readouterr().out
    heading = "quick tests with a field added at the first place, Python 3.12"
    assert f"\n--- {heading}\npytest in .venv\npytest in .venv-3.12\n" in printed
    assert results(printed) == {
        "checks": "passed",
        "quick, Python 3.11": "passed",
        "slow, Python 3.11": "passed",
        "field first, Python 3.12": "passed",
        "quick, Python 3.13": "not installed",
        "field last and rename, Python 3.11": "passed",
    }
    assert printed.endswith("\n\nthe coverage\n")


def test_arguments_go_to_pytest(machine: Machine, capsys: Capture) -> None:
    """With arguments it is pytest alone, on the Python of .venv, with its exit status; --help explains this command."""
    machine.statuses[".venv"] = 4
    assert (test.main(["-k", "one"]), machine.ran) == (4, [(".venv", ["-k", "one"])])
    assert (test.main(["--help"]), len(machine.ran)) == (0, 1)
    assert capsys.readouterr().out.startswith("usage: scripts/test [--all")


FIRST = "with a field added at the first place"
LAST = "with a field added at the last place and another one renamed"


@pytest.mark.parametrize(
    ("venv", "status", "name", "shown"),
    [
        (".venv", 1, "slow, Python 3.11", "FAILED with status 1"),
        (".venv", 5, "quick, Python 3.11", "FAILED: no tests were found"),
        (".venv in first", 3, "field first, Python 3.12", f"FAILED with status 3, {FIRST}"),
        (".venv-3.12 in first", 2, "field first, Python 3.12", f"FAILED with status 2, {FIRST}"),
        (".venv in last", 2, "field last and rename, Python 3.11", f"FAILED with status 2, {LAST}"),
    ],
)
def test_a_failure_on_any_python(
    machine: Machine, capsys: Capture, venv: str, status: int, name: str, shown: str
) -> None:
    """The run fails if one Python fails or if pytest finds no tests on it; the result says where."""
    machine.statuses[venv] = status
    assert (test.main(["--all"]), results(capsys.readouterr().out)[name]) == (1, shown)


@pytest.mark.parametrize(("arguments", "runs"), [([], 1), (["--all"], 6)])
def test_failing_checks_do_not_hide_the_tests(machine: Machine, arguments: list[str], runs: int) -> None:
    """If a check fails the tests still run, and the run fails."""
    machine.check = 1
    assert (test.main(arguments), len(machine.ran)) == (1, runs)


def test_a_python_that_cannot_be_set_up(machine: Machine, capsys: Capture) -> None:
    """A Python that is installed but whose environment cannot be set up makes the run fail."""
    machine.installs = False
    assert test.main(["--all"]) == 1
    assert results(capsys.readouterr().out)["quick, Python 3.12"] == "FAILED to install"


def test_the_coverage_of_each_folder() -> None:
    """The files of a folder are summed up, and branches count as much as lines."""
    part = {"num_statements": 10, "missing_lines": 1, "num_branches": 10, "missing_branches": 4}
    entry = {"summary": {**part, "covered_lines": 9, "covered_branches": 6}}
    lines = table({"overrides/a.py": entry, "overrides/b/c.py": entry, "sandbox/d.py": entry})
    assert [line.split() for line in lines[1:]] == [
        ["overrides", "20", "2", "20", "8", "75.0%"],
        ["sandbox", "10", "1", "10", "4", "75.0%"],
    ]


def test_ci_runs_everything() -> None:
    """CI runs all tests, and a missing server or browser is a failure there."""
    assert 'CI=true exec "$(dirname "$0")/../scripts/test" --all' in (ROOT / ".ci/run").read_text()
