"""The adapter between a client and urllib3."""

from __future__ import annotations

import pickle
import time
from datetime import timedelta
from typing import Any, cast

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter
from urllib3 import Timeout

from statuspro import APIConnectionError, Client, RateLimit, StatusProClient
from statuspro._http.call import CallSettings
from statuspro._http.pool import Pool, TLSPool
from statuspro._http.retry import retry_policy
from statuspro._http.transport import Transport, _lease
from statuspro.pacing import Budget, Slot, Wait
from statuspro.sandbox import Sandbox
from tests.support.servers import RawServer, answer, client_of


def test_it_is_an_http_adapter_for_any_session(waits: list[float]) -> None:
    settings = CallSettings(max_response_bytes=100)
    with Sandbox(orders=3) as sandbox, requests.Session() as session:
        session.trust_env = False
        session.mount(sandbox.base_url, Transport(retry_policy(2), settings, pool_maxsize=2))
        session.headers.update({"Authorization": f"Bearer {sandbox.api_key}"})
        sandbox.fail(503, 2)
        assert session.get(f"{sandbox.base_url}/orders/1").status_code == 404
        assert len(sandbox.requests) == 3
    assert len(waits) == 2


def test_without_a_policy_nothing_is_sent_again(waits: list[float]) -> None:
    with Sandbox(orders=3) as sandbox, requests.Session() as session:
        session.trust_env = False
        session.mount("http://", Transport())
        sandbox.fail(503)
        assert session.get(f"{sandbox.base_url}/orders").status_code == 503
    assert waits == []


def test_a_plain_client_sends_nothing_again(waits: list[float]) -> None:
    with (
        RawServer(b"") as server,
        Client(f"http://127.0.0.1:{server.port}", trust_env=False) as client,
        pytest.raises(APIConnectionError),
    ):
        client.get("/orders")
    assert len(server.requests) == 1


def test_a_derived_adapter_shares_the_connections() -> None:
    with Sandbox(orders=3) as sandbox, sandbox.client() as client:
        client.get("/orders")
        derived = client.with_options(max_retries=1, timeout=3.0, headers={"X-A": "b"})
        derived.get("/orders")
        assert sandbox.accepted == 1
        first, second = client.get_adapter("http://"), derived.get_adapter("http://")
        assert isinstance(first, Transport)
        assert isinstance(second, Transport)
        assert first is not second
        assert first.poolmanager is second.poolmanager
        assert (first.max_retries.total, second.max_retries.total) == (5, 1)


def test_responses_stands_in_for_the_service(waits: list[float]) -> None:
    with responses.RequestsMock() as mock, StatusProClient("k", "https://a.test/v1") as client:
        left = {"X-RateLimit-Remaining": "30"}
        mock.get("https://a.test/v1/orders/7", json={"id": 7}, headers=left)
        mock.get("https://a.test/v1/orders/8", body=requests.ConnectionError("broken"))
        mock.get("https://a.test/v1/orders/9", status=503, json={"message": "down"})
        mock.get("https://a.test/v1/orders/9", json={"id": 9})
        assert client.get_order(7)["id"] == 7
        with pytest.raises(APIConnectionError, match="failed: broken"):
            client.get_order(8)
        with pytest.raises(APIConnectionError, match="doesn't match any registered mock") as caught:
            client.list_orders(search="Ann Example", page=1)
        assert "GET https://a.test/v1/orders/7" in str(caught.value)
        assert "Ann" not in str(caught.value)
        assert "?" not in str(caught.value)
        assert client.get_order(9)["id"] == 9
        assert len(mock.calls) == 5
    assert waits == []  # it asks the policy, but does not sleep


