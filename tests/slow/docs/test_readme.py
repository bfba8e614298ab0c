"""The README: every Python sample runs against a sandbox, and every script and file in it exists."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

ROOT = Path(__file__).parents[3]
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


def run(sample: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run a sample as a separate program."""
    credentials = {"SENDBLUE_API_API_KEY": "key", "SENDBLUE_API_API_SECRET": "secret", "SENDBLUE_API_BASE_URL": url}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", sample],
        env={**os.environ, **credentials},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_readme_has_samples() -> None:
    """The README has programs, one pytest test, and commands."""
    assert (len(SAMPLES) >= 2, len(TESTS), len(COMMANDS) >= 4) == (True, 1, True)


def test_the_pytest_sample_passes(tmp_path: Path) -> None:
    """The test in the README passes with the fixtures of the installed plugin."""
    (tmp_path / "test_sample.py").write_text(TESTS[0], encoding="utf-8")
    options = ("-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}")
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert "1 passed" in process.stdout, process.stdout


@pytest.mark.parametrize("sample", SAMPLES[1:], ids=range(1, len(SAMPLES)))
def test_sample_runs(sample: str, url: str) -> None:
    """Every sample runs without an error or a warning."""
    process = run(sample, url)
    assert (process.returncode, process.stderr) == (0, "")


def test_first_sample(url: str) -> None:
    """The first sample prints a name, the contacts and a bulk result, and has at most eleven lines of code."""
    process = run(SAMPLES[0], url)
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
