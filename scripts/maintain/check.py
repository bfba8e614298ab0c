"""The checks that are not tests. All are run; each is one line, and what it printed is shown only when it failed."""

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
    """How a check went."""

    name: str
    passed: bool
    seconds: float
    output: str

    def __str__(self) -> str:
        line = f"{self.name:<20} {'ok' if self.passed else 'FAILED':<7} {self.seconds:5.1f} s"
        return line if self.passed else f"{line}\n{self.output.rstrip()}\n"


def by_status(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether the tool says so by its exit status."""
    return done.returncode == 0


def spotless(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether redocly found nothing at all: its exit status tells neither of warnings nor of what it ignored."""
    try:
        return not any(json.loads(done.stdout)["totals"].values())
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def commands() -> Mapping[str, tuple[Command, Callable[[subprocess.CompletedProcess[str]], bool]]]:
    """Return each check: its command, and how to tell from what it did whether it passed. The longest come first."""
    tools = VENV / "bin"
    lint = [*node_tool("redocly"), "lint", "--extends=recommended", "--format=json", DOCUMENT]
    return {
        "mypy --strict": ([f"{tools}/mypy"], by_status),
        "pyright strict": (node_tool("pyright"), by_status),
        "regenerate --check": ([f"{tools}/python", "scripts/regenerate", "--check"], by_status),
        "redocly lint": (lint, spotless),
        "changes --check": ([f"{tools}/python", "scripts/changes", "--check"], by_status),
        "ruff check": ([f"{tools}/ruff", "check", "."], by_status),
        "ruff format": ([f"{tools}/ruff", "format", "--check", "."], by_status),
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
    """Run all checks, tell of each as soon as those before it are done, and return the exit status."""
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
