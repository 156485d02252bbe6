"""freezegun: time stands still, and calls go on."""

from __future__ import annotations

import time
from typing import Any

import freezegun

from statuspro import RateLimit
from statuspro.sandbox import Sandbox
from statuspro.sandbox.data import FIRST_ID
from tests.support.servers import RawServer, answer, client_of

MORNING = "2020-02-29 07:00:00"


def test_calls_go_on_while_time_stands_still() -> None:
    with Sandbox(orders=3) as sandbox, freezegun.freeze_time(MORNING), sandbox.client() as client:
        assert client.get_order(FIRST_ID)["id"] == FIRST_ID
        client.add_order_comment(FIRST_ID, "Hello")


def test_the_budget_goes_on_while_time_stands_still() -> None:
    began = time.monotonic()
    options: dict[str, Any] = {"rate_limit": RateLimit(2, 1, 0.3), "max_wait": 3.0}
    with (
        Sandbox(orders=3) as sandbox,
        freezegun.freeze_time(MORNING),
        sandbox.client(**options) as client,
    ):
        for _ in range(5):
            client.get_order(FIRST_ID)
    assert 0.5 < time.monotonic() - began < 3


def test_a_response_is_read_while_time_flies() -> None:
    with (
        RawServer(answer(b"[" + b"1, " * 10**5 + b"1]")) as server,
        freezegun.freeze_time(MORNING, auto_tick_seconds=3600),
        client_of(server.port, timeout=30.0, max_retries=0) as client,
    ):
        assert len(client.get("/orders").json()) == 10**5 + 1
