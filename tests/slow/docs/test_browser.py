"""The built documentation in a browser, opened from a disk: it fits a phone, loads no remote file, and has a search."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.slow.sandbox_browser.conftest import DESKTOP, PHONE, Browser

TESTED_PAGES = (
    "index.html",
    "guides/limits.html",
    "guides/import.html",
    "reference/contacts.html",
    "reference/http-contacts.html",
)
SEARCH = """
const dialog = [...document.querySelectorAll("*")].find(element => element.shadowRoot?.querySelector("[role=listbox]"));
if (!dialog) return [];
const field = dialog.shadowRoot.querySelector("input");
if (field.value !== arguments[0]) {
  field.value = arguments[0];
  field.dispatchEvent(new InputEvent("input", {bubbles: true, composed: true}));
}
return [...dialog.shadowRoot.querySelectorAll("[role=listbox] a")].map(link => link.getAttribute("href"));
"""


@pytest.mark.parametrize(("page", "width"), [("index.html", DESKTOP), *((page, PHONE) for page in TESTED_PAGES)])
def test_a_page_fits_and_loads_no_remote_file(built: Path, browser: Browser, page: str, width: int) -> None:
    """No page is wider than the screen, and none needs a network connection."""
    browser.open((built / page).as_uri(), width)
    assert browser.find("h1").is_displayed()
    remote = {url for url in browser.requested() if url.startswith(("http:", "https:", "//"))}
    assert (browser.overflow(), remote, browser.errors()) == (0, set(), [])


def test_search_works_from_a_disk(built: Path, browser: Browser) -> None:
    """Search works without a server. It needs focus, which the test emulates because another window may have it."""
    browser.driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    browser.open((built / "index.html").as_uri())
    browser.click(".md-search__button")
    found = browser.until(lambda: browser.run(SEARCH, "rejects"), "results")
    assert any("guides/import.html" in link for link in found)


OFF_SCREEN = """
const cells = [...document.querySelectorAll(".md-typeset table tr :is(th, td):nth-child(2):last-child")];
return [cells.length, cells.filter(cell => cell.getBoundingClientRect().right > innerWidth).length];
"""


@pytest.mark.parametrize("page", ["guides/migrating.html", "guides/import.html", "guides/bulk.html"])
def test_both_columns_of_a_table_fit_a_phone(built: Path, browser: Browser, page: str) -> None:
    """A table of two columns needs no horizontal scrolling on a phone, even if it contains long code."""
    browser.open((built / page).as_uri(), PHONE)
    browser.until(lambda: browser.run(OFF_SCREEN)[0] > 4, "a table")  # the theme moves each table into a frame
    assert browser.run(OFF_SCREEN)[1] == 0


COVERED = """
const button = document.querySelector(".md-code__nav").getBoundingClientRect();
const range = document.createRange();
range.selectNodeContents(document.querySelector(".md-code__nav").parentElement.querySelector("code"));
return [...range.getClientRects()].some(line => line.width && line.top < button.bottom && line.right > button.left);
"""


def test_the_copy_button_covers_no_code_on_a_phone(built: Path, browser: Browser) -> None:
    """On a phone, the copy button is above the code."""
    browser.open((built / "guides/limits.html").as_uri(), PHONE)
    browser.find(".md-code__nav")
    assert not browser.run(COVERED)


def test_code_in_tables_is_readable(built: Path, browser: Browser) -> None:
    """Code in a table has a font size of at least 11 pixels."""
    browser.open((built / "guides/limits.html").as_uri())
    size = browser.run("return getComputedStyle(document.querySelector('td code')).fontSize")
    assert float(size.removesuffix("px")) >= 11
