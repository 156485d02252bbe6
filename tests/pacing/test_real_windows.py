"""The rate budget as users meet it: the real client, real sockets, a service that counts.

Each run is made in a window of a second and, marked `limits`, in the service's own of a minute.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from statuspro import (
    AuthenticationError,
    RateLimit,
    RateLimitError,
    ServerError,
    StatusProClient,
    StatusProError,
)
from statuspro.sandbox import Sandbox
from tests.support.paths import ROOT
from tests.support.simulation import arrivals_within
from tests.support.traffic import (
    OtherConsumer,
    call_many,
    look_up_at,
    refusals_by_window,
    seconds_of,
    share_of,
    share_used,
    start_callers,
    start_customers,
    use_up,
)

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

pytest_plugins = ["tests.support.redis_server"]


@dataclass(frozen=True)
class Terms:
    """What the service allows, and how much is asked of it in a run.

    Attributes:
        limit: the figures.
        orders: how many orders there are.
        per_page: so many of them a page.
        delay: the longest delay of a request and its response together, in seconds.
        bulk_ids: for how many orders a status is set.
    """

    limit: RateLimit
    orders: int
    per_page: int
    delay: float
    bulk_ids: int

    def sandbox(self, **keywords: Any) -> Sandbox:
        """A service that keeps to these terms."""
        return Sandbox(
            self.orders,
            rate_limit=self.limit.requests,
            bulk_limit=self.limit.bulk,
            period=self.limit.period,
            **keywords,
        )


SCALED = Terms(RateLimit(20, 2, 1.0), orders=45, per_page=1, delay=0.03, bulk_ids=201)
REAL = Terms(RateLimit(), orders=10_000, per_page=100, delay=2.0, bulk_ids=500)


@pytest.fixture(
    params=[
        pytest.param(SCALED, id="scaled"),
        pytest.param(REAL, id="real", marks=pytest.mark.limits),
    ]
)
def terms(request: pytest.FixtureRequest) -> Terms:
    terms: Terms = request.param
    return terms


@pytest.fixture
def sandbox(terms: Terms) -> Iterator[Sandbox]:
    with terms.sandbox() as sandbox:
        yield sandbox


@pytest.fixture(params=["sqlite", "redis"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """Where several processes share the budget."""
    if request.param == "memory":
        return None
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'budget.sqlite3'}"
    server: RedisServer = request.getfixturevalue("redis_server")
    return server.url


@pytest.fixture
def strict() -> Iterator[Sandbox]:
    """A service that allows two requests a minute and one bulk request."""
    with Sandbox(5, rate_limit=2, bulk_limit=1) as sandbox:
        yield sandbox


def never(seconds: float, reason: str) -> None:
    """For `on_wait` where no call may wait."""
    pytest.fail(f"waits {seconds} s: {reason}")


def check_fairness(sandbox: Sandbox, limit: RateLimit, seconds: list[float], callers: int) -> None:
    """The budget was used and no caller starved.

    Where windows are short, a busy machine alone would decide that.
    """
    if limit.period >= REAL.limit.period:
        assert share_used(sandbox, limit) >= 0.95
        fair_share = limit.period * max(1.0, callers / limit.requests)
        assert max(seconds) <= 2 * fair_share


# --- never refused


def test_a_walk_is_complete_and_never_refused(terms: Terms, sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        orders = list(client.iter_orders(per_page=terms.per_page))
    assert len({order["id"] for order in orders}) == len(orders) == terms.orders
    assert sandbox.refused == 0


@pytest.mark.parametrize("prefetch", [0, 4])
def test_a_walk_with_random_delays_is_never_refused(
    terms: Terms, sandbox: Sandbox, prefetch: int
) -> None:
    sandbox.latency = 0.0, terms.delay
    with sandbox.client() as client:
        orders = list(client.iter_orders(per_page=terms.per_page, prefetch=prefetch))
    assert len({order["id"] for order in orders}) == len(orders) == terms.orders
    assert sandbox.refused == 0


def test_bulk_work_is_complete_and_never_refused(terms: Terms) -> None:
    with Sandbox(
        terms.bulk_ids,
        rate_limit=terms.limit.requests,
        bulk_limit=terms.limit.bulk,
        period=terms.limit.period,
        enforce_viable=False,
    ) as sandbox:
        with sandbox.client() as client:
            ids = [order["id"] for order in client.iter_orders()]
            batches = list(client.iter_bulk_update_order_status(ids, "st000003"))
        assert [order_id for batch in batches for order_id in batch["order_ids"]] == ids
        assert sandbox.refused == 0
        sandbox.flush()
        assert {write.order_id for write in sandbox.applied} == set(ids)


@pytest.mark.parametrize("threads", [16, 40])
def test_threads_are_never_refused(terms: Terms, sandbox: Sandbox, threads: int) -> None:
    count = 4 * terms.limit.requests
    with sandbox.client() as client:
        seconds = call_many(client, count, threads)
    assert sandbox.counted == count
    assert sandbox.refused == 0
    check_fairness(sandbox, terms.limit, seconds, callers=threads)


def test_processes_with_threads_are_never_refused(
    terms: Terms, sandbox: Sandbox, storage: str
) -> None:
    processes = [
        start_callers(sandbox, terms.limit, count=terms.limit.requests, rate_limit_storage=storage)
        for _ in range(4)
    ]
    seconds = [each for process in processes for each in seconds_of(process)]
    assert sandbox.counted == len(seconds) == 4 * terms.limit.requests
    assert sandbox.refused == 0
    check_fairness(sandbox, terms.limit, seconds, callers=16)


def test_processes_go_on_when_others_are_killed(
    terms: Terms, sandbox: Sandbox, storage: str
) -> None:
    # The slots of those under way are lost for as long as an attempt may take.
    options: dict[str, Any] = {"rate_limit_storage": storage, "timeout": 5}
    doomed = [start_callers(sandbox, terms.limit, count=5000, **options) for _ in range(2)]
    others = [
        start_callers(sandbox, terms.limit, count=terms.limit.requests, **options) for _ in range(2)
    ]
    while sandbox.counted < terms.limit.requests + 5:
        assert [process.poll() for process in doomed] == [None, None]
        time.sleep(0.01)
    for process in doomed:
        process.kill()
    seconds = [each for process in others for each in seconds_of(process)]
    for process in doomed:
        process.communicate()
    assert len(seconds) == 2 * terms.limit.requests
    assert sandbox.refused == 0


def test_a_budget_in_a_setting_is_shared(
    strict: Sandbox, storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUSPRO_RATE_LIMIT_STORAGE", storage)
    assert len(seconds_of(start_callers(strict, RateLimit(2, 1), count=2, threads=1))) == 2
    with strict.client(max_wait=0) as client, pytest.raises(RateLimitError, match="nothing was"):
        client.get_statuses()
    assert strict.counted == 2


# --- customers beside a job


@pytest.mark.parametrize("storage", ["memory", "sqlite", "redis"], indirect=True)
def test_customers_never_wait_for_a_job_that_leaves_them_their_reserve(
    terms: Terms, sandbox: Sandbox, storage: str | None
) -> None:
    limit, reserve = terms.limit, terms.limit.requests // 3
    count, threads = 4 * (limit.requests - reserve), 8
    # Half of the look-ups come from each of two processes, one by one or in bursts.
    times = [
        arrivals_within(
            *(reserve // 2, 2 * limit.period if limit.period < 60 else 63.0),
            began=0.0,
            until=3.5 * limit.period,
            randomness=random.Random(seed),
        )
        for seed in (2, 1)
    ]
    options: dict[str, Any] = {"rate_limit_storage": storage}
    if storage is None:
        with sandbox.client() as client, ThreadPoolExecutor(3) as pool:
            job = client.with_options(rate_limit_reserve=reserve)
            calls = pool.submit(call_many, job, count, threads)
            customers = [pool.submit(look_up_at, client, each) for each in times]
            took, looked_up = calls.result(), [each.result() for each in customers]
    else:
        jobs = [
            start_callers(
                sandbox,
                limit,
                count=count // 2,
                threads=threads // 2,
                rate_limit_reserve=reserve,
                **options,
            )
            for _ in range(2)
        ]
        processes = [start_customers(sandbox, limit, times=each, **options) for each in times]
        looked_up = [seconds_of(process) for process in processes]
        took = [seconds for process in jobs for seconds in seconds_of(process)]
    assert len(took) == count
    assert [len(each) for each in looked_up] == [len(each) for each in times]
    waits = [waited for each in looked_up for waited, _ in each]
    used = share_of(
        (record.time for record in sandbox.requests if record.path.endswith("/orders")),
        *(limit.requests - reserve, limit.period),
    )
    print(f"the job used {used:.1%}, {len(waits)} look-ups waited {max(waits)} s at the most")
    assert max(waits) == 0
    assert sandbox.refused == 0
    # Where windows are short, a busy machine alone would decide that.
    assert used >= 0.95 or limit.period < REAL.limit.period


# --- another program uses the key


@pytest.mark.parametrize("is_greedy", [False, True], ids=["bit by bit", "at once"])
def test_a_walk_beside_somebody_else_is_complete(
    terms: Terms, sandbox: Sandbox, is_greedy: bool
) -> None:
    ids: list[int] = []
    with (
        OtherConsumer(sandbox, terms.limit, is_greedy=is_greedy),
        sandbox.client() as client,
    ):
        for page in client.iter_order_pages(per_page=terms.per_page):
            ids += [order["id"] for order in page["data"]]
            time.sleep(terms.limit.period / 120)  # what is done with them, for the other's sake
    assert len(set(ids)) == len(ids) == terms.orders
    assert max(refusals_by_window(sandbox, terms.limit.period)) < 3


def test_without_pacing_a_full_window_is_outlasted(terms: Terms, sandbox: Sandbox) -> None:
    use_up(sandbox, terms.limit.requests)
    with sandbox.client(rate_limit=None) as client:
        assert client.get_statuses()
    assert sandbox.refused >= 1


@pytest.mark.limits
def test_without_pacing_a_walk_is_complete() -> None:
    with REAL.sandbox() as sandbox, sandbox.client(rate_limit=None) as client:
        assert len(client.list_orders()["data"]) == REAL.orders
        assert 1 <= sandbox.refused <= 5


def test_a_full_window_is_outlasted_with_two_refusals(terms: Terms, sandbox: Sandbox) -> None:
    use_up(sandbox, terms.limit.requests)
    with sandbox.client() as client:
        assert client.get_statuses()
    assert 1 <= sandbox.refused <= 2


def test_retry_after_is_kept_by_all_threads(terms: Terms) -> None:
    with terms.sandbox(retry_after=True) as sandbox, sandbox.client() as client:
        use_up(sandbox, terms.limit.requests)
        with pytest.raises(RateLimitError) as caught:
            client.with_options(max_wait=0).get_statuses()
        assert 0 < caught.value.retry_after <= terms.limit.period
        call_many(client, 4, threads=4)
        assert sandbox.refused == 1


def test_what_the_service_says_is_left_is_kept_to(terms: Terms) -> None:
    with terms.sandbox(rate_headers=True) as sandbox, sandbox.client() as client:
        use_up(sandbox, terms.limit.requests - 4)
        call_many(client, 8, threads=1)
        # With when, and by which program, each was sent: a refusal is to explain itself.
        arrived = [
            (record.status, record.time - sandbox.requests[0].time, record.headers["User-Agent"])
            for record in sandbox.requests
        ]
        assert [request for request in arrived if request[0] != requests.codes.ok] == [], arrived


# --- Redis comes and goes


def test_a_restart_of_redis_in_mid_run_is_survived(
    terms: Terms, sandbox: Sandbox, redis_server: RedisServer
) -> None:
    count, threads, failed = 3 * terms.limit.requests, 4, threading.Event()

    def call(page: int) -> None:
        while True:
            try:
                answer = client.list_orders(page=page, per_page=1)
            except StatusProError as error:
                if "the rate budget in Redis" not in str(error):
                    raise
                failed.set()
                time.sleep(0.05)
            else:
                assert answer["meta"]["current_page"] == page
                return

    with (
        sandbox.client(rate_limit_storage=redis_server.url) as client,
        ThreadPoolExecutor(threads) as pool,
    ):
        calls = pool.map(call, range(1, count + 1))
        while sandbox.counted < terms.limit.requests // 2:
            time.sleep(0.01)
        redis_server.stop()
        assert failed.wait(3 * terms.limit.period)
        redis_server.start()
        assert len(list(calls)) == count
    assert sandbox.counted == count
    # It came back without its data: that costs one round, and the probes that find out its end.
    assert sandbox.refused <= threads + 2


def test_with_a_fallback_a_restart_of_redis_costs_nothing(
    terms: Terms, sandbox: Sandbox, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    count = 3 * terms.limit.requests
    options = {"rate_limit_storage": redis_server.url, "rate_limit_fallback": "local"}
    with sandbox.client(**options) as client, ThreadPoolExecutor(1) as pool:
        seconds = pool.submit(call_many, client, count, 4)
        while sandbox.counted < terms.limit.requests // 2:
            time.sleep(0.01)
        redis_server.stop()
        while sandbox.counted < terms.limit.requests + 5:
            time.sleep(0.01)
        redis_server.start()
        assert len(seconds.result()) == count
    assert sandbox.refused == 0
    warnings = [record.message for record in caplog.records if "pacing in this" in record.message]
    assert len(warnings) == 1


# --- bounded waits


@pytest.mark.parametrize("max_wait", [0, 0.5])
def test_a_wait_that_would_pass_max_wait_ends_the_call_at_once(
    strict: Sandbox, max_wait: float
) -> None:
    with strict.client(max_wait=max_wait, on_wait=never) as client:
        call_many(client, 2, threads=1)
        with pytest.raises(RateLimitError, match="nothing was sent") as caught:
            client.get_statuses()
    assert caught.value.status_code == 429
    assert caught.value.response is None
    assert max_wait < caught.value.retry_after < 65
    assert len(strict.requests) == 2


def test_a_long_retry_after_blocks_no_call_and_stops_all_for_a_few_periods(strict: Sandbox) -> None:
    strict.fail(429, retry_after=3600)
    with strict.client(on_wait=never) as client:
        with pytest.raises(RateLimitError) as caught:
            client.get_statuses()
        assert caught.value.retry_after == 3600
        with pytest.raises(RateLimitError, match="nothing was sent") as caught:
            client.get_statuses()
        assert caught.value.retry_after == pytest.approx(5 * 61, abs=2)
    assert len(strict.requests) == 1


def test_a_bulk_call_that_would_wait_is_not_sent_and_takes_no_slot(strict: Sandbox) -> None:
    with strict.client(max_wait=0, on_wait=never) as client:
        client.bulk_update_order_status([1], "st000003")
        for _ in range(3):
            with pytest.raises(RateLimitError, match="1 bulk request a minute is used"):
                client.bulk_update_order_status([1], "st000003")
        client.get_statuses()
    assert len(strict.requests) == 2
    assert strict.refused == 0


class Stop(Exception):  # noqa: N818 - what a user's function may raise
    """The caller has had enough."""


def stop(seconds: float, reason: str) -> None:
    raise Stop(seconds, reason)


def announced_wait(client: StatusProClient) -> float:
    """How long the next call would wait."""
    with pytest.raises(Stop) as caught:
        client.with_options(on_wait=stop).get_statuses()
    seconds: float = caught.value.args[0]
    return seconds


def test_calls_that_end_before_they_are_sent_take_no_slot(strict: Sandbox) -> None:
    with strict.client() as client:
        call_many(client, 2, threads=1)
        waits = [announced_wait(client) for _ in range(5)]
        for _ in range(5):
            with pytest.raises(RateLimitError):
                client.with_options(max_wait=0).get_statuses()
        waits.append(announced_wait(client))
    # A slot that was taken would leave the next caller the slot after it.
    assert waits == sorted(waits, reverse=True)
    assert len(strict.requests) == 2


def test_on_wait_tells_why_and_can_be_switched_off(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[float, str]] = []
    with Sandbox(1, rate_limit=1, period=1.0) as sandbox:
        client = sandbox.client(on_wait=lambda seconds, reason: told.append((seconds, reason)))
        with client:
            client.get_statuses()
            client.get_statuses()
            assert len(told) == 1
            seconds, reason = told[0]
            assert 0.1 <= seconds <= 1.1
            assert reason.startswith("rate limit: 1 request in 1 s is used, next slot in ")
            client.with_options(on_wait=None).get_statuses()
    assert len(told) == 1
    assert sandbox.refused == 0


def test_max_wait_bounds_what_a_call_waits_in_all() -> None:
    told: list[float] = []
    with Sandbox(1, rate_limit=1, period=0.6) as sandbox:
        sandbox.fail(503, times=6)  # a pause after each, and another slot for each
        client = sandbox.client(max_wait=1.5, on_wait=lambda seconds, _: told.append(seconds))
        with client, pytest.raises(ServerError):
            client.get_statuses()
        assert 1 < len(sandbox.requests) < 6
    assert sum(told) <= 1.5


INTERRUPTED = """
import sys
from statuspro import RateLimit, StatusProClient

