"""The example `docs/examples/django_shop` in a real browser, and its demo."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from statuspro.sandbox import Sandbox
from statuspro.sandbox.catalogue import DELIVERED, IN_PRODUCTION, SHIPPED
from tests.support.axe import axe
from tests.support.browser import DESKTOP, PHONE, Scheme, overflow, prefer, resize
from tests.support.django_shop import EXAMPLE, PASSWORD, STAFF, Shop, shop
from tests.support.polling import eventually

EMAIL = "ada@example.com"
VISITORS: list[tuple[tuple[int, int], Scheme]] = [
    (PHONE, "light"),
    (PHONE, "dark"),
    (DESKTOP, "light"),
]
PUBLIC, INTERNAL = "The oak has arrived.", "One board has a knot."


class Orders(NamedTuple):
    """Orders that the shop's database holds from the start, each for other tests."""

    shown: int
    moved: int
    many: list[int]


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(orders=5) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def orders(service: Sandbox) -> Orders:
    due = date.today() + timedelta(days=9)
    last = due + timedelta(days=3)
    shown = service.add_order(
        name="Ada Brandt",
        email=EMAIL,
        locale="en",
        status_code=IN_PRODUCTION,
        due_date=due.isoformat(),
        due_date_to=last.isoformat(),
    )
    with service.client() as client:
        client.add_order_comment(shown, PUBLIC, public=True)
        client.add_order_comment(shown, INTERNAL)
    many = [service.add_order(status_code=IN_PRODUCTION) for _ in range(11)]
    many.append(service.add_order(status_code=DELIVERED))
    return Orders(shown, service.add_order(status_code=IN_PRODUCTION), many)


