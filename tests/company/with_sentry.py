"""Sentry: patches http.client, and reports what was raised with its locals; the recipe for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from statuspro import NotFoundError, ServerError
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID
from tests.support import recipes


@pytest.fixture
def events() -> Iterator[list[dict[str, Any]]]:
    sent: list[dict[str, Any]] = []

    class Kept(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            sent.extend(item.payload.json for item in envelope.items if item.payload.json)

    sentry_sdk.init("https://key@sentry.test/1", transport=Kept, traces_sample_rate=1.0)
    try:
        yield sent
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.init()


def test_calls_are_traced_and_reports_hold_no_key(events: list[dict[str, Any]]) -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client(max_retries=0) as client:
        with sentry_sdk.start_transaction(name="shop"):
            assert client.get_order(FIRST_ID)["id"] == FIRST_ID
        assert any(each.headers["sentry-trace"] for each in sandbox.requests)
        sandbox.fail(500)
        with pytest.raises(ServerError) as caught:
            client.add_order_comment(FIRST_ID, "Hello")
        sentry_sdk.capture_exception(caught.value)
        sentry_sdk.flush()
        reports = json.dumps(events)
        assert "ServerError" in reports
        assert sandbox.api_key not in reports


@pytest.fixture
def events_of_the_recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    sent: list[dict[str, Any]] = []

    class Kept(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            sent.extend(item.payload.json for item in envelope.items if item.payload.json)

    monkeypatch.setenv("SENTRY_DSN", "https://key@sentry.test/1")
    initialise = sentry_sdk.init
    given = {"transport": Kept, "traces_sample_rate": 1.0}
    monkeypatch.setattr(
        sentry_sdk, "init", lambda dsn, **said: initialise(dsn, **{**said, **given})
    )
    recipes.run("reporting.py")
    try:
        yield sent
    finally:
        sentry_sdk.get_client().close()
        initialise()


def look_up(client: Any, number: str, email: str) -> Any:
    order = {"customer": {"email": email}}  # as a view of a project may have one
    return client.lookup_order(number=number, email=order["customer"]["email"])


def test_no_report_of_the_recipe_shows_a_customer(
    events_of_the_recipe: list[dict[str, Any]],
) -> None:
    number, email = "#47" + "11", "ann@" + "lee.test"  # a report shows lines of the code, too
    with Sandbox(orders=3) as sandbox, sandbox.client(max_retries=0) as client:
        with sentry_sdk.start_transaction(name="shop"):
            list(client.iter_orders(search=email))
            with pytest.raises(NotFoundError) as caught:
                look_up(client, number, email)
        sentry_sdk.capture_exception(caught.value)
        sentry_sdk.flush()
    reports = json.dumps(events_of_the_recipe)
    assert "NotFoundError" in reports
    assert reports.count("/orders/lookup") >= 2, "the breadcrumb and the span"
    for secret in (email, email.replace("@", "%40"), number, number.replace("#", "%23")):
        assert secret not in reports
