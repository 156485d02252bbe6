"""The middleware: what a view's visitor and its logs get when the service does not respond."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django import test
from django.core.exceptions import SynchronousOnlyOperation
from django.test import override_settings

from statuspro import RateLimitError
from statuspro.contrib.django.middleware import StatusProMiddleware
from statuspro.sandbox import Sandbox

# Of no types: checkers take what Django's clients return for requests.
Client: Any = test.Client
AsyncClient: Any = test.AsyncClient
RequestFactory: Any = test.RequestFactory

JSON = {"accept": "application/json"}
LOOKUP = "/lookup?number=1001&email=ann%40lee.test"


@pytest.fixture
def visitor(of_sandbox: dict[str, Any]) -> Iterator[Any]:
    """A visitor of the project; the service is given few seconds and no second chance."""
    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0, "MAX_WAIT": 1}):
        yield Client(raise_request_exception=False)


def seconds(response: Any) -> int:
    """What `Retry-After` says, which has to be a whole number above zero."""
    said = int(response.headers["Retry-After"])
    assert said >= 1
    return said


def test_a_view_that_gets_a_response_is_left_alone(visitor: Any, sandbox: Sandbox) -> None:
    order_id = sandbox.add_order()
    response = visitor.get(f"/orders/{order_id}")
    assert response.status_code == 200
    assert "Retry-After" not in response.headers


@pytest.mark.parametrize("path", ["/orders/7", "/async/orders/7", LOOKUP, f"/async{LOOKUP}"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refusal_or_failure_becomes_a_503(
    path: str, status: int, visitor: Any, sandbox: Sandbox
) -> None:
    sandbox.fail(status)
    response = visitor.get(path)
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "no-store" in response.headers["Cache-Control"]
    assert "Accept" in response.headers["Vary"]
    assert seconds(response) <= 2 if status == 429 else seconds(response) == 30
    page = response.content.decode()
    assert "Please try again shortly" in page
    assert not [word for word in ("lee.test", "1001", "/orders") if word in page]


def test_retry_after_is_what_the_service_said(visitor: Any, sandbox: Sandbox) -> None:
    sandbox.fail(429, retry_after=17)
    assert 17 <= seconds(visitor.get("/orders/7")) <= 19
    sandbox.fail(503, retry_after=45)
    assert seconds(visitor.get("/orders/7")) == 45


@pytest.mark.parametrize("wait", [0.0, 0.2, float("nan"), float("inf")])
def test_retry_after_is_a_whole_number_whatever_was_told(wait: float) -> None:
    middleware: Any = StatusProMiddleware(lambda request: None)
    request = RequestFactory().get("/")
    request.resolver_match = None
    response = middleware.process_exception(request, RateLimitError("no", retry_after=wait))
    assert response is not None
    assert seconds(response) in (1, 30)


@pytest.mark.parametrize("path", ["/orders/7", "/async/orders/7"])
def test_a_refused_connection_becomes_a_503(path: str, of_sandbox: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with override_settings(STATUSPRO={**of_sandbox, "BASE_URL": url, "MAX_RETRIES": 0}):
        response = Client().get(path, headers=JSON)
    assert response.status_code == 503
    assert response.json()["retry_after"] == seconds(response) == 30


def test_a_passed_deadline_becomes_a_503(of_sandbox: dict[str, Any], sandbox: Sandbox) -> None:
    sandbox.slow(1.0)
    with override_settings(STATUSPRO={**of_sandbox, "DEADLINE": 0.2}):
        response = Client().get("/orders/7")
    assert response.status_code == 503
    assert seconds(response) == 30


def test_json_where_json_is_asked_for(visitor: Any, sandbox: Sandbox) -> None:
    sandbox.fail(500, times=3)
    response = visitor.get("/orders/7", headers=JSON)
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {
        "message": "The order status cannot be shown at the moment. Please try again shortly.",
        "retry_after": 30,
        "maybe_applied": False,
    }
    for accept in ("*/*", "text/html,application/json;q=0.9,*/*;q=0.8"):
        response = visitor.get("/orders/7", headers={"accept": accept})
        assert response.headers["Content-Type"].startswith("text/html")


def test_a_change_that_may_have_been_made_asks_to_look_first(
    visitor: Any, sandbox: Sandbox
) -> None:
    order_id = sandbox.add_order()
    sandbox.fail(500, times=2)
    page = visitor.post(f"/orders/{order_id}/move").content.decode()
    assert "Please check your change" in page
    assert "look before you try again" in page
    told = visitor.post(f"/orders/{order_id}/move", headers=JSON).json()
    assert told["maybe_applied"] is True


def move_all(visitor: Any, count: int, accept: str = "application/json") -> Any:
    ids = " ".join(map(str, range(1, count + 1)))
    return visitor.post("/orders/move", {"ids": ids}, headers={"accept": accept})


@pytest.mark.parametrize("status", [429, 500])
def test_a_bulk_update_that_the_service_ended_becomes_a_503(
    status: int, visitor: Any, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.fail(status, retry_after=17)
    response = move_all(visitor, 3)
    assert response.status_code == 503
    assert 17 <= seconds(response) <= 19
    # What was refused was not applied; a 500 may have come too late.
    assert response.json()["maybe_applied"] is (status == 500)
    kind = {429: "RateLimitError (429)", 500: "ServerError (500)"}[status]
    assert f"503 for the route 'orders/move': {kind}" in caplog.messages


def test_a_bulk_update_that_was_applied_in_part_asks_to_look_first() -> None:
    with Sandbox(bulk_limit=1, retry_after=True) as sandbox:  # it refuses the second request
        given = {"API_KEY": sandbox.api_key, "BASE_URL": sandbox.base_url, "RATE_LIMIT": None}
        with override_settings(STATUSPRO={**given, "MAX_RETRIES": 0, "MAX_WAIT": 1}):
            response = move_all(Client(), 51, "text/html")
            assert response.status_code == 503
            assert "look before you try again" in response.content.decode()
            assert move_all(Client(), 1).json()["maybe_applied"] is False


@pytest.mark.parametrize("status", [401, 404, 422])
def test_a_bulk_update_that_ended_by_another_fault_goes_its_way(
    status: int, visitor: Any, sandbox: Sandbox
) -> None:
    sandbox.fail(status)
    assert move_all(visitor, 3).status_code == 500


@pytest.mark.parametrize("path", ["/orders/7", "/async/orders/7", LOOKUP])
def test_an_unknown_order_is_a_404(path: str, visitor: Any) -> None:
    response = visitor.get(path)
    assert response.status_code == 404
    assert b"Not Found" in response.content
    told = visitor.get(path, headers=JSON)
    assert (told.status_code, told.json()) == (404, {"message": "There is no such order."})


def test_other_errors_go_their_way(visitor: Any, sandbox: Sandbox) -> None:
    assert visitor.get("/broken").status_code == 500
    sandbox.fail(401)
    assert visitor.get("/orders/7").status_code == 500


def test_a_project_s_template_takes_the_place_of_ours(visitor: Any, sandbox: Sandbox) -> None:
    own = {
        "base.html": "<p>{% block main %}{% endblock %}</p>",
        "statuspro/unavailable.html": """{% extends "base.html" %}
            {% block main %}Come back in {{ retry_after }} s, {{ request.path }}{% endblock %}""",
    }
    options = {
        "loaders": [("django.template.loaders.locmem.Loader", own)],
        "context_processors": ["django.template.context_processors.request"],
    }
    backend = "django.template.backends.django.DjangoTemplates"
    sandbox.fail(500)
    with override_settings(TEMPLATES=[{"BACKEND": backend, "OPTIONS": options}]):
        page = visitor.get("/orders/7").content.decode()
    assert page.startswith("<p>")
    assert "Come back in 30 s, /orders/7" in page


def test_a_project_without_templates_gets_plain_text(visitor: Any, sandbox: Sandbox) -> None:
    sandbox.fail(500)
    with override_settings(TEMPLATES=[]):
        response = visitor.get("/orders/7")
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_logs_name_the_route_and_nothing_of_a_customer(
    visitor: Any, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = sandbox.add_order()
    sandbox.fail(500, times=2)
    with caplog.at_level(logging.DEBUG):
        visitor.get(LOOKUP)
        visitor.get(f"/orders/{order_id}")
    said = [(r.name, r.levelname, r.getMessage()) for r in caplog.records if r.name[:6] != "urllib"]
    ours = [text for name, _, text in said if name == "statuspro.contrib.django"]
    assert ours == [
        "503 for the route 'lookup': ServerError (500)",
        "503 for the route 'orders/<int:order_id>': ServerError (500)",
    ]
    assert not [name for name, _, _ in said if name == "django.request"]
    assert not [text for _, _, text in said if "lee" in text or "1001" in text]


def test_an_async_stack_takes_it_as_it_is(of_sandbox: dict[str, Any], sandbox: Sandbox) -> None:
    """Through ASGI's handler, and the middleware awaited in the loop's own thread."""
    order_id = sandbox.add_order()

    async def visit() -> tuple[Any, Any, Any]:
        visitor = AsyncClient(raise_request_exception=False)
        sandbox.fail(503)
        return (
            await visitor.get("/async/orders/7", headers=JSON),
            await visitor.get(f"/async/orders/{order_id}"),
            await visitor.get("/async/orders/7"),
        )

    with override_settings(STATUSPRO={**of_sandbox, "MAX_RETRIES": 0}):
        failed, shown, missing = asyncio.run(visit())
    assert (failed.status_code, shown.status_code, missing.status_code) == (503, 200, 404)
    assert seconds(failed) == 30
    assert StatusProMiddleware.sync_capable
    assert StatusProMiddleware.async_capable


def test_a_sync_call_in_an_async_view_is_a_clear_error(of_sandbox: dict[str, Any]) -> None:
    async def visit() -> None:
        await AsyncClient().get("/blocking/7")

    with pytest.raises(SynchronousOnlyOperation, match="aget_order"):
        asyncio.run(visit())
