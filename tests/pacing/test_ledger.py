"""The rules of what is counted, through a budget of the process; and how it is stored."""

from __future__ import annotations

import random
import struct

import pytest

from statuspro.pacing import LocalBudget, RateLimit, Slot
from statuspro.pacing.ledger import MARGIN, MOST_PERIODS, Ledger
from tests.support.simulation import Callers, Clock, Service
from tests.support.slots import is_closed, reading, taken, use, wait_of

LIMIT = RateLimit(requests=8, bulk=4, period=60.0)
SPAN = 60 * (1 + MARGIN)

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


# --- what is left to others


def test_a_client_with_a_reserve_leaves_it_to_the_others(budget: LocalBudget) -> None:
    use(budget, 40, reserve=20)
    assert wait_of(budget, Slot(reserve=20)).seconds == pytest.approx(SPAN)
    use(budget, 20)
    assert is_closed(budget)


def test_what_the_others_take_leaves_a_client_with_a_reserve_the_rest(budget: LocalBudget) -> None:
    use(budget, 20)
    use(budget, 40, reserve=20)
    assert is_closed(budget, reserve=20)


def test_the_others_may_take_all(budget: LocalBudget) -> None:
    use(budget, 60)
    assert is_closed(budget, reserve=20)


@pytest.mark.parametrize(
    ("taken_by", "left"),
    [
        ({40: 20}, {0: 40, 5: 35, 20: 20, 40: 0}),
        ({20: 30}, {0: 30, 5: 25, 20: 10, 40: 10}),
        ({5: 30, 40: 20}, {0: 10, 5: 5, 20: 5, 40: 0}),
        ({0: 30, 5: 10, 20: 10, 40: 5}, {0: 5, 5: 5, 20: 5, 40: 5}),
        ({20: 40, 5: 15}, {0: 5, 5: 0, 20: 0, 40: 0}),
    ],
    ids=repr,
)
def test_slots_with_several_reserves_fit_into_each_share(
    taken_by: dict[int, int], left: dict[int, int], clock: Clock
) -> None:
    for reserve, count in left.items():
        budget = LocalBudget(RateLimit(), clock)
        for each, number in taken_by.items():
            use(budget, number, reserve=each)
        use(budget, count, reserve=reserve)
        assert is_closed(budget, reserve=reserve)


def test_a_share_counts_what_was_taken_before_its_reserve_was_used(budget: LocalBudget) -> None:
    under_way = taken(budget, reserve=40)
    use(budget, 19, reserve=40)
    use(budget, 35, reserve=5)
    assert is_closed(budget, reserve=5)
    budget.give_back(under_way)
    use(budget, 1, reserve=5)
    assert is_closed(budget, reserve=5)


def test_a_slot_of_a_share_is_free_a_period_after_its_response(
    budget: LocalBudget, clock: Clock
) -> None:
    slots = [taken(budget, reserve=55) for _ in range(5)]
    clock.now += 20
    assert reading(budget, 55) == (0, 0, pytest.approx(SPAN))
    for slot in slots:
        budget.finish(slot)
    clock.now += 45
    assert reading(budget, 55) == (0, 0, pytest.approx(SPAN - 45))
    clock.now += SPAN - 45
    use(budget, 5, reserve=55)


def test_a_lost_slot_is_missing_in_its_share_until_its_lease_and_a_period_are_over(
    budget: LocalBudget, clock: Clock
) -> None:
    for _ in range(5):
        taken(budget, lease=10.0, reserve=55)
    clock.now += 60 + SPAN - 1
    assert is_closed(budget, reserve=55)
    use(budget, 55)
    clock.now += 1
    taken(budget, reserve=55)


def test_what_other_users_of_the_key_take_is_taken_from_the_shares(budget: LocalBudget) -> None:
    slot = taken(budget)
    budget.finish(slot)
    budget.observe(slot, 29, 50.0)  # 30 were used elsewhere
    use(budget, 10, reserve=20)
    assert is_closed(budget, reserve=20)
    assert is_closed(budget, reserve=50)
    use(budget, 19)
    assert is_closed(budget)


