"""The order of the slow tests, and which of them record coverage.

pytest-xdist gives each file to one worker, in the order of the tests. The files that take longest come first, because a
long file that started last would keep one worker busy while the others have nothing left to do.
"""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
LONGEST = (
    "maintain/test_release_recipe.py",
    "docs/test_console.py",
    "maintain/test_type_recipes.py",
    "maintain/test_recipes.py",
    "maintain/test_newcomer.py",
    "sandbox_browser/test_status_page.py",
    "maintain/test_changes_mutations.py",
    "typing/test_completeness.py",
    "docs/test_browser.py",
    "external/test_drift.py",
    "transfer/test_interruptions.py",
    "external/test_schemathesis.py",
    "docs/test_samples.py",
    "sandbox_browser/test_page_controls.py",
    "sandbox_browser/test_reference_page.py",
    "read_lag/test_one_thousand_calls.py",
    "transfer/test_sync_interruptions.py",
    "rate_limit/test_file_processes.py",
    "maintain/test_regenerate.py",
    "rate_limit/test_redis_processes.py",
    "maintain/test_packaging.py",
    "maintain/test_demo.py",
    "external/test_prism.py",
    "sandbox/test_database.py",
    "connections/test_processes.py",
)
# The folders that run code, in the process of the tests, which the quick tests do not run. Recording coverage of the
# others makes them slower and shows nothing new.
COVERED = {"connections", "rate_limit"}


def position(path: Path) -> int:
    """Return the place of a file in LONGEST; all other files come after it, in random order."""
    name = path.relative_to(FOLDER).as_posix() if path.is_relative_to(FOLDER) else ""
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by file. The tests of a file keep their order, which pytest-randomly chose."""
    items.sort(key=lambda item: position(item.path))
    for item in items:
        if item.path.is_relative_to(FOLDER) and item.path.relative_to(FOLDER).parts[0] not in COVERED:
            item.add_marker("no_cover")
