"""The customers' page in a browser, under a policy that lets nothing but the site's files in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.cache import cache
from django.test import override_settings
from django.test.testcases import LiveServerThread

from statuspro.sandbox import Sandbox
from tests.support.axe import axe
from tests.support.browser import PHONE, overflow, prefer, resize
from tests.support.polling import eventually

ANN = "ann@lee.example"


def strict(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A middleware that sends the policy."""

    def respond(request: Any) -> Any:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
        return response

    return respond


@pytest.fixture
def address(of_sandbox: dict[str, Any]) -> Iterator[str]:
    """The project, served with its static files."""
    cache.clear()
    apps = ["django.contrib.staticfiles", "statuspro.contrib.django"]
    middleware = [f"{__name__}.strict", "django.middleware.csrf.CsrfViewMiddleware"]
    with override_settings(INSTALLED_APPS=apps, MIDDLEWARE=middleware, DEBUG=True):
        thread = LiveServerThread("127.0.0.1", StaticFilesHandler)
        thread.daemon = True
        thread.start()
        thread.is_ready.wait()
        assert thread.error is None
        yield f"http://127.0.0.1:{thread.port}/order/"
        thread.terminate()
    cache.clear()


def look_up(browser: Any, address: str, number: str, email: str) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.get(address)
    asked = browser.title
    browser.switch_to.active_element.send_keys(Keys.TAB, number, Keys.TAB, email, Keys.ENTER)
    assert eventually(lambda: browser.title != asked)  # the response stands at the same address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_and_a_keyboard_are_enough(
    scheme: Any, browser: Any, address: str, sandbox: Sandbox
) -> None:
    order_id = sandbox.add_order(email=ANN)
    client = sandbox.client()
    client.update_order_status(order_id, "st000002", notify=False)
    client.add_order_comment(order_id, "The oak has arrived. " + "long" * 100, public=True)
    resize(browser, PHONE)
    prefer(browser, scheme)
    number = sandbox.order(order_id)["order_number"]
    seen = []
    for email in ("bob@lee.example", ANN):
        look_up(browser, address, number, email)
        seen.append(browser.title)
        assert axe(browser) == []
        assert overflow(browser) == 0
        assert browser.get_cookies() == []
        assert browser.current_url == address
    assert seen == ["Please check: Where is my order?", f"Order #{number}"]
    badge = browser.find_element("css selector", ".statuspro-badge rect")
    assert badge.value_of_css_property("fill") == "rgb(236, 72, 153)"
    assert badge.size["width"] > 100
    page = browser.find_element("css selector", "body").value_of_css_property("background-color")
    assert page == {"light": "rgba(244, 244, 242, 1)", "dark": "rgba(18, 20, 22, 1)"}[scheme]
    refused = [said["message"] for said in browser.get_log("browser")]
    assert not [message for message in refused if "favicon" not in message]
