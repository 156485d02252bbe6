"""What is sent again and when: the table of `statuspro._http.retry`, over real sockets."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest
import requests
from urllib3 import HTTPConnectionPool, HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    ProtocolError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from statuspro import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    InvalidResponseError,
    RateLimit,
    RateLimitError,
    RedirectError,
    ServerError,
    StatusProClient,
    unwrap,
)
from statuspro._http.call import Call, CallSettings, under_way
from statuspro._http.connection import ProxyRefusedError
from statuspro._http.retry import RetryPolicy, retry_policy, settle
from statuspro.pacing import Slot
from statuspro.sandbox import Sandbox
from tests.support.polling import eventually
from tests.support.servers import RawServer, answer, client_of
from tests.support.waits import shorten_pauses

Fault = Callable[[Sandbox, int], None]


def first_id(sandbox: Sandbox) -> int:
    with sandbox.client() as client:
        order = int(client.list_orders(page=1, per_page=1)["data"][0]["id"])
    sandbox.requests.clear()
    return order


def get(client: StatusProClient, order: int) -> Any:
    return client.get_order(order)


def post(client: StatusProClient, order: int) -> Any:
    return client.add_order_comment(order, "A comment")


# The table ------------------------------------------------------------------------------------

TRANSIENT = [500, 502, 503, 504]
FINAL = [400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 425, 501, 505, 507, 520, 599]

BREAKS: dict[str, tuple[Fault, type[APIConnectionError]]] = {
    "dropped": (lambda s, n: s.drop(n), APIConnectionError),
    "dropped when applied": (lambda s, n: s.drop(n, applied=True), APIConnectionError),
    "cut off": (lambda s, n: s.cut(n), APIConnectionError),
    "stalled": (lambda s, n: s.stall(60, n), APITimeoutError),
    "late": (lambda s, n: s.slow(60, n), APITimeoutError),
}


@pytest.mark.parametrize("status", [429, *TRANSIENT])
def test_a_get_is_sent_again_after(status: int, sandbox: Sandbox, waits: list[float]) -> None:
    order = first_id(sandbox)
    sandbox.fail(status, 2)
    with sandbox.client() as client:
        assert get(client, order)["id"] == order
    assert len(sandbox.requests) == 3
    assert len(waits) == 2


def test_a_post_is_sent_again_after_429(sandbox: Sandbox, waits: list[float]) -> None:
    order = first_id(sandbox)
    sandbox.fail(429, 2)
    with sandbox.client() as client:
        assert post(client, order)["message"]
    assert len(sandbox.requests) == 3
    assert len(sandbox.applied) == 1
    assert len(waits) == 2


@pytest.mark.parametrize("status", TRANSIENT)
def test_a_post_is_sent_once_when_the_service_fails(
    status: int, sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    sandbox.fail_after(status)
    with sandbox.client() as client, pytest.raises(ServerError) as caught:
        post(client, order)
    assert caught.value.status_code == status
    assert caught.value.maybe_applied
    assert len(sandbox.requests) == len(sandbox.applied) == 1
    assert waits == []


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize("send", [get, post])
def test_an_answer_that_is_final(
    send: Callable[[StatusProClient, int], Any], status: int, sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    sandbox.fail(status, 2)
    with sandbox.client() as client, pytest.raises(APIError) as caught:
        send(client, order)
    assert caught.value.status_code == status
    assert caught.value.maybe_applied is (send is post and status >= 500)
    assert caught.value.error_response == {"message": f"The sandbox was told to fail ({status})."}
    assert len(sandbox.requests) == 1
    assert waits == []


@pytest.mark.parametrize("status", [301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("send", [get, post])
def test_a_redirect_is_final(
    send: Callable[[StatusProClient, int], Any], status: int, sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    sandbox.fail(status, 2, headers={"Location": "/login"}, body=b"")
    with sandbox.client() as client, pytest.raises(RedirectError) as caught:
        send(client, order)
    assert not caught.value.maybe_applied
    assert len(sandbox.requests) == 1
    assert waits == []


@pytest.mark.parametrize("body", [b"{", b"<html></html>", b'{"a": NaN}', b"\xff\xfe\xfd", b"[]"])
@pytest.mark.parametrize("send", [get, post])
def test_a_2xx_that_is_no_json_is_final(
    send: Callable[[StatusProClient, int], Any], body: bytes, sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    sandbox.fail_after(200, 2, body=body)
    with sandbox.client() as client, pytest.raises(InvalidResponseError) as caught:
        send(client, order)
    assert caught.value.maybe_applied is (send is post)
    assert len(sandbox.requests) == 1
    assert waits == []


@pytest.mark.parametrize("name", BREAKS)
def test_a_get_is_sent_again_when_the_answer_is(
    name: str, sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    BREAKS[name][0](sandbox, 2)
    with sandbox.client(timeout=0.2) as client:
        assert get(client, order)["id"] == order
    assert len(sandbox.requests) == 3
    assert len(waits) == 2


@pytest.mark.parametrize("name", BREAKS)
def test_a_get_ends_when_every_answer_is(name: str, sandbox: Sandbox, waits: list[float]) -> None:
    order = first_id(sandbox)
    fault, error = BREAKS[name]
    fault(sandbox, 10)
    timeout = 0.1 if error is APITimeoutError else 5.0
    with sandbox.client(timeout=timeout, max_retries=2) as client, pytest.raises(error) as caught:
        get(client, order)
    assert type(caught.value) is error
    assert not caught.value.maybe_applied
    assert len(sandbox.requests) == 3
    assert len(waits) == 2


@pytest.mark.parametrize("name", BREAKS)
def test_a_post_is_sent_once_when_the_answer_is(
    name: str, sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    fault, error = BREAKS[name]
    fault(sandbox, 1)
    with sandbox.client(timeout=0.2) as client, pytest.raises(error) as caught:
        post(client, order)
    assert type(caught.value) is error
    assert caught.value.maybe_applied
    assert "get_order" in str(caught.value)
    assert len(sandbox.requests) == 1
    assert len(sandbox.applied) == (0 if name == "dropped" else 1)
    assert waits == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_was_never_made_is_tried_again(method: str, waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    told: list[str] = []
    with contextlib.ExitStack() as stack:

        def on_wait(seconds: float, reason: str) -> None:
            told.append(reason)
            if len(told) == 2:  # now somebody listens there
                stack.enter_context(RawServer(answer(b'"there"'), port=port))

        client = stack.enter_context(client_of(port, on_wait=on_wait))
        assert client.request(method, "/orders").json() == "there"
    assert told == ["the connection failed, trying again"] * 2
    assert len(waits) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_listens(method: str, waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with client_of(port) as client, pytest.raises(APIConnectionError) as caught:
        client.request(method, "/orders")
    assert type(caught.value) is APIConnectionError
    assert not caught.value.maybe_applied
    assert "Connection refused" in str(caught.value)
    assert len(waits) == 5


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_host_without_an_address(
    method: str, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    client = StatusProClient("k", "https://nowhere.invalid", rate_limit=None, trust_env=False)
    with client, pytest.raises(APIConnectionError, match=r"nowhere\.invalid") as caught:
        client.request(method, "/orders")
    assert not caught.value.maybe_applied
    assert len(waits) == 5


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_accepts(method: str, waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        with (
            client_of(address[1], timeout=(0.05, 5), max_retries=2) as client,
            pytest.raises(APITimeoutError, match=r"Cannot connect to 127\.0\.0\.1") as caught,
        ):
            client.request(method, "/orders")
        for filler in fillers:
            filler.close()
    assert not caught.value.maybe_applied
    assert len(waits) == 2


def test_a_connection_that_the_service_has_closed_is_not_used(waits: list[float]) -> None:
    with RawServer(answer(headers=b"")) as server, client_of(server.port) as client:
        for _ in range(3):
            assert client.post("/orders", json={}).status_code == 200
            assert eventually(lambda: not server.open)
    assert waits == []
    assert server.accepted == 3


# Bodies ---------------------------------------------------------------------------------------


class Reads:
    """All that it can do."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def read(self, count: int = -1) -> bytes:
        return self._rest.read(count)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._rest)


