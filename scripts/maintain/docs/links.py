"""The link check of the built pages."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
"""The attribute with the address of what each tag loads. Pages must not load anything from another host."""


class Page(HTMLParser):
    """The links, the loaded files and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record what the tag links to and loads, and its anchors."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if LOADED.get(tag) in found and found.get("rel") != "canonical":
            self.loaded.append(found[LOADED[tag]])


def broken_links(site: Path) -> list[str]:
    """Return every broken link of the pages under `site`, and everything that they load from another host."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site)}: {link}"
        for path, page in pages.items()
        for link in [
            *(link for link in [*page.links, *page.loaded] if is_broken(link, path, pages)),
            *(link for link in page.loaded if urlsplit(link).netloc),
        ]
    ]


def is_broken(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    """Whether a link of the page at `path` leads to a missing file or anchor. Links to other hosts are not checked."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    if parts.path.startswith("/"):  # on a disk, the root of the file system
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if target not in pages:
        return not target.exists()
    return unquote(parts.fragment) not in pages[target].anchors