def test_a_smaller_reserve_comes_first_whatever_came_first(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(requests=10), clock)
    use(budget, 10)
    slots = [Slot(reserve=5), Slot(reserve=2), Slot(), Slot(reserve=2), Slot()]
    for slot in slots:
        wait_of(budget, slot)
    clock.now += SPAN - 1
    waits = [wait_of(budget, slot).seconds for slot in slots]
    assert waits == pytest.approx([1] * 5)
    use_up = [Slot() for _ in range(8)]
    for slot in use_up:
        wait_of(budget, slot)
    # Ten that have no reserve, and three that have one: these wait for a period more.
    waits = [wait_of(budget, slot).seconds for slot in slots]
    assert waits == pytest.approx([1 + SPAN, 1 + SPAN, 1, 1 + SPAN, 1])
    clock.now += 1
    taken_first = [slots[2], slots[4], *use_up]
    assert [budget.take(slot) for slot in taken_first] == [None] * 10
    assert is_closed(budget)


def test_a_client_that_waits_for_its_share_is_in_no_others_way(
    budget: LocalBudget, clock: Clock
) -> None:
    use(budget, 40, reserve=20)
    waiting = [Slot(reserve=20) for _ in range(30)]
    for slot in waiting:
        wait_of(budget, slot)
    clock.now += 1
    use(budget, 20)
    assert wait_of(budget, Slot()).seconds == pytest.approx(SPAN - 1)


def test_a_client_with_a_reserve_is_told_when_its_share_has_a_slot(
    budget: LocalBudget, clock: Clock
) -> None:
    for _ in range(40):
        use(budget, 1, reserve=20)
        clock.now += 1
    waits = [wait_of(budget, Slot(reserve=20)).seconds for _ in range(41)]
    assert waits[0] == pytest.approx(SPAN - 40)
    assert waits[39] == pytest.approx(SPAN - 1)
    assert waits[40] == pytest.approx(2 * SPAN - 40)


def test_a_client_with_a_reserve_waits_for_the_limit_where_the_others_took_more(
    budget: LocalBudget, clock: Clock
) -> None:
    use(budget, 1, reserve=20)
    clock.now += 10
    use(budget, 59)
    slot = Slot(reserve=20)
    assert wait_of(budget, slot).seconds == pytest.approx(SPAN - 10)
    clock.now += SPAN - 10
    assert budget.take(slot) is None


def test_one_that_waits_with_a_smaller_reserve_gets_the_slot_that_is_free_next(
    budget: LocalBudget, clock: Clock
) -> None:
    use(budget, 40, reserve=20)
    clock.now += 10
    use(budget, 20)
    job, customer = Slot(reserve=20), Slot()
    assert wait_of(budget, job).seconds == pytest.approx(SPAN - 10)
    assert wait_of(budget, customer).seconds == pytest.approx(SPAN - 10)
    clock.now += SPAN - 10
    assert budget.take(job) is None  # 40 are free at once
    assert budget.take(customer) is None


def test_after_a_pause_the_smallest_reserve_goes_alone(budget: LocalBudget, clock: Clock) -> None:
    budget.refuse(taken(budget, reserve=20), None)
    job, customer = Slot(reserve=20), Slot()
    wait_of(budget, job)
    clock.now += wait_of(budget, customer).seconds
    assert wait_of(budget, job).seconds == pytest.approx(0.6)
    assert budget.take(customer) is None
    budget.finish(customer)
    clock.now += 0.6
    assert budget.take(job) is None


def test_a_pause_holds_a_client_with_a_reserve_too(budget: LocalBudget, clock: Clock) -> None:
    budget.refuse(taken(budget), 100)
    assert 100 < wait_of(budget, Slot(reserve=20)).seconds < 106


def test_bulk_requests_with_a_reserve_count_in_their_share(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(6, 5), clock)
    use(budget, 2, bulk=True, reserve=3)
    use(budget, 1, reserve=3)
    assert is_closed(budget, reserve=3)
    assert "but for 3 left to others" in wait_of(budget, Slot(bulk=True, reserve=3)).reason
    use(budget, 3, bulk=True)


def test_a_bulk_request_that_waits_for_the_bulk_limit_is_in_no_shares_way(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(6, 1), clock)
    use(budget, 1, bulk=True)
    for reserve in (0, 2, 2, 3):
        wait_of(budget, Slot(bulk=True, reserve=reserve))
    use(budget, 3, reserve=3)
    assert is_closed(budget, reserve=3)


def test_a_waiting_bulk_request_with_a_smaller_reserve_comes_first(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(6, 1), clock)
    use(budget, 1, bulk=True)
    job, customer = Slot(bulk=True, reserve=3), Slot(bulk=True)
    assert wait_of(budget, job).seconds == pytest.approx(SPAN)
    assert wait_of(budget, customer).seconds == pytest.approx(SPAN)
    assert wait_of(budget, job).seconds == pytest.approx(2 * SPAN)
    clock.now += SPAN
    assert wait_of(budget, job).seconds == pytest.approx(SPAN)
    assert budget.take(customer) is None


