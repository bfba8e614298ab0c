"""The pages of the documentation, and their code blocks. A block with a title is the file of that name."""

from __future__ import annotations

import re
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
