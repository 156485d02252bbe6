"""Slots taken from a budget, in a line."""

from __future__ import annotations

from statuspro.pacing import Budget, Slot, Wait


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