def test_in_a_child_what_was_under_way_counts_in_its_share(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(), clock)
    for _ in range(40):
        taken(budget, lease=1000.0, reserve=20)
    budget.after_fork_in_child()
    assert wait_of(budget, Slot(reserve=20)).seconds == pytest.approx(SPAN)
    use(budget, 20)


# --- what is read of it


def test_an_unused_budget_is_all_there() -> None:
    budget = LocalBudget(RateLimit(), Clock())
    assert reading(budget) == (60, 5, 0.0)
    assert reading(budget, 20) == (40, 5, 0.0)
    assert reading(budget, 57) == (3, 3, 0.0)


def test_a_reading_tells_what_is_left_and_when_the_next_slot_is_free(
    budget: LocalBudget, clock: Clock
) -> None:
    use(budget, 2, bulk=True)
    clock.now += 10
    under_way = taken(budget)
    use(budget, 7)
    assert reading(budget) == (50, 3, 0.0)
    use(budget, 48)
    assert reading(budget) == (2, 2, 0.0)
    use(budget, 2)
    assert reading(budget) == (0, 0, pytest.approx(SPAN - 10))
    budget.give_back(under_way)
    assert reading(budget) == (1, 1, 0.0)


def test_a_reading_is_of_the_clients_own_share(budget: LocalBudget, clock: Clock) -> None:
    use(budget, 30, reserve=20)
    assert reading(budget) == (30, 5, 0.0)
    assert reading(budget, 5) == (25, 5, 0.0)
    assert reading(budget, 20) == (10, 5, 0.0)
    assert reading(budget, 40) == (10, 5, 0.0)
    use(budget, 10, reserve=40)
    clock.now += 20
    assert reading(budget) == (20, 5, 0.0)
    assert reading(budget, 20) == (0, 0, pytest.approx(SPAN - 20))


def test_a_reading_takes_those_that_wait_before_into_account(clock: Clock) -> None:
    budget = LocalBudget(RateLimit(requests=3), clock)
    for _ in range(3):
        use(budget, 1)
        clock.now += 10
    wait_of(budget, Slot())
    wait_of(budget, Slot(reserve=1))
    assert reading(budget) == (0, 0, pytest.approx(SPAN - 20))
    assert reading(budget, 1) == (0, 0, pytest.approx(SPAN - 10))
    clock.now += SPAN - 30
    assert reading(budget) == (0, 0, pytest.approx(10))


def test_in_a_pause_nothing_remains_and_then_one(budget: LocalBudget, clock: Clock) -> None:
    budget.refuse(taken(budget), None)
    assert reading(budget) == (0, 0, pytest.approx(SPAN / 3))
    clock.now += SPAN / 3
    assert reading(budget) == (1, 1, 0.0)
    taken(budget)
    assert reading(budget) == (0, 0, pytest.approx(0.6))


def test_a_reading_takes_nothing(budget: LocalBudget) -> None:
    for reserve in (0, 20, 59):
        for _ in range(100):
            reading(budget, reserve)
    use(budget, 60)


@pytest.mark.parametrize("seed", range(30))
def test_a_reading_says_what_a_request_would_find(seed: int) -> None:
    chance = random.Random(seed)
    ledger = busy_ledger(seed)
    for reserve in (0, 1, 3, 7):
        remaining, bulk_remaining, next_in = ledger.read(reserve)
        slot = Slot(reserve=reserve)
        wait = ledger.take(slot)
        assert (0.0 if wait is None else wait.seconds) == pytest.approx(next_in)
        assert (remaining > 0) is (wait is None)
        ledger.give_back(slot)
        slot = Slot(bulk=True, reserve=reserve)
        assert (ledger.take(slot) is None) is (bulk_remaining > 0)
        ledger.give_back(slot)
        if chance.random() < 0.5:
            continue
        slots = [Slot(reserve=reserve) for _ in range(remaining + 1)]
        taken_now = [ledger.take(slot) is None for slot in slots]
        # In a probe one goes alone, whatever it says of the next.
        assert taken_now[:remaining] == [True] * remaining
        assert taken_now[remaining] is False
        for slot in slots:
            ledger.give_back(slot)


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


