"""Slots taken from a budget, in a line."""

from __future__ import annotations

from typing import Any

from statuspro.pacing import Budget, Slot, Wait


def taken(budget: Budget, *, bulk: bool = False, lease: float = 60.0, reserve: int = 0) -> Slot:
    """A slot that is free now."""
    slot = Slot(bulk=bulk, lease=lease, reserve=reserve)
    assert budget.take(slot) is None
    return slot


def use(budget: Budget, count: int, *, bulk: bool = False, reserve: int = 0) -> None:
    for _ in range(count):
        budget.finish(taken(budget, bulk=bulk, reserve=reserve))


def wait_of(budget: Budget, slot: Slot) -> Wait:
    wait = budget.take(slot)
    assert wait is not None
    return wait


def is_closed(budget: Budget, *, reserve: int = 0) -> bool:
    """Whether a new request would have to wait."""
    slot = Slot(reserve=reserve)
    wait = budget.take(slot)
    budget.give_back(slot)
    return wait is not None


def reading(budget: Budget, reserve: int = 0) -> Any:
    """What a client with this reserve finds: requests, bulk requests, seconds until the next."""
    return budget.read(reserve, 0.0)
