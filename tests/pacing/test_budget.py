from __future__ import annotations

import copy
import hashlib
import logging
import math
import os
import random
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statuspro import pacing
from statuspro.errors import ConfigurationError
from statuspro.pacing import Budget, LocalBudget, RateLimit, Slot, Wait, budget_for
from statuspro.pacing.budget import SharedBudget, Storage
from statuspro.pacing.ledger import MARGIN, MOST_PERIODS
from tests.support.forks import runs_in_fork
from tests.support.senders import send_many, times_in
from tests.support.simulation import Callers, Clock, Service, spans_a_period

SPAN = 60 * (1 + MARGIN)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> LocalBudget:
    return LocalBudget(RateLimit(), clock)


def taken(budget: Budget, *, bulk: bool = False, lease: float = 60.0) -> Slot:
    """A slot that is free now."""
    slot = Slot(bulk=bulk, lease=lease)
    assert budget.take(slot) is None
    return slot


def use(budget: Budget, count: int, *, bulk: bool = False) -> None:
    for _ in range(count):
        budget.finish(taken(budget, bulk=bulk))


def wait_of(budget: Budget, slot: Slot) -> Wait:
    wait = budget.take(slot)
    assert wait is not None
    return wait


def is_closed(budget: Budget) -> bool:
    """Whether a new request would have to wait."""
    slot = Slot()
    wait = budget.take(slot)
    budget.give_back(slot)
    return wait is not None


# --- what is free, and when


def test_the_first_sixty_are_not_delayed_and_the_next_waits_for_a_period(
    budget: LocalBudget,
) -> None:
    use(budget, 60)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN)


def test_a_period_starts_with_the_answer(budget: LocalBudget, clock: Clock) -> None:
    slots = [taken(budget) for _ in range(60)]
    clock.now += 20
    for slot in slots:
        budget.finish(slot)
    clock.now += 45
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN - 45)


def test_a_place_is_free_when_its_period_is_over(budget: LocalBudget, clock: Clock) -> None:
    use(budget, 60)
    slot = Slot()
    clock.now += wait_of(budget, slot).seconds
    assert budget.take(slot) is None


def test_who_waits_is_told_when_their_own_turn_comes(budget: LocalBudget, clock: Clock) -> None:
    for _ in range(60):
        use(budget, 1)
        clock.now += 0.5
    waits = [wait_of(budget, Slot()).seconds for _ in range(121)]
    assert waits[0] == pytest.approx(SPAN - 30)
    assert waits[1] == pytest.approx(SPAN - 29.5)
    assert waits[60] == pytest.approx(2 * SPAN - 30)
    assert waits[120] == pytest.approx(3 * SPAN - 30)


def test_what_is_under_way_is_expected_to_end_now(budget: LocalBudget) -> None:
    for _ in range(60):
        taken(budget)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN)


def test_first_come_first_served(budget: LocalBudget, clock: Clock) -> None:
    use(budget, 60)
    first, second = Slot(), Slot()
    wait_of(budget, first)
    wait_of(budget, second)
    clock.now += 30
    use_later = Slot()
    assert wait_of(budget, use_later).seconds == pytest.approx(SPAN - 30)
    clock.now += SPAN - 30
    assert budget.take(first) is None


def test_a_new_request_does_not_overtake_one_that_waits(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(1), clock)
    use(budget, 1)
    first = Slot()
    clock.now += wait_of(budget, first).seconds
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN)
    assert budget.take(first) is None


def test_a_queue_place_that_is_given_up_leaves_nothing_behind(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(1), clock)
    use(budget, 1)
    gone, stays = Slot(), Slot()
    wait_of(budget, gone)
    assert wait_of(budget, stays).seconds == pytest.approx(2 * SPAN)
    budget.give_back(gone)
    budget.give_back(gone)
    assert wait_of(budget, stays).seconds == pytest.approx(SPAN)


def test_a_slot_that_was_not_used_is_free_again(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(1), clock)
    slot = taken(budget)
    budget.give_back(slot)
    taken(budget)
    budget.give_back(slot)
    assert is_closed(budget)


