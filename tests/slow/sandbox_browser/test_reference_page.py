"""The page `/docs` in a real browser: the API reference, with requests to this sandbox."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import yaml
from maintain.venvs import ROOT
from selenium.webdriver.common.keys import Keys
from sendblue_sandbox import Sandbox

from tests.slow.sandbox_browser.conftest import Browser

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "openapi/contacts.yaml").read_bytes())
OPERATIONS = {
    operation["operationId"]
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
    if "operationId" in operation
}
ADA = "+14155551234"


def open_operation(browser: Browser, sandbox: Sandbox, operation: str, width: int = 1280) -> str:
    """Open the reference at an operation; return the selector of its section."""
    tag = "ContactsBulk" if operation.startswith("bulk") else "Contacts"
    browser.open(f"{sandbox.url}/docs#/{tag}/{operation}", width)
    part = f"#operations-{tag}-{operation}"
    browser.find(f"{part} .execute")
    return part


def execute(browser: Browser, part: str) -> str:
    """Press Execute; return the status that is then shown."""
    browser.click(f"{part} .execute")
    return browser.find(f"{part} .live-responses-table .response .response-col_status").text.split()[0]


def test_every_operation_is_there(browser: Browser, sandbox: Sandbox) -> None:
    """The reference has every operation of the document and no other, with one server: this sandbox."""
    browser.open(f"{sandbox.url}/docs")
    browser.find(".opblock")
    assert {str(part.get_attribute("id")).rpartition("-")[2] for part in browser.all(".opblock")} == OPERATIONS
    served = httpx.get(f"{sandbox.url}/docs/openapi.json").json()
    assert [server["url"] for server in served["servers"]] == [sandbox.url]
    assert {**served, "servers": None, "paths": None} == {**DOCUMENT, "servers": None, "paths": None}


def test_try_it_out(browser: Browser, sandbox: Sandbox) -> None:
    """Executing the documented example creates a contact, which is found: both headers and a plus sign are sent."""
    part = open_operation(browser, sandbox, "create_contact")
    assert execute(browser, part) == "200"
    assert [contact["phone"] for contact in sandbox.contacts()] == [ADA]
    sent = sandbox.requests[-1].headers
    assert (sent["sb-api-key-id"], sent["sb-api-secret-key"]) == ("sandbox", "sandbox")
    part = open_operation(browser, sandbox, "retrieve_contact")
    field = browser.find(f"{part} tr[data-param-name=phone_number] input")
    field.clear()
    field.send_keys(ADA, Keys.TAB)
    assert execute(browser, part) == "200"
    assert sandbox.requests[-1].path == "/api/v2/contacts/%2B14155551234"


def test_other_spellings_are_shown(browser: Browser, sandbox: Sandbox) -> None:
    """The reference shows the other spellings of a field, from `x-aliases` in the document."""
    part = open_operation(browser, sandbox, "create_contact")
    buttons = "[...document.querySelectorAll(arguments[0] + ' .opblock-section-request-body button')]"
    for text in ("Schema", "Expand all"):
        assert browser.shows(text, part)
        browser.run(f"{buttons}.filter(b => b.textContent.trim() === '{text}').forEach(b => b.click())", part)
    assert browser.shows("x-aliases", part)


def test_one_pair_of_credentials(browser: Browser) -> None:
    """A sandbox with configured credentials does not reveal them; they can be entered in the dialog."""
    with Sandbox(api_key="key-4711", api_secret="secret-4711") as sandbox:  # noqa: S106 - not a real secret
        part = open_operation(browser, sandbox, "count_contacts")
        assert browser.shows("press Authorize and enter it")
        assert execute(browser, part) == "403"
        browser.click(".btn.authorize")
        browser.find(".auth-container input")
        for field, value in zip(browser.all(".auth-container input"), ("key-4711", "secret-4711"), strict=True):
            field.send_keys(value)
        for button in browser.all(".auth-container .btn.authorize"):
            browser.run("arguments[0].click()", button)  # the dialog may still be moving
        browser.click(".close-modal")
        browser.click(f"{part} .btn-clear")
        assert execute(browser, part) == "200"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_no_external_requests(browser: Browser, sandbox: Sandbox, path: str) -> None:
    """Every request of the page goes to the sandbox, without errors; the browser refuses files from other hosts."""
    browser.open(sandbox.url + path)
    browser.find(".opblock" if path == "/docs" else "#figures dd")
    requested = browser.requested()
    assert f"{sandbox.url}{path}" in requested
    assert [url for url in requested if not url.startswith((f"{sandbox.url}/", "data:"))] == []
    assert browser.errors() == []
    with Sandbox() as other:
        browser.run(
            "const made = document.createElement('img'); made.src = arguments[0]; document.body.append(made)",
            other.url + "/x.png",
        )
        browser.until(lambda: any("Content Security Policy" in line for line in browser.errors()), "a refusal")


def test_fits_a_phone(browser: Browser, sandbox: Sandbox) -> None:
    """The reference is not wider than a phone, with operations open and executed."""
    for operation in ("create_contact", "list_contacts"):
        execute(browser, open_operation(browser, sandbox, operation, 390))
        assert (operation, browser.overflow()) == (operation, 0)
