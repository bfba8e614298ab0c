"""The checks that are not tests. All of them run; each prints one line, and its output only if it failed."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from maintain.venvs import ROOT, VENV, ScriptError, environment, node_tool

Command = Sequence[str]
DOCUMENT = "openapi/contacts.yaml"
WORKERS = 2


@dataclass(frozen=True)
class Result:
    """The result of a check."""

    name: str
    passed: bool
    seconds: float
    output: str

    def __str__(self) -> str:
        line = f"{self.name:<20} {'ok' if self.passed else 'FAILED':<7} {self.seconds:5.1f} s"
        return line if self.passed else f"{line}\n{self.output.rstrip()}\n"


def exit_status_ok(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether the exit status is 0."""
    return done.returncode == 0


def no_problems(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether redocly reported no problem; its exit status does not reflect warnings and ignored problems."""
    try:
        return not any(json.loads(done.stdout)["totals"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def commands() -> Mapping[str, tuple[Command, Callable[[subprocess.CompletedProcess[str]], bool]]]:
    """Return the command of each check, and the function that decides whether it passed. Slow checks come first."""
    tools = VENV / "bin"
    lint = [*node_tool("redocly"), "lint", "--extends=recommended", "--format=json", DOCUMENT]
    return {
        "mypy --strict": ([f"{tools}/mypy"], exit_status_ok),
        "pyright strict": (node_tool("pyright"), exit_status_ok),
        "regenerate --check": ([f"{tools}/python", "scripts/regenerate", "--check"], exit_status_ok),
        "redocly lint": (lint, no_problems),
        "changes --check": ([f"{tools}/python", "scripts/changes", "--check"], exit_status_ok),
        "ruff check": ([f"{tools}/ruff", "check", "."], exit_status_ok),
        "ruff format": ([f"{tools}/ruff", "format", "--check", "."], exit_status_ok),
    }


def run_check(name: str, command: Command, passed: Callable[[subprocess.CompletedProcess[str]], bool]) -> Result:
    """Run one check."""
    start = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return Result(name, passed(done), time.monotonic() - start, done.stdout + done.stderr)


def main() -> int:
    """Run all checks, print their results in order, and return the exit status."""
    try:
        checks = commands()
    except ScriptError as error:
        print(error)
        return 1
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(run_check, name, *check) for name, check in checks.items()]
        failed = 0
        for future in running:
            result = future.result()
            print(result, flush=True)
            failed += not result.passed
    return int(failed > 0)