@pytest.fixture(scope="module")
def site(
    service: Sandbox, orders: Orders, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    with shop(service, tmp_path_factory.mktemp("shop")) as started:
        yield started


@pytest.fixture
def page(browser: WebDriver, service: Sandbox) -> WebDriver:
    """The browser of a visitor who is nobody yet, with nothing noted and no fault left."""
    service.clear_faults()
    service.requests.clear()
    browser.delete_all_cookies()
    resize(browser, DESKTOP)
    prefer(browser, "light")
    return browser


@pytest.fixture
def number(service: Sandbox, orders: Orders) -> str:
    return str(service.order(orders.shown)["order_number"])


@pytest.fixture
def board(page: WebDriver, site: Shop) -> WebDriver:
    """The list of orders, as a member of the staff sees it who has just logged in."""
    page.get(f"{site.url}/admin/statuspro/order/")
    field(page, "Username").send_keys(STAFF)
    field(page, "Password").send_keys(PASSWORD)
    press(page, "Log in")
    assert "/admin/statuspro/order/" in page.current_url
    return page


def field(page: WebDriver, label: str) -> WebElement:
    """The field that a label belongs to."""
    found = page.find_element(By.XPATH, f"//label[contains(normalize-space(), '{label}')]")
    return page.find_element(By.ID, str(found.get_dom_attribute("for")))


def look_up(page: WebDriver, site: Shop, number: str, email: str) -> str:
    """Looks an order up by keyboard alone, and gives the words of the page that comes."""
    page.get(f"{site.url}/order/")
    keys = ActionChains(page)
    keys.send_keys(Keys.TAB, number, Keys.TAB, email).perform()
    with next_page(page):
        ActionChains(page).send_keys(Keys.ENTER).perform()
    return words(page)


@contextmanager
def next_page(page: WebDriver) -> Iterator[None]:
    """Waits until another page has come whole: the driver does so only for some clicks."""
    page.execute_script("window.isLeft = true")
    yield
    has_come = "return !window.isLeft && document.readyState === 'complete'"
    assert eventually(lambda: bool(page.execute_script(has_come)), seconds=30)


def words(page: WebDriver) -> str:
    return page.find_element(By.TAG_NAME, "main").text


def press(page: WebDriver, words: str) -> None:
    """Presses the button that says so, and waits for the page that comes."""
    path = f"//button[contains(., '{words}')] | //input[contains(@value, '{words}')]"
    with next_page(page):
        page.find_element(By.XPATH, path).click()


def go_to(page: WebDriver, words: str) -> WebElement:
    """Goes by keyboard to the button that says so."""
    for _ in range(50):
        ActionChains(page).send_keys(Keys.TAB).perform()
        reached = page.switch_to.active_element
        if words in str(reached.get_property("value")):
            return reached
    raise AssertionError(f"the keyboard does not get to {words!r}")


def choose(board: WebDriver, orders: list[int], action: str) -> None:
    """Ticks orders of the list, and goes on with an action."""
    for order_id in orders:
        board.find_element(By.CSS_SELECTOR, f"input[value='{order_id}']").click()
    Select(board.find_element(By.NAME, "action")).select_by_visible_text(action)
    with next_page(board):  # what the button says differs between versions of Django
        board.find_element(By.CSS_SELECTOR, ".actions button[name='index']").click()


def faults(page: WebDriver) -> list[str]:
    """What is wrong with the page for some visitors: on a phone and a screen, light and dark."""
    found: list[str] = []
    for size, scheme in VISITORS:
        resize(page, size)
        prefer(page, scheme)
        if overflow(page):
            found.append(f"{size}: {overflow(page)} pixels too wide")
        found += [f"{size} {scheme}: {fault}" for fault in axe(page)]
    return found


# What customers see


def test_a_customer_finds_an_order_and_leaves_no_trace(
    page: WebDriver, site: Shop, service: Sandbox, number: str
) -> None:
    shown = look_up(page, site, number, EMAIL.upper())
    assert f"#{number}" in shown
    assert "On the workbench" in shown
    assert PUBLIC in shown
    assert INTERNAL not in shown
    assert "Expected between" in shown
    assert page.current_url == f"{site.url}/order/"
    assert page.get_cookies() == []
    assert EMAIL not in site.log.casefold()
    assert service.requests == [], "the page comes from the mirror"


def test_a_wrong_number_and_a_wrong_address_get_the_same_words(
    page: WebDriver, site: Shop, number: str
) -> None:
    of_number = look_up(page, site, "99999", EMAIL)
    of_address = look_up(page, site, number, "bob@example.com")
    assert of_number == of_address
    assert "no order with this number and this e-mail address" in of_address


def test_a_customer_s_pages_have_no_fault(page: WebDriver, site: Shop, number: str) -> None:
    found = {}
    page.get(f"{site.url}/order/")
    found["form"] = faults(page)
    look_up(page, site, number, "bob@example.com")
    found["no order"] = faults(page)
    look_up(page, site, number, "no address")
    found["field"] = faults(page)
    look_up(page, site, number, EMAIL)
    found["order"] = faults(page)
    assert not any(found.values()), found


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    page: WebDriver, site: Shop, number: str
) -> None:
    page.get(f"{site.url}/order/")
    reached = []
    for _ in range(3):
        ActionChains(page).send_keys(Keys.TAB).perform()
        reached.append(page.switch_to.active_element)
        assert has_visible_focus(page, reached[-1])
    fields = [field(page, "Order number"), field(page, "E-mail address")]
    assert reached == [*fields, page.find_element(By.TAG_NAME, "button")]
    look_up(page, site, number, EMAIL)
    ActionChains(page).send_keys(Keys.TAB).perform()
    link = page.switch_to.active_element
    assert link.text == "Look up another order"
    assert has_visible_focus(page, link)
    with next_page(page):
        link.send_keys(Keys.ENTER)
    assert field(page, "Order number").get_property("value") == ""


def has_visible_focus(page: WebDriver, element: WebElement) -> bool:
    """Whether a line is drawn around the element that has the focus: a browser's own, or ours."""
    style = "const s = getComputedStyle(arguments[0]); return [s.outlineStyle, s.outlineWidth]"
    outline, width = page.execute_script(style, element)
    return outline == "auto" or (outline != "none" and float(width.removesuffix("px")) >= 2)


def test_a_customer_of_a_shop_with_a_mirror_notices_nothing_of_an_outage(
    page: WebDriver, site: Shop, service: Sandbox, number: str
) -> None:
    service.fail(503, times=100, retry_after=600)
    assert PUBLIC in look_up(page, site, number, EMAIL)
    assert service.pending_faults == 100


def test_a_shop_without_a_mirror_says_that_the_service_is_down_or_that_it_is_too_much(
    page: WebDriver, service: Sandbox, number: str, tmp_path: Path
) -> None:
    with shop(service, tmp_path, commands=()) as site:
        service.fail(503, retry_after=600)
        assert "cannot be shown at the moment" in look_up(page, site, number, EMAIL)
        found = {"unavailable": faults(page)}
        assert PUBLIC in look_up(page, site, number, EMAIL), "it is up again"
        guess = {"number": number, "email": "bob@example.com"}
        guesses = [requests.post(f"{site.url}/order/", guess, timeout=30) for _ in range(11)]
        assert [each.status_code for each in guesses] == [*[200] * 10, 429]
        assert "Too many attempts" in look_up(page, site, number, EMAIL)
        found["too much"] = faults(page)
        assert not any(found.values()), found


