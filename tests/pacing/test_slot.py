"""What a person reads of a wait."""

from __future__ import annotations

import pytest

from statuspro.pacing import LocalBudget, RateLimit, Slot
from statuspro.pacing.ledger import MARGIN
from tests.support.simulation import Clock
from tests.support.slots import taken, use, wait_of

SPAN = 60 * (1 + MARGIN)


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
