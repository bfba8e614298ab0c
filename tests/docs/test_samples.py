"""The documentation runs: the Python samples of each page, in order, as one program, against a sandbox."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sendblue_sandbox import Sandbox

from tests.docs.blocks import PAGES, ROOT, blocks, lay_out

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = {"python", "console", "shell", "text", "toml", "csv"}


def samples(page: str) -> list[str]:
    """The Python samples of a page that are not included from a file, which has tests of its own."""
    return [block.code for block in blocks(page, "python") if "--8<--" not in block.code]


def pages(*, tests: bool) -> list[str]:
    """The pages that have programs, or that have tests."""
    return [page for page in PAGES if any(("def test_" in code) is tests for code in samples(page))]


def run(command: list[str], folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run a program as a reader would who has a sandbox."""
    settings = {"SENDBLUE_API_API_KEY": "key", "SENDBLUE_API_API_SECRET": "secret", "SENDBLUE_API_BASE_URL": url}
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True, check=False, timeout=90
    )


def test_there_are_samples() -> None:
    """The pages show code to run and tests to run."""
    assert len(pages(tests=False)) >= 7
    assert pages(tests=True) == ["guides/testing.md"]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_what_it_is(page: str) -> None:
    """A block without a language would be shown as nothing and run by nobody."""
    assert {block.language for block in blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_found(page: str) -> None:
    """A block that begins or ends in another way would be run by nobody."""
    fences = re.findall(r"^[ >]*(?:```|~~~)", PAGES[page], re.MULTILINE)
    assert len(fences) == 2 * len(blocks(page))


@pytest.mark.parametrize("page", pages(tests=False))
def test_the_samples_run(page: str, tmp_path: Path) -> None:
    """In the order of the page, to the end and without a warning."""
    program = "\n".join(code for code in samples(page) if "def test_" not in code)
    program = program.replace("/tmp/", f"{tmp_path}/")  # noqa: S108  # not used, but replaced
    strict = ("-W", "error", "-W", "ignore::ResourceWarning")  # a page leaves its client open, as a reader would
    with Sandbox(limit=None) as sandbox:
        lay_out(page, tmp_path, sandbox.url)
        done = run([sys.executable, *strict, "-c", program], tmp_path, sandbox.url)
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("INFO:")]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.parametrize("page", pages(tests=True))
def test_the_tests_pass(page: str, tmp_path: Path) -> None:
    """With the fixtures of the installed plugin."""
    shown = "\n\n".join(code for code in samples(page) if "def test_" in code)
    (tmp_path / "test_shown.py").write_text(shown, encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(tmp_path)]
    done = run([sys.executable, "-m", "pytest", *options], tmp_path, "")
    assert f"{shown.count('def test_')} passed" in done.stdout, done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_included_files_exist(page: str) -> None:
    """What a page takes from elsewhere is there."""
    assert [name for name in re.findall(r'--8<-- "(.*?)"', PAGES[page]) if not (ROOT / name).exists()] == []
