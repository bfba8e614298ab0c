"""Build the documentation as static pages: guides and Python reference by mkdocs, HTTP reference by redocly."""

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
    # Its logo, which its script loads from another host, and the words before it become a link back to the guides.
    r"https://cdn\.redoc\.ly/redoc/[\w-]+\.svg": ICON,
    r'target="_blank" rel="noopener noreferrer" href="https://redocly\.com/redoc/"': 'href="../index.html"',
    r"target:`_blank`,rel:`noopener noreferrer`,href:`https://redocly\.com/redoc/`": "href:`../index.html`",
    r"\bAPI docs by\b": "Guides",
    r"\bredocly logo\b": "Back to the guides",
    # Its menu, whose links work on a server only: some are in the page, others are added by its script.
    r'href="/(?=[^"]*" data-discover="true")': 'href="#/',
    r"\bcreateHref:(\w+)(?=,createURL\(\w+\)\{return new URL\(\1\()": r"createHref:to=>`#`+\1(to)",
}
"""Changes of the page that redocly builds, which has no options for them."""
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


def build(site: Path) -> None:
    """Build all pages into `site`, which is replaced."""
    with tempfile.TemporaryDirectory(dir=site.parent) as folder:
        fresh = Path(folder) / "site"
        run([str(VENV / "bin/mkdocs"), "build", "--strict", "--quiet", "--site-dir", str(fresh)])
        options = ["--inlineBundle", f"--output={fresh / HTTP_PAGE}"]
        run([*node_tool("redocly"), "build-docs", DOCUMENT, *options])
        adapt(fresh / HTTP_PAGE)
        shutil.copyfile(VENV / "node/node_modules/iframe-worker/shim/index.js", fresh / SEARCH_ON_DISK)
        (fresh / "404.html").unlink()  # its absolute links work only at the root of a web server
        problems = broken_links(fresh)
        if problems:
            raise ScriptError("\n".join(["Broken links:", *problems]))
        shutil.rmtree(site, ignore_errors=True)
        fresh.rename(site)


def adapt(page: Path) -> None:
    """Adapt the HTTP reference: it loads nothing, its links work from a disk, and one of them leads to the guides."""
    text = page.read_text(encoding="utf-8")
    for pattern, instead in HTTP_EDITS.items():
        text, found = re.subn(pattern, instead, text)
        if not found:
            raise ScriptError(
                f"{page.name} no longer contains {pattern}: check what redocly builds instead, and adapt "
                "HTTP_EDITS in scripts/maintain/docs/command.py."
            )
    page.write_text(text, encoding="utf-8")


def broken_links(site: Path) -> list[str]:
    """Return every broken link of the pages under `site`, and everything that they load from another host."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    http = pages[site / HTTP_PAGE]
    http.links = [link for link in http.links if not link.startswith("#")]  # its script adds the anchors
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


def main(arguments: list[str]) -> int:
    """Build the pages and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/docs", description="Build docs/ into static pages that work without a network."
    )
    parser.add_argument(
        "--output", type=Path, default=ROOT / "site", help="the output folder, which is replaced (site)"
    )
    output = parser.parse_args(arguments).output.resolve()
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        build(output)
    except ScriptError as error:
        print(error)
        return 1
    print(f"The documentation was built: open {output / 'index.html'}.")
    return 0
