"""The documentation is built: whole, with links that lead somewhere, and with nothing that needs a network."""

from __future__ import annotations

import html
import json
import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from griffe import Docstring, Function
from maintain.docs.command import HTTP_PAGE, Page, adapt, broken_links
from maintain.docs.griffe_examples import Examples
from maintain.venvs import ScriptError

from tests.docs.blocks import PAGES

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '<a href="#there" id="there">here</a><a href="guides/a.html#x">there</a><a href="https://example.com/">far</a>'
ANOTHER = '<h2 id="x">X</h2><a href="../index.html">back</a><link rel="canonical" href="https://example.com/a">'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A small site in order."""
    for name, text in (("index.html", GOOD), ("guides/a.html", ANOTHER), (str(HTTP_PAGE), "")):
        page = tmp_path / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(text, encoding="utf-8")
    return tmp_path


# --- the real pages


def test_every_page_is_built(built: Path) -> None:
    """A file for each page, and the HTTP reference; none for what pages only include."""
    wanted = {page.replace(".md", ".html") for page in PAGES if not page.startswith("assets/")} | {str(HTTP_PAGE)}
    assert {path.relative_to(built).as_posix() for path in built.rglob("*.html")} == wanted
    assert "pyrate-limiter" in (built / "guides/limits.html").read_text(encoding="utf-8")


def test_search_works_from_a_disk(built: Path) -> None:
    """The index is a script beside the pages, since a page on a disk may not fetch one."""
    index = (built / "search/search_index.js").read_text(encoding="utf-8").partition("=")[2]
    assert any("IncompleteListError" in part["text"] for part in json.loads(index.rstrip().rstrip(";"))["docs"])


def test_the_reference_has_every_public_name(built: Path) -> None:
    """Each name that can be imported from the package stands in the Python reference."""
    import sendblue_contacts  # noqa: PLC0415  # the other tests do without

    page = (built / "reference/python.html").read_text(encoding="utf-8")
    assert [name for name in sendblue_contacts.__all__ if name not in page and name != "__version__"] == []


def objects(page: str) -> list[str]:
    """Where each class or function of the Python reference is defined, without what classes hold."""
    return re.findall(r'<h3 id="([\w.]+)" class="doc doc-heading">', page)


def said_of(section: str) -> dict[str, str]:
    """The modules that a section of the Python reference says names are in; that of "" is for all others."""
    default = re.search(r"^From `([\w.]+)`", section, re.MULTILINE)
    stated = re.findall(r"((?:`\w+`(?:, | and )?)+) (?:is|are) in `([\w.]+)`", section)
    modules = {name: module for names, module in stated for name in re.findall(r"\w+", names)}
    return {"": default[1] if default else "sendblue_contacts", **modules}


def test_the_reference_shows_what_can_be_imported(built: Path) -> None:
    """Each name on the page is public where its section says; pytest's fixtures are there by themselves."""
    page = (built / "reference/python.html").read_text(encoding="utf-8")
    sections = re.split(r"^## ", PAGES["reference/python.md"], flags=re.MULTILINE)[1:]
    shown = re.split(r'<h2 id="[\w-]+">', page)[1:]
    found = [
        (said_of(section), where.rpartition(".")[2])
        for section, part in zip(sections, shown, strict=True)
        for where in objects(part)
        if not where.startswith("sendblue_sandbox.pytest_")
    ]
    assert len(found) > 50
    assert [name for modules, name in found if not is_public(modules.get(name, modules[""]), name)] == []


def is_public(module: str, name: str) -> bool:
    """Whether a module has a name and, if it lists what it offers, offers it."""
    there = import_module(module)
    return not name.startswith("_") and hasattr(there, name) and name in getattr(there, "__all__", [name])


@pytest.mark.parametrize(
    ("module", "name"),
    [("sendblue_contacts", "mask"), ("sendblue_contacts.errors", "_RequestError"), ("sendblue_contacts", "Slot")],
)
def test_what_is_not_public(module: str, name: str) -> None:
    """A name that is elsewhere or private would be seen on the page."""
    assert not is_public(module, name)


def test_the_reference_shows_examples_as_code(built: Path) -> None:
    """Those in docstrings keep their lines."""
    page = (built / "reference/python.html").read_text(encoding="utf-8")
    code = [html.unescape(re.sub("<.*?>", "", block)) for block in re.findall("<pre>(.*?)</pre>", page, re.DOTALL)]
    assert [block for block in code if block.startswith("with Sendblue() as client, open_source") and "\n" in block]


# --- what is found to be broken


def test_a_site_in_order_passes(site: Path) -> None:
    """Anchors, relative links, links to other hosts and canonical addresses are all fine."""
    assert broken_links(site) == []


