"""Branch coverage of the hand-written code, summed up by top-level folder."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from maintain.venvs import ROOT, VENV, ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDERS = ("overrides", "transfer", "cli", "sandbox")
COLUMNS = ("num_statements", "missing_lines", "num_branches", "missing_branches")
COVERED = ("covered_lines", "covered_branches")


def pytest_options(*, append: bool = False) -> list[str]:
    """Return the options that make pytest record coverage, in addition to what is recorded when `append` is true."""
    sources = [f"--cov={folder}" for folder in FOLDERS if (ROOT / folder).is_dir()]
    return [*sources, "--cov-branch", "--cov-report=", *["--cov-append"] * append]


def coverage_table() -> str:
    """Return what was recorded as a table with one line for each folder, or why there is nothing to show."""
    try:
        report = json.loads(run([str(VENV / "bin/coverage"), "json", "--quiet", "-o", "-"]))
    except (ScriptError, ValueError) as error:
        return f"No coverage was recorded: {error}"
    return "\n".join(table(report["files"]))


def table(files: Mapping[str, Any]) -> list[str]:
    """Return the lines of the table for the `files` of a report of `coverage json`."""
    sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path, entry in files.items():
        for name in (*COLUMNS, *COVERED):
            sums[path.partition("/")[0]][name] += entry["summary"][name]
    head = f"{'branch coverage':<20} {'lines':>7} {'missed':>7} {'branches':>9} {'missed':>7} {'covered':>8}"
    return [head, *(_line(folder, sums[folder]) for folder in FOLDERS if folder in sums)]


def _line(folder: str, sums: Mapping[str, int]) -> str:
    lines, missed, branches, missed_branches = (sums[name] for name in COLUMNS)
    covered = sum(sums[name] for name in COVERED) / (lines + branches or 1)
    return f"{folder:<20} {lines:>7} {missed:>7} {branches:>9} {missed_branches:>7} {covered:>8.1%}"
