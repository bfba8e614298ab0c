"""The errors that mypy --strict and pyright strict find in programs that use the clients, line by line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from maintain.venvs import node_tool

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PROGRAMS = ("program", "async_program")
MARK = re.compile(r"  # error: (?P<mypy>[\w -]+) \| (?P<pyright>[\w ]+)$")

Found = dict[str, dict[int, set[str]]]
"""The broken rules, by program and line."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the programs as .py files."""
    programs = tmp_path_factory.mktemp("typing")
    for name in PROGRAMS:
        (programs / f"{name}.py").write_bytes((HERE / f"{name}.txt").read_bytes())
    return programs


def expected(name: str, tool: str) -> dict[int, set[str]]:
    """Return the errors that the comments of a program announce."""
    lines = enumerate((HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines(), 1)
    return {number: set(mark[tool].split()) for number, line in lines if (mark := MARK.search(line))}


def by_line(findings: Iterable[tuple[str, int, str]]) -> Found:
    """Group the findings by program and line."""
    found: Found = {name: defaultdict(set) for name in PROGRAMS}
    for name, line, rule in findings:
        found[name][line].add(rule)
    return found


@pytest.fixture(scope="module")
def mypy(folder: Path, pytestconfig: pytest.Config) -> Found:
    """The findings of mypy --strict without any configuration."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy-strict")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "--no-error-summary"]
    files = [f"{name}.py" for name in PROGRAMS]
    done = subprocess.run([*command, *files], cwd=folder, capture_output=True, encoding="utf-8", check=False)
    findings = re.findall(r"(?m)^(\w+)\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout)
    assert len(findings) == done.stdout.count(": error: ") > 0, done.stdout + done.stderr
    return by_line((name, int(line), rule) for name, line, rule in findings)


@pytest.fixture(scope="module")
def pyright(folder: Path) -> Found:
    """The findings of pyright in strict mode."""
    settings = {
        "include": ["."],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT / name) for name in ("generated", "overrides", "transfer")],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [*node_tool("pyright"), "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    output = json.loads(done.stdout)
    assert output["summary"]["filesAnalyzed"] == len(PROGRAMS)
    return by_line(
        (Path(found["file"]).stem, found["range"]["start"]["line"] + 1, found.get("rule", found["message"]))
        for found in output["generalDiagnostics"]
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_mypy_findings(mypy: Found, name: str) -> None:
    """Both spellings are accepted, wrong names and types are rejected, and every value has its type: line by line."""
    assert dict(mypy[name]) == expected(name, "mypy")


@pytest.mark.parametrize("name", PROGRAMS)
def test_pyright_findings(pyright: Found, name: str) -> None:
    """The same for pyright."""
    assert dict(pyright[name]) == expected(name, "pyright")


def test_the_program_has_expected_errors() -> None:
    """Every comment with an error is readable."""
    text = (HERE / "program.txt").read_text(encoding="utf-8")
    assert text.count("  # error:") == len(expected("program", "mypy")) > 20