# What the staff see


def test_the_staff_s_pages_have_no_fault(board: WebDriver, site: Shop, orders: Orders) -> None:
    found = {"list": faults(board)}
    board.get(f"{site.url}/admin/statuspro/order/{orders.shown}/change/")
    found["order"] = faults(board)
    board.get(f"{site.url}/admin/statuspro/status/")
    found["statuses"] = faults(board)
    assert not any(found.values()), found


def test_the_staff_moves_an_order(board: WebDriver, service: Sandbox, orders: Orders) -> None:
    choose(board, [orders.moved], "Move to …")
    found = {"form": faults(board)}
    field(board, "Shipped").click()
    field(board, "Comment").send_keys("On its way.")
    field(board, "Public").click()
    press(board, "Go on")
    assert "Can move" in words(board)
    found["question"] = faults(board)
    service.mails.clear()
    send = go_to(board, "Move 1 order and mail its customer")
    assert has_visible_focus(board, send)
    with next_page(board):
        send.send_keys(Keys.ENTER)
    assert "Done (1)" in words(board)
    found["result"] = faults(board)
    moved = service.order(orders.moved)
    assert moved["status"]["code"] == SHIPPED
    assert [mail.order_id for mail in service.mails] == [orders.moved]
    assert not any(found.values()), found


def test_a_bulk_update_says_which_order_has_not_moved(
    board: WebDriver, service: Sandbox, orders: Orders
) -> None:
    *able, done = orders.many
    choose(board, orders.many, "Move to …")
    field(board, "Shipped").click()
    field(board, "Mail nobody").click()
    press(board, "Go on")
    assert "bulk update" in words(board)
    found = {"question": faults(board)}
    service.mails.clear()
    press(board, f"Move {len(orders.many)} orders, mail nobody")
    shown = words(board)
    assert f"Done ({len(able)})" in shown
    assert "Passed over, or not done yet (1)" in shown
    assert service.order(done)["name"] in shown.partition("Passed over")[2].partition("Done (")[0]
    press(board, "Look again")
    assert "Passed over, or not done yet (1)" in words(board), "the others are still there"
    found["result"] = faults(board)
    assert {service.order(each)["status"]["code"] for each in able} == {SHIPPED}
    assert service.mails == []
    assert not any(found.values()), found


def test_the_staff_is_told_that_the_service_is_down(
    board: WebDriver, service: Sandbox, orders: Orders
) -> None:
    service.fail(503, times=100, retry_after=600)
    choose(board, [orders.shown], "Fetch again")
    assert "was not fetched" in words(board) or "Not fetched" in words(board)
    assert faults(board) == []


# The project


def test_the_settings_of_a_deployed_shop_pass_django_s_checks(tmp_path: Path) -> None:
    given = {
        "SHOP_HOST": "shop.example.com",
        "SHOP_SECRET_KEY": "".join(map(chr, range(40, 110))),
        "SHOP_DATA_DIR": str(tmp_path),
        "STATUSPRO_API_KEY": "key-3f9a1c77e0d24b58",
    }
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=EXAMPLE,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_demo_needs_no_key_prints_two_addresses_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(EXAMPLE / "manage.py"), "demo", "--port", str(port)]
    demo = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        customers, staff = printed(demo, "Customers"), printed(demo, "Staff")
        url, number, email = re.findall(r"(http\S+)  number (\d+), e-mail (\S+)", customers)[0]
        admin, user, password = re.findall(r"(http\S+)  user (\w+), password (\S+)", staff)[0]
        assert eventually(lambda: answers(url), seconds=30)
        order = requests.post(url, {"number": number, "email": email}, timeout=30)
        assert "The oak has arrived" in order.text
        with requests.Session() as session:
            token = re.findall('csrfmiddlewaretoken" value="([^"]+)', session.get(admin).text)[0]
            given = {"username": user, "password": password, "csrfmiddlewaretoken": token}
            assert "StatusPro" in session.post(f"{admin}login/?next=/admin/", given).text
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(30) == 0
    finally:
        demo.kill()
        demo.communicate()
    assert list(tmp_path.iterdir()) == [], "nothing is kept"


def printed(process: subprocess.Popen[str], word: str) -> str:
    """The first line of a process that begins so."""
    assert process.stdout is not None
    return next(line for line in process.stdout if line.startswith(word))


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