def test_taking_and_finishing_twice_counts_once(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(2), clock)
    slot = taken(budget)
    assert budget.take(slot) is None
    budget.finish(slot)
    budget.finish(slot)
    budget.give_back(slot)
    taken(budget)
    assert is_closed(budget)


@pytest.mark.parametrize(("lease", "kept"), [(10, 60), (100, 100)])
def test_a_slot_that_was_lost_is_free_after_its_lease_or_a_period_and_a_period(
    lease: float, kept: float, clock: Clock
) -> None:
    budget = LocalBudget(RateLimit(1), clock)
    taken(budget, lease=lease)
    clock.now += kept + SPAN - 1
    assert is_closed(budget)
    clock.now += 1
    taken(budget)


def test_who_comes_late_is_passed_but_keeps_the_place(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(1), clock)
    use(budget, 1)
    late = Slot()
    clock.now += wait_of(budget, late).seconds + 10
    use(budget, 1)
    waiting = Slot()
    wait_of(budget, waiting)
    wait_of(budget, late)
    clock.now += SPAN
    assert budget.take(waiting) is not None
    assert budget.take(late) is None


# --- bulk


def test_a_bulk_request_counts_for_both_limits(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(6, 5), clock)
    use(budget, 5, bulk=True)
    use(budget, 1)
    assert "6 requests" in wait_of(budget, Slot()).reason


def test_the_sixth_bulk_request_waits_and_takes_nothing(budget: LocalBudget) -> None:
    use(budget, 5, bulk=True)
    assert wait_of(budget, Slot(bulk=True)).seconds == pytest.approx(SPAN)
    use(budget, 55)
    assert is_closed(budget)


def test_a_bulk_request_that_waits_is_in_nobodys_way(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(3, 1), clock)
    use(budget, 1, bulk=True)
    for _ in range(4):
        wait_of(budget, Slot(bulk=True))
    use(budget, 2)


def test_a_bulk_request_keeps_its_place_until_the_bulk_limit_allows_it(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(2, 1), clock)
    use(budget, 1, bulk=True)
    bulk, plain = Slot(bulk=True), Slot()
    wait_of(budget, bulk)
    clock.now += 1
    use(budget, 1)
    wait_of(budget, plain)
    clock.now += SPAN - 1
    assert wait_of(budget, plain).seconds == pytest.approx(1)
    assert budget.take(bulk) is None


# --- what a person reads


@pytest.mark.parametrize(
    ("limit", "bulk", "reason"),
    [
        (RateLimit(), False, "rate limit: 60 requests a minute are used, next slot in 61 s"),
        (RateLimit(), True, "rate limit: 5 bulk requests a minute are used, next slot in 61 s"),
        (RateLimit(1, 1), True, "rate limit: 1 bulk request a minute is used, next slot in 61 s"),
        (RateLimit(20, 5, 2), False, "rate limit: 20 requests in 2 s are used, next slot in 2 s"),
        (
            RateLimit(1, 1, 0.5),
            False,
            "rate limit: 1 request in 0.5 s is used, next slot in 0.51 s",
        ),
    ],
)
def test_the_reason_says_what_is_used_up(limit: RateLimit, bulk: bool, reason: str) -> None:
    budget = LocalBudget(limit, Clock())
    use(budget, limit.bulk if bulk else limit.requests, bulk=bulk)
    if bulk and limit.requests == limit.bulk:
        reason = reason.replace("bulk ", "")
    assert wait_of(budget, Slot(bulk=bulk)).reason == reason


def test_the_reason_of_a_pause(budget: LocalBudget) -> None:
    budget.refuse(taken(budget), None)
    assert wait_of(budget, Slot()).reason == (
        "rate limit: the service allows no more requests for now, trying again in 21 s"
    )


# --- refused all the same


def test_a_refusal_pauses_everybody(budget: LocalBudget) -> None:
    budget.refuse(taken(budget), None)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN / 3)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN / 3 + 0.6)


def test_refusals_of_what_was_sent_before_the_pause_do_not_prolong_it(
    budget: LocalBudget, clock: Clock
) -> None:
    slots = [taken(budget) for _ in range(16)]
    for slot in slots:
        budget.refuse(slot, None)
        clock.now += 1
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN / 3 - 16)


