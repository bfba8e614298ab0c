"""Fixtures of the browser tests: one headless Chromium and one sandbox, which is empty for each test."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import httpx
import pytest
from maintain.servers import ensure
from maintain.venvs import ScriptError
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from sendblue_sandbox import Sandbox

T = TypeVar("T")

CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
DESKTOP, PHONE = 1280, 390
HEIGHT = 900
WAIT_TIMEOUT, POLL_INTERVAL = 20.0, 0.05
CHROMIUM_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # the sandbox of Chromium does not work for root
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
    """A browser.

    Args:
        driver: The Selenium driver.
    """

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str, width: int = DESKTOP, scheme: str = "light") -> None:
        """Open a page with this width and colour scheme."""
        metrics = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width == PHONE}
        colours = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", colours)
        self.driver.get("about:blank")  # otherwise a URL that differs only in its fragment would load nothing
        self.driver.get(url)

    def find(self, selector: str) -> WebElement:
        """Return the first element that matches a CSS selector, and wait for it."""
        return self.until(lambda: next(iter(self.all(selector)), None), selector)

    def all(self, selector: str) -> list[WebElement]:
        """Return every element that currently matches a CSS selector."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str = "body") -> str:
        """Return the visible text of the first element that matches; "" if there is none."""
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return str(self.run(script, selector))

    def fill(self, selector: str, text: str) -> None:
        """Replace the text of an input, or select an option."""
        script = (
            "const [input, text] = arguments; input.value = text;"
            "for (const kind of ['input', 'change']) input.dispatchEvent(new Event(kind, {bubbles: true}))"
        )
        self.run(script, self.find(selector), text)

    def click(self, selector: str) -> None:
        """Click the first element that matches, even while the page scrolls."""
        self.run("arguments[0].click()", self.find(selector))

    def shows(self, text: str, selector: str = "body") -> bool:
        """Wait until a text is visible."""
        return self.until(lambda: text in self.text(selector), text)

    def until(self, condition: Callable[[], T | None], what: str) -> T:
        """Wait until a condition returns a true value, and return it."""
        wait = WebDriverWait(self.driver, WAIT_TIMEOUT, POLL_INTERVAL)
        return cast("T", wait.until(lambda _: condition(), f"not visible: {what}; page text: {self.text()[:2000]}"))

    def run(self, script: str, *arguments: object) -> Any:
        """Return the result of a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        root = "document.documentElement"
        return int(self.run(f"return {root}.scrollWidth - {root}.clientWidth"))

    def requested(self) -> set[str]:
        """Return the URLs that pages requested since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}

    def errors(self) -> list[str]:
        """Return the errors in the browser log since the last call, refused loads included."""
        return [entry["message"] for entry in self._log("browser") if entry["level"] == "SEVERE"]

    def _log(self, name: str) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", cast("Any", self.driver).get_log(name))


def program(command: str, package: str) -> str:
    """Return the path of a program from a Debian package; without it the test is skipped, except in CI."""
    try:
        return str(ensure(command, package))
    except ScriptError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A Chromium with its own profile."""
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium")
    for switch in (*CHROMIUM_OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
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
    """The browser, with an empty page and empty logs."""
    browser = Browser(chromium)
    browser.open("about:blank")
    browser.requested()
    browser.errors()
    return browser


@pytest.fixture(scope="session")
def shared() -> Iterator[tuple[Sandbox, httpx.Client]]:
    """A sandbox with the limit of the live API, and a client for its contacts."""
    with (
        Sandbox() as sandbox,
        httpx.Client(base_url=f"{sandbox.url}/api/v2/contacts", headers=CREDENTIALS, trust_env=False) as client,
    ):
        yield sandbox, client


@pytest.fixture
def sandbox(browser: Browser, shared: tuple[Sandbox, httpx.Client]) -> Sandbox:
    """The sandbox, empty. The browser has left its page."""
    _ = browser
    shared[0].reset()
    return shared[0]


@pytest.fixture
def api(sandbox: Sandbox, shared: tuple[Sandbox, httpx.Client]) -> httpx.Client:
    """The client, whose sandbox is empty."""
    _ = sandbox
    return shared[1]
