"""The built documentation in a browser, opened from a disk: it fits a phone, asks for nothing, and can be searched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from maintain.docs.command import HTTP_PAGE

from tests.slow.sandbox_browser.conftest import DESKTOP, PHONE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slow.sandbox_browser.conftest import Browser

SHOWN = ("index.html", "guides/limits.html", "guides/import.html", "reference/python.html", str(HTTP_PAGE))
SEARCH = """
const field = document.querySelector(".md-search__input");
field.focus();
field.value = arguments[0];
field.dispatchEvent(new KeyboardEvent("keyup", {bubbles: true}));
"""


@pytest.mark.parametrize("page", SHOWN)
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_a_page_fits_and_asks_for_nothing(built: Path, browser: Browser, page: str, width: int) -> None:
    """No page is wider than the screen, and none needs a network."""
    browser.open((built / page).as_uri(), width)
    assert browser.find("h1").is_displayed()
    elsewhere = {address for address in browser.requested() if address.startswith(("http:", "https:", "//"))}
    assert (browser.overflow(), elsewhere, browser.errors()) == (0, set(), [])


def test_search_finds_from_a_disk(built: Path, browser: Browser) -> None:
    """Without a server. A window that has no focus would search nothing, and a machine may give it to another."""
    browser.driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    browser.open((built / "index.html").as_uri())
    browser.run(SEARCH, "rejects")
    assert "guides/import.html" in str(browser.find(".md-search-result__link").get_attribute("href"))


OFF_SCREEN = """
const cells = [...document.querySelectorAll(".md-typeset table tr :is(th, td):nth-child(2):last-child")];
return [cells.length, cells.filter(each => each.getBoundingClientRect().right > innerWidth).length];
"""


@pytest.mark.parametrize("page", ["guides/migrating.html", "guides/import.html", "guides/bulk.html"])
def test_both_columns_of_a_table_are_seen_on_a_phone(built: Path, browser: Browser, page: str) -> None:
    """A table of two columns fits, long code or not: nobody scrolls for each answer."""
    browser.open((built / page).as_uri(), PHONE)
    browser.until(lambda: browser.run(OFF_SCREEN)[0] > 4, "a table")  # the theme takes each out, to frame it
    assert browser.run(OFF_SCREEN)[1] == 0


LINKS = "return [...document.querySelectorAll('a')].map(each => each.getAttribute('href'))"


def test_the_http_reference_can_be_walked_on_a_disk(built: Path, browser: Browser) -> None:
    """Each link in its menu leads to a place of the page, also in another tab, and one leads back to the guides."""
    browser.open((built / HTTP_PAGE).as_uri())
    browser.shows("Search", "[data-testid='search-trigger']")  # its script runs then
    browser.click("a[href='#/contactsbulk']")
    browser.find("a[href='#/contactsbulk/bulk_create_contacts']")
    assert [link for link in browser.run(LINKS) if link.startswith("/")] == []
    browser.open(f"{(built / HTTP_PAGE).as_uri()}#/contactsbulk")
    browser.find("a[href='#/contactsbulk/bulk_create_contacts']")
    assert browser.text("a[href='../index.html']") == "Guides"
    browser.click("a[href='../index.html']")
    browser.shows("Two minutes, without an account")
