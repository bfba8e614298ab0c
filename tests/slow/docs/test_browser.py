"""The built documentation in a browser, opened from a disk: it fits a phone, loads no remote file, and has a search."""

from __future__ import annotations

from pathlib import Path

import pytest
from maintain.docs.command import HTTP_PAGE

from tests.slow.sandbox_browser.conftest import DESKTOP, PHONE, Browser

TESTED_PAGES = ("index.html", "guides/limits.html", "guides/import.html", "reference/python.html", str(HTTP_PAGE))
SEARCH = """
const field = document.querySelector(".md-search__input");
field.focus();
field.value = arguments[0];
field.dispatchEvent(new KeyboardEvent("keyup", {bubbles: true}));
"""


@pytest.mark.parametrize("page", TESTED_PAGES)
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
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
    browser.run(SEARCH, "rejects")
    assert "guides/import.html" in str(browser.find(".md-search-result__link").get_attribute("href"))


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


LINKS = "return [...document.querySelectorAll('a')].map(link => link.getAttribute('href'))"


def test_links_of_the_http_reference_work_from_a_disk(built: Path, browser: Browser) -> None:
    """The links of its menu lead to sections of the page, also in a new tab, and one link leads back to the guides."""
    browser.open((built / HTTP_PAGE).as_uri())
    browser.shows("Search", "[data-testid='search-trigger']")  # its script has run
    browser.click("a[href='#/contactsbulk']")
    browser.find("a[href='#/contactsbulk/bulk_create_contacts']")
    assert [link for link in browser.run(LINKS) if link.startswith("/")] == []
    browser.open(f"{(built / HTTP_PAGE).as_uri()}#/contactsbulk")
    browser.find("a[href='#/contactsbulk/bulk_create_contacts']")
    assert browser.text("a[href='../index.html']") == "Guides"
    browser.click("a[href='../index.html']")
    browser.shows("Quick start without an account")
