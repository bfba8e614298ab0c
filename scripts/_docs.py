"""The documentation as static pages: guides and Python reference by mkdocs, HTTP reference by redocly."""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from _workshop import ROOT, VENV, WorkshopError, node_tool, run

DOCUMENT = "openapi/contacts.yaml"
HTTP_PAGE = Path("reference/http-api.html")
SEARCH_ON_DISK = Path("assets/javascripts/iframe-worker.js")
LOGO_ELSEWHERE = re.compile(r"https://cdn\.redoc\.ly/redoc/[\w-]+\.svg")
LOGO = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>"
LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
"""What a page loads by itself, by tag: from elsewhere it would need a network."""


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag links to, loads and is called."""
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if LOADED.get(tag) in found and found.get("rel") != "canonical":
            self.loaded.append(found[LOADED[tag]])


def build(site: Path) -> None:
    """Build all pages into `site`, which is made anew."""
    with tempfile.TemporaryDirectory(dir=site.parent) as folder:
        fresh = Path(folder) / "site"
        run([str(VENV / "bin/mkdocs"), "build", "--strict", "--quiet", "--site-dir", str(fresh)])
        options = ["--inlineBundle", f"--output={fresh / HTTP_PAGE}"]
        run([*node_tool("redocly"), "build-docs", DOCUMENT, *options])
        load_nothing(fresh / HTTP_PAGE)
        shutil.copyfile(VENV / "node/node_modules/iframe-worker/shim/index.js", fresh / SEARCH_ON_DISK)
        (fresh / "404.html").unlink()  # for a web server at the root of a host; its links are absolute
        problems = broken(fresh)
        if problems:
            raise WorkshopError("\n".join(["These links lead nowhere:", *problems]))
        shutil.rmtree(site, ignore_errors=True)
        fresh.rename(site)


def load_nothing(page: Path) -> None:
    """Take from the HTTP reference the logo that its script loads from elsewhere, beside the words "API docs by"."""
    text, found = LOGO_ELSEWHERE.subn(LOGO, page.read_text(encoding="utf-8"))
    if not found:
        raise WorkshopError(f"{page.name} has no logo that is loaded from elsewhere: look what redocly does instead.")
    page.write_text(text, encoding="utf-8")


def broken(site: Path) -> list[str]:
    """Return each link of the pages under `site` that leads nowhere, and each thing that is loaded from elsewhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    pages[site / HTTP_PAGE].links.clear()  # it makes what they lead to when it is shown
    return [
        f"{path.relative_to(site)}: {link}"
        for path, page in pages.items()
        for link in [
            *(link for link in [*page.links, *page.loaded] if leads_nowhere(link, path, pages)),
            *(link for link in page.loaded if urlsplit(link).netloc),
        ]
    ]


def leads_nowhere(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    """Whether a link of the page at `path` goes to a file or an anchor that is not there. Other hosts are not asked."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if target not in pages:
        return not target.exists()
    return unquote(parts.fragment) not in pages[target].anchors


def main(arguments: list[str]) -> int:
    """Build the pages and return the exit status."""
    parser = argparse.ArgumentParser(prog="docs", description="Build docs/ into pages that work without a network.")
    parser.add_argument("--output", type=Path, default=ROOT / "site", help="the folder, made anew (site)")
    output = parser.parse_args(arguments).output.resolve()
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        build(output)
    except WorkshopError as error:
        print(error)
        return 1
    print(f"The documentation is built: open {output / 'index.html'}.")
    return 0
