"""The pages of the documentation, and the blocks of code on them. A block with a title is a file of that name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
ADDRESS = "http://127.0.0.1:4010"
"""Where the pages say that the sandbox is."""
_FENCE = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code: its language, the name of the file that it is ("" for none), and what stands in it."""

    language: str
    title: str
    code: str


def blocks(page: str, language: str = "") -> list[Block]:
    """The blocks of a page; of one language if that is given."""
    found = [Block(*parts) for parts in _FENCE.findall(PAGES[page])]
    return [block for block in found if language in {"", block.language}]


def lay_out(page: str, home: Path, url: str) -> None:
    """Write the files that a page shows: readable by nobody else, and with the address of the sandbox that there is."""
    for block in blocks(page):
        if block.title:
            file = home / block.title.removeprefix("~/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.code.replace(ADDRESS, url), encoding="utf-8")
            file.chmod(0o600)
