"""Build the documentation as static pages with zensical."""

from __future__ import annotations

import argparse
import html
import re
import shutil
import tempfile
from pathlib import Path

from maintain.docs.generated_pages import generated_pages, version
from maintain.docs.limiter_chart import chart_of_table
from maintain.docs.links import broken_links
from maintain.venvs import ROOT, VENV, ScriptError, node_tool, run

CONFIG = "zensical.toml"
GRIFFE = "scripts/maintain/docs/griffe_docs.py"
LINKED = ("generated", "overrides", "transfer", "cli", "sandbox", "examples", "scripts", "benchmarks")
"""The folders that pages include files from, and those whose docstrings the Python reference shows."""
SEARCH_ON_DISK = "assets/javascripts/iframe-worker.js"
CONSOLE = re.compile(
    r'<div class="language-console highlight">(?=<pre>(?:<span></span>)?<code>(.*?)</code>)', re.DOTALL
)
PROMPTS = ("$ ", "> ")


def build(site: Path) -> None:
    """Build all pages into `site`, which is replaced."""
    with tempfile.TemporaryDirectory(dir=site.parent) as folder:
        workspace = Path(folder).resolve()
        prepare(workspace)
        node_tool("redocly")  # installs the Node packages, which have a script of the search
        run([str(VENV / "bin/zensical"), "build", "--strict"], cwd=workspace)
        fresh = workspace / "site"
        shutil.copyfile(VENV / "node/node_modules/iframe-worker/shim/index.js", fresh / SEARCH_ON_DISK)
        (fresh / "404.html").unlink()  # its absolute links work only at the root of a web server
        for page in fresh.rglob("*.html"):
            page.write_text(finished(page.read_text(encoding="utf-8"), _root(page, fresh)), encoding="utf-8")
        problems = broken_links(fresh)
        if problems:
            raise ScriptError("\n".join(["Broken links:", *problems]))
        shutil.rmtree(site, ignore_errors=True)
        fresh.rename(site)


def prepare(workspace: Path) -> None:
    """Write the configuration and all pages, also the generated ones, into an empty folder."""
    shutil.copytree(ROOT / "docs", workspace / "docs")
    for name, text in generated_pages().items():
        page = workspace / "docs" / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(text, encoding="utf-8")
    (workspace / "docs/assets/limiter-chart.svg").write_text(chart_of_table(), encoding="utf-8")
    for name in LINKED:
        (workspace / name).symlink_to(ROOT / name)
    shutil.copyfile(ROOT / GRIFFE, workspace / Path(GRIFFE).name)
    config = (ROOT / CONFIG).read_text(encoding="utf-8")
    (workspace / CONFIG).write_text(config.replace("VERSION", version()), encoding="utf-8")


def finished(text: str, root: str) -> str:
    """Return the text of a page with the address of its root, and with the commands that its copy buttons copy."""
    return CONSOLE.sub(_with_commands, text.replace("ROOT/", f"{root}/"))


def _root(page: Path, site: Path) -> str:
    return "/".join([".."] * (len(page.relative_to(site).parts) - 1)) or "."


def _with_commands(found: re.Match[str]) -> str:
    code = html.unescape(re.sub(r"<[^>]*>", "", found[1]))
    commands = "\n".join(line[2:] for line in code.splitlines() if line.startswith(PROMPTS))
    return f'{found[0][:-1]} data-copy="{html.escape(commands)}">'


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="scripts/docs", description="Build docs/ into static pages that work without a network."
    )
    parser.add_argument(
        "--output", type=Path, default=ROOT / "site", help="the output folder, which is replaced (site)"
    )
    parser.add_argument(
        "--pictures",
        action="store_true",
        help="take the pictures in docs/assets again, with Chromium, and build nothing",
    )
    return parser


def main(arguments: list[str]) -> int:
    """Build the pages and return the exit status."""
    options = parser().parse_args(arguments)
    output = options.output.resolve()
    if options.pictures:
        from maintain.docs.pictures import take_pictures  # needs selenium, which a build does not

        print(*take_pictures(), sep="\n")
        return 0
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        build(output)
    except ScriptError as error:
        print(error)
        return 1
    print(f"The documentation was built: open {output / 'index.html'}.")
    return 0