def test_after_the_pause_one_goes_alone(budget: LocalBudget, clock: Clock) -> None:
    budget.refuse(taken(budget), None)
    probe, other = Slot(), Slot()
    clock.now += wait_of(budget, probe).seconds
    assert budget.take(probe) is None
    wait = wait_of(budget, other)
    assert wait.seconds == pytest.approx(0.6)
    assert "goes alone" in wait.reason
    budget.finish(probe)
    clock.now += wait.seconds
    assert budget.take(other) is None
    taken(budget)


def test_a_lost_probe_holds_the_others_for_its_lease(budget: LocalBudget, clock: Clock) -> None:
    budget.refuse(taken(budget), None)
    clock.now += SPAN / 3
    taken(budget, lease=5)
    assert is_closed(budget)
    clock.now += 6
    taken(budget)


def test_a_probe_that_was_not_sent_leaves_the_turn_to_the_next(
    budget: LocalBudget, clock: Clock
) -> None:
    budget.refuse(taken(budget), None)
    clock.now += SPAN / 3
    budget.give_back(taken(budget))
    taken(budget)
    assert is_closed(budget)


def refused_alone(budget: LocalBudget, clock: Clock) -> float:
    """The pause after the next request is refused."""
    budget.refuse(taken(budget), None)
    slot = Slot()
    pause = wait_of(budget, slot).seconds
    budget.give_back(slot)
    clock.now += pause
    return pause


def test_two_pauses_outlast_a_window_and_then_they_grow(budget: LocalBudget, clock: Clock) -> None:
    pauses = [refused_alone(budget, clock) for _ in range(8)]
    assert pauses[0] + pauses[1] > SPAN
    assert pauses[2:4] == pytest.approx([SPAN, 1.25 * SPAN])
    assert pauses[-1] == pytest.approx(2 * SPAN)


def test_a_series_of_refusals_ends_with_a_request_that_goes_through(
    budget: LocalBudget, clock: Clock
) -> None:
    refused_alone(budget, clock)
    refused_alone(budget, clock)
    use(budget, 1)
    assert refused_alone(budget, clock) == pytest.approx(SPAN / 3)


def test_a_series_of_long_ago_does_not_count(budget: LocalBudget, clock: Clock) -> None:
    refused_alone(budget, clock)
    clock.now += 3600
    assert refused_alone(budget, clock) == pytest.approx(SPAN / 3)


def test_retry_after_is_kept_and_spread_upwards(budget: LocalBudget) -> None:
    budget.refuse(taken(budget), 200)
    assert 200 < wait_of(budget, Slot()).seconds < 211


@pytest.mark.parametrize("told", [3600.0, 1.7e9, 2.3e9, 1e18, float("inf")])
def test_an_absurd_retry_after_stops_the_budget_for_a_few_periods(
    told: float, budget: LocalBudget, clock: Clock
) -> None:
    for _ in range(3):
        budget.refuse(taken(budget), told)
        slot = Slot()
        wait = wait_of(budget, slot).seconds
        assert wait == pytest.approx(MOST_PERIODS * SPAN)
        budget.give_back(slot)
        clock.now += wait
    use(budget, 1)  # which went to see, and found that it was over
    taken(budget)


def test_a_short_retry_after_grows_while_it_is_wrong(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(), clock)
    pauses: list[float] = []
    for _ in range(8):
        budget.refuse(taken(budget), 1)
        slot = Slot()
        pauses.append(wait_of(budget, slot).seconds)
        clock.now += pauses[-1]
        budget.give_back(slot)
    assert pauses[0] < 1.1
    assert pauses[1] > 2
    assert pauses[-1] == pytest.approx(SPAN)


def test_a_refusal_that_comes_after_finish_pauses_as_well(budget: LocalBudget) -> None:
    slot = taken(budget)
    budget.finish(slot)
    budget.refuse(slot, None)
    budget.refuse(slot, None)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN / 3)


