"""The controls of the page `/` in a real browser: contacts, requests, faults, settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.faults.fault import FaultKind
from sendblue_sandbox.rate_limit.window_models import WindowName

from tests.slow.sandbox_browser.conftest import DESKTOP, PHONE, Browser

ADA, BOB = "+14155551234", "+14155550002"
OPTIONS = "return [...arguments[0].options].map(option => option.value)"


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox) -> Browser:
    """The browser with the page of the sandbox, which is empty, on a phone, where the parts of the page are tabs."""
    browser.open(sandbox.url, PHONE)
    browser.shows("Live", "#live")
    return browser


def fill(page: Browser, **values: str) -> None:
    """Fill inputs of the open form by the names of their fields."""
    for name, value in values.items():
        page.fill(f"#input-{name}", value)


def submit(page: Browser) -> None:
    """Send the open form, and wait until it is closed."""
    page.click("#form-submit")
    page.until(lambda: not page.all("#form-dialog[open]"), "a closed form")


def wait_for(page: Browser, count: int, selector: str) -> None:
    """Wait until this number of elements match a selector."""
    page.until(lambda: len(page.all(selector)) == count, f"{count} of {selector}")


@pytest.mark.parametrize("width", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone")])
def test_contact_is_added_edited_and_deleted(page: Browser, sandbox: Sandbox, width: int) -> None:
    """The form has the fields of the document; an invalid value keeps it open; only changed fields are sent."""
    page.open(sandbox.url, width)
    page.click("#add-contact")
    fill(page, number="+1", first_name="Ada", tags="VIP\nA, B")
    page.click("#form-submit")
    page.shows("Invalid phone number", "#form-error")
    fill(page, number=ADA)
    page.click("#input-custom_variables > button")
    page.fill("#input-custom_variables input", "Plan")
    page.fill("#input-custom_variables input:nth-child(2)", "Pro")
    submit(page)
    page.shows("Plan: Pro", "#contacts")
    assert contact(sandbox, "first_name", "tags", "custom_variables") == ["Ada", ["VIP", "A, B"], {"Plan": "Pro"}]
    page.click("#contacts tbody button")
    page.click("#details-buttons .main")
    sandbox_changes = httpx.put(f"{sandbox.url}/_sandbox/contacts/{ADA}", json={"last_name": "Lovelace"})
    assert sandbox_changes.status_code == 200
    fill(page, phone_number=BOB, first_name="", company_name="Acme")
    page.click("#input-opt_out")
    page.click("#input-custom_variables .pair button")
    submit(page)
    page.shows("opted out", "#contacts")
    names = ("phone", "first_name", "last_name", "company_name", "tags", "custom_variables", "opt_out")
    assert contact(sandbox, *names) == [BOB, None, "Lovelace", "Acme", ["VIP", "A, B"], {}, True]
    page.click("#contacts tbody button")
    page.click("#details-buttons .danger")
    page.click("#question .danger")
    page.shows("There are no contacts yet")
    assert (sandbox.contacts(), sandbox.requests) == ([], [])


def contact(sandbox: Sandbox, *names: str) -> list[Any]:
    """Return some fields of the only contact."""
    (found,) = sandbox.contacts()
    return [found[name] for name in names]


def test_one_contact_in_full(page: Browser, api: httpx.Client) -> None:
    """A contact is shown with every field and without cuts."""
    long = "w" * 3000
    api.post("", json={"number": ADA, "first_name": long, "tags": [str(n) for n in range(50)]}).raise_for_status()
    page.click("#contacts tbody button")
    page.shows(long, "#details-content")
    shown = page.text("#details-content").split()
    assert [text for text in ("49", "Created", "c_00000001", ADA) if text not in shown] == []
    assert page.overflow() == 0


def test_filters(page: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """Contacts can be filtered by opted out and verified, also together; a reply to a message verifies a contact."""
    for number in (ADA, BOB):
        api.post("", json={"number": number})
    api.post("/opt-out", json={"number": ADA})
    page.shows("1 to 2 of 2")
    page.fill("#opt-out", "true")
    page.shows("1 to 1 of 1 found")
    assert ADA in page.text("#contacts")
    page.fill("#verified", "true")
    page.shows("No contacts match.")
    api.post("/verify", json={"number": ADA})
    show(page, "controls")
    page.shows(ADA, "#verifications")
    page.click("#verifications button")
    page.shows("verified", "#verifications")
    page.shows(f"{ADA} is verified.", "#message")
    assert [each["verified"] for each in sandbox.contacts()] == [True, False]
    show(page, "contacts")
    page.shows("1 to 1 of 1 found")
    page.fill("#opt-out", "false")
    page.fill("#verified", "false")
    page.shows(BOB, "#contacts")


def show(page: Browser, name: str) -> None:
    """Select a tab."""
    page.click(f"#tab-{name}")


def test_one_request(page: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """A request is shown with its headers, its body, its response and its fault, and without credentials."""
    sandbox.faults.add(what="html", status=502, delay=0.01)
    api.post("", json={"number": ADA}, headers={"sb-api-secret-key": "hidden-4711", "X-Trace": "trace-7"})
    show(page, "requests")
    page.shows("fault: html", "#requests")
    page.click("#requests tbody button")
    page.shows("trace-7", "#details-content")
    shown = page.text("#details-content")
    expected = ("••••••", f'"number": "{ADA}"', "502", "text/html", "<h1>502 Bad Gateway</h1>", '"what": "html"')
    assert [text for text in expected if text not in shown] == []
    assert "hidden" not in page.text()


def test_requests_by_status(page: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """Requests can be filtered by their status, and are in the order of time whatever the order of their ends."""
    sandbox.faults.add(what="reset", nth=3)
    for seconds, path in ((2000, "/count"), (1000, "/%2B14155550000")):
        sandbox.clock.set(seconds)
        api.get(path)
    show(page, "requests")
    wait_for(page, 2, "#requests tbody tr")
    assert [row.text.split()[1] for row in page.all("#requests tbody tr")] == [
        *("/api/v2/contacts/count", "/api/v2/contacts/+14155550000")
    ]
    with pytest.raises(httpx.ReadError):
        api.get("/count")
    texts = {"2xx": "200", "4xx": "404", "fault": "fault: reset", "reset": "connection"}
    for value, text in texts.items():
        page.fill("#status", value)
        page.shows(text, "#requests")
        wait_for(page, 1, "#requests tbody tr")
    page.fill("#status", "5xx")
    page.shows("No requests match.")


def test_presets(page: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """Each preset adds a valid rule, whose counters are shown; the rules can be removed one by one or together."""
    show(page, "faults")
    presets = page.all("#presets button")
    for number, preset in enumerate(presets, 1):
        page.run("arguments[0].click()", preset)
        wait_for(page, number, "#faults .row > strong")
    assert (len(presets), len(sandbox.faults.all())) == (9, 9)
    assert api.get("/count").status_code == 503
    page.shows("hit 1 of 1 matching requests", "#faults")
    page.click("#faults li:last-child button:last-child")
    page.until(lambda: len(sandbox.faults.all()) == 8, "a removed rule")
    page.click("#clear-faults")
    page.shows("No rules", "#faults")


def test_rule_editor(page: Browser, sandbox: Sandbox) -> None:
    """A rule can have every kind, operation and field; an invalid one keeps the form open; it can be edited."""
    show(page, "faults")
    page.click("#add-fault")
    assert set(page.run(OPTIONS, page.find("#input-what"))) == set(get_args(FaultKind))
    fill(page, what="status", status="42", operation="count_contacts", times="2", nth="1, 3", body='{"a": [1]}')
    page.click("#form-submit")
    page.shows("status=42 is not a valid field of a fault", "#form-error")
    fill(page, status="503", delay="0.5", path="/api/*", method="GET", probability="0.5", seed="7", jitter="1")
    page.click("#input-after")
    page.click("#input-headers > button")
    page.fill("#input-headers input", "X-Fault")
    page.fill("#input-headers input:nth-child(2)", "yes")
    submit(page)
    page.shows("count_contacts", "#faults")
    (rule,) = sandbox.faults.all()
    expected = {"status": 503, "operation": "count_contacts", "times": 2, "nth": (1, 3), "body": {"a": [1]}}
    more = {"delay": 0.5, "path": "/api/*", "method": "GET", "probability": 0.5, "seed": 7, "jitter": 1, "after": True}
    assert rule.fault.to_dict() == {"what": "status", **expected, **more, "headers": {"X-Fault": "yes"}}
    page.click("#faults button")
    fill(page, what="html", times="")
    submit(page)
    page.shows("HTML error page", "#faults")
    (changed,) = sandbox.faults.all()
    assert changed.fault == replace(rule.fault, what="html", times=None)


def test_controls(page: Browser, sandbox: Sandbox, api: httpx.Client) -> None:
    """Sample contacts, the clock, the limit and a reset; an invalid value is shown as a message."""
    show(page, "controls")
    assert page.run(OPTIONS, page.find("#window-model")) == list(get_args(WindowName))
    page.fill("#seed-count", "7")
    page.click("#seed-form button")
    page.shows("Created 7 contacts.", "#message")
    page.fill("#set-time", "soon")
    page.click("#set-form button")
    page.shows("soon", "#message.bad")
    page.fill("#set-time", "2024-01-15T10:30:00Z")
    page.click("#set-form button")
    page.shows("It is 2024-01-15T10:30:00Z", "#clock")
    page.click("#advance-form button")
    page.shows("It is 2024-01-15T10:30:10Z", "#clock")
    assert sandbox.clock() == 1_705_314_610.0
    page.click("#real")
    page.shows("follows real time", "#clock")
    page.fill("#limit", "1")
    page.fill("#per", "60")
    page.fill("#window-model", "bucket")
    page.click("#limit-form button")
    page.shows("The limit is changed", "#message")
    assert [api.get("/count").status_code for _ in range(2)] == [200, 429]
    page.click("#limit-off")
    page.click("#limit-form button")
    page.until(lambda: httpx.get(f"{sandbox.url}/_sandbox/state").json()["limit"] is None, "no limit")
    page.click("#reset")
    page.click("#question button")
    assert len(sandbox.contacts()) == 7
    page.click("#reset")
    page.click("#question .danger")
    page.shows("The sandbox is as it was at its start.", "#message")
    assert (sandbox.contacts(), httpx.get(f"{sandbox.url}/_sandbox/state").json()["limit"]) == ([], 100)
