"""What is counted, and how it is stored; the rules themselves are in tests/test_pacing.py."""

from __future__ import annotations

import random
import struct

import pytest

from statuspro.pacing import RateLimit, Slot
from statuspro.pacing.ledger import Ledger

LIMIT = RateLimit(requests=8, bulk=4, period=60.0)
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
    return [ledger.now, ledger.clocks, ledger.last_place, ledger.pauses, ledger.waiting, *windows]


def busy_ledger(seed: int) -> Ledger:
    """A ledger that has been through a bit of everything, until 1000 s."""
    chance = random.Random(seed)
    ledger = Ledger(LIMIT, 300.0, 800.0)
    slots: list[Slot] = []
    while ledger.now < 1000:
        slot = Slot(bulk=chance.random() < 0.5, lease=chance.uniform(1, 90))
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
        seen |= {"a bulk request waits" for _, bulk, _ in loaded.waiting.values() if bulk}
        seen |= {"another waits" for _, bulk, _ in loaded.waiting.values() if not bulk}
    assert len(seen) == 8, "some of it was never there"


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
