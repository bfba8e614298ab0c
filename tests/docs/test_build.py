"""The documentation is built: whole, with links that lead somewhere, and with nothing that needs a network."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

import pytest
from _docs import HTTP_PAGE, broken, load_nothing
from _docs_examples import Examples
from _workshop import WorkshopError
from griffe import Docstring, Function

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
    """A file for each page, and the HTTP reference."""
    wanted = {page.replace(".md", ".html") for page in PAGES if not page.startswith("assets/")} | {str(HTTP_PAGE)}
    assert wanted <= {path.relative_to(built).as_posix() for path in built.rglob("*.html")}


def test_search_works_from_a_disk(built: Path) -> None:
    """The index is a script beside the pages, since a page on a disk may not fetch one."""
    index = (built / "search/search_index.js").read_text(encoding="utf-8").partition("=")[2]
    assert any("IncompleteListError" in part["text"] for part in json.loads(index.rstrip().rstrip(";"))["docs"])


def test_the_reference_has_every_public_name(built: Path) -> None:
    """Each name that can be imported from the package stands in the Python reference."""
    import sendblue_contacts  # noqa: PLC0415  # the other tests do without

    page = (built / "reference/python.html").read_text(encoding="utf-8")
    assert [name for name in sendblue_contacts.__all__ if name not in page and name != "__version__"] == []


def test_the_reference_shows_examples_as_code(built: Path) -> None:
    """Those in docstrings keep their lines."""
    page = (built / "reference/python.html").read_text(encoding="utf-8")
    code = [html.unescape(re.sub("<.*?>", "", block)) for block in re.findall("<pre>(.*?)</pre>", page, re.DOTALL)]
    assert [block for block in code if block.startswith("with Sendblue() as client, open_source") and "\n" in block]


# --- what is found to be broken


def test_a_site_in_order_passes(site: Path) -> None:
    """Anchors, relative links, links to other hosts and canonical addresses are all fine."""
    assert broken(site) == []


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
    ],
)
def test_a_fault_is_named(site: Path, fault: str) -> None:
    """With its page."""
    page = site / "index.html"
    page.write_text(GOOD + fault, encoding="utf-8")
    assert [problem.partition(": ")[0] for problem in broken(site)] == ["index.html"]


def test_links_that_the_http_reference_makes_are_left_to_it(site: Path) -> None:
    """Its anchors are made when it is shown; what it loads is looked at all the same."""
    (site / HTTP_PAGE).write_text('<a href="#made-later"></a><img src="https://example.com/a.png">', encoding="utf-8")
    assert broken(site) == [f"{HTTP_PAGE}: https://example.com/a.png"]


def test_an_escaped_link_leads_to_the_file(site: Path) -> None:
    """As browsers read it."""
    (site / "a b.html").write_text("<p id='ü'>", encoding="utf-8")
    (site / "index.html").write_text('<a href="a%20b.html#%C3%BC">x</a>', encoding="utf-8")
    assert broken(site) == []


def test_the_logo_of_the_http_reference_is_not_loaded(tmp_path: Path) -> None:
    """The script would ask for it when it is run, which no look at the page's tags can tell."""
    page = tmp_path / "page.html"
    page.write_text("<script>a?`https://cdn.redoc.ly/redoc/a-b.svg`:`https://cdn.redoc.ly/redoc/c.svg`</script>")
    load_nothing(page)
    assert "https:" not in page.read_text()


def test_a_page_without_that_logo_is_looked_at_by_a_person(site: Path) -> None:
    """A new version may load it from another place."""
    with pytest.raises(WorkshopError, match="look what redocly does instead"):
        load_nothing(site / HTTP_PAGE)


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