# --- what a person reads of a wait


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


# --- how it is stored


def state_of(ledger: Ledger) -> list[object]:
    windows = [
        (
            list(window.ended),
            window.flying,
            window.paused_until,
            window.refused_at,
            window.refusals,
            window.probe,
            window.proven,
        )
        for window in (ledger.all, ledger.bulk)
    ]
    shares = {
        reserve: (list(share.ended), share.flying)
        for reserve, share in ledger.shares.items()
        if not share.is_over(ledger.now)
    }
    times = [ledger.now, ledger.clocks, ledger.last_place, ledger.pauses]
    return [*times, ledger.waiting, *windows, shares]


def busy_ledger(seed: int) -> Ledger:
    """A ledger that has been through a bit of everything, until 1000 s."""
    chance = random.Random(seed)
    ledger = Ledger(LIMIT, 300.0, 800.0)
    slots: list[Slot] = []
    while ledger.now < 1000:
        reserve = chance.choice([0, 0, 0, 1, 3, 6])
        slot = Slot(bulk=chance.random() < 0.5, lease=chance.uniform(1, 90), reserve=reserve)
        slot.taken = ledger.take(slot) is None
        if slot.taken:
            slots.append(slot)
        if slots and chance.random() < 0.6:
            ended = slots.pop(0)
            ended.answered = chance.random() < 0.8
            if chance.random() < 0.1:
                ledger.refuse(ended, chance.choice([None, 5.0]))
            else:
                ledger.finish(ended)
        step = min(chance.uniform(0, 15), 1000 - ledger.now)
        ledger.move_on(ledger.clocks[0] + step, ledger.clocks[1] + step)
    return ledger


def test_what_was_stored_comes_back() -> None:
    seen: set[str] = set()
    for seed in range(50):
        ledger, loaded = busy_ledger(seed), Ledger(LIMIT)
        loaded.load(ledger.dump())
        assert state_of(loaded) == state_of(ledger)
        assert all(type(number) is int for number in [*loaded.all.flying, *loaded.waiting])
        for window in (loaded.all, loaded.bulk):
            assert list(window.ended) == sorted(window.ended)
            for name in ("ended", "flying", "refusals", "probe", "proven", "paused_until"):
                if getattr(window, name):
                    seen.add(name)
        seen |= {f"a share of {reserve}" for reserve in loaded.shares}
        for reserve, _, bulk, _ in loaded.waiting.values():
            seen |= {"a bulk request waits" if bulk else "another waits"}
            seen |= {"one with a reserve waits"} if reserve else set()
    assert len(seen) == 12, "some of it was never there"


def test_a_share_that_is_over_is_stored_no_more() -> None:
    ledger, loaded = Ledger(LIMIT), Ledger(LIMIT)
    ended, lost = Slot(reserve=3), Slot(reserve=3, lease=10.0)
    for slot in (ended, lost):
        assert ledger.take(slot) is None
    ledger.finish(ended)
    for seconds in (SPAN, 60 + SPAN - 1):
        ledger.move_on(seconds, seconds)
        loaded.load(ledger.dump())
        assert loaded.shares.keys() == {3}
    ledger.move_on(60 + SPAN, 60 + SPAN)
    loaded = Ledger(LIMIT)
    loaded.load(ledger.dump())
    assert loaded.shares == {}
    loaded.finish(lost)  # it was late, not lost
    assert list(loaded.shares[3].ended) == [pytest.approx(60 + 2 * SPAN)]