def piped(data: bytes) -> Any:
    source, sink = os.pipe()
    with os.fdopen(sink, "wb") as writer:
        writer.write(data)
    return os.fdopen(source, "rb")


ONE_SHOT: dict[str, Callable[[bytes], Any]] = {
    "generator": lambda data: (data[i : i + 1] for i in range(len(data))),
    "iterator": lambda data: iter([data]),
    "reads": Reads,
    "pipe": piped,
}


@pytest.mark.parametrize("name", ONE_SHOT)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", ["429 Busy", "503 Down"])
def test_a_body_that_cannot_be_rewound_is_sent_once(
    status: str, method: str, name: str, waits: list[float]
) -> None:
    refusal = answer(b"{}", status, b"Retry-After: 1\r\nConnection: close\r\n")
    with RawServer(refusal, answer()) as server, client_of(server.port) as client:
        body = ONE_SHOT[name](b"Hello")
        response = client.request(method, "/orders", data=body)
        getattr(body, "close", int)()
    assert response.status_code == int(status[:3])
    assert [request.rpartition(b"\r\n")[2] for request in server.requests] == [b"Hello"]
    assert waits == []


@pytest.mark.parametrize("name", ONE_SHOT)
def test_a_body_that_cannot_be_rewound_is_sent_once_though_it_was_dropped(
    name: str, waits: list[float]
) -> None:
    with RawServer(b"", answer()) as server, client_of(server.port) as client:
        body = ONE_SHOT[name](b"Hello")
        with pytest.raises(APIConnectionError):
            client.get("/orders", data=body)
        getattr(body, "close", int)()
    assert len(server.requests) == 1
    assert waits == []


