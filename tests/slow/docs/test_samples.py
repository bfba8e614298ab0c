"""Python samples in the documentation run: those of a page, in order, as one program, against a sandbox."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

from tests.slow.docs.blocks import PAGES, ROOT, assert_tests_pass, blocks, run_python, write_titled_blocks

LANGUAGES = {"ini", "python", "console", "shell", "text", "toml", "csv"}


def samples(page: str) -> list[str]:
    """Return the Python samples of a page, without those that are files, which have their own tests."""
    return [block.code for block in blocks(page, "python") if "--8<--" not in block.code and not block.title]


def pages(*, tests: bool) -> list[str]:
    """Return the pages whose samples are pytest tests, or those with other samples."""
    return [page for page in PAGES if any(("def test_" in code) is tests for code in samples(page))]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_found(page: str) -> None:
    """Every fence belongs to a block, and has a known language: no test would run another one."""
    fences = re.findall(r"^[ >]*(?:```|~~~)", PAGES[page], re.MULTILINE)
    assert len(fences) == 2 * len(blocks(page))
    assert {block.language for block in blocks(page)} <= LANGUAGES


@pytest.mark.parametrize("page", pages(tests=False))
def test_the_samples_run(page: str, tmp_path: Path) -> None:
    """The samples of a page run in order, without an error or a warning."""
    program = "\n".join(code for code in samples(page) if "def test_" not in code)
    program = program.replace("/tmp/", f"{tmp_path}/")  # noqa: S108  # not used, but replaced
    options = ("-W", "error", "-W", "ignore::ResourceWarning")  # some samples do not close their client
    with Sandbox(limit=None) as sandbox:
        write_titled_blocks(page, tmp_path, sandbox.url)
        process = run_python([*options, "-c", program], tmp_path, sandbox.url)
    unexpected = [line for line in process.stderr.splitlines() if not line.startswith("INFO:")]
    assert (process.returncode, unexpected) == (0, [])


@pytest.mark.parametrize("page", pages(tests=True))
def test_the_tests_pass(page: str, tmp_path: Path) -> None:
    """The tests of a page pass with the fixtures of the installed plugin."""
    assert_tests_pass("\n\n".join(code for code in samples(page) if "def test_" in code), tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_included_files_exist(page: str) -> None:
    """Files that a page includes exist, except the chart, which scripts/docs draws."""
    found = [name for name in re.findall(r'--8<-- "(.*?)"', PAGES[page]) if not name.endswith("chart.svg")]
    assert [name for name in found if not (ROOT / name).exists()] == []