def tell(seconds, reason):
    print(seconds, flush=True)

url, key, storage = sys.argv[1:]
limit = RateLimit(1, 1, 2.0)
with StatusProClient(
    key, url, rate_limit=limit, rate_limit_storage=storage or None, on_wait=tell
) as client:
    client.get_statuses()
    try:
        client.get_statuses()
    except KeyboardInterrupt:
        client.get_statuses()
"""


@pytest.mark.parametrize("storage", ["memory", "sqlite", "redis"], indirect=True)
def test_ctrl_c_during_a_wait_leaves_the_budget_correct(storage: str | None) -> None:
    with Sandbox(1, rate_limit=1, period=2.0) as sandbox:
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, sandbox.base_url, sandbox.api_key, storage or ""],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stdout is not None
        first = float(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    # The next call gets the slot that it would have had.
    assert float(output) <= first
    assert (sandbox.counted, sandbox.refused) == (2, 0)


# --- which clients share a budget


def test_derived_clients_and_a_second_client_share_the_budget(strict: Sandbox) -> None:
    with strict.client(max_wait=0) as one, strict.client(max_wait=0) as two:
        one.with_timeout(5).get_statuses()
        one.with_headers({"X-Shop": "1"}).get_statuses()
        for client in (one, two, two.with_cookies({"shop": "1"})):
            with pytest.raises(RateLimitError):
                client.get_statuses()
    assert len(strict.requests) == 2


def test_the_budget_outlives_its_clients(strict: Sandbox) -> None:
    with strict.client() as client:
        call_many(client, 2, threads=2)
    with strict.client(max_wait=0) as client, pytest.raises(RateLimitError):
        client.get_statuses()


def test_another_key_or_other_figures_are_another_budget(strict: Sandbox) -> None:
    with strict.client(max_wait=0) as client:
        call_many(client, 2, threads=1)
        other = strict.client(api_key="another-key", max_wait=0)
        with other, pytest.raises(AuthenticationError):
            other.get_statuses()
        with pytest.raises(RateLimitError) as caught:
            client.with_options(rate_limit=RateLimit(3, 1)).get_statuses()
        assert caught.value.response is not None  # it was sent, and refused by the service
    assert len(strict.requests) == 4


def test_every_attempt_is_counted(strict: Sandbox) -> None:
    strict.fail(503, times=1)
    with strict.client() as client:
        client.get_statuses()
        with pytest.raises(RateLimitError, match="nothing was sent"):
            client.with_options(max_wait=0).get_statuses()
    assert [record.status for record in strict.requests] == [503, 200]