@pytest.mark.parametrize("name", ["generator", "reads"])
def test_a_body_that_cannot_be_rewound_follows_no_redirect(name: str) -> None:
    moved = answer(b"", "307 Moved", b"Location: /api/v1/there\r\nConnection: close\r\n")
    with (
        RawServer(moved, answer()) as server,
        client_of(server.port, follow_redirects=True) as client,
        pytest.raises(RedirectError, match="the body can be sent only once"),
    ):
        client.post("/orders", data=ONE_SHOT[name](b"Hello"))
    assert len(server.requests) == 1


def spooled() -> Any:
    body = tempfile.SpooledTemporaryFile()  # noqa: SIM115 - the test closes it
    body.write(b"xyHello")
    return body


REWOUND: dict[str, Callable[[], Any]] = {
    "bytes": lambda: b"Hello",
    "text": lambda: "Hello",
    "file": lambda: io.BytesIO(b"xyHello"),
    "spooled": spooled,
}


@pytest.mark.parametrize("kind", REWOUND)
def test_a_body_that_can_be_rewound_is_sent_again(kind: str, waits: list[float]) -> None:
    body = REWOUND[kind]()
    if hasattr(body, "seek"):
        body.seek(2)
    refusal = answer(b"{}", "429 Busy")
    with RawServer(refusal, refusal, answer()) as server, client_of(server.port) as client:
        assert client.post("/orders", data=body).status_code == 200
    getattr(body, "close", int)()
    assert [request.rpartition(b"\r\n")[2] for request in server.requests] == [b"Hello"] * 3


