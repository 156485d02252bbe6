"""What every rate budget has in common: its figures, a place in it, and how it is asked."""

from __future__ import annotations

import math
import random
from typing import NamedTuple, Protocol

# A place is kept this much longer than the period: at 60 s a whole second, the service's tick.
MARGIN = 0.0175
_FOREVER = 1e9


class Figures(NamedTuple):
    """How much the service allows, by default; a `RateLimit` says the same of an account.

    Attributes:
        requests: requests of any kind in one period.
        bulk: bulk requests in one period; each is one of the requests too.
        period: seconds.
    """

    requests: int = 60
    bulk: int = 5
    period: float = 60.0


def span(limit: Figures) -> float:
    """Seconds for which a place is kept after its answer."""
    return limit.period * (1 + MARGIN)


def poll(limit: Figures) -> float:
    """Seconds after which to look again whether the request that was sent alone has ended."""
    return max(0.01, limit.period / 100)


def grace(limit: Figures) -> float:
    """Seconds that a waiting request may come late before its place in the queue is passed."""
    return 0.05 + limit.period / 60


def wait_for(limit: Figures, why: str, seconds: float) -> Wait:
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


class Wait(NamedTuple):
    """Not yet.

    Attributes:
        seconds: until it is worth asking again, as far as known.
        reason: a short sentence for a person.
    """

    seconds: float
    reason: str


class Slot:
    """One attempt's place in a budget. What is inside belongs to the budget.

    Args:
        bulk: whether the attempt counts as a bulk request as well.
        lease: seconds that the attempt can take at the most. The place of a process that was killed
            is free again this long and a period after it was taken.
    """

    __slots__ = ("bulk", "lease", "local", "number", "pauses", "taken")

    def __init__(self, *, bulk: bool = False, lease: float = 60.0) -> None:
        self.bulk = bulk
        self.lease = min(lease, 3600.0)
        self.number = 0  # its place in the queue, 0 when it is neither waiting nor taken
        self.pauses = -1  # how many pauses there had been when it was taken
        self.taken = False
        self.local: Slot | None = None  # its twin in another budget


class Budget(Protocol):
    """Who may send, and when. None of the methods sleeps."""

    def take(self, slot: Slot) -> Wait | None:
        """Takes a place, or queues for one: then call again after the wait.

        Returns:
            None when the request may be sent now.

        Raises:
            StatusProError: the budget cannot be reached; nothing may be sent.
        """

    def give_back(self, slot: Slot) -> None:
        """Leaves the queue, or frees a place that was not used after all."""

    def finish(self, slot: Slot) -> None:
        """The attempt has ended: from now on its place is kept for one more period."""

    def refuse(self, slot: Slot, retry_after: float | None) -> None:
        """The attempt was answered 429 (instead of `finish`); retry_after is in seconds."""

    def observe(self, slot: Slot, remaining: int, reset: float | None) -> None:
        """The answer told how many requests remain, and in how many seconds they are renewed."""


def jittered(retry_after: float | None) -> float | None:
    """A pause a little longer than asked for, so that not everybody comes back at once."""
    if retry_after is None:
        return None
    return min(max(retry_after, 0.0), _FOREVER) * random.uniform(1.01, 1.05)
