"""The README: every Python sample runs against a sandbox, and every script and file in it exists."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

from tests.slow.docs.blocks import ROOT, assert_tests_pass, run_python

README = (ROOT / "README.md").read_text(encoding="utf-8")
FOUND = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SAMPLES = [sample for sample in FOUND if "def test_" not in sample]
TESTS = [sample for sample in FOUND if "def test_" in sample]
COMMANDS = re.findall(r"^\$ (\S+)", README, re.MULTILINE)


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the URL of an empty sandbox."""
    with Sandbox() as sandbox:
        yield sandbox.url


def test_the_readme_has_samples() -> None:
    """The README has programs, one pytest test, and commands."""
    assert (len(SAMPLES) >= 2, len(TESTS), len(COMMANDS) >= 4) == (True, 1, True)


def test_the_pytest_sample_passes(tmp_path: Path) -> None:
    """The test in the README passes with the fixtures of the installed plugin."""
    assert_tests_pass(TESTS[0], tmp_path)


@pytest.mark.parametrize("sample", SAMPLES[1:], ids=range(1, len(SAMPLES)))
def test_sample_runs(sample: str, url: str, tmp_path: Path) -> None:
    """Every sample runs without an error or a warning."""
    process = run_python(["-W", "error", "-c", sample], tmp_path, url)
    assert (process.returncode, process.stderr) == (0, "")


def test_first_sample(url: str, tmp_path: Path) -> None:
    """The first sample prints a name, the contacts and a bulk result, and has at most eleven lines of code."""
    process = run_python(["-W", "error", "-c", SAMPLES[0]], tmp_path, url)
    assert (process.returncode, process.stderr) == (0, "")
    expected = ("Ada 20", "+14155551234 ['VIP']", "BulkCreateResult(1 of 2 created; 1 failed")
    assert [text for text in expected if text not in process.stdout] == []
    assert len([line for line in SAMPLES[0].splitlines() if line.strip()]) <= 11


@pytest.mark.parametrize("command", sorted({command for command in COMMANDS if "/" in command}))
def test_script_exists(command: str) -> None:
    """Each script in the README exists and is executable."""
    assert os.access(ROOT / command, os.X_OK)


NAMED = r"`((?:openapi|overrides|tests|scripts)/[\w./]+|[A-Z]+\.md)`|(?:\]\(|src=\"|srcset=\")(docs/[^)#\"]+)"


@pytest.mark.parametrize("name", sorted({file or link for file, link in re.findall(NAMED, README)}))
def test_named_file_exists(name: str) -> None:
    """Each file in the README exists."""
    assert (ROOT / name).exists()