@pytest.mark.parametrize("reserve", [-1.0, 9.0, float("nan"), float("inf")])
def test_a_share_that_cannot_be_is_damage(reserve: float) -> None:
    ledger = busy_ledger(3)
    assert ledger.shares
    numbers = list(struct.unpack(f"<{len(ledger.dump()) // 8}d", ledger.dump()))
    ledger.shares = {}
    numbers[len(ledger.dump()) // 8] = reserve
    with pytest.raises(ValueError, match="damaged"):
        Ledger(LIMIT).load(struct.pack(f"<{len(numbers)}d", *numbers))


@pytest.mark.parametrize(
    ("steady", "wall", "passed"),
    [
        (5.0, 5.0, 5.0),
        (5.0, 5.5, 5.0),
        (5.0, -100.0, 5.0),  # the system's clock was set back
        (5.0, 3600.0, 5.0),  # or forward
        (-1e6, 7.0, 7.0),  # the machine started anew
        (5e5, 7.0, 7.0),  # a container with a clock of its own
        (-1.0, -1.0, 0.0),
    ],
)
def test_time_passes_by_the_clock_that_did_not_jump(
    steady: float, wall: float, passed: float
) -> None:
    ledger = Ledger(LIMIT, 1e6, 2e9)
    ledger.move_on(1e6 + steady, 2e9 + wall)
    assert ledger.now == 2e9 + passed
    assert ledger.clocks == (1e6 + steady, 2e9 + wall)


@pytest.mark.parametrize("cut", [0, 1, 4, 9, 30, -1])
def test_counts_that_are_cut_off_are_damaged(cut: int) -> None:
    data = busy_ledger(3).dump()[: cut * 8]
    with pytest.raises(ValueError, match=r"^the stored counts are damaged$"):
        Ledger(LIMIT).load(data)


@pytest.mark.parametrize(
    "data",
    [
        *(b"odd", None, "text", 7),
        struct.pack("<2d", 1000.0, float("inf")),
        struct.pack("<2d", 1000.0, float("nan")),
        busy_ledger(3).dump() + bytes(8),
    ],
    ids=["bytes", "none", "text", "number", "infinite", "not a number", "too long"],
)
def test_counts_that_are_none_are_damaged(data: object) -> None:
    with pytest.raises(ValueError, match=r"^the stored counts are damaged$"):
        Ledger(LIMIT).load(data)


def test_a_slot_or_pause_without_end_is_damage() -> None:
    for change in ("ended", "flying", "paused"):
        ledger = busy_ledger(3)
        if change == "ended":
            ledger.all.ended.append(1e9)
        elif change == "flying":
            ledger.all.flying[1] = 1000.0, 1e9
        else:
            ledger.bulk.paused_until = 1e9
        with pytest.raises(ValueError, match="damaged"):
            Ledger(LIMIT).load(ledger.dump())


def test_merging_adds_what_only_the_other_one_knows() -> None:
    one = busy_ledger(3)
    other = Ledger(LIMIT)
    other.load(one.dump())
    slots = [Slot(lease=10.0) for _ in range(2)]
    for ledger, slot in zip((one, other), slots, strict=True):
        ledger.all.ended.clear()
        ledger.all.flying.clear()
        ledger.all.ended.extend([1010.0, 1010.0, 1020.0])
        ledger.all.paused_until = 0.0
        ledger.all.refusals = 0
        ledger.waiting.clear()
        assert ledger.take(slot) is None
    other.all.ended.append(1030.0)
    other.all.paused_until = 1040.0
    one.merge(other)
    assert list(one.all.ended) == [1010.0, 1010.0, 1020.0, 1030.0]
    assert set(one.all.flying) == {slot.number for slot in slots}
    assert one.all.paused_until == 1040.0
    before = state_of(one)
    one.merge(other)
    assert state_of(one) == before


def test_merging_adds_to_each_share() -> None:
    one, other = Ledger(RateLimit()), Ledger(RateLimit())
    for ledger, reserves in ((one, [20] * 10), (other, [5] * 30 + [40] * 10)):
        for reserve in reserves:
            slot = Slot(reserve=reserve)
            assert ledger.take(slot) is None
            ledger.finish(slot)
        ledger.move_on(1.0, 1.0)
    one.merge(other)
    assert {reserve: len(share.ended) for reserve, share in one.shares.items()} == {
        5: 40,
        20: 10,
        40: 10,
    }


def test_merging_translates_between_two_times() -> None:
    one, other = Ledger(LIMIT, 0.0, 5000.0), Ledger(LIMIT, 0.0, 1000.0)
    other.all.ended.append(1030.0)
    other.all.flying[7] = 1010.0, 1071.0
    other.all.paused_until = 1020.0
    one.merge(other)
    assert list(one.all.ended) == [5030.0]
    assert one.all.flying == {7: (5010.0, 5071.0)}
    assert one.all.paused_until == 5020.0


def test_lasts_is_when_all_is_over() -> None:
    ledger = Ledger(LIMIT, 0.0, 1000.0)
    assert ledger.lasts() == 0
    slot = Slot(lease=100.0)
    ledger.take(slot)
    assert ledger.lasts() == pytest.approx(100 + SPAN)
    ledger.finish(slot)
    assert ledger.lasts() == pytest.approx(SPAN)
    ledger.all.paused_until = 1000.0 + 90.0
    assert ledger.lasts() == pytest.approx(90.0 + SPAN)
