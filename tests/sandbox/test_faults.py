"""Each fault on demand, as a plain caller sees it."""

from __future__ import annotations

import threading
import time
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected

import pytest

from statuspro.sandbox import Record, Response, Sandbox
from statuspro.sandbox.data import FIRST_ID

from .caller import Caller, Reply

COMMENT = f"/orders/{FIRST_ID}/comment"


def comment(api: Caller) -> Reply:
    return api.post(COMMENT, comment="hello there")


def test_fail_answers_and_applies_nothing(sandbox: Sandbox, api: Caller) -> None:
    sandbox.fail(503, times=2)
    replies = [comment(api) for _ in range(3)]
    assert [reply.status for reply in replies] == [503, 503, 200]
    assert "503" in replies[0].json["message"]
    assert len(sandbox.applied) == 1
    assert [record.status for record in sandbox.requests] == [503, 503, 200]


def test_fail_with_headers_and_body(sandbox: Sandbox, api: Caller) -> None:
    sandbox.fail(429, retry_after=7, headers={"X-Other": "yes"}, body='{"message": "slowly"}')
    reply = api.get("/statuses")
    assert reply.status == 429
    assert reply.headers["Retry-After"] == "7"
    assert reply.headers["X-Other"] == "yes"
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json == {"message": "slowly"}


def test_fail_with_a_content_type_of_its_own(sandbox: Sandbox, api: Caller) -> None:
    sandbox.fail(500, headers={"content-type": "text/plain"}, body=b"\xff\xfe")
    reply = api.get("/statuses")
    assert reply.headers.get_all("Content-Type") == ["text/plain"]
    assert reply.body == b"\xff\xfe"


@pytest.mark.parametrize("status", [207, 302, 418, 520, 599])
def test_fail_with_any_status(sandbox: Sandbox, api: Caller, status: int) -> None:
    sandbox.fail(status)
    assert api.get("/statuses").status == status


def test_injected_refusals_are_not_the_limits_own(sandbox: Sandbox, api: Caller) -> None:
    sandbox.fail(429)
    api.get("/statuses")
    api.get("/statuses")
    assert (sandbox.refused, sandbox.counted) == (0, 1)


def test_fail_after_applies_first(sandbox: Sandbox, api: Caller) -> None:
    sandbox.fail_after(502, retry_after="soon")
    reply = comment(api)
    assert reply.status == 502
    assert reply.headers["Retry-After"] == "soon"
    assert len(sandbox.applied) == 1


def test_slow_applies_before_it_waits(sandbox: Sandbox) -> None:
    sandbox.slow(3600)
    with Caller(sandbox, timeout=0.3) as api, pytest.raises(TimeoutError):
        comment(api)
    assert len(sandbox.applied) == 1


def test_slow_answers_in_the_end(sandbox: Sandbox, api: Caller) -> None:
    sandbox.slow(0.2)
    started = time.monotonic()
    assert api.get("/statuses").status == 200
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("applied", [False, True])
def test_drop(sandbox: Sandbox, api: Caller, applied: bool) -> None:
    sandbox.drop(applied=applied)
    with pytest.raises(RemoteDisconnected):
        comment(api)
    assert len(sandbox.applied) == int(applied)
    assert sandbox.requests[0].status is None
    api.connection.close()
    assert comment(api).status == 200


def test_cut(sandbox: Sandbox, api: Caller) -> None:
    whole = len(api.get("/statuses").body)
    sandbox.cut()
    with pytest.raises(IncompleteRead) as caught:
        api.get("/statuses")
    assert len(caught.value.partial) == whole // 2
    assert sandbox.requests[1].status == 200


def test_cut_is_applied(sandbox: Sandbox, api: Caller) -> None:
    sandbox.cut()
    with pytest.raises(IncompleteRead):
        comment(api)
    assert len(sandbox.applied) == 1


def test_stall(sandbox: Sandbox) -> None:
    sandbox.stall()
    with Caller(sandbox, timeout=0.3) as api:
        body = b'{"comment": "hello there"}'
        headers = {**api.headers, "Content-Type": "application/json"}
        api.connection.request("POST", f"/api/v1{COMMENT}", body, headers)
        response = api.connection.getresponse()
        assert response.status == 200
        with pytest.raises(TimeoutError):
            response.read()
    assert len(sandbox.applied) == 1


def test_stall_ends_in_a_drop(sandbox: Sandbox, api: Caller) -> None:
    sandbox.stall(0.05)
    with pytest.raises(IncompleteRead):
        api.get("/statuses")


@pytest.mark.parametrize(("status", "applied"), [(200, False), (200, True), (503, False)])
def test_html(sandbox: Sandbox, api: Caller, status: int, applied: bool) -> None:
    sandbox.html(status=status, applied=applied)
    reply = comment(api)
    assert reply.status == status
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert len(sandbox.applied) == int(applied)


@pytest.mark.parametrize("applied", [False, True])
def test_raw(sandbox: Sandbox, api: Caller, applied: bool) -> None:
    sandbox.raw(b"this is not HTTP\r\n\r\n", applied=applied)
    with pytest.raises(BadStatusLine):
        comment(api)
    assert len(sandbox.applied) == int(applied)


def test_raw_bytes_arrive_as_they_are(sandbox: Sandbox, api: Caller) -> None:
    sandbox.raw(b"HTTP/1.1 299 Odd\r\nX: 1\r\n\r\nuntil the end")
    reply = api.get("/statuses")
    assert (reply.status, reply.headers["X"], reply.body) == (299, "1", b"until the end")


def test_faults_pick_their_requests(sandbox: Sandbox, api: Caller) -> None:
    sandbox.fail(500, method="post")
    sandbox.fail(502, path="/orders/*/viable-statuses")
    sandbox.fail(503, path="/api/v1/orders", times=2)
    assert api.get("/statuses").status == 200
    assert api.get("/orders").status == 503
    assert api.get(f"/orders/{FIRST_ID}/viable-statuses").status == 502
    assert comment(api).status == 500
    assert sandbox.pending_faults == 1
    assert comment(api).status == 200
    assert api.get("/orders").status == 503
    assert sandbox.pending_faults == 0


def test_first_in_first_out(sandbox: Sandbox, api: Caller) -> None:
    for status in (500, 502, 504):
        sandbox.fail(status)
    assert [api.get("/statuses").status for _ in range(4)] == [500, 502, 504, 200]


def test_clear_faults(sandbox: Sandbox, api: Caller) -> None:
    sandbox.fail(times=5)
    assert sandbox.pending_faults == 5
    sandbox.clear_faults()
    assert api.get("/statuses").status == 200


def test_each_fault_is_met_once_by_many_threads(sandbox: Sandbox) -> None:
    sandbox.fail(503, times=10)
    statuses: list[int] = []

    def work() -> None:
        with Caller(sandbox) as api:
            statuses.extend(api.get("/statuses").status for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 30 + [503] * 10


def test_an_effect_of_ones_own(sandbox: Sandbox, api: Caller) -> None:
    sandbox.inject(lambda answer, pause: Response.of_json(answer().status, ["mine"]))
    assert api.get("/statuses").json == ["mine"]
    assert isinstance(api.get("/statuses").json[0], dict)


def test_faults_chosen_request_by_request(sandbox: Sandbox, api: Caller) -> None:
    def choose(record: Record) -> None:
        if record.query.get("page") == ["2"]:
            sandbox.drop()

    sandbox.on_request = choose
    assert sandbox.on_request is choose
    assert api.get("/orders", {"page": 1}).status == 200
    with pytest.raises(RemoteDisconnected):
        api.get("/orders", {"page": 2})