class Witness:
    """A budget that grants everything, and notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.leases: list[float] = []

    def take(self, slot: Slot) -> Wait | None:
        self.told.append(("take", slot.bulk))
        self.leases.append(slot.lease)
        return None

    def give_back(self, slot: Slot) -> None:
        self.told.append(("give_back",))

    def finish(self, slot: Slot) -> None:
        self.told.append(("finish",))

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        self.told.append(("refuse", retry_after))

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        self.told.append(("observe", remaining, reset))


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    witness = Witness()
    budget = cast(Budget, witness)
    monkeypatch.setattr("statuspro.client.budget_for", lambda *args, **kwargs: budget)
    return witness


def test_the_budget_is_told_of_every_attempt(witness: Witness, waits: list[float]) -> None:
    with Sandbox(orders=3) as sandbox:
        sandbox.fail(503)
        sandbox.drop()
        sandbox.fail(429)
        sandbox.fail(429, retry_after=3)
        sandbox.fail(429, retry_after=0)
        with sandbox.client(rate_limit=RateLimit(), max_retries=6) as client:
            assert client.get("/orders").status_code == 200
            assert client.post("/orders/bulk-status", json={}).status_code == 422
    take, finish = ("take", False), ("finish",)
    assert witness.told == [
        *[take, finish, take, finish],
        *[take, ("refuse", None), take, ("refuse", 3.0), take, ("refuse", 0.5)],
        *[take, finish],
        *[("take", True), finish],
    ]
    assert len(waits) == 2  # the budget's waits are its own, after a 429


@pytest.mark.parametrize(
    ("headers", "remaining", "reset"),
    [
        (b"X-RateLimit-Remaining: 7\r\n", 7, None),
        (b"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: soon\r\n", 0, None),
        (
            b"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1000000030\r\n"
            b"Date: Sun, 09 Sep 2001 01:46:40 GMT\r\n",
            0,
            30.0,
        ),
        (b"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1\r\n", 0, 0.0),
    ],
)
def test_the_budget_is_told_what_is_left(
    headers: bytes, remaining: int, reset: float | None, witness: Witness
) -> None:
    with (
        RawServer(answer(headers=headers)) as server,
        client_of(server.port, rate_limit=RateLimit()) as client,
    ):
        client.get("/orders")
    assert witness.told == [("take", False), ("observe", remaining, reset), ("finish",)]


@pytest.mark.parametrize("value", [b"", b"-1", b"many", b"1.5", b"9" * 10])
def test_nonsense_of_what_is_left_is_not_passed_on(value: bytes, witness: Witness) -> None:
    headers = b"X-RateLimit-Remaining: " + value + b"\r\n"
    with (
        RawServer(answer(headers=headers)) as server,
        client_of(server.port, rate_limit=RateLimit()) as client,
    ):
        client.get("/orders")
    assert witness.told == [("take", False), ("finish",)]


def test_the_slot_of_an_attempt_is_finished_whatever_ends_it(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("statuspro._http.connection.Connection.getresponse", interrupted)
    with (
        Sandbox(orders=3) as sandbox,
        sandbox.client(rate_limit=RateLimit()) as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.get("/orders")
    assert witness.told == [("take", False), ("finish",)]


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [
        (30.0, 60.0),
        (5, 10.0),
        ((3.0, 7), 10.0),
        ((None, 7), 60.0),
        (None, 60.0),
        (Timeout(total=9.0), 18.0),
        (Timeout(connect=2.0, read=5.0), 7.0),
        (Timeout(), 60.0),
    ],
)
def test_how_long_an_attempt_may_take(timeout: Any, seconds: float, witness: Witness) -> None:
    assert _lease(timeout) == seconds
    with Sandbox(orders=3) as sandbox, sandbox.client(rate_limit=RateLimit()) as client:
        client.with_timeout(timeout).get("/orders")
    assert witness.leases == [seconds]


def test_the_url_that_urllib3_is_given() -> None:
    transport = Transport()
    request = requests.Request("GET", "http://a.test/v1/orders?search=Ann").prepare()
    tls = requests.Request("GET", "https://a.test/v1/orders?search=Ann").prepare()
    proxy = {"http": "http://p.test", "https": "http://p.test"}
    socks = {"http": "SOCKS5h://p.test"}
    unused = {"all": "socks://p.test", "http": "http://p.test"}
    assert transport.request_url(request, None) == "/v1/orders"
    assert transport.request_url(request, proxy) == "http://a.test/v1/orders"
    assert transport.request_url(tls, proxy) == "/v1/orders"
    assert transport.request_url(request, socks) == "/v1/orders"
    assert transport.request_url(request, unused) == "http://a.test/v1/orders"


def test_the_pools_are_ours_behind_a_proxy_too() -> None:
    transport = Transport(pool_connections=3, pool_maxsize=4)
    proxied = transport.proxy_manager_for("http://p.test:3128")
    for manager in (transport.poolmanager, proxied):
        assert isinstance(manager.connection_from_url("http://a.test"), Pool)
        assert isinstance(manager.connection_from_url("https://a.test"), TLSPool)
    assert transport.proxy_manager_for("http://p.test:3128") is proxied
    transport.close()
    assert len(proxied.pools) == len(transport.poolmanager.pools) == 0


def test_it_survives_pickling_as_requests_adapters_do() -> None:
    transport = Transport(retry_policy(3), pool_maxsize=7)
    copy = pickle.loads(pickle.dumps(transport))
    assert isinstance(copy, HTTPAdapter)
    assert copy.max_retries.total == 3


def test_elapsed_is_what_the_last_attempt_took() -> None:
    """requests' own would count what the call has waited."""
    seen: list[float] = []

    def hook(response: requests.Response, **_: Any) -> None:
        seen.append(response.elapsed.total_seconds())

    with Sandbox(orders=3) as sandbox:
        sandbox.fail(503, retry_after=0.6)
        sandbox.slow(0.1)
        began = time.monotonic()
        with sandbox.client(hooks={"response": hook}) as client:
            response = client.get("/orders")
        assert time.monotonic() - began > 0.6
        # One that is refused for its wait has taken what its own attempt took.
        sandbox.fail(429, retry_after=100)
        with sandbox.client(max_wait=1) as client:
            refused = client.get("/orders")
    assert seen == [response.elapsed.total_seconds()]
    assert 0.1 <= seen[0] < 0.6
    assert refused.status_code == 429
    assert 0 < refused.elapsed.total_seconds() < 0.6
    for answered in (response, refused):
        assert type(answered) is requests.Response
        answered.elapsed = timedelta(7)
        assert answered.elapsed == timedelta(7)
    assert pickle.loads(pickle.dumps(refused)).elapsed == timedelta(7)
