"""Chromium without a window, driven by selenium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest

from tests.support import axe

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

#: Width and height of a window, in CSS pixels.
PHONE = (360, 740)
DESKTOP = (1280, 800)

Scheme = Literal["light", "dark"]

_ARGUMENTS = (
    *("--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    # The pages under test are of this machine, and no other host has a name.
    *("--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
    *("--lang=en-US", "--force-color-profile=srgb"),
)


class MissingError(Exception):
    """This machine has no Chromium, or no driver for it."""


@contextmanager
def chromium() -> Iterator[WebDriver]:
    """Starts a browser, and ends it.

    Raises:
        MissingError: this machine has no Chromium, or no driver for it.
    """
    # Not above: to import selenium takes longer than most tests.
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.chrome.webdriver import WebDriver

    options = Options()
    options.binary_location = _program("chromium", "chromium-browser", "google-chrome")
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's own does not run as root
    service = Service(_program("chromedriver"))
    driver = WebDriver(options=options, service=service)
    try:
        driver.set_script_timeout(30)
        driver.set_page_load_timeout(30)
        yield driver
    finally:
        driver.quit()


def resize(driver: WebDriver, size: tuple[int, int], scale: float = 1.0) -> None:
    """Gives the page a window of this size, with so many pixels of the screen for each of CSS."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def prefer(driver: WebDriver, scheme: Scheme) -> None:
    """Has the visitor prefer light or dark pages."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def overflow(driver: WebDriver) -> int:
    """By how many pixels the page is wider than its window."""
    root = "document.documentElement"
    return int(driver.execute_script(f"return {root}.scrollWidth - {root}.clientWidth"))


def _program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise MissingError(f"{names[0]} is not installed (Debian: apt-get install chromium-driver)")
    return found


@pytest.fixture(scope="session")
def axe_core() -> None:
    """Has axe-core at hand."""
    try:
        axe.source()
    except axe.MissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def browser(axe_core: None) -> Iterator[WebDriver]:
    """One browser for the tests of a module."""
    try:
        with chromium() as driver:
            yield driver
    except MissingError as error:
        pytest.fail(str(error), pytrace=False)
