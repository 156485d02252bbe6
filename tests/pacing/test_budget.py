"""The budget of a process: never refused, all of it used, threads and forks."""

from __future__ import annotations

import math
import os
import random
import threading
import time
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statuspro.pacing import LocalBudget, RateLimit, Slot, budget_for
from statuspro.pacing.budget import Change, T
from statuspro.pacing.ledger import MARGIN, Ledger
from tests.support.forks import runs_in_fork
from tests.support.senders import send_many, times_in
from tests.support.simulation import (
    Callers,
    Clock,
    Service,
    arrivals_within,
    run_together,
    spans_a_period,
)
from tests.support.slots import is_closed, taken, use, wait_of

SPAN = 60 * (1 + MARGIN)


# --- never refused, and the budget used


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    requests=st.integers(1, 40),
    bulk=st.integers(1, 6),
    workers=st.integers(1, 20),
    delay=st.floats(0, 1.5),
    bulk_share=st.sampled_from([0.0, 0.1, 0.6]),
)
def test_no_window_of_any_clock_holds_more_than_the_limit(
    seed: int, requests: int, bulk: int, workers: int, delay: float, bulk_share: float
) -> None:
    limit, clock = RateLimit(requests, bulk, 10.0), Clock()
    service = Service(limit)
    callers = Callers(
        *(LocalBudget(limit, clock), clock, service, 6 * requests, workers),
        delay=delay,
        drowsiness=0.5,
        bulk_share=bulk_share,
        randomness=random.Random(seed),
    )
    run = callers.run()
    assert service.refused == 0
    assert len(run.counted) == 6 * requests
    assert spans_a_period(run.counted, requests, 10.0)
    assert spans_a_period(run.counted_bulk, bulk, 10.0)


@pytest.mark.parametrize(
    ("requests", "workers"), [(60, 60), (60, 90), (20, 40), (5, 10), (5, 30), (2, 6), (1, 4)]
)
@pytest.mark.parametrize("killed_share", [0.0, 0.05])
def test_waiters_that_wake_late_keep_their_place_in_the_queue(
    requests: int, workers: int, killed_share: float
) -> None:
    limit = RateLimit(requests, 5, 60.0)
    for seed in range(15):
        clock, service = Clock(), Service(limit)
        callers = Callers(
            *(LocalBudget(limit, clock), clock, service, 5 * workers, workers),
            delay=0.3,
            drowsiness=5.0,
            killed_share=killed_share,
            randomness=random.Random(seed),
        )
        run = callers.run()
        assert service.refused == 0
        assert spans_a_period(run.counted, requests, 60.0)
        # Each is passed by once, and wakes up late twice. What was killed costs a slot or two.
        fair_share = SPAN * math.ceil(workers / requests)
        assert max(run.waits) < fair_share + SPAN * (2 if killed_share else 1) + 2 * 5


@pytest.mark.parametrize(("timeout", "workers"), [(5.0, 16), (5.0, 60), (10.0, 40)])
def test_what_arrives_after_its_caller_has_given_up_is_never_one_too_many(
    timeout: float, workers: int
) -> None:
    limit = RateLimit()
    for seed in range(70):
        clock, service = Clock(), Service(limit)
        callers = Callers(
            *(LocalBudget(limit, clock), clock, service, 250, workers),
            delay=1.0,
            stalled_share=0.1,
            stall=15.0,
            timeout=timeout,
            randomness=random.Random(seed),
        )
        run = callers.run()
        assert service.refused == 0
        assert len(run.counted) == 250
        assert spans_a_period(run.counted, 60, 60.0)
        assert run.ended - run.began < 8 * SPAN


def test_a_slot_whose_request_may_be_under_way_is_kept_for_a_period_more(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(1), clock)
    slot = taken(budget, lease=10.0)
    clock.now += 5
    slot.answered = False
    budget.finish(slot)
    assert wait_of(budget, Slot()).seconds == pytest.approx(60 - 5 + SPAN)


def test_a_probe_without_a_response_does_not_end_the_pause_for_all(
    budget: LocalBudget, clock: Clock
) -> None:
    budget.refuse(taken(budget), None)
    clock.now += SPAN / 3
    probe = taken(budget)
    probe.answered = False
    budget.finish(probe)
    taken(budget)
    assert is_closed(budget)


@pytest.mark.parametrize("delay", [0.0, 1.0])
@pytest.mark.parametrize("workers", [16, 40])
def test_the_budget_is_used_and_nobody_starves(workers: int, delay: float) -> None:
    clock = Clock()
    service = Service(RateLimit())
    budget = LocalBudget(RateLimit(), clock)
    run = Callers(budget, clock, service, 600, workers, delay=delay, drowsiness=0.01).run()
    assert service.refused == 0
    assert 9 * 60 / (run.ended - run.began) >= 0.95
    assert max(run.waits) <= 2 * SPAN * max(1, workers / 60)


def test_ten_bulk_requests_take_two_periods() -> None:
    clock = Clock()
    service = Service(RateLimit())
    budget = LocalBudget(RateLimit(), clock)
    run = Callers(budget, clock, service, 10, workers=1, bulk_share=1.0).run()
    assert service.refused == 0
    assert SPAN <= run.ended - run.began < 1.05 * SPAN


# --- several reserves


