"""A walk over a list that moves: every order that stays comes once, or the walk says so."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest

from tests.support.moving import Shop, Verdict, in_any_order, walk_over


def mover(rng: random.Random, arrivals: float, departures: float) -> Callable[[Shop], None]:
    """Orders that arrive, on top or anywhere, and leave, in the same gap."""

    def move(shop: Shop) -> None:
        while rng.random() < arrivals:
            shop.arrive(rng.choice([0, rng.randrange(len(shop.ids) + 1)]))
        while shop.ids and rng.random() < departures:
            shop.leave(rng.randrange(len(shop.ids)))

    return move


def one_walk(
    seed: int, per_page: int, prefetch: int, service: dict[str, Any], moved: bool = False
) -> Verdict:
    rng = random.Random(seed)
    own = rng.choice([0, 0, 0, 1, 2, 3, 5, 10, 50])
    rate = rng.choice([0.0, 0.1, 0.3, 0.7])
    count = rng.choice([0, 1, 7, 40, 3 * per_page, rng.randrange(1, 4 * per_page + 30)])
    shop = Shop(count, mover(rng, rate, rng.choice([0.0, rate])), **service)
    with in_any_order(rng) if prefetch else nullcontext():
        return walk_over(
            shop,
            lambda place, one: bool(own) and place % own == 0,
            per_page=per_page,
            prefetch=prefetch,
            moved=moved,
        )


def judge(verdicts: dict[int, Verdict]) -> None:
    """No order skipped without a word, none twice, no error without a reason."""
    assert [seed for seed, one in verdicts.items() if one.is_silent_miss] == []
    assert [seed for seed, one in verdicts.items() if one.doubled] == []
    assert [seed for seed, one in verdicts.items() if one.error or one.warned] == []


@pytest.mark.parametrize("prefetch", [0, 2, 4])
@pytest.mark.parametrize("per_page", [1, 2, 3, 7, 100])
def test_every_order_that_stays_comes_once(per_page: int, prefetch: int) -> None:
    judge({seed: one_walk(seed, per_page, prefetch, {}) for seed in range(240)})


@pytest.mark.parametrize("prefetch", [0, 4])
def test_a_walk_that_overlaps_from_the_start_misses_nothing_at_all(prefetch: int) -> None:
    verdicts = {seed: one_walk(seed, 10, prefetch, {}, moved=True) for seed in range(300)}
    judge(verdicts)
    assert not any(one.missed for one in verdicts.values())


ODD: dict[str, dict[str, Any]] = {
    "null total": {"tells": lambda meta: {"total": None}},
    "constant total": {"tells": lambda meta: {"total": 40}},
    "total too high": {"tells": lambda meta: {"total": meta["total"] + 7}},
    "total too low": {"tells": lambda meta: {"total": max(0, meta["total"] - 7)}},
    "total of another kind": {"tells": lambda meta: {"total": meta["total"] % 5}},
    "gives 15": {"most": 15},
    "gives 15 and does not say so": {"most": 15, "tells": lambda meta: {"per_page": None}},
    "clamps the page": {"sees": min},
}


@pytest.mark.parametrize("prefetch", [0, 4])
@pytest.mark.parametrize("odd", ODD)
def test_services_that_are_odd(odd: str, prefetch: int) -> None:
    for per_page in (3, 30):
        judge({seed: one_walk(seed, per_page, prefetch, ODD[odd]) for seed in range(50)})


@pytest.mark.parametrize("prefetch", [0, 4])
def test_a_service_that_ignores_the_page_is_found_out(prefetch: int) -> None:
    for seed in range(50):
        one = one_walk(seed, 7, prefetch, {"sees": lambda number, last_page: 1})
        assert not one.is_silent_miss
        assert not one.doubled
