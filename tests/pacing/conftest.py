"""A budget of the process, whose clock the test moves."""

from __future__ import annotations

import pytest

from statuspro.pacing import LocalBudget, RateLimit
from tests.support.simulation import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> LocalBudget:
    return LocalBudget(RateLimit(), clock)