# The last answer ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, *TRANSIENT])
def test_the_last_answer_reaches_the_caller(
    status: int, sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    sandbox.fail(status, 100)
    with sandbox.client() as client:
        response = client.get(f"/orders/{order}")
        assert response.status_code == status
        assert response.json() == {"message": f"The sandbox was told to fail ({status})."}
        assert len(sandbox.requests) == 6
        assert len(waits) == 5
        with pytest.raises(RateLimitError if status == 429 else ServerError) as caught:
            get(client, order)
    assert caught.value.message == f"The sandbox was told to fail ({status})."
    assert not caught.value.maybe_applied
    assert len(sandbox.requests) == 12


def test_the_last_refusal_of_a_post_reaches_the_caller(
    sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    sandbox.fail(429, 100)
    with sandbox.client(max_retries=3) as client, pytest.raises(RateLimitError) as caught:
        post(client, order)
    assert not caught.value.maybe_applied
    assert caught.value.retry_after == 16  # after 2, 4 and 8
    assert len(sandbox.requests) == 4
    assert sandbox.applied == []


@pytest.mark.parametrize("max_wait", [0, 1.9, 5.0])
@pytest.mark.parametrize("limit", [None, RateLimit(requests=10, bulk=5, period=60.0)])
def test_retry_after_is_what_would_have_been_waited_where_nothing_was_told(
    max_wait: float, limit: RateLimit | None, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.fail(429, 100)
    with sandbox.client(max_wait=max_wait, rate_limit=limit) as client:
        with pytest.raises(RateLimitError) as caught:
            client.list_orders(page=1)
        response = client.get("/orders") if limit is None else None
    assert caught.value.retry_after > max_wait - sum(waits)
    if response is not None:
        with pytest.raises(RateLimitError) as told:
            unwrap(response)
        assert 2.0 <= told.value.retry_after < 5


def test_retry_after_of_a_response_that_was_never_retried(sandbox: Sandbox) -> None:
    sandbox.fail(429)
    with sandbox.client(max_retries=0) as client, pytest.raises(RateLimitError) as caught:
        client.get_statuses()
    assert caught.value.retry_after == 2.0


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [429, 503])
def test_without_retries(status: int, method: str, sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail(status, 2)
    with sandbox.client(max_retries=0) as client:
        assert client.request(method, "/orders").status_code == status
    assert len(sandbox.requests) == 1
    assert waits == []


def test_head_and_options_change_nothing_and_are_sent_again(
    sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.fail(503, 1, method="HEAD")
    sandbox.drop(1, method="OPTIONS")
    with sandbox.client() as client:
        assert client.head("/orders").status_code == 200
        assert client.options("/orders").status_code == 405
    assert [record.method for record in sandbox.requests] == ["HEAD"] * 2 + ["OPTIONS"] * 2


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_writes(method: str, sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail(503)
    sandbox.drop()
    with sandbox.client() as client:
        assert client.request(method, "/orders").status_code == 503
        with pytest.raises(APIConnectionError) as caught:
            client.request(method, "/orders")
    assert caught.value.maybe_applied
    assert len(sandbox.requests) == 2
    assert waits == []


def test_a_mix_of_failures_shares_the_attempts(sandbox: Sandbox, waits: list[float]) -> None:
    order = first_id(sandbox)
    sandbox.fail(503)
    sandbox.drop()
    sandbox.fail(429)
    sandbox.cut()
    sandbox.fail(500)
    with sandbox.client() as client:
        assert get(client, order)["id"] == order
    assert len(sandbox.requests) == 6
    assert 2.0 <= waits[2] <= 2.2  # the first refusal, though the third failure


# How long -------------------------------------------------------------------------------------


def test_the_backoff_is_exponential_with_jitter(sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail(503, 12)
    with sandbox.client() as client:
        client.get("/orders")
        client.get("/orders")
    assert len(waits) == 10
    for number, wait in enumerate(waits):
        longest = 0.5 * 2 ** (number % 5)
        assert longest / 2 <= wait <= longest
    assert 0 < waits[0] < 1
    assert waits[:5] != waits[5:]


@pytest.mark.parametrize(
    ("told", "least", "most"),
    [("3", 3, 3.3), ("2.5", 2.5, 2.75), ("40", 40, 41), (" 7 ", 7, 7.7), ("0007", 7, 7.7)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_honoured_and_jittered_upwards(
    status: int, told: str, least: float, most: float, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.fail(status, 2, retry_after=told)
    with sandbox.client() as client:
        assert client.get("/orders").status_code == 200
    assert len(waits) == 2
    assert all(least <= wait <= most for wait in waits)
    assert waits[0] != waits[1]


@pytest.mark.parametrize("told", ["0", "0.0", formatdate(1, usegmt=True)])
def test_retry_after_nothing_means_the_first_pause(
    told: str, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.fail(429, 3, retry_after=told)
    with sandbox.client() as client:
        assert client.get("/orders").status_code == 200
    assert len(waits) == 3
    assert all(0.25 <= wait <= 0.5 for wait in waits)


def test_retry_after_as_a_date_is_read_by_the_services_own_clock(waits: list[float]) -> None:
    then = time.time() - 86400  # the service's clock is a day late
    headers = (
        "Connection: close\r\n"
        f"Date: {formatdate(then, usegmt=True)}\r\n"
        f"Retry-After: {formatdate(then + 20, usegmt=True)}\r\n"
    )
    refusal = answer(b"{}", "429 Too Many Requests", headers.encode())
    with RawServer(refusal, answer()) as server, client_of(server.port) as client:
        assert client.get("/orders").status_code == 200
    assert len(waits) == 1
    assert 20 <= waits[0] <= 21


def test_nonsense_after_429_waits_as_without(sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail(429, retry_after="soon")
    with sandbox.client() as client:
        assert client.get("/orders").status_code == 200
    assert 2.0 <= waits[0] <= 2.2


# A full window --------------------------------------------------------------------------------


def test_a_window_of_60_s_is_outlasted_without_retry_after(waits: list[float]) -> None:
    """A service whose clock runs as fast as we say that we sleep."""
    windows: list[float] = []

    def counted(request: bytes) -> bool:
        now = sum(waits)
        if not windows or now >= windows[-1] + 61:  # whole seconds: up to one more
            windows.append(now)
            return True
        return False

    def serve(peer: Any) -> None:
        peer.send(answer() if counted(peer.request) else answer(b"{}", "429 Too Many Requests"))

    with RawServer(serve) as server, client_of(server.port) as client:
        for _ in range(20):
            windows[:] = [sum(waits)]  # somebody else has just opened it and used it up
            assert client.get("/orders").status_code == 200
    assert len(waits) == 20 * 5
    assert all(sum(waits[n : n + 5]) <= 70 for n in range(0, 100, 5))


# max_wait -------------------------------------------------------------------------------------


def test_no_call_sleeps_longer_than_max_wait_in_all(sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail(429, 100)
    with sandbox.client(max_wait=10.0) as client:
        assert client.get("/orders").status_code == 429
        assert 6 <= sum(waits) <= 10  # 2 and 4, but not 8 more
        assert len(sandbox.requests) == 3
        waits.clear()
        assert client.get("/orders").status_code == 429  # each call on its own
    assert 6 <= sum(waits) <= 10


@pytest.mark.parametrize("told", ["3600", "999999999999999999", formatdate(4e9, usegmt=True)])
def test_a_longer_wait_ends_at_once(told: str, sandbox: Sandbox, waits: list[float]) -> None:
    sandbox.fail(429, 100, retry_after=told)
    with sandbox.client() as client:
        response = client.get("/orders")
        assert response.status_code == 429
        assert response.headers["Retry-After"] == told
        assert response.json()["message"] == "The sandbox was told to fail (429)."
        with pytest.raises(RateLimitError) as caught:
            client.list_orders(page=1)
    assert caught.value.retry_after >= 3600
    assert caught.value.message == "The sandbox was told to fail (429)."
    assert len(sandbox.requests) == 2
    assert waits == []


def test_a_post_whose_wait_is_too_long_was_not_applied(
    sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    sandbox.fail(429, retry_after=121)
    with sandbox.client() as client, pytest.raises(RateLimitError) as caught:
        post(client, order)
    assert not caught.value.maybe_applied
    assert caught.value.retry_after == 121
    assert waits == []


def test_a_failure_whose_wait_is_too_long_ends_as_itself(
    sandbox: Sandbox, waits: list[float]
) -> None:
    order = first_id(sandbox)
    with sandbox.client(max_wait=0.2) as client:
        sandbox.fail(503)
        assert client.get("/orders").status_code == 503
        sandbox.fail(503, retry_after=60)
        with pytest.raises(ServerError, match="told to fail"):
            get(client, order)
        sandbox.drop()
        with pytest.raises(APIConnectionError) as dropped:
            get(client, order)
        sandbox.slow(60)
        with pytest.raises(APITimeoutError) as late:
            get(client.with_timeout(0.1), order)
    assert type(dropped.value) is APIConnectionError
    assert not dropped.value.maybe_applied
    assert not late.value.maybe_applied
    assert waits == []
    assert len(sandbox.requests) == 4


def test_max_wait_0_never_sleeps(sandbox: Sandbox, waits: list[float]) -> None:
    order = first_id(sandbox)
    with sandbox.client(max_wait=0) as client:
        for status in (429, *TRANSIENT):
            sandbox.fail(status)
            assert client.get("/orders").status_code == status
        sandbox.drop()
        with pytest.raises(APIConnectionError):
            get(client, order)
        assert get(client, order)["id"] == order
    assert waits == []
    assert len(sandbox.requests) == 7


def test_a_failure_ends_as_itself_when_it_is_the_budget_that_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shorten_pauses(monkeypatch, 0.01)
    options: Any = {"rate_limit": RateLimit(requests=1, period=51.0), "max_wait": 5.0}
    down = answer(b'{"message": "down"}', "503 Down")
    with RawServer(down) as server, client_of(server.port, **options) as client:
        response = client.get("/orders")
        assert (response.status_code, response.json()) == (503, {"message": "down"})
        with pytest.raises(RateLimitError, match="nothing was sent"):
            client.get("/orders")
    assert len(server.requests) == 1
    with (
        RawServer(lambda peer: None) as server,
        client_of(server.port, **options) as client,
        pytest.raises(APIConnectionError) as dropped,
    ):
        client.get("/orders")
    assert type(dropped.value) is APIConnectionError
    assert len(server.requests) == 1


# Bits of the policy ---------------------------------------------------------------------------


def test_the_policy_survives_what_urllib3_does_with_it() -> None:
    policy = retry_policy(3)
    assert isinstance(policy.new(total=2), RetryPolicy)
    assert isinstance(policy.increment("GET", "/", error=None), RetryPolicy)
    assert policy.is_retry("get", 503)
    assert not policy.is_retry("POST", 503, has_retry_after=True)
    assert policy.is_retry("POST", 429)
    assert not policy.is_retry("GET", 413, has_retry_after=True)


def test_the_policy_works_without_a_call_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("statuspro._http.retry.time.sleep", slept.append)
    retry_policy(3).increment("GET", "/").sleep()
    assert len(slept) == 1
    assert 0.25 <= slept[0] <= 0.5


# What the policy tells the budget, the log and urllib3 ----------------------------------------


class NotedBudget:
    """A budget that has room, and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def take(self, slot: Slot) -> None:
        self.told.append(("take",))

    def give_back(self, slot: Slot) -> None:
        self.told.append(("give back",))

    def finish(self, slot: Slot) -> None:
        self.told.append(("finish",))

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        self.told.append(("refuse", retry_after))

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        self.told.append(("observe", remaining, reset))


def call_of(method: str = "GET", **settings: Any) -> Call:
    request = requests.Request(method, "http://shop.test/api/v1/orders").prepare()
    return Call(request, CallSettings(**settings), lease=1.0)


def response_of(status: int, **headers: str) -> HTTPResponse:
    return HTTPResponse(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})


NOW = 1_900_000_000


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (200, {}, [("finish",)]),
        (503, {"Retry-After": "7"}, [("finish",)]),
        (429, {}, [("refuse", None)]),
        (429, {"Retry-After": "7"}, [("refuse", 7.0)]),
        (429, {"Retry-After": "1"}, [("refuse", 1.0)]),
        (429, {"Retry-After": "0"}, [("refuse", 0.5)]),
        (429, {"X-RateLimit-Remaining": "0"}, [("refuse", None)]),
        (200, {"X-RateLimit-Remaining": "12"}, [("observe", 12, None), ("finish",)]),
        (
            200,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW + 30)},
            [("observe", 0, 30.0), ("finish",)],
        ),
        (
            200,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW - 30}"},
            [("observe", 0, 0.0), ("finish",)],
        ),
        (
            200,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"},
            [("observe", 0, None), ("finish",)],
        ),
        (200, {"X-RateLimit-Remaining": "many"}, [("finish",)]),
        (200, {"X-RateLimit-Remaining": "-1"}, [("finish",)]),
        (200, {"X-RateLimit-Remaining": "1234567890"}, [("finish",)]),
    ],
)
def test_the_budget_is_told_what_an_answer_says_of_it(
    status: int, headers: dict[str, str], told: list[tuple[Any, ...]]
) -> None:
    budget = NotedBudget()
    call = call_of(budget=budget)
    call.begin_attempt()
    answered = HTTPHeaderDict({"Date": formatdate(NOW, usegmt=True), **headers})
    settle(call, status, answered)
    settle(call, status, answered)
    assert budget.told == [("take",), *told]


def test_the_end_of_a_window_is_compared_with_our_clock_where_the_service_tells_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("statuspro._http.retry.time.time", lambda: NOW - 20.0)
    budget = NotedBudget()
    call = call_of(budget=budget)
    call.begin_attempt()
    ends = {"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": str(NOW)}
    settle(call, 200, HTTPHeaderDict(ends))
    assert budget.told == [("take",), ("observe", 3, 20.0), ("finish",)]


def test_an_answer_is_logged_once_with_its_status(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "statuspro")
    call = call_of()
    call.begin_attempt()
    with under_way(call):
        retry_policy(2).increment("GET", "/", response_of(503))
        [record] = caplog.records
        assert record.getMessage().startswith("GET /api/v1/orders: 503 in ")
        settle(call, 503, HTTPHeaderDict())
    assert caplog.records == [record]


@pytest.mark.parametrize(("status", "pauses"), [(429, 0), (503, 1)])
def test_after_a_refusal_the_budget_alone_says_how_long_to_wait(
    status: int, pauses: int, waits: list[float]
) -> None:
    budget = NotedBudget()
    with under_way(call_of(budget=budget)) as call:
        call.begin_attempt()
        answered = response_of(status)
        retry_policy(2).increment("GET", "/", answered).sleep(answered)
        assert len(waits) == pauses
        assert budget.told[-1] == ("take",)
        assert call.attempt == 2


@pytest.mark.parametrize(
    ("failed", "reason"),
    [
        (
            {"response": response_of(429)},
            "the service refused the request, its rate limit is used up (429)",
        ),
        ({"response": response_of(503)}, "the service failed (503), trying again"),
        (
            {"error": ReadTimeoutError(HTTPConnectionPool("a"), "/", "")},
            "the service did not answer in time, trying again",
        ),
        ({"error": ProtocolError("gone")}, "the connection failed, trying again"),
    ],
)
def test_who_waits_is_told_why(failed: dict[str, Any], reason: str, waits: list[float]) -> None:
    told: list[str] = []
    with under_way(call_of(on_wait=lambda seconds, reason: told.append(reason))):
        retry_policy(2).increment("GET", "/", **failed).sleep(failed.get("response"))
    assert told == [reason]


def test_a_pause_without_a_call_is_what_the_service_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("statuspro._http.retry.time.sleep", slept.append)
    monkeypatch.setattr("statuspro._http.retry.random.uniform", lambda least, most: most)
    for told in ("5", "50"):
        answered = response_of(503, Retry_After=told)
        retry_policy(3).increment("GET", "/", answered).sleep(answered)
    assert slept == [5.5, 51.0]


CERTIFICATE = SSLError(ssl.SSLCertVerificationError("self-signed"))
BROKEN_OFF = SSLError(ssl.SSLEOFError("gone"))


@pytest.mark.parametrize(
    ("error", "get_again", "post_again"),
    [
        (ConnectTimeoutError(), True, True),
        (ReadTimeoutError(HTTPConnectionPool("a"), "/", ""), True, False),
        (ProtocolError("gone"), True, False),
        (CERTIFICATE, False, False),
        (BROKEN_OFF, True, False),
        (SSLError(ssl.SSLZeroReturnError("gone")), True, False),
        (SSLError(), False, False),
        (ProxyError("no", OSError("refused")), True, False),
        (ProxyError("no", ConnectTimeoutError()), True, True),
        (ProxyRefusedError(407, "407"), False, False),
        (ProxyError("no", CERTIFICATE), False, False),
        (ProxyError("no", BROKEN_OFF), True, False),
        (HTTPError("something else"), False, False),
    ],
)
def test_which_errors_are_sent_again_when_nothing_is_known_of_the_call(
    error: Exception, get_again: bool, post_again: bool
) -> None:
    for method, again in (("get", get_again), ("POST", post_again)):
        with contextlib.nullcontext() if again else pytest.raises(type(error)):
            assert retry_policy(1).increment(method, "/", error=error).total == 0


@pytest.mark.parametrize("sent", [False, True])
def test_a_post_is_sent_again_after_any_error_but_only_if_nothing_of_it_was_sent(
    sent: bool,
) -> None:
    with under_way(call_of("POST")) as call:
        call.sent = sent
        with pytest.raises(ProtocolError) if sent else contextlib.nullcontext():
            assert retry_policy(1).increment("POST", "/", error=ProtocolError("gone")).total == 0


def test_the_end_of_all_attempts_says_of_what() -> None:
    pool = HTTPConnectionPool("shop.test")
    with pytest.raises(MaxRetryError) as caught:
        retry_policy(0).increment("GET", "/orders", error=ProtocolError("gone"), _pool=pool)
    assert (caught.value.url, caught.value.pool) == ("/orders", pool)


def test_the_policy_shows_itself_as_urllib3s_do() -> None:
    policy = retry_policy(4)
    assert policy.total == 4
    assert policy.redirect == 0
    assert policy.allowed_methods is None
    assert policy.status_forcelist == {429, 500, 502, 503, 504}
    assert policy.backoff_factor == 0.5
    assert policy.raise_on_status is False
    assert policy.raise_on_redirect is False
