"""Pictures of the sandbox's page for the README and the start page, taken with Chromium."""

from __future__ import annotations

import base64
import tempfile
from typing import TYPE_CHECKING

from selenium import webdriver
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox

from maintain.servers import ensure
from maintain.venvs import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "docs/assets"
SCHEMES = ("light", "dark")
SIZE = {"width": 1200, "height": 740, "deviceScaleFactor": 1, "mobile": False}
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
PEOPLE: tuple[tuple[str, str, str, str, list[str]], ...] = (
    ("+14155551234", "Ada", "Lovelace", "Analytical Engines", ["VIP"]),
    ("+14155551235", "Grace", "Hopper", "Eckert-Mauchly", ["Customer"]),
    ("+14155551236", "Kurt", "Gödel", "", []),
    ("+14155551237", "Alan", "Turing", "Bletchley", ["Customer", "Trial"]),
    ("+14155551238", "Emmy", "Noether", "", ["VIP"]),
)


def take_pictures() -> list[Path]:
    """Write a light and a dark picture of the page, and return their paths."""
    with Sandbox() as sandbox:
        use(sandbox)
        return [picture(sandbox.url, scheme) for scheme in SCHEMES]


def use(sandbox: Sandbox) -> None:
    """Send some requests, one of which meets a fault."""
    with Sendblue("key", "secret", base_url=sandbox.url) as client:
        names = ("phone", "first_name", "last_name", "company_name", "tags")
        client.contacts.bulk.create([dict(zip(names, person, strict=True)) for person in PEOPLE])
        sandbox.faults.add(operation="count_contacts", what="status", status=503, times=1)
        client.contacts.count()
        client.contacts.update("+14155551236", company_name="Princeton")
        client.contacts.get("+14155559999")


def picture(url: str, scheme: str) -> Path:
    """Take one picture."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(ensure("chromium", "chromium"))
    with tempfile.TemporaryDirectory() as profile:
        for switch in (*SWITCHES, f"--user-data-dir={profile}"):
            options.add_argument(switch)
        service = webdriver.ChromeService(str(ensure("chromedriver", "chromium-driver")))
        driver = webdriver.Chrome(options, service)
        try:
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", SIZE)
            feature = {"name": "prefers-color-scheme", "value": scheme}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
            driver.get(url)
            driver.implicitly_wait(10)
            driver.find_element("xpath", "//*[contains(text(), 'Gödel')]")  # the page has loaded the contacts
            shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        finally:
            driver.quit()
    path = FOLDER / f"sandbox-{scheme}.png"
    path.write_bytes(base64.b64decode(shot["data"]))
    return path
