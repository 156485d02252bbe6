"""The look-up: what a customer gets to see, and what a visitor who is no customer does not."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django import test
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

from statuspro.contrib.django import views
from statuspro.contrib.django.views import LookupView
from statuspro.sandbox import Sandbox
from tests.support.rows import fill

# Of no types: checkers take what Django's clients return for requests.
Client: Any = test.Client

ANN = "ann@lee.example"
NO_SUCH_ORDER = "We have found no order with this number and this e-mail address."

#: What a project has in front of its views, with Django's own check for forged requests.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


@pytest.fixture
def page(of_sandbox: dict[str, Any]) -> Iterator[Page]:
    """The look-up of a project that has no middleware of ours."""
    cache.clear()
    given = {**of_sandbox, "MAX_RETRIES": 0, "MAX_WAIT": 1}
    with override_settings(STATUSPRO=given, MIDDLEWARE=MIDDLEWARE):
        yield Page()
    cache.clear()


class Page:
    """A visitor in front of the form."""

    url = "/order/"

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def look_up(self, number: object, email: str, **kwargs: Any) -> Any:
        given = {"number": str(number), "email": email}
        return self.client.post(self.url, given, **kwargs)


def order_of(sandbox: Sandbox, **fields: Any) -> tuple[int, str]:
    """An order of Ann's: its id and its number."""
    order_id = sandbox.add_order(email=ANN, **fields)
    return order_id, sandbox.order(order_id)["order_number"]