def test_a_refused_bulk_request_says_nothing_lasting_of_the_others(
    budget: LocalBudget, clock: Clock
) -> None:
    budget.refuse(taken(budget, bulk=True), None)
    clock.now += SPAN / 3
    budget.finish(taken(budget))
    use(budget, 3)
    budget.refuse(taken(budget, bulk=True), None)  # the bulk limit it was, then
    assert wait_of(budget, Slot(bulk=True)).seconds > SPAN / 2
    clock.now += SPAN / 3
    use(budget, 1)


@pytest.mark.parametrize("workers", [1, 4, 16])
@pytest.mark.parametrize("delay", [0.01, 0.5])
def test_somebody_else_on_the_same_key_costs_two_refusals_a_window(
    workers: int, delay: float
) -> None:
    clock = Clock()
    service = Service(RateLimit(), others=30)
    callers = Callers(LocalBudget(RateLimit(), clock), clock, service, 400, workers, delay)
    run = callers.run()
    assert len(run.counted) == 400
    # The first time, all that is under way at once is refused.
    assert service.refused <= 2 * service.windows + workers
    assert max(run.waits) < 2 * SPAN


# --- what the service says it has left


def test_nothing_left_pauses_until_the_reset(budget: LocalBudget, clock: Clock) -> None:
    slot = taken(budget)
    budget.observe(slot, 0, 20)
    budget.finish(slot)
    assert wait_of(budget, Slot()).seconds == pytest.approx(21)
    clock.now += 21
    use(budget, 10)


def test_a_reset_is_never_further_than_a_period(budget: LocalBudget) -> None:
    budget.observe(taken(budget), 0, 1.7e9)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN)


def test_nothing_left_without_a_reset_is_tried_again_alone(
    budget: LocalBudget, clock: Clock
) -> None:
    slot = taken(budget)
    budget.finish(slot)
    budget.observe(slot, 0, None)
    clock.now += wait_of(budget, Slot()).seconds
    clock.now += 5
    taken(budget)
    assert is_closed(budget)


@pytest.mark.parametrize(("reset", "until"), [(20, 21), (None, SPAN)])
def test_less_left_than_expected_leaves_less_to_us(
    budget: LocalBudget, clock: Clock, reset: float | None, until: float
) -> None:
    slot = taken(budget)
    budget.finish(slot)
    budget.observe(slot, 2, reset)
    use(budget, 2)
    assert wait_of(budget, Slot()).seconds == pytest.approx(until)
    clock.now += until
    use(budget, 56)


def test_more_left_than_expected_changes_nothing(budget: LocalBudget) -> None:
    slot = taken(budget)
    budget.observe(slot, 1000, 20)
    use(budget, 59)
    assert is_closed(budget)


def test_the_answer_to_a_bulk_request_may_speak_of_the_other_limit(budget: LocalBudget) -> None:
    slot = taken(budget, bulk=True)
    budget.observe(slot, 0, 60)
    use(budget, 59)


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


def test_threads_share_a_budget(tmp_path: Path) -> None:
    log = tmp_path / "log"
    limit = RateLimit(20, 5, 0.5)
    send_many(LocalBudget(limit), log, count=64, threads=16)
    times = times_in(log)
    assert len(times) == 64
    assert spans_a_period(times, 20, 0.5)


# --- one budget a key


def test_the_same_key_shares_one_budget() -> None:
    budget = budget_for("https://one.test", "k", RateLimit())
    assert budget_for("https://one.test", "k", RateLimit()) is budget
    assert budget_for("https://one.test", "k", RateLimit(period=60)) is budget


@pytest.mark.parametrize(
    ("origin", "key", "limit"),
    [
        ("https://other.test", "k", RateLimit()),
        ("https://one.test", "other", RateLimit()),
        ("https://one.test", "k", RateLimit(bulk=4)),
        ("https://one.test", "k", RateLimit(period=59)),
    ],
)
def test_another_key_origin_or_figure_is_another_budget(
    origin: str, key: str, limit: RateLimit
) -> None:
    budget = budget_for("https://one.test", "k", RateLimit())
    assert budget_for(origin, key, limit) is not budget


