"""The WSGI application: authentication, records, and what it answers to a wrong path or method."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID

from .caller import Caller

EVERY_ENDPOINT = [
    ("GET", "/orders"),
    ("GET", "/orders/lookup"),
    ("GET", f"/orders/{FIRST_ID}"),
    ("GET", f"/orders/{FIRST_ID}/viable-statuses"),
    ("GET", "/statuses"),
    ("POST", f"/orders/{FIRST_ID}/status"),
    ("POST", f"/orders/{FIRST_ID}/comment"),
    ("POST", f"/orders/{FIRST_ID}/due-date"),
    ("POST", "/orders/bulk-status"),
]


@pytest.mark.parametrize(("method", "path"), EVERY_ENDPOINT)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", "Basic eDp5", "Bearer é"]
)
def test_every_endpoint_wants_the_key(
    sandbox: Sandbox, api: Caller, method: str, path: str, authorization: str | None
) -> None:
    reply = api.request(method, path, Authorization=authorization)
    assert reply.status == 401
    assert reply.json == {"message": "Unauthenticated."}
    assert sandbox.counted == 0


def test_a_key_of_ones_own() -> None:
    with Sandbox(orders=1, api_key="my-own") as sandbox, Caller(sandbox) as api:
        assert api.get("/statuses").status == 200
        assert api.request("GET", "/statuses", Authorization="Bearer my-own").status == 200


@pytest.mark.parametrize("accept", [None, "*/*", "text/html, application/json", "application/xml"])
def test_who_does_not_ask_for_json_is_shown_the_login_page(
    sandbox: Sandbox, api: Caller, accept: str | None
) -> None:
    refused = [
        api.request("GET", "/orders", Accept=accept, Authorization=None),
        api.request("GET", "/orders?page=0", Accept=accept),
    ]
    for reply in refused:
        assert (reply.status, reply.body) == (302, b"")
        assert reply.headers["Location"] == f"http://127.0.0.1:{sandbox.port}/login"
    assert api.request("GET", "/orders", Accept=accept).status == 200


@pytest.mark.parametrize(
    "accept", ["application/json", "Application/JSON;q=0.9, */*", "application/vnd.api+json"]
)
def test_who_asks_for_json_is_refused_in_json(api: Caller, accept: str) -> None:
    assert api.request("GET", "/orders?page=0", Accept=accept).status == 422


def test_the_login_page_is_html_with_status_200(api: Caller) -> None:
    api.connection.request("GET", "/login")
    response = api.connection.getresponse()
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert b"<html>" in response.read()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/orders", "GET, HEAD"),
        ("DELETE", f"/orders/{FIRST_ID}", "GET, HEAD"),
        ("GET", f"/orders/{FIRST_ID}/status", "POST"),
        ("PATCH", "/orders/bulk-status", "POST"),
        ("OPTIONS", "/statuses", "GET, HEAD"),
        ("TRACE", "/statuses", "GET, HEAD"),
        ("ODD", "/statuses", "GET, HEAD"),
    ],
)
def test_other_methods(sandbox: Sandbox, api: Caller, method: str, path: str, allowed: str) -> None:
    reply = api.request(method, path)
    assert reply.status == 405
    assert reply.headers["Allow"] == allowed
    assert list(reply.json) == ["message"]
    assert sandbox.counted == 0


def test_other_addresses(sandbox: Sandbox, api: Caller) -> None:
    assert api.get("/nothing").status == 404
    assert api.get("/nothing").json["message"]
    assert sandbox.counted == 0


def test_head_is_a_get_without_its_body(api: Caller) -> None:
    got = api.get("/orders")
    head = api.request("HEAD", "/orders")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.body))


def test_headers_of_an_answer(api: Caller) -> None:
    before = int(time.time()) - 1
    headers = api.get("/statuses").headers
    assert headers["Content-Type"] == "application/json"
    assert before <= parsedate_to_datetime(headers["Date"]).timestamp() <= time.time() + 1


def test_requests_are_recorded(sandbox: Sandbox, api: Caller) -> None:
    before = time.time()
    api.get("/orders", [("tags[]", "a b"), ("tags[]", "c"), ("search", ""), ("page", "1")])
    api.post(f"/orders/{FIRST_ID}/comment", comment="ab")
    first, second = sandbox.requests
    assert (first.method, first.path) == ("GET", "/api/v1/orders")
    assert first.query == {"tags[]": ["a b", "c"], "search": [""], "page": ["1"]}
    assert first.headers["authorization"] == f"Bearer {sandbox.api_key}"
    assert (first.body, first.status) == (b"", 200)
    assert before - 1 < first.time <= second.time < time.time() + 1
    assert second.headers["Content-Type"] == "application/json"
    assert second.json() == {"comment": "ab"}
    assert (second.method, second.status) == ("POST", 422)


def test_recorded_requests_can_be_forgotten(sandbox: Sandbox, api: Caller) -> None:
    api.get("/statuses")
    sandbox.requests.clear()
    api.get("/orders")
    assert [record.path for record in sandbox.requests] == ["/api/v1/orders"]


def test_refused_requests_are_recorded_too(api: Caller, sandbox: Sandbox) -> None:
    api.request("GET", "/orders", Authorization=None)
    api.get("/nothing")
    assert [record.status for record in sandbox.requests] == [401, 404]


def test_limits() -> None:
    with Sandbox(orders=5, rate_limit=4, bulk_limit=1) as sandbox, Caller(sandbox) as api:
        bulk = {"order_ids": [FIRST_ID], "status_code": "st000003"}
        statuses = [
            api.post("/orders/bulk-status", **bulk).status,
            api.post("/orders/bulk-status", **bulk).status,
            api.get("/statuses").status,
            api.get("/nothing").status,
            api.get("/orders", {"page": 0}).status,
            api.get("/statuses").status,
        ]
        assert statuses == [202, 429, 200, 404, 422, 429]
        assert (sandbox.counted, sandbox.refused) == (3, 2)


def test_a_refusal_says_no_more_than_it_has_to() -> None:
    with Sandbox(orders=5, rate_limit=1) as sandbox, Caller(sandbox) as api:
        api.get("/statuses")
        reply = api.get("/statuses")
        assert reply.json == {"message": "Too Many Attempts."}
        assert not {"retry-after", "x-ratelimit-limit"} & {name.lower() for name in reply.headers}


def test_a_refusal_with_all_headers() -> None:
    sandbox = Sandbox(5, rate_limit=1, retry_after=True, rate_headers=True)
    with sandbox, Caller(sandbox) as api:
        passed, refused = api.get("/statuses"), api.get("/statuses")
    assert passed.headers["X-RateLimit-Limit"] == "1"
    assert passed.headers["X-RateLimit-Remaining"] == "0"
    assert refused.status == 429
    assert 58 <= int(refused.headers["Retry-After"]) <= 60
    assert abs(int(refused.headers["X-RateLimit-Reset"]) - time.time() - 60) < 3


def test_errors_carry_the_rate_headers_too() -> None:
    with Sandbox(5, rate_limit=9, rate_headers=True) as sandbox, Caller(sandbox) as api:
        assert api.get("/orders/1").headers["X-RateLimit-Remaining"] == "8"


def test_a_new_window_lets_requests_pass() -> None:
    with Sandbox(orders=5, rate_limit=1, period=0.3) as sandbox, Caller(sandbox) as api:
        assert api.get("/statuses").status == 200
        assert api.get("/statuses").status == 429
        time.sleep(0.35)
        assert api.get("/statuses").status == 200


def test_latency_delays_every_answer(sandbox: Sandbox, api: Caller) -> None:
    sandbox.latency = (0.1, 0.12)
    assert sandbox.latency == (0.1, 0.12)
    started = time.monotonic()
    api.get("/statuses")
    api.get("/statuses")
    assert time.monotonic() - started >= 0.2
