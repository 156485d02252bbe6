"""The call under way: what it waits, who is told, what is logged."""

from __future__ import annotations

import contextlib
import logging
import math
import re
import signal
import subprocess
import sys
import threading
import time
from typing import Any, cast

import pytest
import requests
import structlog

from statuspro import APIConnectionError, RateLimit, RateLimitError, StatusProClient
from statuspro._http.call import (
    Call,
    CallSettings,
    Cancellation,
    Cancelled,
    WaitTooLong,
    cancel_with,
    current_call,
    one_call,
    pause,
    under_way,
)
from statuspro.pacing import Budget, Slot, Wait
from statuspro.sandbox import Sandbox
from tests.support.processes import Process
from tests.support.promptness import within


def call(url: str = "http://a.test/api/v1/orders?search=Ann", **settings: Any) -> Call:
    request = requests.Request("GET", url).prepare()
    return Call(request, CallSettings(**settings), lease=1.0)


# on_wait --------------------------------------------------------------------------------------


def test_who_waits_is_told_before(sandbox: Sandbox, waits: list[float]) -> None:
    told: list[tuple[float, str]] = []

    def on_wait(seconds: float, reason: str, /) -> None:
        assert len(waits) == len(told)
        told.append((seconds, reason))

    sandbox.fail(503)
    sandbox.fail(429)
    sandbox.drop()
    sandbox.stall()
    with sandbox.client(on_wait=on_wait, timeout=0.2) as client:
        assert client.get("/orders").status_code == 200
    assert [seconds for seconds, _ in told] == waits
    assert [reason for _, reason in told] == [
        "the service failed (503), trying again",
        "the service refused the request, its rate limit is used up (429)",
        "the connection failed, trying again",
        "the service did not answer in time, trying again",
    ]


def test_short_waits_are_not_told(waits: list[float]) -> None:
    told: list[float] = []
    under_test = call(on_wait=lambda seconds, reason: told.append(seconds))
    for seconds in (0.05, 0.0999, 0.1, 2.0):
        under_test.sleep(seconds, "a reason")
    assert waits == [0.05, 0.0999, 0.1, 2.0]
    assert told == [0.1, 2.0]


def test_on_wait_is_switched_off(sandbox: Sandbox, waits: list[float]) -> None:
    told: list[float] = []
    sandbox.fail(503)
    with sandbox.client(on_wait=lambda seconds, reason: told.append(seconds)) as client:
        assert client.with_options(on_wait=None).get("/orders").status_code == 200
        assert len(waits) == 1
        assert told == []
        sandbox.fail(503)
        assert client.get("/orders").status_code == 200
    assert told == waits[1:]


class EnoughError(Exception):
    pass


def give_up(seconds: float, reason: str) -> None:
    raise EnoughError(reason)


def test_what_on_wait_raises_ends_the_call(sandbox: Sandbox, waits: list[float]) -> None:
    with sandbox.client(on_wait=give_up) as client:
        sandbox.fail(429)
        sandbox.drop()
        for _ in range(2):
            with pytest.raises(EnoughError):
                client.get("/orders")
            assert current_call() is None
        assert client.get("/orders").status_code == 200
    assert waits == []
    assert len(sandbox.requests) == 3


def test_what_on_wait_raises_gives_the_slot_back(sandbox: Sandbox) -> None:
    limit = RateLimit(requests=1, period=0.4)
    with sandbox.client(rate_limit=limit) as client:
        assert client.get("/orders").status_code == 200
        for _ in range(5):
            with pytest.raises(EnoughError, match=r"1 request in 0\.4 s is used, next slot"):
                client.with_options(on_wait=give_up).get("/orders")
        assert queue_of(client) == {}
        with within(5 * limit.period):  # had the five kept their slots, this would be the sixth
            assert client.get("/orders").status_code == 200
    assert len(sandbox.requests) == 2


def queue_of(client: StatusProClient) -> dict[int, Any]:
    budget: Any = client._settings.budget
    waiting: dict[int, Any] = budget._ledger.waiting
    return waiting


# max_wait -------------------------------------------------------------------------------------


def test_the_budget_never_sleeps_longer_than_max_wait(sandbox: Sandbox, waits: list[float]) -> None:
    limit = RateLimit(requests=1, period=61.0)
    with sandbox.client(rate_limit=limit, max_wait=0) as client:
        assert client.get("/orders").status_code == 200
        with pytest.raises(RateLimitError) as caught:
            client.get("/orders", params={"search": "Ann"})
        with pytest.raises(RateLimitError):
            client.list_orders(search="Ann")
        assert queue_of(client) == {}
    error = caught.value
    assert (error.status_code, error.response, error.maybe_applied) == (429, None, False)
    assert 50 < error.retry_after < 63
    assert "nothing was sent" in str(error)
    assert "max_wait allows (0 s in all)" in str(error)
    assert "Ann" not in str(error)
    assert waits == []
    assert len(sandbox.requests) == 1