@pytest.mark.parametrize(
    "fault",
    [
        '<a href="guides/b.html">no such page</a>',
        '<a href="guides/a.html#y">no such anchor there</a>',
        '<a href="#nowhere">no such anchor here</a>',
        '<a href="guides">a folder without an index</a>',
        '<img src="assets/missing.svg">',
        '<script src="https://example.com/script.js"></script>',
        '<link rel="stylesheet" href="//example.com/style.css">',
        '<iframe src="https://example.com/"></iframe>',
        '<a href="/tmp">right on a server alone</a>',
    ],
)
def test_a_fault_is_named(site: Path, fault: str) -> None:
    """With its page."""
    page = site / "index.html"
    page.write_text(GOOD + fault, encoding="utf-8")
    assert [problem.partition(": ")[0] for problem in broken_links(site)] == ["index.html"]


def test_links_that_the_http_reference_makes_are_left_to_it(site: Path) -> None:
    """Its anchors are made when it is shown; what it loads is looked at all the same."""
    (site / HTTP_PAGE).write_text('<a href="#made-later"></a><img src="https://example.com/a.png">', encoding="utf-8")
    assert broken_links(site) == [f"{HTTP_PAGE}: https://example.com/a.png"]


def test_other_links_of_the_http_reference_are_checked(site: Path) -> None:
    """Those to other pages, and those that are right on a server alone."""
    (site / HTTP_PAGE).write_text('<a href="../index.html"></a><a href="/contacts"></a>', encoding="utf-8")
    assert broken_links(site) == [f"{HTTP_PAGE}: /contacts"]


def test_an_escaped_link_leads_to_the_file(site: Path) -> None:
    """As browsers read it."""
    (site / "a b.html").write_text("<p id='ü'>", encoding="utf-8")
    (site / "index.html").write_text('<a href="a%20b.html#%C3%BC">x</a>', encoding="utf-8")
    assert broken_links(site) == []


REDOCLY = """
<a class="x" href="/" data-discover="true"></a><a class="x" href="/contacts" data-discover="true"></a>
<a target="_blank" rel="noopener noreferrer" href="https://redocly.com/redoc/"><p>API docs by</p></a>
<script>
a={target:`_blank`,rel:`noopener noreferrer`,href:`https://redocly.com/redoc/`,children:`API docs by`,
alt:`redocly logo`};
b=c?`https://cdn.redoc.ly/redoc/a-b.svg`:`https://cdn.redoc.ly/redoc/c.svg`;
d={createHref:d,createURL(e){return new URL(d(e),`http://localhost`)}};e={createHref(e){return 1},createURL:m};
</script>
"""


def test_the_http_reference_is_one_of_the_pages(tmp_path: Path) -> None:
    """Its logo is not loaded, its menu works from a disk, and what was its badge leads back."""
    page = tmp_path / "page.html"
    page.write_text(REDOCLY, encoding="utf-8")
    adapt(page)
    assert "https:" not in (text := page.read_text(encoding="utf-8"))
    assert Page(text).links == ["#/", "#/contacts", "../index.html"]
    assert "href:`../index.html`,children:`Guides`" in text
    assert "{createHref:to=>`#`+d(to),createURL" in text


@pytest.mark.parametrize("line", REDOCLY.strip().splitlines()[:2])
def test_a_page_of_another_form_is_looked_at_by_a_person(tmp_path: Path, line: str) -> None:
    """A new version of redocly may write it otherwise."""
    page = tmp_path / "page.html"
    page.write_text(REDOCLY.replace(line, ""), encoding="utf-8")
    with pytest.raises(ScriptError, match=r"check what redocly builds instead, and adapt HTTP_EDITS"):
        adapt(page)


# --- examples in docstrings


def shown(docstring: str) -> str:
    """A docstring as the reference shows it."""
    function = Function("f", docstring=Docstring(docstring))
    Examples().on_object(obj=function)
    return function.docstring.value if function.docstring else ""


def test_an_example_becomes_code() -> None:
    """Up to the next section."""
    said = "Do it.\n\nExample:\n    a = 1\n\n    b = 2\n\nRaises:\n    OSError: It cannot."
    fenced = "Example:\n    ```python\n    a = 1\n\n    b = 2\n    ```\n"
    assert shown(said) == f"Do it.\n\n{fenced}Raises:\n    OSError: It cannot."


@pytest.mark.parametrize("docstring", ["Do it.", "An example: a = 1", "Do it.\n\nArgs:\n    a: Example:\n        1"])
def test_other_text_stays(docstring: str) -> None:
    """What is no section called Example is not touched."""
    assert shown(docstring) == docstring