def text_of(response: Any) -> str:
    """What stands on the page, without the markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_form_asks_for_number_and_address(page: Page) -> None:
    response = page.client.get(reverse("statuspro:lookup"))
    assert response.status_code == 200
    assert re.search(r'<label for="id_number">\s*Order number\s*</label>', response.text)
    assert '<form method="post"' in response.text
    assert "action=" not in response.text


def test_the_order_is_shown_on_the_same_address(page: Page, sandbox: Sandbox) -> None:
    _, number = order_of(sandbox, status_code="st000002", due_date="2031-03-03")
    response = page.look_up(number, ANN)
    assert response.status_code == 200
    said = text_of(response)
    assert f"Order #{number}" in said
    assert "On the workbench" in said
    assert "Expected on March 3, 2031." in said
    assert ANN not in response.text


@pytest.mark.parametrize("number", ["{}", "#{}", "  {} ", "# {}", "\u200b{}\ufeff"])
@pytest.mark.parametrize("email", [ANN, f" {ANN} ", "Ann@LEE.example"])
def test_what_customers_type_is_understood(
    number: str, email: str, page: Page, sandbox: Sandbox
) -> None:
    _, known = order_of(sandbox)
    assert f"Order #{known}" in text_of(page.look_up(number.format(known), email))


@pytest.mark.parametrize("method", ["get", "post", "head", "options"])
def test_no_response_is_kept_framed_or_found(method: str, page: Page, sandbox: Sandbox) -> None:
    _, number = order_of(sandbox)
    given = {"number": number, "email": ANN} if method == "post" else {}
    response = getattr(page.client, method)(page.url, given)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store, private"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert not response.cookies
    assert not page.client.cookies


def test_a_wrong_number_and_a_wrong_address_get_the_same_page(page: Page, sandbox: Sandbox) -> None:
    _, number = order_of(sandbox)
    wrong_address = page.look_up(number, "bob@lee.example")
    wrong_number = page.look_up(int(number) + 1000, ANN)
    assert NO_SUCH_ORDER in text_of(wrong_address)
    typed = re.compile(r'value="[^"]*"')
    assert typed.sub("", wrong_address.text) == typed.sub("", wrong_number.text)
    assert (wrong_address.status_code, wrong_number.status_code) == (200, 200)
    assert len(sandbox.requests) == 2


def test_an_order_is_read_from_the_mirror_once_a_sync_has_run_through(
    page: Page, sandbox: Sandbox, database: None
) -> None:
    order_id, number = order_of(sandbox, status_code="st000002")
    sandbox.client().add_order_comment(order_id, "The oak has arrived.", public=True)
    fill(sandbox)
    before = len(sandbox.requests)
    said = text_of(page.look_up(f"#{number}", ANN.upper()))
    assert "On the workbench" in said
    assert "The oak has arrived." in said
    wrong = [page.look_up(number, "bob@lee.example"), page.look_up(1, ANN)]
    assert NO_SUCH_ORDER in text_of(wrong[0])
    typed = re.compile(r'value="[^"]*"')
    assert len({typed.sub("", response.text) for response in wrong}) == 1
    assert len(sandbox.requests) == before


def test_the_tries_at_the_mirror_are_counted_too(
    page: Page, sandbox: Sandbox, database: None
) -> None:
    fill(sandbox)
    said = [page.look_up(number, ANN).status_code for number in range(1, 12)]
    assert said == [200] * 10 + [429]


def test_a_mirror_that_is_wanted_and_empty_is_a_503(
    page: Page, sandbox: Sandbox, database: None, caplog: pytest.LogCaptureFixture
) -> None:
    _, number = order_of(sandbox)
    with override_settings(STATUSPRO={**settings.STATUSPRO, "MIRROR": True}):
        assert page.look_up(number, ANN).status_code == 503
    assert [r.levelname for r in caplog.records if r.name.startswith("statuspro")] == ["ERROR"]
    assert not sandbox.requests


@pytest.mark.parametrize("status", [400, 422])
def test_an_address_that_the_service_refuses_is_no_order(
    status: int, page: Page, sandbox: Sandbox
) -> None:
    _, number = order_of(sandbox)
    assert NO_SUCH_ORDER in text_of(page.look_up(number, "a\u00f6@m\u00fcller.example"))
    sandbox.fail(status)
    assert NO_SUCH_ORDER in text_of(page.look_up(number, ANN))


def test_an_id_opens_no_order(page: Page, sandbox: Sandbox) -> None:
    order_id, number = order_of(sandbox)
    other_id, _ = order_of(sandbox, name="Somebody Else")
    for more in ({"id": other_id}, {"order": other_id, "pk": other_id, "order_id": other_id}):
        response = page.client.post(page.url, {"number": number, "email": ANN, **more})
        assert f"Order #{number}" in text_of(response)
    assert NO_SUCH_ORDER in text_of(page.look_up(order_id, ANN))
    assert page.client.get(f"{page.url}?number={number}&email={ANN}").text.count(number) == 0
    assert page.client.get(f"{page.url}{order_id}").status_code == 404


def test_internal_things_stay_internal(page: Page, sandbox: Sandbox) -> None:
    order_id, number = order_of(sandbox)
    client = sandbox.client()
    client.update_order_status(order_id, "st000002", notify=False)
    client.add_order_comment(order_id, "the customer is a nuisance", public=False)
    client.add_order_comment(order_id, "The oak has arrived.", public=True)
    client.update_order_status(order_id, "st000005", comment="no wood", public=False, notify=False)
    said = text_of(page.look_up(number, ANN))
    assert "The oak has arrived." in said
    assert "On the workbench" in said
    assert not [word for word in ("nuisance", "On Hold", "no wood", "Something is") if word in said]


def test_hostile_texts_are_shown_as_texts(page: Page, sandbox: Sandbox) -> None:
    order_id, number = order_of(sandbox)
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7|add:7 }}"
    sandbox.client().add_order_comment(order_id, hostile, public=True)
    shown = page.look_up(number, ANN).text
    assert "<script" not in shown
    assert "<img" not in shown
    assert "{{ 7|add:7 }}" in shown
    refused = page.look_up('"><script>alert(1)</script>', '"><svg onload=x>@x.example').text
    assert "<script" not in refused
    assert "<svg onload" not in refused


@pytest.mark.parametrize(
    ("number", "email"),
    [
        ("", ""),
        ("   ", ANN),
        ("#", ANN),
        ("1188", "ann"),
        ("1188", "@lee.example"),
        ("1188", "ann@"),
        ("1188", "ann lee@lee.example"),
        ("11\x0088", ANN),
        ("1188", "ann\x00@lee.example"),
        ("1188\r\nX-Shop: 1", ANN),
        ("1188", "ann@lee.example\r\nBcc: all@lee.example"),
        ("1" * 100_000, ANN),
        ("1188", "a" * 100_000 + "@lee.example"),
        ("\u202e\u202e", ANN),
    ],
)
def test_what_is_no_number_or_address_asks_nobody(
    number: str, email: str, page: Page, sandbox: Sandbox
) -> None:
    response = page.look_up(number, email)
    assert response.status_code == 200
    assert 'aria-invalid="true"' in response.text
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"number": "1188", "email": "ann@lee.example"}', "application/json"),
        (b"\xff\xfe\x00number=1188", "application/x-www-form-urlencoded"),
        (b"number=1188&number=1189", "application/x-www-form-urlencoded"),
        (b"number[]=1188&email[$ne]=", "application/x-www-form-urlencoded"),
        (b"", "text/plain"),
    ],
)
def test_another_kind_of_body_gets_the_form(
    body: bytes, kind: str, page: Page, sandbox: Sandbox
) -> None:
    response = page.client.post(page.url, body, content_type=kind)
    assert response.status_code == 200
    assert "This field is required." in text_of(response)
    assert not sandbox.requests


def test_a_body_beyond_all_bounds_is_refused(page: Page) -> None:
    response = page.look_up("1" * 3_000_000, ANN)
    assert response.status_code in (200, 400)
    assert page.client.put(page.url, {}).status_code == 405


def test_a_visitor_who_prefers_json_gets_the_page(page: Page, sandbox: Sandbox) -> None:
    _, number = order_of(sandbox)
    response = page.look_up(number, ANN, headers={"accept": "application/json"})
    assert response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "https://testserver"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "https://other.testserver"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "https://www.shop.example"}, 200),
        ({"sec-fetch-site": "cross-site", "origin": "https://shop.example"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://www.shop.example"}, 403),
        ({"origin": "https://testserver"}, 200),
        ({"origin": "https://testserver.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://[evil"}, 403),
    ],
)
def test_another_site_cannot_have_its_visitors_guess(
    headers: dict[str, str], status: int, page: Page, sandbox: Sandbox
) -> None:
    _, number = order_of(sandbox)
    with override_settings(
        CSRF_TRUSTED_ORIGINS=["https://*.www.shop.example", "https://www.shop.example"]
    ):
        response = page.look_up(number, ANN, headers=headers)
    assert response.status_code == status
    assert (f"Order #{number}" in text_of(response)) == (status == 200)
    assert len(sandbox.requests) == (1 if status == 200 else 0)
    assert ANN not in response.text


@pytest.mark.parametrize("status", [429, 500, 503, 401, 403])
def test_a_service_that_refuses_or_fails_is_a_503(
    status: int, page: Page, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    _, number = order_of(sandbox)
    sandbox.fail(status)
    with caplog.at_level(logging.DEBUG):
        response = page.look_up(number, ANN)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) >= 1
    assert response.headers["Cache-Control"] == "no-store, private"
    assert "Please try again shortly" in text_of(response)
    assert ANN not in caplog.text
    assert number not in caplog.text
    levels = [r.levelname for r in caplog.records if r.name == "statuspro.contrib.django"]
    assert levels == ["ERROR" if status < 429 else "WARNING"]


def test_a_service_that_is_down_or_late_is_a_503(page: Page, sandbox: Sandbox) -> None:
    _, number = order_of(sandbox)
    sandbox.slow(1.0)
    with override_settings(STATUSPRO={**settings.STATUSPRO, "DEADLINE": 0.2}):
        assert page.look_up(number, ANN).status_code == 503
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with override_settings(STATUSPRO={**settings.STATUSPRO, "BASE_URL": url}):
        assert page.look_up(number, ANN).status_code == 503


def test_the_view_has_a_deadline_where_the_setting_has_none(page: Page, sandbox: Sandbox) -> None:
    _, number = order_of(sandbox)
    sandbox.slow(1.0)
    view = LookupView.as_view(deadline=0.2)
    request: Any = test.RequestFactory().post("/", {"number": number, "email": ANN})
    assert view(request).status_code == 503


def test_nothing_of_a_visitor_is_logged(
    page: Page, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    _, number = order_of(sandbox)
    with caplog.at_level(logging.DEBUG):
        for email in (ANN, "bob@lee.example", "bob"):
            page.look_up(number, email)
    assert "lee.example" not in caplog.text
    assert not [r for r in caplog.records if number in r.getMessage() and r.name[:6] != "urllib"]
    assert f"number={number}" not in caplog.text


def test_error_reports_hide_what_was_typed(page: Page) -> None:
    """Both the form and the variables of our functions, which Django mails to administrators."""
    request: Any = test.RequestFactory().post("/order/", {"number": "1188", "email": ANN})
    view = LookupView.as_view()
    fault = LookupError("a fault of ours")
    broken = mock.patch("statuspro.api.orders.lookup_order", side_effect=fault)
    with broken, pytest.raises(LookupError) as caught:
        view(request)
    report = SafeExceptionReporterFilter()
    cleansed = report.cleansed_substitute
    assert set(report.get_post_parameters(request).values()) == {cleansed}
    folder = Path(views.__file__).parent
    frames = [e.frame for e in caught.traceback if folder in Path(e.path).parents]
    assert len(frames) >= 4
    for frame in frames:
        shown = dict(report.get_traceback_frame_variables(request, frame.raw))
        assert ANN not in str(shown)


def test_a_fault_and_a_hint_are_read_out_with_their_field(page: Page) -> None:
    shown = page.look_up("1188", "ann").text
    (described,) = re.findall(r'name="email"[^>]* aria-describedby="([^"]+)"', shown)
    assert len(described.split()) == 2
    assert [name for name in described.split() if f'id="{name}"' not in shown] == []
    (alert,) = re.findall(r"<p[^>]*role=\"alert\"[^>]*>", page.look_up("1188", ANN).text)
    assert "autofocus" in alert


def test_an_asgi_server_shows_the_page_too(page: Page, sandbox: Sandbox) -> None:
    _, number = order_of(sandbox)
    visitor: Any = test.AsyncClient()
    given = {"number": number, "email": ANN}
    response = asyncio.run(visitor.post(page.url, given))
    assert f"Order #{number}" in text_of(response)


def test_the_templates_of_a_project_take_the_place_of_ours(page: Page, sandbox: Sandbox) -> None:
    _, number = order_of(sandbox)
    own = {
        "shop.html": "<main>{% block main %}{% endblock %}</main>",
        "statuspro/base.html": """{% extends "shop.html" %}
            {% block main %}{% block content %}{% endblock %}{% endblock %}""",
    }
    loaders = [
        ("django.template.loaders.locmem.Loader", own),
        "django.template.loaders.app_directories.Loader",
    ]
    backend = "django.template.backends.django.DjangoTemplates"
    with override_settings(TEMPLATES=[{"BACKEND": backend, "OPTIONS": {"loaders": loaders}}]):
        response = page.look_up(number, ANN)
    assert response.text.startswith("<main>")
    assert f"Order #{number}" in text_of(response)


def test_a_project_may_subclass_the_view(page: Page, sandbox: Sandbox) -> None:
    class ShopLookup(LookupView):
        deadline = 3.0

        def client_address(self) -> str:
            return str(self.request.headers["X-Real-Ip"])

    _, number = order_of(sandbox)
    request: Any = test.RequestFactory().post(
        "/", {"number": number, "email": ANN}, headers={"x-real-ip": "198.51.100.7"}
    )
    response = ShopLookup.as_view()(request).render()
    assert f"Order #{number}" in text_of(response)