def test_waits_for_the_budget_and_for_the_backoff_are_added_up(
    sandbox: Sandbox, waits: list[float]
) -> None:
    under_test = call(max_wait=5.0)
    under_test.sleep(3.0, "a reason")
    with pytest.raises(WaitTooLong) as caught:
        under_test.sleep(2.1, "another reason")
    assert (caught.value.seconds, caught.value.reason) == (2.1, "another reason")
    under_test.sleep(2.0, "exactly")
    assert waits == [3.0, 2.0]


@pytest.mark.parametrize("seconds", [1e10, 2.3e9, 1e18, math.inf])
def test_without_a_bound_a_call_sleeps_what_can_be_slept(
    seconds: float, waits: list[float]
) -> None:
    call(max_wait=math.inf).sleep(seconds, "an absurd Retry-After")
    assert waits == [min(seconds, threading.TIMEOUT_MAX)]


class Busy:
    """A budget that another process is at."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self.patience: list[float] = []
        self.answered: list[bool] = []
        self.given_back: list[Slot] = []

    def take(self, slot: Slot) -> Wait | None:
        self.patience.append(slot.patience)
        time.sleep(self._seconds)
        return None

    def finish(self, slot: Slot) -> None:
        self.answered.append(slot.answered)

    def give_back(self, slot: Slot) -> None:
        self.given_back.append(slot)


def test_the_budget_may_keep_a_call_no_longer_than_it_may_still_wait() -> None:
    budget = Busy(0.15)
    under_test = call(max_wait=5.0, budget=budget)
    for _ in range(2):
        under_test.begin_attempt()
        under_test.end_attempt()
    first, second = budget.patience
    assert first == 5.0
    assert 4.0 < second < 4.86
    with pytest.raises(WaitTooLong):
        under_test.sleep(4.8, "a reason")


def test_a_slot_that_comes_after_the_deadline_is_given_back() -> None:
    budget = Busy(0.15)
    under_test = call(deadline=0.1, budget=budget)
    with pytest.raises(WaitTooLong, match="the rate budget was busy") as caught:
        under_test.begin_attempt()
    assert caught.value.is_deadline
    assert len(budget.given_back) == 1
    assert under_test.attempt == 0


def test_a_request_without_a_response_may_still_be_under_way(sandbox: Sandbox) -> None:
    budget, sent = Busy(), call()
    for fault in (None, sandbox.stall, sandbox.drop):
        if fault:
            fault()
        with sandbox.client(timeout=0.2, max_retries=0) as client:
            client._settings = client._settings._replace(budget=cast(Budget, budget))
            client._apply({})
            with contextlib.suppress(APIConnectionError):
                client.post("/orders")
    assert budget.answered == [True, False, False]
    sent.settings = CallSettings(budget=cast(Budget, budget))
    sent.begin_attempt()
    sent.sent = False
    sent.end_attempt()
    assert budget.answered[-1] is True


def test_requests_that_count_as_one_call_share_their_waits(
    sandbox: Sandbox, waits: list[float]
) -> None:
    with sandbox.client(max_wait=10.0) as client:
        order = client.list_orders(page=1)["data"][0]
        viable = client.get_viable_statuses(order["id"])[0]["code"]
        sandbox.fail(429, retry_after=8, path="*/viable-statuses")
        sandbox.fail(429, retry_after=8, path="*/status")
        with pytest.raises(RateLimitError):
            client.update_order_status(order["id"], viable, check=True)
        assert len(waits) == 1
        sandbox.fail(429, retry_after=8, path="*/status")
        client.update_order_status(order["id"], viable)  # a call of its own
    assert len(waits) == 2


def test_one_call_within_one_call(waits: list[float]) -> None:
    with one_call():
        call(max_wait=5.0).sleep(3.0, "a reason")
        with one_call():
            call(max_wait=5.0).sleep(1.0, "a reason")
        with pytest.raises(WaitTooLong):
            call(max_wait=5.0).sleep(2.0, "a reason")
    call(max_wait=5.0).sleep(5.0, "a reason")
    assert waits == [3.0, 1.0, 5.0]


# What is told of the attempts of a write --------------------------------------------------------


def test_an_attempt_is_told_of_after_the_wait_for_its_slot() -> None:
    told: list[Any] = []
    with Sandbox(1) as sandbox, one_call() as one:
        one.on_attempt = lambda call, is_next: told.append((call.path, is_next))
        with sandbox.client(
            rate_limit=RateLimit(requests=60, bulk=1, period=0.3),
            on_wait=lambda seconds, reason: told.append("a wait"),
        ) as client:
            client.get("/orders")
            for _ in range(2):
                client.post("/orders/bulk-status")
    bulk_call = ("/api/v1/orders/bulk-status", True)
    assert told == [bulk_call, "a wait", bulk_call]


@pytest.mark.parametrize("is_paced", [True, False])
def test_an_attempt_in_vain_is_told_of_before_the_wait_for_the_next(is_paced: bool) -> None:
    told: list[Any] = []
    with Sandbox(1) as sandbox, one_call() as one:
        one.on_attempt = lambda call, is_next: told.append(is_next)
        sandbox.fail(429, retry_after=0.2)
        with sandbox.client(
            rate_limit=RateLimit(period=0.3) if is_paced else None,
            on_wait=lambda seconds, reason: told.append("a wait"),
        ) as client:
            client.post("/orders/bulk-status")
    assert told == [True, False, "a wait", True]


@pytest.mark.parametrize("attempt", [1, 2])
def test_what_is_raised_when_told_of_an_attempt_comes_out_and_frees_its_slot(
    attempt: int,
) -> None:
    told: list[bool] = []

    def refuse(call: Call, is_next: bool) -> None:
        told.append(is_next)
        if is_next and told.count(True) == attempt:
            raise OSError(28, "the disk is full")

    # A wait for a slot that was not given back would be longer than max_wait.
    limit = RateLimit(requests=attempt, bulk=attempt, period=60.0)
    with Sandbox(1) as sandbox, sandbox.client(rate_limit=limit, max_wait=2.0) as client:
        if attempt == 2:
            sandbox.fail(429, retry_after=0.2)
        with one_call() as one:
            one.on_attempt = refuse
            with pytest.raises(OSError, match="the disk is full") as caught:
                client.post("/orders/bulk-status")
        assert type(caught.value) is OSError
        assert len(sandbox.requests) == attempt - 1
        assert client.get("/orders").status_code == 200


def test_a_pause_between_calls_is_bounded_by_max_wait_alone(waits: list[float]) -> None:
    told: list[float] = []
    settings = CallSettings(max_wait=5.0, on_wait=lambda seconds, reason: told.append(seconds))
    for _ in range(2):
        pause(settings, 5.0, "GET /orders/7", "the queue")
    with pytest.raises(WaitTooLong) as caught:
        pause(settings, 5.1, "GET /orders/7", "the queue")
    assert (caught.value.seconds, caught.value.reason) == (5.1, "the queue")
    assert waits == told == [5.0, 5.0]


# Cancelling -----------------------------------------------------------------------------------


def test_a_wait_that_nobody_needs_any_more_ends() -> None:
    cancellation = Cancellation()
    outcome: list[type[BaseException]] = []

    def work() -> None:
        cancel_with(cancellation)
        try:
            call().sleep(60.0, "a reason")
        except BaseException as error:
            outcome.append(type(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads[:2]:
        thread.start()
    cancellation.check()
    cancellation.set()
    cancellation.set()  # again, which does nothing
    threads[2].start()
    for thread in threads:
        thread.join(timeout=10)
    assert outcome == [Cancelled] * 3
    with pytest.raises(Cancelled):
        cancellation.check()


def test_a_wait_that_is_needed_goes_on() -> None:
    slept: list[float] = []

    def work() -> None:
        cancel_with(Cancellation())
        under_test = call(max_wait=1.0)
        under_test.sleep(0.01, "a reason")
        with pytest.raises(WaitTooLong):
            under_test.sleep(0.995, "a reason")
        slept.append(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=10)
    assert slept == [0.01]


_INTERRUPTED = """
import sys, time
from statuspro import RateLimit, StatusProClient