def test_the_key_itself_is_not_kept() -> None:
    budget_for("https://secret.test", "the-secret-key", RateLimit())
    assert "the-secret-key" not in repr(vars(pacing))


def test_an_unknown_fallback_is_refused() -> None:
    with pytest.raises(ValueError, match="rate_limit_fallback"):
        budget_for("https://one.test", "k", RateLimit(), fallback="none")


@pytest.mark.parametrize(
    "storage", ["postgres://u:secret@h/db", "secret", "sqlite://secret", "sqlite:///"]
)
def test_a_storage_that_is_not_known_is_refused_without_showing_it(storage: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        budget_for("https://one.test", "k", RateLimit(), storage=storage)
    assert "secret" not in str(caught.value)


def test_a_copy_is_the_same_budget() -> None:
    budget = LocalBudget(RateLimit())
    assert copy.deepcopy([budget]) == [budget]


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
        assert wait_of(budget, Slot()).seconds < SPAN  # nobody waits in the child

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


# --- what becomes of a storage


@pytest.fixture
def no_budgets_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "_budgets", {})


@pytest.mark.usefixtures("no_budgets_yet")
@pytest.mark.parametrize("fallback", [None, "local"])
def test_a_storage_holds_the_budget_under_the_digest_of_the_key(
    fallback: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    storage = cast(Storage, SimpleNamespace(losses=0))

    def storage_at(url: str) -> Storage:
        opened.append(url)
        return storage

    monkeypatch.setattr(pacing, "storage_at", storage_at)
    limit, logger = RateLimit(7, 3, 20), logging.getLogger("mine")
    terms: dict[str, Any] = {"storage": "redis://b", "fallback": fallback, "logger": logger}
    budget = budget_for("https://a.test", "a-key", limit, **terms)
    figures = RateLimit(7, 3, 20.0)
    assert budget_for("https://a.test", "a-key", figures, **terms) is budget
    assert opened == ["redis://b"]
    assert isinstance(budget, SharedBudget)
    assert (budget.storage, budget.limit, budget.logger) == (storage, figures, logger)
    assert budget.falls_back is (fallback is not None)
    # What other processes call it too, whatever their version.
    assert budget.digest == hashlib.sha256(b"https://a.test\na-key\n7 3 20.0").hexdigest()


@pytest.mark.usefixtures("no_budgets_yet")
def test_with_a_fallback_it_is_another_budget(tmp_path: Path) -> None:
    terms: dict[str, Any] = {"storage": f"sqlite:///{tmp_path}/b.db"}
    plain = budget_for("https://a.test", "a-key", RateLimit(), **terms)
    assert (
        budget_for("https://a.test", "a-key", RateLimit(), fallback="local", **terms) is not plain
    )


@pytest.mark.usefixtures("no_budgets_yet")
@pytest.mark.parametrize("fallback", [None, "local"])
def test_without_a_storage_it_is_a_budget_of_the_process(fallback: str | None) -> None:
    budget = budget_for("https://a.test", "a-key", RateLimit(requests=2), fallback=fallback)
    assert isinstance(budget, LocalBudget)
    use(budget, 2)
    assert is_closed(budget)


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


# --- the rules to the letter


def test_what_an_answer_says_that_was_asked_for_before_a_pause_is_old(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(requests=10), clock)
    early, refused = taken(budget), taken(budget)
    budget.refuse(refused, 1.0)
    budget.observe(early, 0, 50.0)
    assert wait_of(budget, Slot()).seconds < 2


def test_nothing_left_of_what_is_all_our_own_tells_nothing_new(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(requests=2), clock)
    first, second = taken(budget), taken(budget)
    budget.observe(first, 0, 30.0)
    budget.give_back(second)
    taken(budget)


def test_a_window_that_ends_now_is_over_with_the_next_tick(budget: LocalBudget) -> None:
    budget.observe(taken(budget), 0, 0.0)
    assert wait_of(budget, Slot()).seconds == pytest.approx(1.0)


def test_one_that_is_left_may_be_used(budget: LocalBudget) -> None:
    budget.observe(taken(budget), 1, 30.0)
    taken(budget)
    assert is_closed(budget)


def test_every_pause_makes_the_refusals_of_before_old(budget: LocalBudget, clock: Clock) -> None:
    refused_alone(budget, clock)
    use(budget, 1)
    first, second = taken(budget), taken(budget)
    budget.refuse(first, None)
    budget.refuse(second, None)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN / 3)


