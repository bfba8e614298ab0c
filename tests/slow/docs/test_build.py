"""The built documentation is complete, has no broken links, and needs no network connection."""

from __future__ import annotations

import html
import os
import re
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
import sendblue_contacts
from griffe import Docstring, Function
from maintain.docs.generated_pages import DOCUMENT, generated_pages
from maintain.docs.griffe_docs import Docs, readable_default
from maintain.docs.http_reference import Operation, curl, operations, python
from maintain.docs.limiter_chart import TABLE, chart, read_arrivals
from maintain.docs.links import broken_links
from maintain.openapi_document import read
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_sandbox.faults.fault import FaultKind
from sendblue_sandbox.server.control_api import CONTROLS

from tests.slow.docs.blocks import PAGES, ROOT, blocks

INDEX = '<a href="#top" id="top">here</a><a href="guides/a.html#x">there</a><a href="https://example.com/">far</a>'
GUIDE = '<h2 id="x">X</h2><a href="../index.html">back</a><link rel="canonical" href="https://example.com/a">'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write a small site without broken links."""
    for name, text in (("index.html", INDEX), ("guides/a.html", GUIDE)):
        page = tmp_path / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(text, encoding="utf-8")
    return tmp_path


def test_every_page_is_built(built: Path) -> None:
    """Every page becomes a file, also each generated one, and is in the navigation; snippets are no pages."""
    pages = {page for page in [*PAGES, *generated_pages()] if not page.startswith("assets/")}
    navigation = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]
    assert set(re.findall(r"[\w/-]+\.md", str(navigation))) == pages
    expected = {page.replace(".md", ".html") for page in pages}
    assert {path.relative_to(built).as_posix() for path in built.rglob("*.html")} == expected
    assert '<svg class="limiter-chart"' in (built / "guides/limits.html").read_text(encoding="utf-8")
    assert "sendblue-contacts 0." in (built / "index.html").read_text(encoding="utf-8")
    index = (built / "search.js").read_text(encoding="utf-8")  # a page opened from a disk cannot fetch a file
    assert (index.index("=") < 40, "IncompleteListError" in index) == (True, True)


REFERENCE = [page for page in PAGES if page.startswith("reference/") and page != "reference/python.md"]


def reference(built: Path) -> dict[str, str]:
    """Return the text of each built page of the Python reference by its name in the sources."""
    return {page: (built / page.replace(".md", ".html")).read_text(encoding="utf-8") for page in REFERENCE}


def test_the_reference_has_every_public_name(built: Path) -> None:
    """The Python reference has every public name of the package."""
    text = "".join(reference(built).values())
    assert [name for name in sendblue_contacts.__all__ if name not in text and name != "__version__"] == []


def objects(page: str) -> list[str]:
    """Return the paths of the classes and functions in the Python reference, without class members."""
    return re.findall(r'<h3 id="([\w.]+)" class="doc doc-heading">', page)


def documented_modules(page: str) -> dict[str, str]:
    """Return the module of each name that a page of the Python reference mentions; the key "" has the default."""
    default = re.search(r"^From `([\w.]+)`", page, re.MULTILINE)
    sentences = re.findall(r"((?:`\w+`(?:, | and )?)+) (?:is|are) in `([\w.]+)`", page)
    modules = {name: module for names, module in sentences for name in re.findall(r"\w+", names)}
    return {"": default[1] if default else "sendblue_contacts", **modules}


def test_names_in_the_reference_can_be_imported(built: Path) -> None:
    """Every name is public in the module that its page names; pytest loads the fixtures, so they are exempt."""
    found = [
        (documented_modules(PAGES[page]), path.rpartition(".")[2])
        for page, text in reference(built).items()
        for path in objects(text)
        if not path.startswith("sendblue_sandbox.pytest_")
    ]
    assert len(found) > 50
    assert [name for modules, name in found if not is_public(modules.get(name, modules[""]), name)] == []


def test_signatures_are_readable(built: Path) -> None:
    """`create` and `update` name the type of their fields, which are documented, and defaults are values."""
    text = html.unescape(re.sub("<.*?>", "", reference(built)["reference/contacts.md"]))
    assert "**fields: Any" not in text
    assert "page_size: int = 1000" in text
    for name, _, alias in (line.partition(":") for line in ("first_name:firstName", "opt_out:optOut")):
        assert (f"{name}\n" in text, f"\n{alias}\n" in text) == (True, False)


@pytest.mark.parametrize(
    ("default", "readable"),
    [("MAX_PAGE_SIZE", "1000"), ("KEEP", "..."), ("None", "None"), ("time.sleep", "time.sleep")],
)
def test_defaults(default: str, readable: str) -> None:
    """A constant becomes its value, or `...` if it is no number or text; other defaults are unchanged."""
    assert readable_default(default, "sendblue_contacts.pagination") == readable


def is_public(module: str, name: str) -> bool:
    """Return whether a module has a public name; if it has `__all__`, the name must be in it."""
    imported = import_module(module)
    return not name.startswith("_") and hasattr(imported, name) and name in getattr(imported, "__all__", [name])


def test_the_reference_shows_examples_as_code(built: Path) -> None:
    """Examples in docstrings become code blocks, with their line breaks."""
    page = reference(built)["reference/files.md"]
    code = [html.unescape(re.sub("<.*?>", "", block)) for block in re.findall("<pre>(.*?)</pre>", page, re.DOTALL)]
    assert [block for block in code if block.startswith("with Sendblue() as client, open_source") and "\n" in block]


@pytest.mark.parametrize(
    "fault",
    [
        '<a href="guides/b.html">no such page</a>',
        '<a href="guides/a.html#y">no such anchor on that page</a>',
        '<a href="guides">a folder without an index</a>',
        '<script src="https://example.com/script.js"></script>',
        '<link rel="stylesheet" href="//example.com/style.css">',
        '<a href="/tmp">absolute, works only on a server</a>',
    ],
)
def test_a_broken_link_is_reported(site: Path, fault: str) -> None:
    """The report names the page. Anchors, relative links, links to other hosts and canonical URLs are allowed."""
    assert broken_links(site) == []
    page = site / "index.html"
    page.write_text(INDEX + fault, encoding="utf-8")
    assert [problem.partition(": ")[0] for problem in broken_links(site)] == ["index.html"]


def test_escaped_links_are_decoded(site: Path) -> None:
    """Percent-encoded paths and anchors are decoded, as browsers do."""
    (site / "a b.html").write_text("<p id='ü'>", encoding="utf-8")
    (site / "index.html").write_text('<a href="a%20b.html#%C3%BC">x</a>', encoding="utf-8")
    assert broken_links(site) == []


def test_copy_buttons_copy_commands(built: Path) -> None:
    """The button of a console block copies its commands, with continuation lines, without prompts and output."""
    page = (built / "guides/command-line.html").read_text(encoding="utf-8")
    copied = [html.unescape(text) for text in re.findall(r' data-copy="([^"]*)"', page)]
    lines = [line for block in blocks("guides/command-line.md", "console") for line in block.code.splitlines()]
    assert [line for text in copied for line in text.splitlines()] == [
        line[2:] for line in lines if line.startswith(("$ ", "> "))
    ]


def test_the_chart_has_the_figures_of_the_table() -> None:
    """The chart has a bar for each limiter of the table, with the most arrivals on the network that stalls."""
    arrivals = read_arrivals((ROOT / TABLE).read_text(encoding="utf-8"))
    assert (len(arrivals), arrivals["sendblue-contacts"], arrivals["token bucket"]) == (9, 100, 212)
    drawn = chart({"ours": 100, "other": 150})
    assert re.findall(r'width="([\d.]+)" height="14" class="(\w+)"', drawn) == [("175", "within"), ("262.5", "above")]
    assert ">150</text>" in drawn


def test_faults_and_routes_are_complete() -> None:
    """The page of the sandbox has every kind of fault, and every route with its methods."""
    page = generated_pages()["reference/sandbox-routes.md"]
    kinds = re.findall(r"^\| `(\w+)` ", page.partition("## Kinds")[2].partition("\n## ")[0], re.MULTILINE)
    assert kinds == list(get_args(FaultKind))
    methods: dict[str, set[str]] = {}
    route = ""
    for name, cell in re.findall(r"^\| `?(/[/\w{}-]+)?`? \| ([A-Z /]+) \|", page, re.MULTILINE):
        route = name or route
        methods.setdefault(route, set()).update(cell.split(" / "))
    assert methods == {route: set(handlers) for route, handlers in CONTROLS.items()}


def test_samples_of_the_http_reference_run() -> None:
    """For each operation, the Python sample and the curl command succeed on a sandbox with the contact."""
    document = read(ROOT / DOCUMENT, DOCUMENT).data
    failed = [operation.name for operation in operations(document) if not samples_run(operation)]
    assert failed == []


def samples_run(operation: Operation) -> bool:
    """Run both samples of an operation, each on an empty sandbox or, if it does not create contacts, one with two."""
    ok = []
    for run in (run_python, run_curl):
        with Sandbox() as sandbox:
            if not operation.name.endswith(("create_contact", "create_contacts")):
                with Sendblue("key", "secret", base_url=sandbox.url) as client:
                    client.contacts.bulk.create([{"phone": "+14155551234"}, {"phone": "+14155555678"}])
            run(operation, sandbox.url)
            ok.append(sandbox.requests[-1].status in {200, 201})
            ok.append(operation.method.upper() == sandbox.requests[-1].method)
    return all(ok)


def run_python(operation: Operation, url: str) -> None:
    """Run the Python sample."""
    with Sendblue("key", "secret", base_url=url) as client:
        exec(python(operation), {"client": client})  # noqa: S102  # a sample of this project


def run_curl(operation: Operation, url: str) -> None:
    """Run the curl command."""
    command = curl(operation).replace(operation.document["servers"][0]["url"], url)
    credentials = {"SENDBLUE_API_API_KEY": "key", "SENDBLUE_API_API_SECRET": "secret"}
    subprocess.run(
        ["/bin/sh", "-c", f"{command} --silent --noproxy '*'"],
        env={**os.environ, **credentials},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def rendered(docstring: str) -> str:
    """Return a docstring as the reference renders it."""
    function = Function("f", docstring=Docstring(docstring))
    Docs().on_object(obj=function)
    return function.docstring.value if function.docstring else ""


def test_an_example_becomes_a_code_block() -> None:
    """A section "Example" becomes a code block that ends before the next section."""
    docstring = "Do it.\n\nExample:\n    a = 1\n\n    b = 2\n\nRaises:\n    OSError: It cannot."
    fenced = "Example:\n    ```python\n    a = 1\n\n    b = 2\n    ```\n"
    assert rendered(docstring) == f"Do it.\n\n{fenced}Raises:\n    OSError: It cannot."


@pytest.mark.parametrize("docstring", ["Do it.", "An example: a = 1", "Do it.\n\nArgs:\n    a: Example:\n        1"])
def test_other_text_is_unchanged(docstring: str) -> None:
    """Text outside a section "Example" is unchanged."""
    assert rendered(docstring) == docstring
