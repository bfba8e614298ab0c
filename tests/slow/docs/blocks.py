"""The pages of the documentation, and their code blocks. A block with a title is the file of that name."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
SANDBOX_URL = "http://127.0.0.1:4010"
"""The URL of the sandbox on all pages."""
_FENCE = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A code block: its language, its title (a file name, or ""), and its content."""

    language: str
    title: str
    code: str


def blocks(page: str, language: str = "") -> list[Block]:
    """Return the code blocks of a page, optionally only those in one language."""
    found = [Block(*parts) for parts in _FENCE.findall(PAGES[page])]
    return [block for block in found if language in {"", block.language}]


def write_titled_blocks(page: str, home: Path, url: str) -> None:
    """Write the files that a page shows, readable only by their owner, with the URL of the running sandbox."""
    for block in blocks(page):
        if block.title:
            file = home / block.title.removeprefix("~/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.code.replace(SANDBOX_URL, url), encoding="utf-8")
            file.chmod(0o600)


def run_python(arguments: list[str], folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, in the environment of a reader who has started a sandbox."""
    variables = {"SENDBLUE_API_API_KEY": "key", "SENDBLUE_API_API_SECRET": "secret", "SENDBLUE_API_BASE_URL": url}
    command, environment = [sys.executable, *arguments], {**os.environ, **variables}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=90)


def assert_tests_pass(tests: str, folder: Path) -> None:
    """Run tests that a page shows, with the fixtures of the installed plugin."""
    (folder / "test_samples.py").write_text(tests, encoding="utf-8")
    options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={folder}", str(folder)]
    process = run_python(options, folder, "")
    assert f"{tests.count('def test_')} passed" in process.stdout, process.stdout
