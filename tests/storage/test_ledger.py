"""What is counted, and how it is stored; the rules themselves are in tests/test_pacing.py."""

from __future__ import annotations

import random
from array import array

import pytest

from statuspro.pacing import Figures, Slot
from statuspro.storage.ledger import Ledger

LIMIT = Figures(requests=8, bulk=4, period=60.0)
SPAN = Ledger(LIMIT).span


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
    return [ledger.issued, ledger.pauses, ledger.waiting, *windows]


def busy_ledger(seed: int) -> Ledger:
    """A ledger that has been through a bit of everything, until 1000 s."""
    chance = random.Random(seed)
    ledger, now = Ledger(LIMIT), 800.0
    slots: list[Slot] = []
    while now < 1000:
        slot = Slot(bulk=chance.random() < 0.5, lease=chance.uniform(1, 90))
        if ledger.take(slot, now) is None:
            slots.append(slot)
        if slots and chance.random() < 0.6:
            ended = slots.pop(0)
            if chance.random() < 0.1:
                ledger.refuse(ended, chance.choice([None, 5.0]), now)
            else:
                ledger.finish(ended, now)
        now += chance.uniform(0, 15)
    return ledger


def test_what_was_stored_comes_back() -> None:
    seen: set[str] = set()
    for seed in range(50):
        ledger, loaded = busy_ledger(seed), Ledger(LIMIT)
        loaded.load(ledger.dump(1000.0), 1000.0)
        assert state_of(loaded) == state_of(ledger)
        assert all(type(number) is int for number in [*loaded.all.flying, *loaded.waiting])
        for window in (loaded.all, loaded.bulk):
            for name in ("ended", "flying", "refusals", "probe", "proven", "paused_until"):
                if getattr(window, name):
                    seen.add(name)
        seen |= {"a bulk request waits" for bulk, _ in loaded.waiting.values() if bulk}
        seen |= {"another waits" for bulk, _ in loaded.waiting.values() if not bulk}
    assert len(seen) == 8, "some of it was never there"


def test_where_the_clock_was_set_back_no_time_has_passed() -> None:
    ledger, loaded = busy_ledger(3), Ledger(LIMIT)
    ledger.all.ended.append(1020.0)
    ledger.bulk.ended.append(1030.0)
    ledger.all.flying[99] = 1050.0
    ledger.all.paused_until, ledger.all.refused_at = 1010.0, 990.0
    ledger.waiting[7] = (False, 1001.0)
    loaded.load(ledger.dump(1000.0), 200.0)
    assert list(loaded.all.ended)[-1] == 220.0
    assert loaded.all.flying[99] == 250.0
    assert (loaded.all.paused_until, loaded.all.refused_at) == (210.0, 190.0)
    assert list(loaded.bulk.ended)[-1] == 230.0
    assert loaded.waiting == {}


@pytest.mark.parametrize("cut", [0, 1, 4, 9, 30])
def test_counts_that_are_cut_off_are_damaged(cut: int) -> None:
    data = busy_ledger(3).dump(1000.0)[: cut * 8]
    with pytest.raises(ValueError, match=r"^the stored counts are damaged$"):
        Ledger(LIMIT).load(data, 1000.0)


@pytest.mark.parametrize("data", [b"odd", array("d", [1000.0, float("inf")]).tobytes()])
def test_counts_that_are_no_numbers_are_damaged(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"damaged|item size"):
        Ledger(LIMIT).load(data, 1000.0)
