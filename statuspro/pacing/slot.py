"""What every rate budget speaks of: a slot in it, and the wait for one."""

from __future__ import annotations

import math
from typing import NamedTuple

from statuspro.pacing.limit import RateLimit


class Wait(NamedTuple):
    """Not yet.

    Attributes:
        seconds: until it is worth asking again, as far as known.
        reason: a short sentence for a person.
    """

    seconds: float
    reason: str


class Slot:
    """One attempt's slot in a budget. What the arguments do not name belongs to the budget.

    Args:
        bulk: whether the attempt counts as a bulk request as well.
        lease: seconds that the attempt can take at the most. The slot of a process that was killed
            is kept for this long (at least for a period), and then for a period.

    Attributes:
        patience: seconds that the caller can still wait for the budget itself, where another
            process or thread is at it.
        answered: False where the attempt ended without a response, although it may have been sent.
    """

    def __init__(self, *, bulk: bool = False, lease: float = 60.0) -> None:
        self.bulk = bulk
        self.lease = min(lease, 3600.0)
        self.patience = math.inf
        self.answered = True
        self.number = 0  # tells it from all others; 0 when it is neither waiting nor taken
        self.place = 0.0  # in the queue: the time when it came
        self.due = 0.0  # when its turn was to come, as it was told last ...
        self.grace = 0.0  # ... and how much longer it is waited for, being late as a rule
        self.pauses = -1  # how many pauses there had been when it was taken
        self.taken = False


def wait_for(limit: RateLimit, why: str, seconds: float) -> Wait:
    """A wait, and one sentence for a person: what for, and how long."""
    time = _readable(seconds)
    if why == "paused":
        reason = f"the service allows no more requests for now, trying again in {time}"
    elif why == "probe":
        reason = "the service refused a request, one goes alone to see if it is over"
    else:
        number, kind = (limit.bulk, "bulk ") if why == "bulk" else (limit.requests, "")
        noun, verb = ("request", "is") if number == 1 else ("requests", "are")
        per = "a minute" if limit.period == 60 else f"in {_readable(limit.period)}"
        reason = f"{number} {kind}{noun} {per} {verb} used, next slot in {time}"
    return Wait(seconds, f"rate limit: {reason}")


def _readable(seconds: float) -> str:
    if seconds >= 9.95:
        return f"{math.ceil(seconds - 0.05)} s"
    return f"{max(seconds, 0.01):.{1 if seconds >= 0.995 else 2}f}".rstrip("0").rstrip(".") + " s"
