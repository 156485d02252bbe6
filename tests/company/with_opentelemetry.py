"""OpenTelemetry: wraps a session's `send` and urllib3's `urlopen`; the recipe for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from statuspro import APIConnectionError, NotFoundError
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID
from tests.support import recipes


@contextmanager
def instrumented(*instrumentors: Any) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for instrumentor in instrumentors:
        instrumentor.instrument(tracer_provider=provider)
    try:
        yield exporter
    finally:
        for instrumentor in instrumentors:
            instrumentor.uninstrument()


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    with instrumented(RequestsInstrumentor(), URLLib3Instrumentor()) as exporter:
        yield exporter


def test_each_call_has_its_span_and_the_service_is_told(spans: InMemorySpanExporter) -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client() as client:
        client.get_order(FIRST_ID)
        client.add_order_comment(FIRST_ID, "Hello")
        finished = spans.get_finished_spans()
        assert {span.name.split()[0] for span in finished} == {"GET", "POST"}
        assert all(each.headers["traceparent"] for each in sandbox.requests)
        assert [request.method for request in sandbox.requests] == ["GET", "POST"]


def test_urllib3s_span_shows_no_query() -> None:
    with (
        instrumented(URLLib3Instrumentor()) as spans,
        Sandbox(orders=3) as sandbox,
        sandbox.client() as client,
    ):
        client.get("/orders", params={"search": "Ann"})
        assert sandbox.requests[0].query == {"search": ["Ann"]}
        shown = [str(dict(span.attributes or {})) for span in spans.get_finished_spans()]
        assert len(shown) == 1
        assert "/orders" in shown[0]
        assert "Ann" not in shown[0]


def test_errors_stay_ours(spans: InMemorySpanExporter) -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client(max_retries=0) as client:
        sandbox.drop()
        with pytest.raises(APIConnectionError) as caught:
            client.add_order_comment(FIRST_ID, "Hello")
        assert caught.value.maybe_applied
        assert len(sandbox.requests) == 1


@pytest.fixture
def spans_of_the_recipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    recipes.run("tracing.py")
    yield exporter
    for instrumentor in (RequestsInstrumentor(), URLLib3Instrumentor()):
        instrumentor.uninstrument()


def test_no_span_of_the_recipe_shows_a_customer(spans_of_the_recipe: InMemorySpanExporter) -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client(max_retries=0) as client:
        with pytest.raises(NotFoundError):
            client.lookup_order(number="#4711", email="ann@lamancha.test")
        list(client.iter_orders(search="Quixote"))
        sandbox.drop()
        with pytest.raises(APIConnectionError):
            client.lookup_order(number="#4711", email="ann@lamancha.test")
        assert len(sandbox.requests) == 3
        assert all(each.headers["traceparent"] for each in sandbox.requests)
        requests.get(f"{sandbox.base_url}/statuses", timeout=5)  # a call of the project's own
    finished = spans_of_the_recipe.get_finished_spans()
    assert any("requests" in str(span.instrumentation_scope) for span in finished)
    shown = [span.to_json().casefold() for span in finished]
    assert len([text for text in shown if "/orders" in text]) == 3
    for secret in ("quixote", "lamancha", "4711"):
        assert not [text for text in shown if secret in text]
