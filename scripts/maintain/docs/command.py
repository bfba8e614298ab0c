"""The documentation as static pages: guides and Python reference by mkdocs, HTTP reference by redocly."""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from maintain.venvs import ROOT, VENV, ScriptError, node_tool, run

DOCUMENT = "openapi/contacts.yaml"
HTTP_PAGE = Path("reference/http-api.html")
SEARCH_ON_DISK = Path("assets/javascripts/iframe-worker.js")
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='16' height='16' viewBox='0 0 16 16'>"
    "<path d='M9 3 4 8l5 5M4 8h9' fill='none' stroke='gray' stroke-width='1.5'/></svg>"
)
HTTP_EDITS = {
    # Its logo, which its script loads from elsewhere, and the words before it: the way back is there instead.
    r"https://cdn\.redoc\.ly/redoc/[\w-]+\.svg": ICON,
    r'target="_blank" rel="noopener noreferrer" href="https://redocly\.com/redoc/"': 'href="../index.html"',
    r"target:`_blank`,rel:`noopener noreferrer`,href:`https://redocly\.com/redoc/`": "href:`../index.html`",
    r"\bAPI docs by\b": "Guides",
    r"\bredocly logo\b": "Back to the guides",
    # Its menu, whose links are right for a server alone: the first are in the page, others come from its script.
    r'href="/(?=[^"]*" data-discover="true")': 'href="#/',
    r"\bcreateHref:(\w+)(?=,createURL\(\w+\)\{return new URL\(\1\()": r"createHref:to=>`#`+\1(to)",
}
"""What is changed in the page that redocly makes, since it has no options for it."""
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
        settle(fresh / HTTP_PAGE)
        shutil.copyfile(VENV / "node/node_modules/iframe-worker/shim/index.js", fresh / SEARCH_ON_DISK)
        (fresh / "404.html").unlink()  # for a web server at the root of a host; its links are absolute
        problems = broken(fresh)
        if problems:
            raise ScriptError("\n".join(["These links lead nowhere:", *problems]))
        shutil.rmtree(site, ignore_errors=True)
        fresh.rename(site)


def settle(page: Path) -> None:
    """Make the HTTP reference one of these pages: it loads nothing, its links work from a disk, and one leads back."""
    text = page.read_text(encoding="utf-8")
    for pattern, instead in HTTP_EDITS.items():
        text, found = re.subn(pattern, instead, text)
        if not found:
            raise ScriptError(
                f"{page.name} has nothing like {pattern} any more: look what redocly makes instead, and change "
                "HTTP_EDITS in scripts/maintain/docs/command.py."
            )
    page.write_text(text, encoding="utf-8")


def broken(site: Path) -> list[str]:
    """Return each link of the pages under `site` that leads nowhere, and each thing that is loaded from elsewhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    http = pages[site / HTTP_PAGE]
    http.links = [link for link in http.links if not link.startswith("#")]  # it makes its anchors when it is shown
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
    if parts.path.startswith("/"):  # on a disk that is the root of all
        return True
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
    except ScriptError as error:
        print(error)
        return 1
    print(f"The documentation is built: open {output / 'index.html'}.")
    return 0
