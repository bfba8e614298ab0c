"""The page `/` in a real browser: contents, activity and accessibility, at every width."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from maintain.venvs import node_tool
from selenium.common.exceptions import JavascriptException
from selenium.webdriver.common.keys import Keys
from sendblue_sandbox import Sandbox

from tests.slow.sandbox_browser.conftest import PHONE, Browser

ADA = {
    "number": "+14155551234",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "tags": ["VIP"],
    "custom_variables": {"Lead Source": "Website"},
}
ATTACK = "<img src=x onerror=window.attacked=1><script>window.attacked=1</script>"
ODD: dict[str, dict[str, Any]] = {
    "emoji": {"number": "+14155550001", "first_name": "Zoë 👩‍💻🚀"},
    "right to left": {"number": "+14155550002", "first_name": "אברהם", "last_name": "الفارسي"},
    "HTML": {"number": "+14155550003", "first_name": ATTACK, "tags": [ATTACK], "custom_variables": {ATTACK: ATTACK}},
    "long": {
        "number": "+14155550004",
        "first_name": "w" * 3000,
        "tags": ["t" * 500],
        "custom_variables": {"a": "b" * 900},
    },
    "nothing": {"number": "+14155550005"},
}
WIDTHS = [pytest.param(1280, id="desktop"), pytest.param(390, id="phone")]
SCHEMES = ["light", "dark"]
TABS = ("#tab-requests", "#tab-faults", "#tab-controls", "#tab-overview")
DIALOGS = ("#contacts tbody tr:last-child button", "#details-buttons .main", "#add-fault")
# Returns the visible inputs whose placeholder is wider than their content.
CUT_PLACEHOLDERS = """
const pen = document.createElement("canvas").getContext("2d");
const isCut = input => {
  const style = getComputedStyle(input);
  pen.font = style.font;
  const width = input.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  return pen.measureText(input.placeholder).width > width;
};
const shown = [...document.querySelectorAll("input[placeholder]")].filter(each => each.offsetParent);
return shown.filter(isCut).map(each => each.id);
"""


def create(api: httpx.Client, *contacts: dict[str, Any]) -> None:
    """Create contacts through the API."""
    for contact in contacts:
        api.post("", json=contact).raise_for_status()


def test_changes_appear(browser: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """A contact that is created, updated and deleted while the page is open appears, changes and disappears."""
    browser.open(sandbox.url)
    browser.shows("There are no contacts yet")
    create(api, ADA)
    browser.shows("Ada Lovelace", "#contacts")
    shown = browser.text("#contacts")
    assert [part for part in ("+14155551234", "VIP", "Lead Source: Website") if part not in shown] == []
    api.put("/%2B14155551234", json={"tags": ["Enterprise"], "custom_variables": {"Plan": "Pro"}}).raise_for_status()
    browser.shows("Plan: Pro", "#contacts")
    shown = browser.text("#contacts")
    assert ("Lead Source: Website" in shown, "Enterprise" in shown, "VIP" in shown) == (True, True, False)
    api.delete("/%2B14155551234").raise_for_status()
    browser.shows("There are no contacts yet")
    assert browser.text("#contacts") == ""


def test_search(browser: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """A name, a number, a tag or a variable finds the contacts that have it, and no others; each script is shown."""
    create(api, ADA, *ODD.values())
    browser.open(sandbox.url)
    for contact in ODD.values():
        browser.shows(contact.get("first_name", "no name")[:100], "#contacts")
        browser.shows(contact["number"], "#contacts")
    for text in ("lovelace", "+14155551234", "VIP", "Website"):
        browser.fill("#search", "")
        browser.shows("of 6")
        browser.find("#search").send_keys(text)
        browser.shows("1 to 1 of 1 found")
        assert len(browser.all("#contacts tbody tr")) == 1
        assert "Ada Lovelace" in browser.text("#contacts")
    browser.find("#search").send_keys("nobody")
    browser.shows("No contacts match.")
    assert "There are no contacts yet" not in browser.text()


def test_examples(browser: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """On the empty page, the Python code, the body of the curl command and the button create contacts; 50 are shown."""
    browser.open(sandbox.url)
    browser.shows("There are no contacts yet")
    line = browser.text("#curl")
    assert f"curl -X POST {sandbox.url}/_sandbox/seed" in line
    subprocess.run([sys.executable, "-c", browser.text("#python")], check=True)
    browser.shows("Ada", "#contacts")
    body = json.loads(line.partition("-d ")[2].strip("'"))
    api.post(f"{sandbox.url}/_sandbox/seed", json=body).raise_for_status()
    browser.shows("1 to 50 of 101")
    api.post(f"{sandbox.url}/_sandbox/reset")
    browser.shows("There are no contacts yet")
    browser.click("#seed")
    browser.shows("1 to 50 of 100")
    assert len(sandbox.contacts()) == 100
    sandbox.seed(1_900)
    browser.shows("1 to 50 of 2,000")
    browser.click("#older")
    browser.shows("51 to 100 of 2,000")
    assert len(browser.all("#contacts tbody tr")) == 50


def test_recent_requests(browser: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """Requests appear with method, decoded path, status and time, newest first; the chart shows used slots."""
    browser.open(sandbox.url)
    browser.shows("No requests yet.")
    browser.shows("0 of 100", "#used")
    api.get("/count", params={"phone_number": "+14155551234"})
    api.get("/%2B14155550000")
    browser.shows("404", "#requests")
    first, second = (row.text.split() for row in browser.all("#requests tbody tr"))
    assert first[:3] == ["GET", "/api/v2/contacts/+14155550000", "404"]
    assert second[:3] == ["GET", "/api/v2/contacts/count?phone_number=+14155551234", "200"]
    assert second[-1] == "ms"
    for _ in range(28):
        api.get("/count").raise_for_status()
    browser.shows("30 of 100", "#used")
    # In one script, because the page replaces the bars every second.
    script = "return [...document.querySelectorAll('#chart rect')].map(bar => Number(bar.getAttribute('height')))"
    heights = browser.run(script)
    assert (len(heights), heights[0]) == (60, 0.0)
    assert heights[-1] == pytest.approx(96 * 0.3)
    assert "now 30, maximum 30, limit 100" in str(browser.find("#chart").get_attribute("aria-label"))
    assert [api.get("/count").status_code for _ in range(71)] == [200] * 70 + [429]
    browser.shows("100 of 100", "#used")
    browser.shows("the next request is refused")
    browser.shows("429", "#requests")


def test_updates(browser: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """A page that is paused or hidden sends no requests, and continues afterwards."""
    browser.open(sandbox.url)
    browser.shows("Live", "#live")
    browser.click("#pause")
    browser.shows("Paused", "#live")
    create(api, ADA)
    assert (requested_in_an_interval(browser), "Ada" in browser.text("#contacts")) == (set(), False)
    browser.click("#pause")
    browser.shows("Ada", "#contacts")
    hide(browser, hidden=True)
    assert requested_in_an_interval(browser) == set()
    hide(browser, hidden=False)
    browser.until(browser.requested, "a request")


def hide(browser: Browser, *, hidden: bool) -> None:
    """Make the browser report that the page is hidden, or visible."""
    browser.run("Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true})", hidden)
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")


def requested_in_an_interval(browser: Browser) -> set[str]:
    """Return the requests of one update interval; that there are none can only be checked by waiting."""
    browser.requested()
    browser.driver.execute_async_script("setTimeout(arguments[0], 1500)")
    return browser.requested()


def test_stopped_sandbox(browser: Browser) -> None:
    """A page whose sandbox has no limit says so, and one whose sandbox has stopped continues trying."""
    with Sandbox(limit=None) as sandbox:
        browser.open(sandbox.url)
        browser.shows("Live", "#live")
        browser.shows("no rate limit")
        sandbox.stop()
        browser.shows("No response", "#live")


def test_markup_is_shown_as_text(browser: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """HTML in contacts, requests, faults and a question is shown as text in lists, dialogs and forms."""
    create(api, ODD["HTML"])
    sandbox.faults.add(what="delay", headers={"X-Fault": ATTACK})
    api.post("", params={"<b>": ATTACK}, json={"<b>": ATTACK}, headers={"X-Attack": ATTACK})
    browser.open(sandbox.url)
    browser.shows(ATTACK, "#contacts")
    assert browser.text("#contacts").count(ATTACK) == 3  # the name, the tag, and the label of the variable
    browser.shows(ATTACK, "#faults")
    browser.click("#requests tbody button")
    browser.shows(ATTACK, "#details-content")
    browser.run("document.getElementById('details').close()")
    browser.click("#contacts tbody button")
    browser.shows(ATTACK, "#details-content")
    assert browser.text("#details").count(ATTACK) == 5  # also the title, and the value of the variable
    browser.click("#details-buttons .danger")
    browser.shows(ATTACK, "#question")
    browser.click("#question button")
    browser.click("#details-buttons .main")
    assert browser.find("#input-first_name").get_property("value") == ATTACK
    assert browser.all("body img, body script, body b") == []
    assert browser.run("return window.attacked") is None


def test_policy(browser: Browser, sandbox: Sandbox) -> None:
    """The browser refuses any text that would become HTML or a script."""
    browser.open(sandbox.url)
    for script, kind in (
        ("document.body.innerHTML = arguments[0]", "TrustedHTML"),
        ("document.body.setAttribute('onclick', arguments[0])", "TrustedScript"),
        ("document.createElement('script').src = arguments[0]", "TrustedScriptURL"),
    ):
        with pytest.raises(JavascriptException, match=f"'{kind}'"):
            browser.run(script, ATTACK)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("filled", [False, True])
def test_fits_the_screen(browser: Browser, sandbox: Sandbox, api: httpx.Client, width: int, filled: bool) -> None:
    """The page is not wider than the screen, empty or with the most unusual values; no placeholder is cut off."""
    create(api, *(ODD.values() if filled else ()))
    sandbox.faults.add(path="/" + "9" * 2000, headers={"X": "9" * 2000})
    api.get("/" + "9" * 2000)
    browser.open(sandbox.url, width)
    browser.shows("of 5" if filled else "There are no contacts yet")
    for tab in (*browser.all("#tabs button"),) if width == PHONE else (None,):
        browser.run("arguments[0]?.click()", tab)
        assert browser.overflow() == 0
    assert browser.run(CUT_PLACEHOLDERS) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_accessible(browser: Browser, sandbox: Sandbox, api: httpx.Client, width: int, scheme: str) -> None:
    """The tool axe finds no violations: names, labels, roles, contrast."""
    create(api, ADA, *ODD.values())
    api.post("/verify", json={"number": "+14155551234"})
    sandbox.faults.add(status=503)
    browser.open(sandbox.url, width, scheme)
    browser.shows("Ada", "#contacts")
    tools = Path(node_tool("redocly")[-1]).parents[1]  # axe is installed with the other Node tools
    browser.run((tools / "axe-core/axe.min.js").read_text(encoding="utf-8"))
    violations = check_accessibility(browser)
    for selector in TABS if width == PHONE else DIALOGS:
        browser.click(selector)
        violations += check_accessibility(browser)
        browser.run("document.getElementById('form-dialog').close()")
    assert violations == []


def check_accessibility(browser: Browser) -> list[Any]:
    """Return what axe finds on the page, or in the dialog that is open."""
    found = browser.driver.execute_async_script("axe.run().then(arguments[0])")
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]


def test_keyboard(browser: Browser, sandbox: Sandbox) -> None:
    """Every control can be reached with the tab key, in visual order; a list that changes keeps the focus."""
    sandbox.seed(200)
    browser.open(sandbox.url)
    browser.shows("of 200")
    reached = []
    for _ in range(8):
        browser.driver.switch_to.active_element.send_keys("\ue004")
        reached.append(browser.run("return document.activeElement.id || document.activeElement.getAttribute('href')"))
    assert reached == ["pause", "/docs", "add-contact", "search", "opt-out", "verified", "contacts", None]
    newest = sandbox.contacts()[-1]
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.shows(newest["phone"], "#details[open]")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert browser.all("dialog[open]") == []
    sandbox.seed(1)
    browser.shows("of 201")
    assert browser.run("return document.activeElement.dataset.key") == newest["phone"]


def test_tabs_on_a_phone(browser: Browser, sandbox: Sandbox) -> None:
    """On a phone the parts of the page are tabs, also for the arrow keys; a wider screen has no tabs."""
    visible = (
        "return [...document.querySelectorAll('main > div')].filter(each => each.offsetParent).map(each => each.id)"
    )
    browser.open(sandbox.url, PHONE)
    assert browser.run(visible) == ["panel-contacts"]
    browser.click("#tab-faults")
    assert browser.run(visible) == ["panel-faults"]
    browser.find("#tab-faults").send_keys(Keys.ARROW_RIGHT)
    assert (browser.run(visible), browser.run("return document.activeElement.id")) == (
        ["panel-controls"],
        "tab-controls",
    )
    assert browser.run("return document.activeElement.getAttribute('aria-selected')") == "true"
    browser.open(sandbox.url)
    assert (len(browser.run(visible)), browser.find("#tabs").is_displayed()) == (5, False)