class StoredBudget(LocalBudget):
    """Counts as processes do that share a storage: each change loads the counts and dumps them."""

    _state: bytes | None = None

    def change(self, change: Change[T], patience: float, *, urgent: bool = False) -> T:
        ledger = Ledger(self.limit)
        if self._state is not None:
            ledger.load(self._state)
        ledger.now = self._clock()
        result = change(ledger)
        self._state = ledger.dump()
        return result


@pytest.mark.parametrize("first", range(0, 100, 10))
def test_slots_with_a_reserve_are_together_within_their_share_in_any_period(first: int) -> None:
    for seed in range(first, first + 10):
        chance = random.Random(seed)
        requests = chance.choice([2, 5, 10, 20])
        limit, clock = RateLimit(requests, chance.randint(1, 6), 10.0), Clock()
        kind, service = (StoredBudget if seed % 3 else LocalBudget), Service(limit)
        reserves = sorted(chance.sample(range(requests), min(requests, chance.randint(1, 3))))
        terms: dict[str, Any] = {"delay": chance.choice([0.0, 0.1, 1.0]), "drowsiness": 0.1}
        if chance.random() < 0.3:
            terms |= {"stalled_share": 0.1, "stall": 8.0, "timeout": 5.0}
        budget = kind(limit, clock)
        groups = [
            Callers(
                *(budget, clock, service, 4 * requests, chance.randint(1, 12)),
                bulk_share=chance.choice([0.0, 0.1]),
                killed_share=chance.choice([0.0, 0.0, 0.05]),
                randomness=random.Random(chance.random()),
                reserve=reserve,
                **terms,
            )
            for reserve in reserves
        ]
        runs = run_together(*groups)
        assert service.refused == 0
        for reserve in reserves:
            counted = [group.counted for group in runs[reserves.index(reserve) :]]
            assert spans_a_period(chain.from_iterable(counted), requests - reserve, 10.0)
        assert spans_a_period(chain.from_iterable(run.counted_bulk for run in runs), limit.bulk, 10)


@pytest.mark.parametrize("first", range(0, 200, 20))
def test_what_the_others_need_up_to_the_reserve_is_always_free_and_the_rest_is_used(
    first: int,
) -> None:
    for seed in range(first, first + 20):
        chance = random.Random(seed)
        requests = chance.choice([6, 10, 20])
        reserve, limit, clock = chance.randint(1, requests - 2), RateLimit(requests), Clock()
        service, budget = Service(limit), (StoredBudget if seed % 3 else LocalBudget)(limit, clock)
        delay, is_lossy = chance.choice([0.0, 0.2]), chance.random() < 0.3
        job = Callers(
            *(budget, clock, service, 5 * (requests - reserve), chance.randint(4, 16), delay),
            reserve=reserve,
            stalled_share=0.1 * is_lossy,
            stall=30.0,
            timeout=10.0 if is_lossy else 1e9,
            randomness=random.Random(seed),
        )
        needed = chance.randint(1, reserve)
        customers = Callers(*(budget, clock, service, 0, 0, delay), reserve=reserve - needed)
        customers.arrivals = arrivals_within(
            *(needed, SPAN + 2 * delay),
            began=clock.now,
            until=clock.now + 5 * SPAN,
            randomness=chance,
        )
        of_the_job, of_the_customers = run_together(job, customers)
        assert service.refused == 0
        assert len(of_the_customers.counted) == len(customers.arrivals) > 0
        assert max(of_the_customers.waits) == 0
        paced = len(of_the_job.counted) - (requests - reserve)
        took = of_the_job.ended - of_the_job.began
        assert is_lossy or paced / (requests - reserve) >= 0.95 * took / 60


def test_threads_share_a_budget(tmp_path: Path) -> None:
    log = tmp_path / "log"
    limit = RateLimit(20, 5, 0.5)
    send_many(LocalBudget(limit), log, count=64, threads=16)
    times = times_in(log)
    assert len(times) == 64
    assert spans_a_period(times, 20, 0.5)


# --- forks


fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
# We fork beside threads on purpose.
quiet = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@fork
@quiet
def test_a_child_starts_with_a_copy_of_the_counts() -> None:
    budget = LocalBudget(RateLimit(3))
    waiting = Slot()
    use(budget, 2)
    under_way = taken(budget)
    wait_of(budget, waiting)

    def child() -> None:
        assert wait_of(budget, Slot()).seconds < SPAN  # no thread waits in the child

    assert runs_in_fork(child)
    budget.give_back(under_way)
    assert budget.take(waiting) is None


@fork
@quiet
def test_a_child_never_inherits_a_held_lock() -> None:
    limit = RateLimit(10**6)
    budget, stop = LocalBudget(limit), threading.Event()

    def work() -> None:
        while not stop.is_set():
            use(budget, 10)
            budget_for("https://fork.test", str(time.monotonic_ns() % 50), limit)

    def child() -> None:
        use(budget, 5)
        budget_for("https://fork.test", "k", limit)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(25):
            assert runs_in_fork(child)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_in_a_child_all_that_was_under_way_counts_as_sent(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(requests=2), clock)
    use(budget, 1)
    taken(budget, lease=1000.0)
    wait_of(budget, Slot())
    clock.now += 5
    budget.after_fork_in_child()
    slot = Slot()
    assert wait_of(budget, slot).seconds == pytest.approx(SPAN - 5)
    clock.now += SPAN - 5
    assert budget.take(slot) is None
    assert wait_of(budget, Slot()).seconds == pytest.approx(5)
