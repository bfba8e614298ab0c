"""What the browser tests share: one real Chromium without a screen, and a sandbox for each test."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx
import pytest
from maintain.servers import ensure
from maintain.venvs import ScriptError
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from sendblue_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")

CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
DESKTOP, PHONE = 1280, 390
HEIGHT = 900
PATIENCE, GLANCE = 20.0, 0.05
SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # its own sandbox does not work for root
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--window-size={DESKTOP},{HEIGHT}",
)


class Browser:
    """A browser, in the words of these tests.

    Args:
        driver: Selenium's driver of it.
    """

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str, width: int = DESKTOP, scheme: str = "light") -> None:
        """Show a page, as wide as that and in this colour scheme."""
        metrics = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width == PHONE}
        colours = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", colours)
        self.driver.get("about:blank")  # or an address that differs behind its # alone would load nothing
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        """The first element that a CSS selector selects, as soon as there is one."""
        return self.until(lambda: next(iter(self.all(selector)), None), selector)

    def all(self, selector: str) -> list[WebElement]:
        """Every element that a CSS selector selects now."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str = "body") -> str:
        """The text inside the first such element, as far as it can be seen; "" if there is none."""
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return str(self.run(script, selector))

    def click(self, selector: str) -> None:
        """Click the first such element, wherever the page is just being scrolled to."""
        self.run("arguments[0].click()", self.find(selector))

    def shows(self, text: str, selector: str = "body") -> bool:
        """Whether a text comes to be seen."""
        return self.until(lambda: text in self.text(selector), text)

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        """What a condition gives, as soon as it is something."""
        wait = WebDriverWait(self.driver, PATIENCE, GLANCE)
        return cast("T", wait.until(lambda _: condition(), f"not seen: {what}; the page: {self.text()[:2000]}"))

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the script returns
        """What a script returns in the page."""
        return self.driver.execute_script(script, *arguments)

    def overflow(self) -> int:
        """How many pixels the page is wider than the screen."""
        root = "document.documentElement"
        return int(self.run(f"return {root}.scrollWidth - {root}.clientWidth"))

    def requested(self) -> set[str]:
        """The address of everything that pages asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}

    def complaints(self) -> list[str]:
        """What the browser had to say of its pages since the last call: errors, refused loads."""
        return [entry["message"] for entry in self._log("browser") if entry["level"] == "SEVERE"]

    def _log(self, name: str) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", cast("Any", self.driver).get_log(name))


def program(command: str, package: str) -> str:
    """The path of a program of Debian's; without it the test is skipped, but not in CI."""
    try:
        return str(ensure(command, package))
    except ScriptError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A Chromium with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium")
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(program("chromedriver", "chromium-driver"))
    driver = webdriver.Chrome(options, service)
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> Browser:
    """The browser, with an empty page and nothing noted."""
    browser = Browser(chromium)
    browser.open("about:blank")
    browser.requested()
    browser.complaints()
    return browser


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with the limit of the live API, and nothing in it."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client of the sandbox's contacts."""
    with httpx.Client(base_url=f"{sandbox.url}/api/v2/contacts", headers=CREDENTIALS, trust_env=False) as client:
        yield client
