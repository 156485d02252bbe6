"""The sandbox put together: how it starts, stops and is asked what happened."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

import pytest

from statuspro import RateLimit, StatusProClient
from statuspro.sandbox import DEFAULT_API_KEY, Sandbox
from statuspro.sandbox.data import FIRST_ID
from tests.support.polling import eventually

from .caller import Caller


def all_orders(**keywords: Any) -> bytes:
    with Sandbox(orders=50, **keywords) as sandbox, Caller(sandbox) as api:
        return api.get("/orders", {"per_page": 100}).body


def test_the_same_seed_gives_the_same_orders() -> None:
    assert all_orders() == all_orders(seed=1)
    assert all_orders() != all_orders(seed=2)


def test_the_number_of_orders() -> None:
    for number in (0, 1, 250):
        with Sandbox(number) as sandbox, Caller(sandbox) as api:
            assert api.get("/orders").json["meta"]["total"] == number
    with Sandbox() as sandbox, Caller(sandbox) as api:
        assert api.get("/orders").json["meta"]["total"] == 250


@pytest.mark.parametrize("delay", [0.0, 3600.0])
def test_a_bulk_update_is_applied_after_a_delay_of_ones_own(delay: float) -> None:
    with Sandbox(0, bulk_delay=delay) as sandbox, Caller(sandbox) as api:
        order_id = sandbox.add_order(status_code="st000002")
        api.post("/orders/bulk-status", order_ids=[order_id], status_code="st000003")
        is_applied = eventually(lambda: bool(sandbox.applied), 5.0 if delay == 0.0 else 0.2)
        assert is_applied == (delay == 0.0)


def test_many_orders_are_ready_at_once() -> None:
    with Sandbox(1_000_000) as sandbox, Caller(sandbox) as api:
        reply = api.get("/orders", {"page": 5_000, "per_page": 100})
        assert reply.json["meta"]["last_page"] == 10_000
        assert len(reply.ids) == 100
        assert api.get(f"/orders/{reply.ids[50]}").json["id"] == reply.ids[50]


def test_a_port_of_ones_own() -> None:
    port = free_port()
    sandbox = Sandbox(1, port=port)
    assert sandbox.port == port
    with sandbox, Caller(sandbox) as api:
        assert sandbox.base_url == f"http://127.0.0.1:{port}/api/v1"
        assert api.get("/statuses").status == 200


def test_a_port_that_is_taken(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match=r"[Aa]ddress"):
        Sandbox(1, port=sandbox.port).start()


def test_it_can_be_stopped_and_started_again() -> None:
    sandbox = Sandbox(1)
    assert (sandbox.connections, sandbox.accepted) == (0, 0)
    sandbox.stop()
    for turn in (1, 2):
        sandbox.start()
        sandbox.start()
        sandbox.slow(0.01)
        with Caller(sandbox) as api:
            assert api.post(f"/orders/{FIRST_ID}/comment", comment=f"turn {turn}").status == 200
        sandbox.stop()
        sandbox.stop()
    assert len(sandbox.applied) == 2


def test_what_is_queued_is_applied_when_it_stops() -> None:
    with Sandbox(0) as sandbox, Caller(sandbox) as api:
        order_id = sandbox.add_order()
        api.post("/orders/bulk-status", order_ids=[order_id], status_code="st000001")
    assert sandbox.order(order_id).status_code == "st000001"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def wait_for_port(port: int, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_serve_forever_ends_with_ctrl_c() -> None:
    port = free_port()
    code = (
        "from statuspro.sandbox import Sandbox\n"
        f"sandbox = Sandbox(1, port={port})\n"
        "sandbox.serve_forever()\n"
        "print('stopped', sandbox.connections)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_port(port)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "stopped 0\n", "")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


# The client


def test_client(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        assert isinstance(client, StatusProClient)
        assert client.list_orders()["meta"]["total"] == 60
        assert client.get_order(FIRST_ID)["id"] == FIRST_ID
    assert {record.headers["Authorization"] for record in sandbox.requests} == {
        f"Bearer {DEFAULT_API_KEY}"
    }


def test_client_is_not_led_astray_by_the_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("STATUSPRO_API_KEY", "another")
    monkeypatch.setenv("STATUSPRO_BASE_URL", "http://127.0.0.1:9/api/v1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with sandbox.client() as client:
        assert len(client.get_statuses()) == 7


def rate_limit_of(sandbox: Sandbox, **keywords: Any) -> RateLimit | None:
    with sandbox.client(**keywords) as client:
        return client.rate_limit


def test_client_is_paced_where_the_sandbox_has_limits() -> None:
    assert rate_limit_of(Sandbox(1)) is None
    assert rate_limit_of(Sandbox(1, rate_limit=9, bulk_limit=2, period=3.0)) == RateLimit(
        requests=9, bulk=2, period=3.0
    )
    assert rate_limit_of(Sandbox(1, rate_limit=9)) == RateLimit(requests=9, bulk=9, period=60.0)
    own = RateLimit(requests=1, bulk=1, period=1.0)
    assert rate_limit_of(Sandbox(1, rate_limit=9), rate_limit=own) == own
    assert rate_limit_of(Sandbox(1, rate_limit=9), rate_limit=None) is None


def test_client_keywords(sandbox: Sandbox) -> None:
    with sandbox.client(api_key="wrong") as client:
        assert client.get("/statuses").status_code == 401
    with sandbox.client(trust_env=True) as client:
        assert client.trust_env is True
    with sandbox.client() as client:
        assert client.trust_env is False


def test_client_without_sockets() -> None:
    sandbox = Sandbox(5)
    with sandbox.client(adapter=sandbox.adapter()) as client:
        sandbox.fail(503)
        assert client.list_orders()["meta"]["total"] == 5
    assert [record.status for record in sandbox.requests] == [503, 200]
    assert sandbox.accepted == 0


# Its state, past the API


def test_a_list_that_moves(sandbox: Sandbox, api: Caller) -> None:
    before = api.get("/orders").ids
    new = sandbox.add_order(email="ada@example.com", tags=("rush",))
    sandbox.remove_order(before[0])
    assert api.get("/orders").ids == [new, *before[1:]]
    assert sandbox.order(new).customer.email == "ada@example.com"
    sandbox.cancel_order(new)
    assert sandbox.order(new).cancelled_at is not None
    assert new not in api.get("/orders", {"exclude_cancelled": "true"}).ids
    sandbox.set_status(new, "st000003")
    assert new in api.get("/orders", {"status_code": "st000003"}).ids
    sandbox.set_status(new, None)
    assert api.get(f"/orders/{new}").json["status"] == {"is_set": False}
    assert sandbox.order(new).history == []
    assert sandbox.applied == []


def test_an_order_is_a_copy(sandbox: Sandbox) -> None:
    order = sandbox.order(FIRST_ID)
    order.history.clear()
    order.tags = ("mine",)
    assert asdict(sandbox.order(FIRST_ID)) == asdict(Sandbox(60).order(FIRST_ID))


def test_an_order_that_does_not_exist(sandbox: Sandbox) -> None:
    for call in (sandbox.order, sandbox.cancel_order, sandbox.remove_order):
        with pytest.raises(KeyError):
            call(1)
    with pytest.raises(KeyError):
        sandbox.set_status(1, None)


def test_importing_the_package_does_not_import_the_sandbox() -> None:
    code = "import sys, statuspro; print('statuspro.sandbox' in sys.modules)"
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert out.stdout == "False\n"


def test_two_sandboxes_are_two_things() -> None:
    first, second = Sandbox(1), Sandbox(1)
    assert first != second
    assert len({first, second}) == 2
    assert first.api_key not in repr(first)