def on_wait(seconds, reason):
    print("waiting", flush=True)

client = StatusProClient("k", sys.argv[1], rate_limit=RateLimit(2, 1, 2.0), trust_env=False)
for _ in range(2):
    assert client.get("/statuses").status_code == 401
try:
    client.with_options(on_wait=on_wait).get("/statuses")
except KeyboardInterrupt:
    assert client._settings.budget._ledger.waiting == {}
    assert client.get("/statuses").status_code == 401
    print("went on", flush=True)
"""


def test_ctrl_c_in_a_wait_leaves_the_budget_correct(sandbox: Sandbox) -> None:
    process = Process[str](
        [sys.executable, "-c", _INTERRUPTED, sandbox.base_url], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process, process.stdout as lines:
        assert lines.readline() == "waiting\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert lines.readline() == "went on\n"
    assert process.returncode == 0
    assert len(sandbox.requests) == 3


# The log --------------------------------------------------------------------------------------


def test_one_record_a_wait_by_its_length(
    caplog: pytest.LogCaptureFixture, sandbox: Sandbox, waits: list[float]
) -> None:
    caplog.set_level(logging.INFO, "statuspro")
    sandbox.fail(503)
    sandbox.fail(503, retry_after=3)
    with sandbox.client() as client:
        assert client.get("/orders", params={"search": "Ann Example"}).status_code == 200
    records = [record for record in caplog.records if record.name == "statuspro"]
    assert [record.levelname for record in records] == ["INFO", "WARNING"]
    for record, seconds in zip(records, waits, strict=True):
        assert record.getMessage() == (
            f"Waiting {seconds:.1f} s before GET /api/v1/orders: "
            "the service failed (503), trying again"
        )


def test_one_record_a_response(
    caplog: pytest.LogCaptureFixture, sandbox: Sandbox, waits: list[float]
) -> None:
    caplog.set_level(logging.DEBUG, "statuspro")
    sandbox.fail(503)
    with sandbox.client() as client:
        client.get("/orders", params={"search": "Ann Example", "page": "2", "tags[]": "x"})
        client.post("/orders/1/comment", json={"comment": "Hello Ann"})
    lines = [record.getMessage() for record in caplog.records if record.levelname == "DEBUG"]
    lines = [re.sub(r"in \d+ ms", "in N ms", line) for line in lines if "urllib3" not in line]
    assert lines[-3:] == [
        "GET /api/v1/orders?search=[hidden]&page=2&tags[]=[hidden]: 503 in N ms (attempt 1)",
        "GET /api/v1/orders?search=[hidden]&page=2&tags[]=[hidden]: 200 in N ms (attempt 2)",
        "POST /api/v1/orders/1/comment: 404 in N ms (attempt 1)",
    ]


def test_the_callers_logger_is_used(sandbox: Sandbox, waits: list[float]) -> None:
    with structlog.testing.capture_logs() as events:
        sandbox.fail(503, retry_after=2)
        with sandbox.client(logger=structlog.get_logger()) as client:
            assert client.get("/orders").status_code == 200
    assert [event["log_level"] for event in events] == ["debug", "warning", "debug"]
    assert "Waiting" in events[1]["event"]


def test_what_a_logger_raises_reaches_the_caller(sandbox: Sandbox, waits: list[float]) -> None:
    class Broken(logging.Logger):
        def info(self, *args: Any, **kwargs: Any) -> None:
            raise EnoughError

    sandbox.fail(503)
    with sandbox.client(logger=Broken("broken")) as client:
        with pytest.raises(EnoughError):
            client.get("/orders")
        assert client.get("/orders").status_code == 200


# The context ----------------------------------------------------------------------------------


def test_a_call_is_over_when_it_ends(sandbox: Sandbox) -> None:
    assert current_call() is None
    with under_way(call()) as outer:
        assert current_call() is outer
        with under_way(call()) as inner:
            assert current_call() is inner
        assert current_call() is outer
    assert current_call() is None


def test_a_call_within_a_call(sandbox: Sandbox, waits: list[float]) -> None:
    """Whoever is told of a wait may make requests."""
    with sandbox.client() as client:
        seen: list[int] = []

        def on_wait(seconds: float, reason: str) -> None:
            answer = client.get("/orders", params={"page": 2, "per_page": 3})
            seen.append(answer.json()["meta"]["current_page"])

        sandbox.fail(503)
        sandbox.drop(path="/statuses")
        waiting = client.with_options(on_wait=on_wait)
        answer = waiting.get("/orders", params={"page": 1, "per_page": 4})
        assert answer.json()["meta"]["per_page"] == 4
        assert isinstance(waiting.get("/statuses").json(), list)
    assert seen == [2, 2]


def test_bulk_calls_are_counted_as_such(sandbox: Sandbox) -> None:
    limit = RateLimit(requests=50, bulk=1, period=62.0)
    with sandbox.client(rate_limit=limit, max_wait=0) as client:
        order = client.list_orders(page=1)["data"][0]["id"]
        client.bulk_update_order_status([order], "st000002")
        with pytest.raises(RateLimitError, match="1 bulk request in 62 s"):
            client.bulk_update_order_status([order], "st000002")
        client.add_order_comment(order, "No bulk call")
        assert client.get("/orders/bulk-status").status_code in (404, 405)
    assert len(sandbox.requests) == 4


def test_an_error_before_anything_was_sent_takes_no_slot(sandbox: Sandbox) -> None:
    limit = RateLimit(requests=2, period=63.0)
    with sandbox.client(rate_limit=limit, max_wait=0, max_retries=0) as client:
        sandbox.drop()
        with pytest.raises(APIConnectionError):  # sent: it counts
            client.get("/orders")
        with pytest.raises(ValueError, match="page"):
            client.list_orders(page=0)
        assert client.get("/orders").status_code == 200
        with pytest.raises(RateLimitError):
            client.get("/orders")
