"""The pictures of the page "Django": the example's pages, taken in Chromium.

`python -m docs.pictures.shop` serves `docs/examples/django_shop` on a sandbox, whose dates lie
around today, and writes a WebP for each picture beside this file.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from statuspro.sandbox import Sandbox
from tests.support.browser import PHONE, Scheme, chromium, prefer, resize
from tests.support.django_shop import EXAMPLE, PASSWORD, STAFF, shop

HERE = Path(__file__).parent
SCREEN = (1180, 620)

#: On top of the list: a customer, the status, and in how many days the order is due.
ORDERS: list[tuple[str, str | None, int | None]] = [
    ("Ines Carvalho", "st000001", 21),
    ("Jonas Weber", "st000001", 18),
    ("Clara Martin", "st000002", 9),
    ("Mateusz Nowak", "st000005", -4),
    ("Grace Clarke", "st000002", 6),
    ("Lars Lindqvist", "st000004", 2),
    ("Ada Brandt", "st000002", 5),
    ("Giulia Conti", "st000003", None),
    ("Tom Byrne", None, None),
]


def picture(browser: WebDriver, name: str, size: tuple[int, int], scheme: Scheme = "light") -> None:
    """Takes what the window shows."""
    resize(browser, size, scale=1.5)
    prefer(browser, scheme)
    browser.execute_script("document.getAnimations().forEach(each => each.finish())")
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 75})
    path = HERE / f"shop-{name}.webp"
    path.write_bytes(base64.b64decode(taken["data"]))
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


def fill_in(browser: WebDriver, **fields: str) -> None:
    """Types into the fields of these names, and sends their form."""
    for name, text in fields.items():
        found = browser.find_element(By.NAME, name)
        found.send_keys(text)
    found.submit()


def take_customers(browser: WebDriver, site: str, number: str, email: str) -> None:
    """Takes the customers' page: the form, and the order that is looked up."""
    browser.get(f"{site}/order/")
    picture(browser, "form-phone", PHONE)
    fill_in(browser, number=number, email=email)
    picture(browser, "order", (820, 720))
    picture(browser, "order-phone", PHONE)
    picture(browser, "order-phone-dark", PHONE, "dark")


def take_staff(browser: WebDriver, site: str, ids: list[int]) -> None:
    """Takes the admin: the list, and three orders that are moved, of which one cannot."""
    browser.get(f"{site}/admin/statuspro/order/")
    fill_in(browser, username=STAFF, password=PASSWORD)
    browser.execute_script("document.querySelector('#toggle-nav-sidebar')?.click()")
    browser.get(f"{site}/admin/statuspro/order/")
    picture(browser, "list", SCREEN)
    for order_id in ids:
        browser.find_element(By.CSS_SELECTOR, f"input[value='{order_id}']").click()
    Select(browser.find_element(By.NAME, "action")).select_by_value("move")
    browser.find_element(By.CSS_SELECTOR, ".actions button").click()
    browser.find_element(By.CSS_SELECTOR, "input[value='st000003']").click()
    browser.find_element(By.CSS_SELECTOR, "input.default").click()
    picture(browser, "move", SCREEN)
    browser.find_element(By.NAME, "send").click()
    picture(browser, "result", SCREEN)


def main() -> None:
    """Takes all pictures."""
    sys.path.insert(0, str(EXAMPLE))
    from shop.management.commands.demo import choose_example

    with Sandbox(orders=60, seed=29) as sandbox, tempfile.TemporaryDirectory() as folder:
        chosen = choose_example(sandbox)
        ids = [add_order(sandbox, *given) for given in reversed(ORDERS)][::-1]
        with shop(sandbox, Path(folder)) as served, chromium() as browser:
            take_customers(browser, served.url, *chosen)
            take_staff(browser, served.url, [ids[2], ids[4], ids[3]])


def add_order(sandbox: Sandbox, customer: str, status: str | None, days: int | None) -> int:
    """Adds an order on top of the list."""
    given: dict[str, Any] = {
        "name": customer,
        "email": f"{customer.split()[0].lower()}@example.com",
    }
    if status:
        given["status_code"] = status
    if days is not None:
        given["due_date"] = (date.today() + timedelta(days=days)).isoformat()
        given["due_date_to"] = None
    return sandbox.add_order(**given)


if __name__ == "__main__":
    main()