def test_a_retry_after_that_is_wrong_is_doubled(
    budget: LocalBudget, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 1.0)
    pauses = []
    for _ in range(4):
        budget.refuse(taken(budget), 4.0)
        slot = Slot()
        pauses.append(wait_of(budget, slot).seconds)
        budget.give_back(slot)
        clock.now += pauses[-1]
    assert pauses == pytest.approx([4.0, 8.0, 16.0, 32.0])


@pytest.mark.parametrize(
    ("later", "pause"), [(0.0, SPAN + 1 - SPAN / 3), (SPAN / 2, SPAN / 3)], ids=["early", "late"]
)
def test_the_second_pause_outlasts_the_window_of_the_first_refusal(
    later: float, pause: float, budget: LocalBudget, clock: Clock
) -> None:
    refused_alone(budget, clock)
    clock.now += later
    assert refused_alone(budget, clock) == pytest.approx(pause)


def test_after_a_pause_the_first_who_waits_goes_alone_whoever_asks_first(
    budget: LocalBudget, clock: Clock
) -> None:
    budget.refuse(taken(budget), None)
    first, second = Slot(), Slot()
    pause = wait_of(budget, first).seconds
    wait_of(budget, second)
    clock.now += pause
    wait_of(budget, second)
    assert budget.take(first) is None


@pytest.mark.parametrize("lost", [1, 2])
def test_each_lost_slot_makes_room_for_one(lost: int, clock: Clock) -> None:
    budget = LocalBudget(RateLimit(requests=3), clock)
    for _ in range(lost):
        taken(budget, lease=1.0)
    clock.now += 90
    use(budget, 3 - lost)
    clock.now += 10
    first, second = Slot(), Slot()
    wait_of(budget, first)
    wait_of(budget, second)
    clock.now += SPAN + 60 - 100
    assert (budget.take(second) is None) is (lost == 2)
    assert budget.take(first) is None


def test_after_a_series_of_refusals_they_go_one_by_one_from_where_it_began(
    budget: LocalBudget, clock: Clock
) -> None:
    use(budget, 5)
    budget.refuse(taken(budget), None)
    clock.now += SPAN / 3
    use(budget, 1)
    alone = taken(budget)
    assert is_closed(budget)  # five went through before, and more than five are in this period
    budget.finish(alone)
    clock.now += SPAN * 2 / 3 + 1
    use(budget, 1)
    taken(budget)
    taken(budget)  # the fifth
    assert is_closed(budget)


def test_a_slot_that_was_given_back_starts_anew(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(requests=1), clock)
    slot = taken(budget)
    budget.give_back(slot)
    assert not slot.number
    use(budget, 1)
    wait_of(budget, slot)


def test_a_slot_that_is_over_has_no_number(budget: LocalBudget) -> None:
    slot = taken(budget)
    budget.finish(slot)
    assert not slot.number


def test_nothing_left_without_a_reset_pauses_as_a_refusal_does(budget: LocalBudget) -> None:
    budget.observe(taken(budget), 0, None)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN / 3)


def test_a_pause_that_is_over_before_a_place_is_free_is_not_what_is_waited_for(
    clock: Clock,
) -> None:
    budget = LocalBudget(RateLimit(requests=9, bulk=1), clock)
    budget.refuse(taken(budget, bulk=True), 1.0)
    wait = wait_of(budget, Slot(bulk=True))
    assert wait.seconds == pytest.approx(SPAN)
    assert wait.reason == "rate limit: 1 bulk request a minute is used, next slot in 61 s"


def test_a_series_that_began_with_the_second_request_is_one_too(
    budget: LocalBudget, clock: Clock
) -> None:
    use(budget, 1)
    budget.refuse(taken(budget), None)
    clock.now += SPAN / 3
    use(budget, 1)
    taken(budget)
    assert is_closed(budget)
