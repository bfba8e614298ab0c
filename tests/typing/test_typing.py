"""What mypy --strict and pyright strict find in programs that use the clients, line by line: no more and no less."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from maintain.venvs import node_tool

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAMS = ("program", "async_program")
MARK = re.compile(r"  # error: (?P<mypy>[\w -]+) \| (?P<pyright>[\w ]+)$")

Found = dict[str, dict[int, set[str]]]
"""The rules that were broken, by program and line."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs as .py files, in a folder of their own."""
    made = tmp_path_factory.mktemp("typing")
    for name in PROGRAMS:
        (made / f"{name}.py").write_bytes((HERE / f"{name}.txt").read_bytes())
    return made


def announced(name: str, tool: str) -> dict[int, set[str]]:
    """What a program says that a tool finds in it."""
    lines = enumerate((HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines(), 1)
    return {number: set(mark[tool].split()) for number, line in lines if (mark := MARK.search(line))}


def by_line(findings: Iterable[tuple[str, int, str]]) -> Found:
    """The findings in order: program, line, rule."""
    found: Found = {name: defaultdict(set) for name in PROGRAMS}
    for name, line, rule in findings:
        found[name][line].add(rule)
    return found


@pytest.fixture(scope="module")
def mypy(folder: Path, pytestconfig: pytest.Config) -> Found:
    """What mypy --strict says, without any settings, as at a user's."""
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("mypy-client")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "--no-error-summary"]
    files = [f"{name}.py" for name in PROGRAMS]
    done = subprocess.run([*command, *files], cwd=folder, capture_output=True, encoding="utf-8", check=False)
    said = re.findall(r"(?m)^(\w+)\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout)
    assert len(said) == done.stdout.count(": error: ") > 0, done.stdout + done.stderr
    return by_line((name, int(line), rule) for name, line, rule in said)


@pytest.fixture(scope="module")
def pyright(folder: Path) -> Found:
    """What pyright says in strict mode."""
    settings = {
        "include": ["."],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "extraPaths": [str(ROOT / name) for name in ("generated", "overrides", "transfer")],
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [*node_tool("pyright"), "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    answer = json.loads(done.stdout)
    assert answer["summary"]["filesAnalyzed"] == len(PROGRAMS)
    return by_line(
        (Path(each["file"]).stem, each["range"]["start"]["line"] + 1, each.get("rule", each["message"]))
        for each in answer["generalDiagnostics"]
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_mypy_finds_what_is_announced(mypy: Found, name: str) -> None:
    """Both spellings are accepted, a typo and a wrong type refused, and every value has its type: on each line."""
    assert dict(mypy[name]) == announced(name, "mypy")


@pytest.mark.parametrize("name", PROGRAMS)
def test_pyright_finds_what_is_announced(pyright: Found, name: str) -> None:
    """So does pyright."""
    assert dict(pyright[name]) == announced(name, "pyright")


@pytest.mark.parametrize("name", PROGRAMS)
def test_mistakes_are_announced(name: str) -> None:
    """There is something to find, and every mark is one that can be read."""
    text = (HERE / f"{name}.txt").read_text(encoding="utf-8")
    assert text.count("  # error:") == len(announced(name, "mypy")) > 20


def test_both_programs_are_alike() -> None:
    """The program for the async client announces the same mistakes as that for the sync one."""
    assert sorted(map(sorted, announced("program", "mypy").values())) == sorted(
        map(sorted, announced("async_program", "mypy").values())
    )
