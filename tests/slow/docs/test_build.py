"""The built documentation is complete, has no broken links, and needs no network connection."""

from __future__ import annotations

import html
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from griffe import Docstring, Function
from maintain.docs.command import HTTP_PAGE, Page, adapt, broken_links
from maintain.docs.griffe_examples import Examples
from maintain.venvs import ScriptError

from tests.slow.docs.blocks import PAGES

INDEX = '<a href="#top" id="top">here</a><a href="guides/a.html#x">there</a><a href="https://example.com/">far</a>'
GUIDE = '<h2 id="x">X</h2><a href="../index.html">back</a><link rel="canonical" href="https://example.com/a">'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write a small site without broken links."""
    for name, text in (("index.html", INDEX), ("guides/a.html", GUIDE), (str(HTTP_PAGE), "")):
        page = tmp_path / name
        page.parent.mkdir(exist_ok=True)
        page.write_text(text, encoding="utf-8")
    return tmp_path


def test_every_page_is_built(built: Path) -> None:
    """Every page becomes a file, and so does the HTTP reference; snippets that pages include do not."""
    expected = {page.replace(".md", ".html") for page in PAGES if not page.startswith("assets/")} | {str(HTTP_PAGE)}
    assert {path.relative_to(built).as_posix() for path in built.rglob("*.html")} == expected
    assert "pyrate-limiter" in (built / "guides/limits.html").read_text(encoding="utf-8")


def test_the_search_index_is_a_script(built: Path) -> None:
    """The search index is a script next to the pages, because a page opened from a disk cannot fetch a file."""
    index = (built / "search/search_index.js").read_text(encoding="utf-8").partition("=")[2]
    assert any("IncompleteListError" in part["text"] for part in json.loads(index.rstrip().rstrip(";"))["docs"])


def test_the_reference_has_every_public_name(built: Path) -> None:
    """The Python reference has every public name of the package."""
    import sendblue_contacts  # noqa: PLC0415  # the other tests do not need the package

    page = (built / "reference/python.html").read_text(encoding="utf-8")
    assert [name for name in sendblue_contacts.__all__ if name not in page and name != "__version__"] == []


def objects(page: str) -> list[str]:
    """Return the paths of the classes and functions in the Python reference, without class members."""
    return re.findall(r'<h3 id="([\w.]+)" class="doc doc-heading">', page)


def documented_modules(section: str) -> dict[str, str]:
    """Return the module of each name that a section of the Python reference mentions; the key "" has the default."""
    default = re.search(r"^From `([\w.]+)`", section, re.MULTILINE)
    sentences = re.findall(r"((?:`\w+`(?:, | and )?)+) (?:is|are) in `([\w.]+)`", section)
    modules = {name: module for names, module in sentences for name in re.findall(r"\w+", names)}
    return {"": default[1] if default else "sendblue_contacts", **modules}


def test_names_in_the_reference_can_be_imported(built: Path) -> None:
    """Every name is public in the module that its section names; pytest loads the fixtures, so they are exempt."""
    page = (built / "reference/python.html").read_text(encoding="utf-8")
    sections = re.split(r"^## ", PAGES["reference/python.md"], flags=re.MULTILINE)[1:]
    built_sections = re.split(r'<h2 id="[\w-]+">', page)[1:]
    found = [
        (documented_modules(section), path.rpartition(".")[2])
        for section, part in zip(sections, built_sections, strict=True)
        for path in objects(part)
        if not path.startswith("sendblue_sandbox.pytest_")
    ]
    assert len(found) > 50
    assert [name for modules, name in found if not is_public(modules.get(name, modules[""]), name)] == []


def is_public(module: str, name: str) -> bool:
    """Return whether a module has a public name; if it has `__all__`, the name must be in it."""
    imported = import_module(module)
    return not name.startswith("_") and hasattr(imported, name) and name in getattr(imported, "__all__", [name])


@pytest.mark.parametrize(
    ("module", "name"),
    [("sendblue_contacts", "mask"), ("sendblue_contacts.errors", "_RequestError"), ("sendblue_contacts", "Slot")],
)
def test_other_names_are_not_public(module: str, name: str) -> None:
    """A private name, or one of another module, is not public."""
    assert not is_public(module, name)


def test_the_reference_shows_examples_as_code(built: Path) -> None:
    """Examples in docstrings become code blocks, with their line breaks."""
    page = (built / "reference/python.html").read_text(encoding="utf-8")
    code = [html.unescape(re.sub("<.*?>", "", block)) for block in re.findall("<pre>(.*?)</pre>", page, re.DOTALL)]
    assert [block for block in code if block.startswith("with Sendblue() as client, open_source") and "\n" in block]


def test_a_site_without_broken_links_passes(site: Path) -> None:
    """Anchors, relative links, links to other hosts and canonical URLs are allowed."""
    assert broken_links(site) == []


@pytest.mark.parametrize(
    "fault",
    [
        '<a href="guides/b.html">no such page</a>',
        '<a href="guides/a.html#y">no such anchor on that page</a>',
        '<a href="#nowhere">no such anchor on this page</a>',
        '<a href="guides">a folder without an index</a>',
        '<img src="assets/missing.svg">',
        '<script src="https://example.com/script.js"></script>',
        '<link rel="stylesheet" href="//example.com/style.css">',
        '<iframe src="https://example.com/"></iframe>',
        '<a href="/tmp">absolute, works only on a server</a>',
    ],
)
def test_a_broken_link_is_reported(site: Path, fault: str) -> None:
    """The report names the page."""
    page = site / "index.html"
    page.write_text(INDEX + fault, encoding="utf-8")
    assert [problem.partition(": ")[0] for problem in broken_links(site)] == ["index.html"]


def test_anchors_of_the_http_reference_are_not_checked(site: Path) -> None:
    """The HTTP reference creates its anchors in the browser; only the files that it loads are checked."""
    (site / HTTP_PAGE).write_text('<a href="#in-browser"></a><img src="https://example.com/a.png">', encoding="utf-8")
    assert broken_links(site) == [f"{HTTP_PAGE}: https://example.com/a.png"]


def test_other_links_of_the_http_reference_are_checked(site: Path) -> None:
    """Links to other pages and absolute links are checked."""
    (site / HTTP_PAGE).write_text('<a href="../index.html"></a><a href="/contacts"></a>', encoding="utf-8")
    assert broken_links(site) == [f"{HTTP_PAGE}: /contacts"]


def test_escaped_links_are_decoded(site: Path) -> None:
    """Percent-encoded paths and anchors are decoded, as browsers do."""
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


def test_the_http_reference_is_adapted(tmp_path: Path) -> None:
    """Its logo is not loaded, its menu works from a disk, and its badge links to the guides."""
    page = tmp_path / "page.html"
    page.write_text(REDOCLY, encoding="utf-8")
    adapt(page)
    assert "https:" not in (text := page.read_text(encoding="utf-8"))
    assert Page(text).links == ["#/", "#/contacts", "../index.html"]
    assert "href:`../index.html`,children:`Guides`" in text
    assert "{createHref:to=>`#`+d(to),createURL" in text


@pytest.mark.parametrize("line", REDOCLY.strip().splitlines()[:2])
def test_unexpected_output_of_redocly_is_an_error(tmp_path: Path, line: str) -> None:
    """A new version of redocly may build another page; the edits must then be adapted."""
    page = tmp_path / "page.html"
    page.write_text(REDOCLY.replace(line, ""), encoding="utf-8")
    with pytest.raises(ScriptError, match=r"check what redocly builds instead, and adapt HTTP_EDITS"):
        adapt(page)


def rendered(docstring: str) -> str:
    """Return a docstring as the reference renders it."""
    function = Function("f", docstring=Docstring(docstring))
    Examples().on_object(obj=function)
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
